/**
 * The ladder of take profits: what each rung sells (design section 9).
 *
 * Shares are of all that was bought, floored to the step; the last rung takes the rest; a rung below the venue's
 * minimum is merged into the next one out, the last into the one before it.
 */
import { exitLot } from './lots.ts';
import { type Decimal, floorTo, maxOf, minOf, sum, ZERO } from './money/decimal.ts';
import { claimableQuantity, isDust } from './positions.ts';
import type { SymbolSpec } from './symbols.ts';
import type { Position } from './types.ts';

/** Quantity that the ladder of take profits gives each rung, by index; zero = merged into a neighbour. */
function ladder(p: Position, spec: SymbolSpec): readonly Decimal[] {
  const rungs = p.protection.takeProfits;
  const nearest = rungs.map((r, index) => ({ ...r, index }));
  nearest.sort((a, b) => (p.side === 'long' ? a.price.comparedTo(b.price) : b.price.comparedTo(a.price)));
  const takesAll = sum(rungs.map((r) => r.share)).greaterThanOrEqualTo(1);
  const total = floorTo(p.quantity.plus(soldOf(p)), exitLot(spec).step);
  const planned = rungs.map(() => ZERO);
  let left = total;
  let carried = ZERO;
  let lastUsed: number | null = null;
  for (const [i, { index, share, price }] of nearest.entries()) {
    const isLast = i === nearest.length - 1;
    const wanted =
      isLast && takesAll ? left : minOf(floorTo(total.times(share), exitLot(spec).step).plus(carried), left);
    if (isDust(wanted, spec, price)) {
      carried = wanted;
      continue;
    }
    planned[index] = wanted;
    left = left.minus(wanted);
    carried = ZERO;
    lastUsed = index;
  }
  // A last rung below the minimum goes with the one before it.
  if (carried.greaterThan(0) && lastUsed !== null)
    planned[lastUsed] = (planned[lastUsed] ?? ZERO).plus(carried);
  return planned;
}

/** Exits' share of the holding so far, base fees included. */
function soldOf(p: Position): Decimal {
  const fees = sum(p.exitFees.filter((f) => f.asset === p.base).map((f) => f.amount));
  return maxOf(p.side === 'long' ? p.exitQuantity.plus(fees) : p.exitQuantity.minus(fees), ZERO);
}

/** What a take-profit rung sells now: its share floored to the step; the last takes the rest; zero = merged. */
export function rungQuantity(p: Position, index: number, spec: SymbolSpec): Decimal {
  const free = floorTo(claimableQuantity(p), exitLot(spec).step);
  if (rungTakesRest(p, index, spec)) return free;
  return minOf(ladder(p, spec)[index] ?? ZERO, free);
}

/** No other unclaimed rung has anything left to sell and the shares add up to the whole: a full exit. */
export function rungTakesRest(p: Position, index: number, spec: SymbolSpec): boolean {
  if (sum(p.protection.takeProfits.map((r) => r.share)).lessThan(1)) return false;
  const planned = ladder(p, spec);
  if (!planned[index]?.greaterThan(0)) return false;
  return planned.every((q, i) => i === index || q.isZero() || p.claimedRungs.includes(i));
}
