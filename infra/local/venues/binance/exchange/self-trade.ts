/** Self-trade prevention: orders of one account, or of accounts of one trade group, do not trade with each other. */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { adjust } from './accounts.ts';
import { endOrder, report } from './lifecycle.ts';
import { min, ZERO } from './numbers.ts';
import { type Order, type PreventedMatch, remaining, type World } from './state.ts';

const groupOf = (order: Order): number => order.account.options.tradeGroupId ?? -1;

/** Whether the taker's mode forbids this match. */
export const isSelfTrade = (taker: Order, maker: Order): boolean =>
  taker.terms.stp !== 'NONE' &&
  (taker.account === maker.account || (groupOf(taker) !== -1 && groupOf(taker) === groupOf(maker)));

/** What happens instead of the match, as the taker's mode says; at least one of the two loses quantity. */
export function prevent(world: World, taker: Order, maker: Order): void {
  const mode = taker.terms.stp;
  const both = mode === 'DECREMENT' ? min(remaining(taker), remaining(maker)) : null;
  const takerQuantity = both ?? (mode === 'EXPIRE_MAKER' ? null : remaining(taker));
  const makerQuantity = both ?? (mode === 'EXPIRE_TAKER' ? null : remaining(maker));
  const { market } = taker;
  const match: PreventedMatch = {
    id: market.nextPreventedId,
    taker,
    maker,
    mode,
    price: maker.terms.price ?? ZERO,
    takerQuantity,
    makerQuantity,
    time: world.now(),
  };
  market.nextPreventedId += 1;
  for (const account of new Set([taker.account, maker.account])) account.preventedMatches.push(match);
  // First the numbers of both, so that neither report shows the other half-way.
  if (makerQuantity !== null) lose(maker, match, makerQuantity);
  if (takerQuantity !== null) lose(taker, match, takerQuantity);
  if (makerQuantity !== null) conclude(world, maker, match, makerQuantity);
  if (takerQuantity !== null) conclude(world, taker, match, takerQuantity);
}

function lose(order: Order, match: PreventedMatch, quantity: Decimal): void {
  order.prevented = order.prevented.plus(quantity);
  order.preventedMatches.push(match);
}

function conclude(world: World, order: Order, prevented: PreventedMatch, preventedQuantity: Decimal): void {
  if (remaining(order).isZero()) {
    endOrder(world, order, 'EXPIRED_IN_MATCH', null, { prevented, preventedQuantity });
    return;
  }
  order.updatedAt = world.now();
  order.market.changed = true;
  adjust(order.reservation);
  report(world, order, 'TRADE_PREVENTION', { prevented, preventedQuantity });
}
