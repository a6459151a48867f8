/** An order at an exchange with many trades, and what the exchange says of them. */
import { Decimal, sum } from '../../shared/domain/money/decimal.ts';
import type { ExecutionReport, Fill, Order } from '../../shared/domain/types.ts';
import { BTC, EXCHANGE, World } from './fakes/world.ts';

const d = (text: string): Decimal => new Decimal(text);

export const aTrade = (n: number, change: Partial<Fill> = {}): Fill => ({
  tradeId: String(1_000_000 + n),
  price: d('49000'),
  quantity: d('0.001'),
  fee: { asset: 'USDT', amount: d('0.049') },
  feeQuoteValue: null,
  at: 1_700_000_000_000 + n,
  tickId: null,
  maker: true,
  ...change,
});

export const trades = (count: number): readonly Fill[] => Array.from({ length: count }, (_, n) => aTrade(n));

export const quantityOf = (fills: readonly Fill[]): Decimal => sum(fills.map((fill) => fill.quantity));

/** News of the order's first attempt; it has traded these, and says so unless told otherwise. */
export const newsOf = (
  order: Order,
  fills: readonly Fill[],
  change: Partial<ExecutionReport> = {},
): ExecutionReport => ({
  walletId: order.walletId,
  environment: EXCHANGE,
  symbol: BTC,
  clientId: `mq${order.orderId}-1`,
  venueOrderId: 'v1',
  status: 'partially_filled',
  reason: null,
  cumulativeQuantity: quantityOf(fills),
  fills,
  at: order.updatedAt,
  source: 'query',
  ...change,
});

/** A buy that rests at the exchange. */
export async function restingOrder(quantity: Decimal): Promise<{ world: World; order: Order }> {
  const world = new World({ exchange: {} });
  world.tick('50000');
  const { orderId } = await world.place({ type: 'limit', limitPrice: d('49000'), quantity });
  await world.pump();
  return { world, order: world.order(orderId) };
}

/** From now on the exchange has these trades of the order, and answers so when it is asked. */
export function hasTraded(
  world: World,
  order: Order,
  fills: readonly Fill[],
  status: ExecutionReport['status'],
): void {
  const atVenue = world.venue.orders.get(`mq${order.orderId}-1`);
  if (atVenue === undefined) throw new Error('the exchange does not have the order');
  atVenue.fills = [...fills];
  atVenue.status = status;
}
