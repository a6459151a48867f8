/** The fed price: what the rest of the world trades at. It moves the book, fills resting orders and wakes stops. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { refill, takes } from './book.ts';
import { fillOrder } from './lifecycle.ts';
import { marketMakerTrades } from './matching.ts';
import { floorAmount, floorStep, max, min, quotient, settingOf, ZERO } from './numbers.ts';
import { isOpen, type Market, opposite, remaining, type Side, type World } from './state.ts';
import { print } from './tape.ts';

type Rounding = typeof Decimal.ROUND_FLOOR | typeof Decimal.ROUND_CEIL | typeof Decimal.ROUND_HALF_EVEN;

export interface FedPrice {
  readonly last: string;
  readonly bid?: string;
  readonly ask?: string;
  readonly size?: string;
}

/** Share of a level's worth that a fed trade without a size moves. */
const DEFAULT_TRADE_SHARE = new Decimal('0.01');

/**
 * Resting orders at or beyond the price fill at their own price, best and oldest first; with `size` no more than
 * that in total. Nothing trades while the symbol's status is not TRADING; the book moves in HALT, not in BREAK.
 */
export function applyPrice(world: World, market: Market, fed: FedPrice): void {
  const { status } = market.info;
  if (status === 'BREAK') return;
  const { last, bid, ask } = onTicks(market, fed);
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

/** The fed prices on the symbol's ticks: the spread never gets narrower than it was fed, nor less than a tick. */
function onTicks(market: Market, fed: FedPrice): NonNullable<Market['fed']> {
  const { tick } = market.info;
  const snap = (value: Decimal, rounding: Rounding): Decimal =>
    tick.isZero() ? value : max(value.toNearest(tick, rounding), tick);
  const last = snap(new Decimal(fed.last), Decimal.ROUND_HALF_EVEN);
  if (!last.greaterThan(ZERO)) throw new Error(`a price of ${market.info.symbol} must be above zero`);
  const spread = tick.times(market.shape.spreadTicks);
  // What is not fed is whole ticks away from what is on a tick.
  const bid =
    fed.bid === undefined ? max(last.minus(spread), tick) : snap(new Decimal(fed.bid), Decimal.ROUND_FLOOR);
  const ask = fed.ask === undefined ? last.plus(spread) : snap(new Decimal(fed.ask), Decimal.ROUND_CEIL);
  return { last, bid, ask: max(ask, bid.plus(tick)) };
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
  const worth = settingOf(market.shape.levelNotional).times(DEFAULT_TRADE_SHARE);
  return max(quotient(worth, last, market.info.step), market.info.step);
}
