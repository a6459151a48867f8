/**
 * Exits: one goal, one plan (design section 9).
 *
 * The first full-exit cause sets `flatten`; from then on `planExit` says what is to be done, inside every
 * transaction that changes the position. Part exits reserve a quantity.
 * Always true:
 * - what is sent or claimed never exceeds what is free, so sold + reserved <= held;
 * - `flatten` is never taken back; a second claim hears the first's facts;
 * - a plan is never empty while a flattened position is not closed: each step is an act, or work with a time.
 */
import { isAmending, isAmendingInPlace } from './amendments.ts';
import { isListed, liveEntryIds } from './entry-ids.ts';
import { LAST_STEP, ladderStep } from './exit-ladder.ts';
import { exitLot } from './lots.ts';
import { closingSpec } from './margin.ts';
import { type Decimal, floorTo, minOf, ZERO } from './money/decimal.ts';
import { isFinal, isSettled, remaining } from './orders.ts';
import { claimableQuantity, freeQuantity, isClosed, isDust } from './positions.ts';
import { residentEnded } from './resident-state.ts';
import { err, ok, type Result } from './result.ts';
import { activeShortage, broughtByEnd, shortageAfter, shortageText } from './shortage.ts';
import { isLimitExit, limitEndsAt, limitNow, limitOf, restsOn } from './stop-limit.ts';
import type { SymbolSpec } from './symbols.ts';
import type { ExitCause, Order, Position, TriggerFacts } from './types.ts';
import { claimedLate } from './unprotected.ts';

export { newExitOrder } from './exit-order.ts';
export { rungQuantity, rungTakesRest } from './take-profits.ts';

/** What a person may have to look at. */
export interface PlanAlarm {
  /** Stable. */
  readonly code: 'exits_unfinished' | 'coins_missing';
  readonly why: string;
}

export type PlanStep =
  | { readonly kind: 'cancel'; readonly orderId: string }
  /** An order of the closing side over this quantity (base, on the step): by market, or resting at a stop's limit. */
  | { readonly kind: 'send'; readonly quantity: Decimal; readonly limitPrice?: Decimal }
  | { readonly kind: 'wait'; readonly until: number; readonly why: string }
  | ({ readonly kind: 'alarm' } & PlanAlarm)
  | { readonly kind: 'close' };

/** So long the resident order has first right: at its own level before a watched exit, and to finish what it sells. */
export const FIRST_RIGHT_MS = 1_000;
/** How long a plan waits for the news of its live orders before it looks again. */
const LOOK_AGAIN_MS = 2_000;

/**
 * What a flattened position needs now. `liveOrders`: its entry while it is live, and the orders of `liveExits`.
 * `mark` decides what is dust by worth (unknown: by quantity alone). Without `flatten`, or closed: nothing.
 */
export function planExit(
  p: Position,
  liveOrders: readonly Order[],
  listed: SymbolSpec,
  now: number,
  mark: Decimal | null = p.flatten?.price ?? null,
): readonly PlanStep[] {
  if (p.flatten === null || isClosed(p)) return [];
  const spec = closingSpec(p, listed);
  const steps: PlanStep[] = [];
  for (const order of liveOrders) {
    if (isFinal(order.status) || order.cancelWanted !== null) continue;
    // A market exit on its way sells anyway; what rests would hold its quantity back.
    // So would one that waits for the resident order, which is cancelled; and the resident order itself, where it has
    // begun to sell, is given the time of its first right to finish that.
    const isSelling = order.exit?.resident === true && order.filledQuantity.greaterThan(0);
    if (isSelling && now < p.flatten.at + FIRST_RIGHT_MS) continue;
    if (restsOn(p.flatten, order, now)) continue;
    if (order.role === 'entry' || order.type !== 'market' || order.waitsFor !== null)
      steps.push({ kind: 'cancel', orderId: order.orderId });
  }
  const { step, retryAt } = p.flatten;
  if (step >= LAST_STEP)
    steps.push({ kind: 'alarm', code: 'exits_unfinished', why: `${step} exits ended unfinished` });
  const shortage = activeShortage(p.flatten, now);
  const free = freeQuantity(p);
  const missing = shortage === null ? ZERO : free.minus(shortage.free);
  // What is free of it goes at once, and whole.
  const quantity =
    shortage === null ? sliceOf(free, step, spec, mark) : sliceOf(minOf(free, shortage.free), 0, spec, mark);
  const isShort = shortage !== null && missing.greaterThan(0) && !isDust(free, spec, mark);
  if (isShort)
    steps.push({ kind: 'alarm', code: 'coins_missing', why: shortageText(p.base, missing, shortage) });
  // After a failure one at a time: a slice is to find the market that the whole did not find.
  const isSlicing = step > 0 && liveOrders.some((o) => o.exit?.flatten === true && !isFinal(o.status));
  if (quantity.greaterThan(0) && !isSlicing) {
    const isEarly = retryAt !== null && retryAt > now;
    const limitPrice = limitNow(p, spec, now);
    const send = { kind: 'send', quantity, ...(limitPrice && { limitPrice }) } as const;
    steps.push(isEarly ? { kind: 'wait', until: retryAt, why: 'next try' } : send);
  } else if (liveEntryIds(p).length > 0 || p.liveExits.length > 0) {
    const unknown = liveOrders.some((o) => o.send?.outcome === 'unknown');
    const why = unknown ? 'an order is unknown' : 'orders are not settled';
    const end = limitEndsAt(p);
    const until = end !== null && end > now ? Math.min(end, now + LOOK_AGAIN_MS) : now + LOOK_AGAIN_MS;
    steps.push({ kind: 'wait', until, why });
  } else if (isShort) {
    steps.push({ kind: 'wait', until: shortage.until, why: 'the account lacks the coins' });
  } else {
    steps.push({ kind: 'close' });
  }
  return steps;
}

/** What to send of what is free: zero for dust, all when a slice would be dust (its rest is never smaller than it). */
function sliceOf(free: Decimal, step: number, spec: SymbolSpec, mark: Decimal | null): Decimal {
  if (isDust(free, spec, mark)) return ZERO;
  const lot = exitLot(spec);
  const whole = minOf(floorTo(free, lot.step), floorTo(lot.max, lot.step));
  const slice = floorTo(whole.dividedBy(ladderStep(step).divisor), lot.step);
  return isDust(slice, spec, mark) ? whole : slice;
}

export interface FlattenRefusal {
  readonly code: 'already_closing' | 'not_open';
  /** The first claim; null when the position closed without one. */
  readonly facts: Position['flatten'];
}

/** Claims the whole position for one cause, whatever is free right now. Its levels are to be removed. */
export function claimFlatten(
  p: Position,
  claim: {
    readonly cause: ExitCause;
    readonly price: Decimal | null;
    readonly trigger: TriggerFacts | null;
    readonly at: number;
  },
): Result<Position, FlattenRefusal> {
  if (isClosed(p)) return err({ code: 'not_open', facts: p.flatten });
  if (p.flatten !== null) return err({ code: 'already_closing', facts: p.flatten });
  return ok({
    ...claimedLate(p, claim),
    status: 'closing',
    flatten: { ...claim, step: 0, retryAt: null, shortage: null, limit: limitOf(p, claim) },
    resident: p.resident && { ...p.resident, owed: null },
    exitCause: claim.cause,
    confirming: [],
    levelsVersion: p.levelsVersion + 1,
    updatedAt: Math.max(p.updatedAt, claim.at),
    dueTries: 0,
  });
}

export interface PartRefusal {
  readonly code:
    | 'not_enough_free'
    | 'already_closing'
    | 'already_claimed'
    | 'rung_claimed'
    | 'below_minimum'
    | 'not_open';
  /** What could be claimed, in base. */
  readonly free: Decimal;
  readonly facts: Position['flatten'];
}

/**
 * Reserves a part for one exit order. The quantity has to be on the step; `price` checks the least notional. Where the
 * resident order holds it, the part waits until that has given way: nothing is reserved twice.
 */
export function claimPart(
  p: Position,
  claim: {
    readonly orderId: string;
    readonly quantity: Decimal;
    readonly cause: ExitCause;
    readonly levelName: string | null;
    readonly rung?: number;
    readonly price?: Decimal;
    readonly at: number;
  },
  spec: SymbolSpec,
): Result<Position, PartRefusal> {
  const free = claimableQuantity(p);
  const refuse = (code: PartRefusal['code']) => err({ code, free, facts: p.flatten });
  if (p.flatten !== null && !isClosed(p)) return refuse('already_closing');
  if (p.status !== 'open') return refuse('not_open');
  if (p.exitOrderIds.includes(claim.orderId)) return refuse('already_claimed');
  if (claim.rung !== undefined && p.claimedRungs.includes(claim.rung)) return refuse('rung_claimed');
  const onStep = floorTo(claim.quantity, spec.stepSize).equals(claim.quantity);
  if (!onStep || isDust(claim.quantity, spec, claim.price ?? null)) return refuse('below_minimum');
  if (claim.quantity.greaterThan(free)) return refuse('not_enough_free');
  const claimed = {
    ...p,
    exitCause: claim.cause,
    claimedRungs: claim.rung === undefined ? p.claimedRungs : [...p.claimedRungs, claim.rung],
  };
  const waits = claim.quantity.greaterThan(freeQuantity(p));
  return ok(withExit(claimed, claim, claim.levelName, claim.at, waits));
}

/** The number of the position's next exit order: never one that an earlier order had. */
export const exitNumber = (p: Position): number => Math.max(p.exitsMade, p.exitOrderIds.length);

/** Reserves an exit order's quantity; a planned `send` goes through here before its order is written. */
export function withExit(
  p: Position,
  order: { readonly orderId: string; readonly quantity: Decimal },
  levelName: string | null,
  now: number,
  waits = false,
): Position {
  const { orderId, quantity } = order;
  const held = waits ? { reserved: ZERO, waits: quantity } : { reserved: quantity, waits: null };
  return {
    ...p,
    exitOrderIds: [...p.exitOrderIds, orderId],
    exitsMade: exitNumber(p) + 1,
    liveExits: [...p.liveExits, { orderId, ...held, levelName }],
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/** Less is left of a live exit than it holds: the difference is free, and levels that found it taken are tested anew. */
export function exitResized(p: Position, order: Order, now: number): Position {
  // What an heir is to have more of is reserved with the order whose place it takes.
  if (isAmending(order) && !isAmendingInPlace(order)) return p;
  const left = remaining(order);
  const held = p.liveExits.find((e) => e.orderId === order.orderId);
  if (held === undefined || !held.reserved.greaterThan(left)) return p;
  return freed(withReserved(p, order.orderId, left, now), p);
}

/** Another reservation of a live exit; more of it has to be free. */
export const withReserved = (p: Position, orderId: string, reserved: Decimal, now: number): Position => ({
  ...p,
  liveExits: p.liveExits.map((e) => (e.orderId === orderId ? { ...e, reserved } : e)),
  updatedAt: Math.max(p.updatedAt, now),
  dueTries: 0,
});

const freed = (p: Position, before: Position): Position =>
  before.armedVersion > 0 ? { ...p, levelsVersion: before.levelsVersion + 1 } : p;

/** An exit is settled and its heir takes over what it held; what the heir does not need is free. */
export function exitPassed(
  p: Position,
  order: Pick<Order, 'orderId' | 'filledQuantity' | 'unknown'>,
  heir: { readonly orderId: string; readonly quantity: Decimal },
  now: number,
): Position {
  const held = p.liveExits.find((e) => e.orderId === order.orderId);
  const without = {
    ...p,
    liveExits: p.liveExits.filter((e) => e !== held),
    unprotected: held === undefined ? p.unprotected : withUnknown(p.unprotected, order),
    exitOrderIds: isListed(p.exitOrderIds, order)
      ? p.exitOrderIds
      : p.exitOrderIds.filter((id) => id !== order.orderId),
    exitsMade: exitNumber(p),
  };
  const next = withExit(without, heir, held?.levelName ?? null, now);
  return held?.reserved.greaterThan(heir.quantity) === true ? freed(next, p) : next;
}

/** What is known of it now counts with its position, which may not list it for ever. */
const withUnknown = (of: Position['unprotected'], { unknown }: Pick<Order, 'unknown'>) => ({
  ...of,
  unknownMs: of.unknownMs + unknown.ms,
});

/**
 * An exit order is settled: its reservation is released. One that belonged to the full exit and ended
 * unfinished moves the ladder up; a finished one starts it anew. A part exit that ended unfinished lets go of what
 * a take profit may have found taken meanwhile: the levels are armed, and tested, anew. Else the position as it was.
 * What a full exit sent and sold nothing of leaves the position's list, which would grow as long as a symbol is
 * halted; the order itself stays, and names its position.
 */
export function exitSettled(p: Position, order: Order, now: number): Position {
  if (!isSettled(order) || !p.liveExits.some((e) => e.orderId === order.orderId)) return p;
  const released = {
    ...p,
    liveExits: p.liveExits.filter((e) => e.orderId !== order.orderId),
    unprotected: withUnknown(p.unprotected, order),
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
  if (order.exit?.resident === true) return residentSettled(released, order, now);
  const next = released;
  if (p.flatten === null) {
    const isFreed = order.status !== 'filled' && p.armedVersion > 0;
    return isFreed ? { ...next, levelsVersion: p.levelsVersion + 1 } : next;
  }
  // What it held at the venue and did not sell can be sold there now.
  if (order.exit?.flatten !== true) return broughtByEnd(next, order, now);
  const shortage = shortageAfter(activeShortage(p.flatten, now), order);
  // Of a shortage all that was free has been tried: the rest waits until it is over.
  const isSpent = shortage?.free.isZero() === true;
  if (order.status === 'filled') {
    const retryAt = isSpent ? shortage.until : null;
    return { ...next, flatten: { ...p.flatten, step: 0, retryAt, shortage } };
  }
  // Its time is over, or the venue did not take it: no step of the ladder, and the market is next.
  if (isLimitExit(order)) {
    const retryAt = isSpent ? shortage.until : null;
    return { ...unlisted(next, order), flatten: { ...p.flatten, retryAt, shortage, limit: null } };
  }
  const step = p.flatten.step + 1;
  return {
    ...unlisted(next, order),
    flatten: {
      ...p.flatten,
      step,
      retryAt: Math.max(now + ladderStep(step).waitMs, isSpent ? shortage.until : 0),
      shortage,
    },
  };
}

/** Without it where it sold nothing. */
const unlisted = (p: Position, order: Order): Position => ({
  ...p,
  exitOrderIds: order.filledQuantity.isZero()
    ? p.exitOrderIds.filter((id) => id !== order.orderId)
    : p.exitOrderIds,
  exitsMade: exitNumber(p),
});

/**
 * The resident order is settled. Nobody had found it in the way, so no level is tested anew; what it sold nothing of
 * leaves the list, which would grow with each move of a stop.
 */
function residentSettled(p: Position, order: Order, now: number): Position {
  const isUnsold = order.filledQuantity.isZero();
  const exitOrderIds = isUnsold ? p.exitOrderIds.filter((id) => id !== order.orderId) : p.exitOrderIds;
  const next = residentEnded({ ...p, exitOrderIds, exitsMade: exitNumber(p) }, order, now);
  return p.flatten === null ? next : broughtByEnd(next, order, now);
}
