/**
 * What a position held at a time in its past: its fills, what left it from outside and fees that were valued late,
 * booked again in their order (design section 8).
 *
 * Always true: after the last of them it holds what the position holds, at the same cost, with the same realized P&L.
 */
import { applyLateFees } from './late-fees.ts';
import { ZERO } from './money/decimal.ts';
import { applyEntryFill, applyExitFill, isClosed, NOTHING_TRADED } from './positions.ts';
import type { ExternalReduction, Fill, Order, Position } from './types.ts';

export interface OrderWithFills {
  readonly order: Order;
  readonly fills: readonly Fill[];
}

interface Step {
  readonly at: number;
  readonly book: (p: Position) => Position;
}

/** The position as its sums stood at times that must not go back from call to call. */
export function pastHoldings(p: Position, orders: readonly OrderWithFills[]): (at: number) => Position {
  const steps = stepsOf(p, orders);
  let state = empty(p);
  let next = 0;
  return (at) => {
    for (let step = steps[next]; step !== undefined && step.at <= at; step = steps[next]) {
      state = step.book(state);
      next += 1;
    }
    return state;
  };
}

const empty = (p: Position): Position => ({
  ...p,
  status: 'open',
  flatten: null,
  dust: null,
  closedAt: null,
  ...NOTHING_TRADED,
});

function stepsOf(p: Position, orders: readonly OrderWithFills[]): readonly Step[] {
  const steps: Step[] = orders.flatMap(({ order, fills }) => {
    const apply = order.role === 'entry' ? applyEntryFill : applyExitFill;
    return [
      ...fills.map((fill) => ({ at: fill.at, book: (q: Position) => apply(q, fill, order, fill.at) })),
      ...order.lateFees.map((late) => ({
        at: late.at,
        book: (q: Position) => applyLateFees(q, order, [late], late.at),
      })),
    ];
  });
  for (const external of p.externals) {
    steps.push({ at: external.at, book: (q) => moved(q, external, -1) });
    const { reversedAt } = external;
    if (reversedAt !== null) steps.push({ at: reversedAt, book: (q) => moved(q, external, 1) });
  }
  if (isClosed(p) && p.closedAt !== null) {
    // The venue's clock, which fills have their times of, may be ahead of ours.
    const at = steps.reduce((latest, step) => Math.max(latest, step.at), p.closedAt);
    steps.push({ at, book: closed });
  }
  // Of one instant as they are listed: entries before exits, the close last.
  return steps.toSorted((a, b) => a.at - b.at);
}

/** What left the account without an order of ours, or was put back. */
const moved = (p: Position, external: ExternalReduction, sign: 1 | -1): Position => ({
  ...p,
  quantity: p.quantity.plus(external.quantity.times(sign)),
  cost: p.cost.plus(external.cost.times(sign)),
  openFees: p.openFees.plus(external.openFees.times(sign)),
  realizedPnl: p.realizedPnl.minus(external.pnl.times(sign)),
});

/** Dust keeps its cost elsewhere; the fees paid for it are realized. */
const closed = (p: Position): Position => ({
  ...p,
  quantity: ZERO,
  cost: ZERO,
  openFees: ZERO,
  realizedPnl: p.realizedPnl.minus(p.openFees),
});
