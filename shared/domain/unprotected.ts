/**
 * How long a position has been without protection (design section 9, "Protected at an instant means"), by what is written of
 * it alone. Times are epoch ms, lengths ms. Pure.
 *
 * A position is without protection while it holds something and
 * - has a stop of which the index has not been told as it stands, from the first fill on;
 * - or the next step of its close is overdue by more than [2 s];
 * - or a time stop, a stop that waited or the right of the resident order is over for more than [2 s], and no exit followed;
 * - or its stop was reached for more than [2 s], and no exit followed: known, and counted, once one does.
 *
 * Always true:
 * - what a write leaves says from when on it is without protection unless something is written; the next write adds what
 *   came true of that to the sum, so each stretch counts once, however often it is written meanwhile;
 * - the sum never goes down, and stands still once the position is closed.
 *
 * Not known here: an index that was lost, but for levels that were to be armed or were reached meanwhile; whether the
 * shown price is to be trusted; whether a resident order rests at the venue; and where a position on margin is liquidated.
 */
import { isStopLevel, windowEndsAt } from './confirmation.ts';
import { stopsText, windowsOf } from './levels.ts';
import { isClosed } from './positions.ts';
import { timeStopAt } from './time-stop.ts';
import type { ExitCause, Order, Position, TriggerFacts, Unknown, Unprotected } from './types.ts';

/** A due step that is late by no more counts as done. */
export const OVERDUE_MS = 2_000;

/** From when on it is without protection as it stands, `at` or later, were nothing written any more. Null: never. */
function bareFrom(p: Position, at: number): number | null {
  if (isClosed(p) || !p.quantity.greaterThan(0)) return null;
  // A write is a step of it, whatever was due before that.
  if (p.flatten !== null) return Math.max(p.dueAt ?? at, at) + OVERDUE_MS;
  const timed = [
    timeStopAt(p),
    ...windowsOf(p).map((window) => windowEndsAt(window, p.protection)),
    p.resident?.owed?.until ?? null,
  ].filter((end) => end !== null);
  const late = timed.map((end) => Math.max(at, end + OVERDUE_MS));
  return isTold(p) ? smallest(late) : at;
}

const smallest = (times: readonly number[]): number | null =>
  times.length === 0 ? null : Math.min(...times);

/** Has the index been told of its stops as they stand? Of items from before this was kept it is believed. */
const isTold = (p: Position): boolean => {
  const { armed } = p.unprotected;
  const stops = stopsText(p);
  return stops === '' || (armed === null ? p.armedVersion > 0 : armed === stops);
};

/** When the stretch began that its last write foresaw. A step of a close that was put off by a sweep was not overdue. */
function began({ unprotected: { since, isOfClose } }: Position, dueAt: number | null): number | null {
  return since === null || !isOfClose || dueAt === null ? since : Math.max(since, dueAt + OVERDUE_MS);
}

/** The position as it is about to be written at `now`, its new due time set. `dueBefore`: the one it had before. */
export function countUnprotected(p: Position, dueBefore: number | null, now: number): Unprotected {
  const { ms } = p.unprotected;
  const from = began(p, dueBefore);
  const next = bareFrom(p, now);
  const isOfClose = p.flatten !== null;
  const hasBegun = from !== null && from <= now;
  if (hasBegun && next !== null && next <= now) return { ...p.unprotected, since: from, isOfClose };
  return { ...p.unprotected, ms: ms + (hasBegun ? now - from : 0), since: next, isOfClose };
}

export interface UnprotectedNow {
  readonly ms: number;
  /** Since when it is; null: it is protected, or closed. */
  readonly since: number | null;
}

/** How long it has been without protection by now. */
export function unprotectedBy(p: Position, now: number): UnprotectedNow {
  const from = began(p, p.dueAt);
  if (from === null || from > now) return { ms: p.unprotected.ms, since: null };
  return { ms: p.unprotected.ms + now - from, since: from };
}

/** It began at `at`, where that is earlier than what is written of it. */
const from = (p: Position, at: number): Position => {
  const { since } = p.unprotected;
  return { ...p, unprotected: { ...p.unprotected, since: Math.min(since ?? at, at), isOfClose: false } };
};

/** It holds something since this fill: whatever stop it has nobody watches yet, and a time stop may be over already. */
export function heldSince(p: Position, at: number): Position {
  const bare = p.flatten === null ? bareFrom(p, at) : null;
  return bare === null ? p : from(p, bare);
}

/** A stop was reached, and is claimed only now: the position with what is too late of it. */
export function claimedLate(
  p: Position,
  claim: { readonly cause: ExitCause; readonly trigger: TriggerFacts | null; readonly at: number },
): Position {
  const { trigger, at } = claim;
  if (trigger === null || !isStopLevel(trigger.levelName)) return p;
  // These have waited, as they were to: until when is known by itself.
  const hasWaited = windowsOf(p).some((window) => window.trigger.tickId === trigger.tickId);
  if (hasWaited || p.resident?.owed != null) return p;
  const armedAt = trigger.cause === 'armed' ? (p.armings[trigger.levelName]?.at ?? at) : 0;
  const late = Math.max(trigger.tickAt, armedAt) + OVERDUE_MS;
  return late < at ? from(p, late) : p;
}

/** Unknown for so long counts, from the claim of the attempt on; an answer takes its time. */
const counts = (ms: number): number => (ms > OVERDUE_MS ? ms : 0);

/** For how long it was not known what became of the order's attempts, as it is about to be written at `now`. */
export function countUnknown({ send, unknown }: Pick<Order, 'send' | 'unknown'>, now: number): Unknown {
  const { ms, since } = unknown;
  if (send !== null && (send.outcome === 'unknown' || send.outcome === 'sent'))
    return { ms, since: since ?? send.claimedAt };
  return { ms: ms + (since === null ? 0 : counts(now - since)), since: null };
}

/** The same by now. */
export const unknownBy = ({ unknown: { ms, since } }: Pick<Order, 'unknown'>, now: number): number =>
  ms + (since === null ? 0 : counts(now - since));
