/** An order in one line. Pure. */
import { quoteOf } from '../../format/symbol-text.ts';
import type { OrderBody } from './order-form.ts';

type Asked = Pick<
  OrderBody,
  | 'side'
  | 'symbol'
  | 'type'
  | 'quantity'
  | 'quote_quantity'
  | 'limit_price'
  | 'stop_price'
  | 'stop_limit_price'
  | 'trailing_delta'
  | 'position_side'
  | 'leverage'
  | 'protection'
>;

/** `buy 0.5 BTC/USDT, limit at 50000`. Amounts as they were typed; leverage and protection after it. */
export function summaryOf(order: Asked): string {
  const quote = quoteOf(order);
  const amount = order.quantity ?? `${order.symbol} for ${order.quote_quantity ?? ''} ${quote}`;
  const what = order.quantity == null ? amount : `${amount} ${order.symbol}`;
  const at = [
    order.stop_price == null ? null : `from ${order.stop_price}`,
    order.limit_price == null ? null : `at ${order.limit_price}`,
    order.stop_limit_price == null ? null : `stop at ${order.stop_limit_price}`,
    order.trailing_delta == null ? null : `trailing ${order.trailing_delta} basis points`,
  ].filter((part) => part !== null);
  const first = `${order.side} ${what}, ${order.type.replaceAll('_', ' ')}${at.length === 0 ? '' : ` ${at.join(', ')}`}`;
  return [first, marginText(order), protectionText(order.protection)]
    .filter((part) => part !== '')
    .join('; ');
}

const marginText = ({ position_side, leverage }: Asked): string =>
  [position_side === 'short' ? 'short' : null, leverage == null ? null : `leverage ${leverage}`]
    .filter((part) => part !== null)
    .join(', ');

function protectionText(protection: Asked['protection']): string {
  if (protection == null) return '';
  const { stop_loss, take_profits, trailing_stop: trailing, break_even } = protection;
  const far =
    trailing?.distance_percent == null ? trailing?.distance_amount : `${trailing.distance_percent} %`;
  const from = trailing?.activation_price == null ? '' : ` from ${trailing.activation_price}`;
  const targets = take_profits?.map(({ price }) => price).join(' and ') ?? '';
  return [
    stop_loss == null ? null : `stop loss ${stop_loss}`,
    targets === '' ? null : `targets ${targets}`,
    far == null ? null : `trailing ${far}${from}`,
    break_even == null ? null : `break-even at ${break_even.activation_profit_percent} %`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}
