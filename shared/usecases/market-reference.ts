/** The current price that a command is checked against (design sections 5, 11). */
import { type Decimal, decimal, maxOf, minOf } from '../domain/money/decimal.ts';
import type { OrderType, PositionSide, Protection, Side } from '../domain/types.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';
import { priceBySource } from './arm-levels.ts';
import type { Ports } from './ports.ts';

const WAIT_MS = 1_500;
const LOOK_AGAIN_MS = 50;

/** The price shown; a symbol that nobody has asked for yet gets a moment to appear. Null: none came. */
export async function currentPrice(
  { prices, clock, sleep }: Pick<Ports, 'prices' | 'clock' | 'sleep'>,
  symbol: string,
): Promise<CachedPrice | null> {
  const shown = await prices.price(symbol);
  if (shown !== null) return shown;
  await prices.want([symbol]);
  const deadline = clock.now() + WAIT_MS;
  while (clock.now() < deadline) {
    await sleep(LOOK_AGAIN_MS);
    const price = await prices.price(symbol);
    if (price !== null) return price;
  }
  return null;
}

/** What a buy pays, or a sell gets, now. */
export const priceForSide = (price: CachedPrice, side: Side): Decimal =>
  decimal(side === 'buy' ? price.ask : price.bid);

/** The price that a position's levels are compared with. */
export function protectionReference(price: CachedPrice, side: PositionSide, protection: Protection): Decimal {
  const source = protection.triggerPrice;
  if (source !== 'bid_ask') return priceBySource(price, source);
  return decimal(side === 'long' ? price.bid : price.ask);
}

/**
 * Where the market will be when the entry has filled, as far as is known: for a resting order its own price, or
 * the market where that is better. Null without any.
 */
export function entryReference(
  order: {
    readonly side: Side;
    readonly type: OrderType;
    readonly limitPrice: Decimal | null;
    readonly stopPrice: Decimal | null;
  },
  market: Decimal | null,
): Decimal | null {
  // After a stop price the market is where the stop was, or at the limit price that then holds.
  if (order.stopPrice !== null && order.limitPrice === null) return order.stopPrice;
  if (order.stopPrice !== null) return order.limitPrice;
  if (order.limitPrice === null) return market;
  if (market === null) return order.limitPrice;
  return order.side === 'buy' ? minOf(order.limitPrice, market) : maxOf(order.limitPrice, market);
}
