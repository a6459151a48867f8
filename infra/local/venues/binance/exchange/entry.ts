/** How accepted orders enter the market: funds aside, then waiting for a trigger, taking, or resting. */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { balanceOf, need, reserve, reservedAsset } from './accounts.ts';
import { takes } from './book.ts';
import { wouldTrigger } from './checks.ts';
import { refuse } from './errors.ts';
import { report } from './lifecycle.ts';
import { estimate, quantityForQuote, take } from './matching.ts';
import { max, ZERO } from './numbers.ts';
import { isLimit, isOpen, isStop, type Order, type World } from './state.ts';

/**
 * The matching engine's last word before acceptance: prices, then funds. Changes nothing but the order's own plan
 * (quantity of an order by quote amount, quote set aside for a market order). Throws -2010.
 *
 * `together`: orders of which only one can trade; they share their funds.
 */
export function admit(together: readonly Order[]): void {
  for (const order of together) {
    if (wouldTrigger(order.market, order.terms)) throw refuse.order('Order would trigger immediately.');
    if (order.terms.type === 'LIMIT_MAKER' && wouldTake(order)) {
      throw refuse.order('Order would immediately match and take.');
    }
    plan(order);
  }
  const [first] = together;
  if (first === undefined) return;
  const needed = together.map(need).reduce(max, ZERO);
  const free = balanceOf(first.account, reservedAsset(first)).free;
  if (needed.greaterThan(free)) throw refuse.funds();
}

function wouldTake(order: Order): boolean {
  const { price, side } = order.terms;
  const facing = side === 'BUY' ? 'SELL' : 'BUY';
  const best = [order.market.levels[facing][0]?.price, order.market.resting[facing][0]?.terms.price];
  return price !== null && best.some((one) => one !== undefined && one !== null && takes(side, price, one));
}

/** Decides what orders without a limit price set aside. */
function plan(order: Order): void {
  const { terms, market } = order;
  if (isLimit(terms.type)) return;
  if (isStop(terms.type)) {
    order.lockPrice = terms.stopPrice ?? market.last;
    return;
  }
  if (terms.quoteQuantity !== null) planQuote(order, terms.quoteQuantity);
  if (terms.side === 'BUY') order.budget = terms.quoteQuantity ?? estimate(order, order.quantity).quote;
}

function planQuote(order: Order, quote: Decimal): void {
  const { info } = order.market;
  const marketLot = info.filter('MARKET_LOT_SIZE');
  const step = max(info.step, marketLot?.decimal('stepSize') ?? ZERO);
  const { quantity, short } = quantityForQuote(order, quote, step);
  const least = max(info.filter('LOT_SIZE')?.decimal('minQty') ?? ZERO, marketLot?.decimal('minQty') ?? ZERO);
  if (quantity.isZero() || quantity.lessThan(least)) {
    throw refuse.order('Order book liquidity is less than LOT_SIZE filter minimum quantity.');
  }
  const most = marketLot?.decimal('maxQty') ?? ZERO;
  if (!most.isZero() && quantity.greaterThan(most)) throw refuse.engineFilter('MARKET_LOT_SIZE');
  order.quantity = quantity;
  order.shortOfQuote = short;
}

/** Sets the funds aside for orders that `admit` has let in. */
export const fund = (together: readonly Order[]): void => {
  const [first] = together;
  if (first !== undefined) reserve(first.account, together);
};

/** Accepts a funded order and tells its account of it; it has not traded yet. */
export function announce(world: World, order: Order): void {
  const { market, terms } = order;
  order.status = 'NEW';
  order.updatedAt = world.now();
  if (isStop(terms.type)) {
    market.waiting.add(order);
    // Without a stop price it follows the market from the price that stands.
    if (terms.trailingDelta !== null && terms.stopPrice === null && market.last !== null) {
      order.trail = { since: world.now(), extreme: market.last };
    }
  } else {
    order.workingTime = world.now();
  }
  report(world, order, 'NEW');
}

/** Lets an announced order trade; a stop waits. */
export function proceed(world: World, order: Order): void {
  if (isOpen(order) && !isStop(order.terms.type)) take(world, order);
}

/** Both at once. */
export function enter(world: World, order: Order): void {
  announce(world, order);
  proceed(world, order);
}
