/**
 * The order book: levels of the market maker around the fed price, and the orders of accounts, in price-time order.
 * At one price the orders of accounts come before the market maker.
 */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { BestPrices } from '../contract.ts';
import { min, quotient, settingOf, ZERO } from './numbers.ts';
import { type Level, type Market, type Order, opposite, remaining, type Side } from './state.ts';

/** Whether an order of `side` at `limit` would take a price. */
export const takes = (side: Side, limit: Decimal, price: Decimal): boolean =>
  side === 'BUY' ? price.lessThanOrEqualTo(limit) : price.greaterThanOrEqualTo(limit);

/** Whether `a` comes before `b` in the queue of `side`. */
export const better = (side: Side, a: Decimal, b: Decimal): boolean =>
  side === 'BUY' ? a.greaterThan(b) : a.lessThan(b);

export function rest(market: Market, order: Order): void {
  const { side, price } = order.terms;
  if (price === null) throw new Error(`order ${order.id} has no price to rest at`);
  market.changed = true;
  const queue = market.resting[side];
  const behind = queue.findIndex(
    (other) => other.terms.price !== null && better(side, price, other.terms.price),
  );
  if (behind === -1) queue.push(order);
  else queue.splice(behind, 0, order);
}

export function removeFromBook(market: Market, order: Order): void {
  market.changed = true;
  const queue = market.resting[order.terms.side];
  const index = queue.indexOf(order);
  if (index !== -1) queue.splice(index, 1);
  market.waiting.delete(order);
}

/** New levels of the market maker around the fed prices; they begin behind an order that they would cross. */
export function refill(market: Market): void {
  market.changed = true;
  market.levels.BUY = buildLevels(market, 'BUY');
  market.levels.SELL = buildLevels(market, 'SELL');
}

function buildLevels(market: Market, side: Side): Level[] {
  const { fed, shape, info } = market;
  if (fed === null) return [];
  const tick = info.tick.isZero() ? new Decimal('0.00000001') : info.tick;
  const away = side === 'BUY' ? tick.negated() : tick;
  const facing = market.resting[opposite(side)][0]?.terms.price ?? null;
  const wanted = side === 'BUY' ? fed.bid : fed.ask;
  const start = facing !== null && takes(side, wanted, facing) ? facing.plus(away) : wanted;
  const notional = settingOf(shape.levelNotional);
  const levels: Level[] = [];
  for (let index = 0; index < shape.levels; index += 1) {
    const price = index === 0 ? start : start.plus(away.times(shape.stepTicks * index));
    if (price.lessThanOrEqualTo(ZERO)) break;
    const quantity = quotient(notional, price, info.step);
    levels.push({ price, quantity: quantity.isZero() ? info.step : quantity });
  }
  return levels.filter((level) => level.quantity.greaterThan(ZERO));
}

/** Where a taker of `side` finds its next counterpart. */
export type Offer =
  | { readonly price: Decimal; readonly quantity: Decimal; readonly order: Order }
  | { readonly price: Decimal; readonly quantity: Decimal; readonly level: Level };

/** All counterparts of a taker of `side`, best first. */
export function* offers(market: Market, side: Side): Generator<Offer> {
  const from = opposite(side);
  const orders = [...market.resting[from]];
  const levels = [...market.levels[from]];
  let order = orders.shift();
  let level = levels.shift();
  while (order !== undefined || level !== undefined) {
    const price = order?.terms.price ?? null;
    if (order !== undefined && price !== null && (level === undefined || !better(from, level.price, price))) {
      yield { price, quantity: remaining(order), order };
      order = orders.shift();
    } else if (level !== undefined) {
      yield { price: level.price, quantity: level.quantity, level };
      level = levels.shift();
    } else {
      order = orders.shift();
    }
  }
}

/** Takes from a level of the market maker. */
export function consume(market: Market, level: Level, quantity: Decimal): void {
  market.changed = true;
  level.quantity = level.quantity.minus(quantity);
  for (const side of ['BUY', 'SELL'] as const) {
    market.levels[side] = market.levels[side].filter((one) => one.quantity.greaterThan(ZERO));
  }
}

/** The book of one side as price levels, best first. */
export function depthOf(market: Market, side: Side, limit: number): Level[] {
  const result: Level[] = [];
  for (const offer of offers(market, opposite(side))) {
    const last = result.at(-1);
    if (last?.price.equals(offer.price)) last.quantity = last.quantity.plus(shown(offer));
    else if (result.length === limit) break;
    else result.push({ price: offer.price, quantity: shown(offer) });
  }
  return result;
}

/** An iceberg shows its tip. */
function shown(offer: Offer): Decimal {
  const tip = 'order' in offer ? (offer.order.terms.icebergQty ?? ZERO) : ZERO;
  return tip.isZero() ? offer.quantity : min(tip, offer.quantity);
}

/** The best level of one side, as `depthOf` would show it; asked for after every change of the book. */
function bestLevel(market: Market, side: Side): Level | null {
  const [first] = market.levels[side];
  let best: Level | null = null;
  for (const order of market.resting[side]) {
    const { price } = order.terms;
    if (price === null) continue;
    if (best === null) {
      if (first !== undefined && better(side, first.price, price)) break;
      best = { price, quantity: shown({ price, quantity: remaining(order), order }) };
    } else if (best.price.equals(price)) {
      best.quantity = best.quantity.plus(shown({ price, quantity: remaining(order), order }));
    } else break;
  }
  if (best === null) return first === undefined ? null : { price: first.price, quantity: first.quantity };
  for (const level of market.levels[side]) {
    if (!level.price.equals(best.price)) break;
    best.quantity = best.quantity.plus(level.quantity);
  }
  return best;
}

/** The best prices now; a side without orders shows zeros. Null before there is any book. */
export function bestPrices(market: Market): BestPrices | null {
  const bid = bestLevel(market, 'BUY');
  const ask = bestLevel(market, 'SELL');
  if (bid === null && ask === null) return null;
  return {
    symbol: market.info.symbol,
    updateId: market.updateId,
    bid: bid?.price ?? ZERO,
    bidSize: bid?.quantity ?? ZERO,
    ask: ask?.price ?? ZERO,
    askSize: ask?.quantity ?? ZERO,
  };
}
