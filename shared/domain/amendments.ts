/**
 * Amendments: an order's amounts are changed while it lives (design section 5).
 *
 * What was never sent is changed where it stands. Less quantity is asked for in place where the venue can do that, and
 * the order keeps its place in the queue. For everything else it is cancelled, and once it is settled a new order, the
 * heir, takes its place in the very transaction that settles it (heirs.ts).
 * Always true:
 * - `wanted.quantity` is the order's total: the heir gets what of it has not filled, so old and heir together fill
 *   no more than it, or than had filled already;
 * - no heir without a settled order, and at most one: its id is fixed when the amendment is asked for;
 * - a fill that beats the cancel wins; a cancel, or a full exit, beats the amendment.
 */
import type { Decimal } from './money/decimal.ts';
import type { Amendment, AmendOutcome, OrderAmounts } from './order-amounts.ts';
import type { Order } from './types.ts';

export const isAmending = (order: Pick<Order, 'amendment'>): boolean =>
  order.amendment?.outcome === 'under_way';

/** To be asked of the venue: nothing else is done about it until the venue has answered. */
export const isAmendingInPlace = (order: Pick<Order, 'amendment'>): boolean =>
  isAmending(order) && order.amendment?.way === 'in_place';

/** Did a client place it? Orders of an exit plan, of a level and of a close by hand are the position's own. */
export const isClientPlaced = (order: Pick<Order, 'role' | 'exit' | 'bodyHash'>): boolean =>
  order.role === 'entry' || (order.exit?.flatten === false && order.bodyHash !== null);

/** Less quantity and nothing else: what a venue may change in place. */
export function isMereReduction(order: OrderAmounts, wanted: OrderAmounts): boolean {
  return wanted.quantity.lessThan(order.quantity) && samePrices(order, wanted);
}

const same = (a: Decimal | null, b: Decimal | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);

const samePrices = (a: OrderAmounts, b: OrderAmounts): boolean =>
  same(a.limitPrice, b.limitPrice) &&
  same(a.stopPrice, b.stopPrice) &&
  same(a.stopLimitPrice, b.stopLimitPrice) &&
  a.trailingDelta === b.trailingDelta;

export const sameAmounts = (a: OrderAmounts, b: OrderAmounts): boolean =>
  a.quantity.equals(b.quantity) && same(a.quoteQuantity, b.quoteQuantity) && samePrices(a, b);

/** The amendment is over. */
export const ended = (amendment: Amendment, outcome: AmendOutcome, reason: string | null): Amendment => ({
  ...amendment,
  outcome,
  reason,
});

/** Whoever wants the order gone wants no heir of it. */
export const withdrawn = (order: Order, reason: string): Order =>
  isAmending(order) && order.amendment !== null
    ? { ...order, amendment: ended(order.amendment, 'withdrawn', reason) }
    : order;
