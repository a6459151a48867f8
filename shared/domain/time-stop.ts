/**
 * The time stop: a position is closed at a time, whatever its price (design section 9). Times are epoch ms.
 *
 * Always true: it asks for no price, and what it does is the position's one claim, like any other cause.
 */
import { type FieldError, fieldError } from './field-error.ts';
import type { Position, Protection } from './types.ts';

/** A year: whatever is later was not meant. */
export const MOST_SECONDS = 366 * 86_400;

type TimeStop = Protection['timeStop'];

const dueAt = (timeStop: TimeStop, openedAt: number | null): number | null => {
  if (timeStop === null) return null;
  if ('until' in timeStop) return timeStop.until;
  return openedAt === null ? null : openedAt + timeStop.maxSeconds * 1000;
};

/**
 * When the position is to be closed; null: it has no time stop, `max_seconds` count from a first fill that has not come,
 * or another cause is at work. `until` holds for an entry that still waits, too.
 */
export function timeStopAt(p: Position): number | null {
  const isLive = (p.status === 'opening' || p.status === 'open') && p.flatten === null;
  return isLive ? dueAt(p.protection.timeStop, p.openedAt) : null;
}

export const isTimeUp = (p: Position, now: number): boolean => {
  const at = timeStopAt(p);
  return at !== null && at <= now;
};

/** What is wrong with a time stop that is asked for now; null = nothing. */
export function checkTimeStop(timeStop: TimeStop, openedAt: number | null, now: number): FieldError | null {
  if (timeStop === null) return null;
  const field = 'until' in timeStop ? 'protection.time_stop.until' : 'protection.time_stop.max_seconds';
  if ('maxSeconds' in timeStop && !(timeStop.maxSeconds >= 1 && timeStop.maxSeconds <= MOST_SECONDS)) {
    const message = `${timeStop.maxSeconds} is no time from 1 to ${MOST_SECONDS} seconds`;
    return fieldError('time_stop_out_of_range', field, message, `send 1 to ${MOST_SECONDS}`);
  }
  const at = dueAt(timeStop, openedAt);
  if (at === null) return null;
  if (at <= now) {
    const message = `the position would be closed at once: ${new Date(at).toISOString()} is over`;
    return fieldError('time_stop_past', field, message, 'send a later time, or close the position');
  }
  if (at <= now + MOST_SECONDS * 1000 || 'maxSeconds' in timeStop) return null;
  const message = `${new Date(at).toISOString()} is more than ${MOST_SECONDS} seconds ahead`;
  return fieldError('time_stop_out_of_range', field, message, 'send an earlier time');
}

/** As text; two that read the same are the same. */
export function timeStopText(timeStop: TimeStop): string {
  if (timeStop === null) return 'none';
  if ('until' in timeStop) return `until ${new Date(timeStop.until).toISOString()}`;
  return `after ${timeStop.maxSeconds} s`;
}
