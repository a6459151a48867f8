/**
 * Contingent orders: stops, take profits and their trailing forms, woken by the prices of trades.
 *
 * A trailing order follows the extreme since its tracking began: at once without a stop price, else from the first
 * trade that satisfies the stop price, which is its first extreme.
 */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { VenueError } from '../contract.ts';
import { adjust, balanceOf } from './accounts.ts';
import { triggersAt } from './checks.ts';
import { checkFilters } from './filters.ts';
import { endOrder, report } from './lifecycle.ts';
import { estimate, take } from './matching.ts';
import { max, min, ZERO } from './numbers.ts';
import { isLimit, isOpen, type Market, type Order, remaining, type World } from './state.ts';

const BASIS_POINTS = 10_000;

/** Shows one trade price to a waiting order; true when it fires. */
function observe(order: Order, last: Decimal, now: number): boolean {
  const { terms } = order;
  const reached = terms.stopPrice === null || triggersAt(terms, terms.stopPrice, last);
  if (terms.trailingDelta === null) return reached;
  if (order.trail === null) {
    if (reached) order.trail = { since: now, extreme: last };
    return false;
  }
  const { trail } = order;
  const delta = new Decimal(terms.trailingDelta).dividedBy(BASIS_POINTS);
  if (terms.side === 'SELL') {
    trail.extreme = max(trail.extreme, last);
    return last.lessThanOrEqualTo(trail.extreme.times(new Decimal(1).minus(delta)));
  }
  trail.extreme = min(trail.extreme, last);
  return last.greaterThanOrEqualTo(trail.extreme.times(delta.plus(1)));
}

/** Shows one trade price to all waiting orders of a market; those that fire become live, oldest first. */
export function trigger(world: World, market: Market, last: Decimal): void {
  const fired = [...market.waiting].filter((order) => observe(order, last, world.now()));
  for (const order of fired) {
    // An earlier one may have ended it: the other leg of a pair.
    if (isOpen(order)) activate(world, order);
  }
}

/** The trigger was reached: the other leg of a pair goes first, then this one trades. */
function activate(world: World, order: Order): void {
  const { market, terms } = order;
  market.waiting.delete(order);
  world.hooks.beforeActivation(order);
  if (!admissible(world, order)) {
    endOrder(world, order, 'EXPIRED', 'REJECTED');
    return;
  }
  order.workingTime = world.now();
  order.updatedAt = world.now();
  if (world.options.order?.triggeredReport !== false) report(world, order, 'NEW');
  if (!isLimit(terms.type) && terms.side === 'BUY') adjust(order.reservation);
  take(world, order);
}

/** Filters again, and funds where the price is only known now. */
function admissible(world: World, order: Order): boolean {
  const { market, terms } = order;
  if (!passes(() => checkFilters(world, market, { ...terms, quantity: remaining(order) }))) return false;
  if (isLimit(terms.type) || terms.side === 'SELL') return true;
  const cost = estimate(order, remaining(order)).quote;
  const free = balanceOf(order.account, market.info.quote).free.plus(order.reservation?.amount ?? ZERO);
  if (cost.greaterThan(free)) return false;
  order.budget = cost;
  return true;
}

/** Whether a check lets it pass; a refusal means no, anything else is a fault. */
export function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof VenueError) return false;
    throw error;
  }
}
