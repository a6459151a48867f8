/**
 * How a position's resident protection stands, and when it is to be looked at (residents.ts decides what is done then).
 *
 * Always true:
 * - whatever of the position decides about the resident order is part of `residentKey`: a change makes a look due;
 * - the order that rests is one of the position's live exits until it is settled, and reserves its quantity once.
 */
import { hitCause } from './levels.ts';
import { type Decimal, maxOf, sum, ZERO } from './money/decimal.ts';
import { isClosed } from './positions.ts';
import type { OwedExit, Resident, ResidentMode } from './resident-facts.ts';
import { afterEnd, isListRefused, MOST_WAIT_MS } from './resident-refusals.ts';
import type { Order, Position } from './types.ts';

export const NO_RESIDENT: Resident = {
  resting: null,
  seen: '',
  lookAt: null,
  why: null,
  tries: 0,
  bandAt: null,
  listRefused: null,
  trail: null,
  owed: null,
};

export const residentOf = (p: Position): Resident => p.resident ?? NO_RESIDENT;

/** As it is asked for; a stop that waits to be confirmed rests nowhere, since the venue would sell at its first touch. */
const residentMode = ({ protection }: Position): ResidentMode =>
  protection.confirmSeconds > 0 ? 'none' : protection.resident;

/** Does the position ask for resident protection, and hold something to protect? */
export const asksForResident = (p: Position): boolean =>
  residentMode(p) !== 'none' && p.quantity.greaterThan(0) && p.flatten === null && !isClosed(p);

/** What other exits hold of it or wait for. */
const heldByOthers = (p: Position): Decimal => {
  const own = p.resident?.resting?.orderId;
  return sum(p.liveExits.filter(({ orderId }) => orderId !== own).map(({ reserved }) => reserved));
};

const heldByOwn = (p: Position): Decimal => {
  const own = p.resident?.resting?.orderId;
  return sum(p.liveExits.filter(({ orderId }) => orderId === own).map(({ reserved }) => reserved));
};

/** What the resident order may be for: all that no other exit holds. */
export const residentShare = (p: Position): Decimal => maxOf(p.quantity.minus(heldByOthers(p)), ZERO);

/** Does a part exit wait for the resident order to give way? */
export const hasWaiting = (p: Position): boolean => p.liveExits.some(({ waits }) => waits !== null);

/** It has given way, and there are parts left to be sent: more of them than one transaction takes. */
export const isReleasing = (p: Position): boolean => residentOf(p).resting === null && hasWaiting(p);

export const residentKey = (p: Position): string =>
  [
    residentMode(p),
    p.levelsVersion,
    p.quantity.toFixed(),
    heldByOthers(p).toFixed(),
    heldByOwn(p).toFixed(),
    hasWaiting(p) ? 'waited for' : '',
  ].join(' ');

/** Is there anything about it that a look has not seen, or that is owed whatever changes? */
export const owesResident = (p: Position): boolean => nextDueResident(p, 0) !== null;

/** A look is wanted now, because of what has just been written: whoever wrote it sends the message. */
export const wantsResidentLook = (p: Position): boolean => {
  const due = nextDueResident(p, 0);
  return due !== null && due <= p.updatedAt;
};

/** When the resident order is to be looked at next, epoch ms; null = not before something changes. */
export function nextDueResident(p: Position, spacedMs: number): number | null {
  if (isClosed(p) || p.flatten !== null) return null;
  const { resting, owed, seen, lookAt } = residentOf(p);
  if (owed !== null) return owed.until;
  if (isReleasing(p)) return p.updatedAt + spacedMs;
  if (resting === null && !asksForResident(p)) return null;
  const isSeen = seen === residentKey(p);
  if (isSeen) return lookAt;
  const now = p.updatedAt + spacedMs;
  return lookAt === null ? now : Math.min(now, lookAt);
}

/** The position after a look. */
export const withResident = (p: Position, change: Partial<Resident>, now: number): Position => ({
  ...p,
  resident: { ...residentOf(p), ...change },
  updatedAt: Math.max(p.updatedAt, now),
  dueTries: 0,
});

/** A full exit that waits until `until`, so that the resident order may be first. */
export const withOwedExit = (p: Position, owed: OwedExit, now: number): Position =>
  withResident(p, { owed }, now);

/** The resident order is settled (its reservation released already): what follows. Else the position as it was. */
export function residentEnded(p: Position, order: Order, now: number): Position {
  const { resting, tries, owed } = residentOf(p);
  if (resting === null || resting.orderId !== order.orderId) return p;
  const free = withResident(p, { resting: null, seen: '', lookAt: null, why: null }, now);
  if (p.flatten !== null || order.filledQuantity.greaterThan(0)) {
    return withResident(free, { tries: 0, owed: null }, now);
  }
  // A stop by itself is more than nothing, and the venue may take that.
  if (resting.form === 'oco' && isListRefused(order)) {
    return withResident(free, { listRefused: p.levelsVersion }, now);
  }
  const answer = afterEnd(order);
  switch (answer.kind) {
    case 'again':
      return free;
    case 'exit': {
      const cause = hitCause(resting.levelName) ?? 'stop_loss';
      const refused = { cause, price: resting.stopPrice, trigger: null, until: now };
      return withOwedExit(free, owed ?? refused, now);
    }
    case 'gave_way': {
      const { why, waitMs } = answer;
      return withResident(free, { why, tries: 0, lookAt: now + waitMs, seen: residentKey(free) }, now);
    }
    default: {
      const waitMs = Math.min(answer.waitMs * 2 ** Math.min(tries, 10), MOST_WAIT_MS);
      const { why } = answer;
      const bandAt = why === 'band' ? resting.distance : null;
      const change = { why, tries: tries + 1, bandAt, lookAt: now + waitMs, seen: residentKey(free) };
      return withResident(free, change, now);
    }
  }
}
