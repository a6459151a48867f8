/**
 * Fees in a third asset that had no price when their fills were booked: what they are worth once one is known (design
 * section 7).
 *
 * Pure. Always true:
 * - an amount is valued once: what was valued late is kept with the order, and only what is left of its fills' fees
 *   is valued next;
 * - realized + open P&L fall by exactly the value, whenever it comes, also once the position is closed.
 * What the fee of an entry would have been charged to sales by then is charged at once: the share of what was held that
 * is no longer. That is what booking it with its fill would have made, where all was bought before anything was sold.
 */
import { type Decimal, shareOf, sum, ZERO } from './money/decimal.ts';
import { feeValue } from './order-notes.ts';
import { addFee } from './orders.ts';
import { isClosed } from './positions.ts';
import type { FeeAmount, Fill, LateFee, Order, Position } from './types.ts';

/** Is the value of a fee of this order still to be found? */
export const owesFeeValue = (order: Pick<Order, 'feesQuoteValue' | 'fillCount'>): boolean =>
  order.feesQuoteValue === null && order.fillCount > 0;

/** Amounts by asset without those of `less`; none is zero. */
const without = (fees: readonly FeeAmount[], less: readonly FeeAmount[]): readonly FeeAmount[] =>
  less
    .reduce((left, { asset, amount }) => addFee(left, { asset, amount: amount.negated() }), fees)
    .filter(({ amount }) => amount.greaterThan(0));

/** What of the order's fees has no value yet; `fills` are all that are booked. */
export function unvaluedOf(order: Order, fills: readonly Fill[]): readonly FeeAmount[] {
  const fees = fills
    .filter((fill) => feeValue(fill, order.symbol) === null)
    .reduce<readonly FeeAmount[]>((all, { fee }) => addFee(all, fee), []);
  return without(fees, order.lateFees);
}

/** The order with these values; the sum of all its fees is known once none is missing. */
export function withLateFees(
  order: Order,
  fills: readonly Fill[],
  late: readonly LateFee[],
  now: number,
): Order {
  const next = { ...order, lateFees: [...order.lateFees, ...late] };
  const isAll = unvaluedOf(next, fills).length === 0;
  const known = fills.map((fill) => feeValue(fill, order.symbol) ?? ZERO);
  return {
    ...next,
    feesQuoteValue: isAll ? sum([...known, ...next.lateFees.map(({ value }) => value)]) : null,
    updatedAt: Math.max(order.updatedAt, now),
    dueTries: 0,
  };
}

/** The position after fees of one of its orders got their values. */
export function applyLateFees(
  p: Position,
  { role }: Pick<Order, 'role'>,
  late: readonly LateFee[],
  now: number,
): Position {
  const value = sum(late.map((fee) => fee.value));
  const open = role === 'entry' ? shareOf(value, heldOf(p), everHeld(p)) : ZERO;
  return {
    ...p,
    openFees: p.openFees.plus(open),
    realizedPnl: p.realizedPnl.minus(value.minus(open)),
    unvaluedFees: without(p.unvaluedFees, late),
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/** Dust has been charged its fees at the close. */
const heldOf = (p: Position): Decimal => (isClosed(p) ? ZERO : p.quantity);

function everHeld(p: Position): Decimal {
  const baseFees = sum(p.entryFees.filter(({ asset }) => asset === p.base).map(({ amount }) => amount));
  return p.side === 'long' ? p.entryQuantity.minus(baseFees) : p.entryQuantity.plus(baseFees);
}
