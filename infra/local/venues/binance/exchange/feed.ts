/** The fed price: what the rest of the world trades at. It moves the book, fills resting orders and wakes stops. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { refill, takes } from './book.ts';
import { fillOrder } from './lifecycle.ts';
import { marketMakerTrades } from './matching.ts';
import { floorAmount, floorStep, max, min, ZERO } from './numbers.ts';
import { isOpen, type Market, opposite, remaining, type Side, type World } from './state.ts';
import { print } from './tape.ts';

export interface FedPrice {
  readonly last: string;
  readonly bid?: string;
  readonly ask?: string;
  readonly size?: string;
}

/** Share of a level's worth that a fed trade without a size moves. */
const DEFAULT_TRADE_SHARE = '0.01';

/**
 * Resting orders at or beyond the price fill at their own price, best and oldest first; with `size` no more than
 * that in total. Nothing trades while the symbol's status is not TRADING; the book moves in HALT, not in BREAK.
 */
export function applyPrice(world: World, market: Market, fed: FedPrice): void {
  const last = new Decimal(fed.last);
  const spread = market.info.tick.times(market.shape.spreadTicks);
  const bid = fed.bid === undefined ? last.minus(spread) : new Decimal(fed.bid);
  const ask = fed.ask === undefined ? last.plus(spread) : new Decimal(fed.ask);
  const { status } = market.info;
  if (status === 'BREAK') return;
  const before = market.last;
  market.fed = { last, bid, ask };
  if (status !== 'TRADING') {
    refill(market);
    return;
  }
  let left = fed.size === undefined ? null : new Decimal(fed.size);
  left = sweep(world, market, 'BUY', min(last, ask), left);
  left = sweep(world, market, 'SELL', max(last, bid), left);
  refill(market);
  const quantity = left ?? defaultQuantity(market, last);
  const rising = before !== null && last.greaterThan(before);
  if (quantity.greaterThan(ZERO)) print(world, market, last, quantity, rising ? 'BUY' : 'SELL');
}

/** Fills resting orders of `side` that the price reached; returns what is left of the traded size. */
function sweep(
  world: World,
  market: Market,
  side: Side,
  reach: Decimal,
  size: Decimal | null,
): Decimal | null {
  let left = size;
  for (const order of [...market.resting[side]]) {
    const { price } = order.terms;
    if (price === null || !takes(side, price, reach) || left?.isZero()) break;
    if (!isOpen(order)) continue;
    const wanted = remaining(order);
    const quantity = left === null ? wanted : floorStep(min(wanted, left), market.info.step);
    if (quantity.isZero()) break;
    const quote = floorAmount(price.times(quantity));
    const { id } = print(world, market, price, quantity, opposite(side));
    marketMakerTrades(world, market, opposite(side), quantity, quote);
    fillOrder(world, order, { id, price, quantity, quote }, true);
    if (left !== null) left = left.minus(quantity);
  }
  return left;
}

function defaultQuantity(market: Market, last: Decimal): Decimal {
  const worth = new Decimal(market.shape.levelNotional).times(DEFAULT_TRADE_SHARE);
  return max(floorStep(worth.dividedBy(last), market.info.step), market.info.step);
}
