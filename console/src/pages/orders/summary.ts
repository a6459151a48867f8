/** An order in one line. Pure. */
import type { OrderBody } from './order-form.ts';

type Asked = Pick<
  OrderBody,
  'side' | 'symbol' | 'type' | 'quantity' | 'quote_quantity' | 'limit_price' | 'stop_price' | 'trailing_delta'
>;

/** `buy 0.5 BTC/USDT, limit at 50000`. Amounts as they were typed. */
export function summaryOf(order: Asked): string {
  const [, quote = ''] = order.symbol.split('/');
  const amount = order.quantity ?? `${order.symbol} for ${order.quote_quantity ?? ''} ${quote}`;
  const what = order.quantity == null ? amount : `${amount} ${order.symbol}`;
  const at = [
    order.stop_price == null ? null : `from ${order.stop_price}`,
    order.limit_price == null ? null : `at ${order.limit_price}`,
    order.trailing_delta == null ? null : `trailing ${order.trailing_delta} basis points`,
  ].filter((part) => part !== null);
  return `${order.side} ${what}, ${order.type.replaceAll('_', ' ')}${at.length === 0 ? '' : ` ${at.join(', ')}`}`;
}
