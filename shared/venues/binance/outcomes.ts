/** What comes of a call, for those who ask (queries) and for those who change something (actions). */
import { NoRoomError, VenueUnavailableError } from '../../ports/venue.ts';
import type { Problem } from './errors.ts';

export type Asked<T> =
  | { readonly kind: 'ok'; readonly value: T }
  /** The venue answered, and did not give it. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /**
   * No usable answer: budget, network, the venue's own trouble, an answer of another shape. `retryAfterMs`: nothing is
   * wrong, there is no room in the budget until then, or the venue said so.
   */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number | null };

export type Done<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Nothing was executed and nothing is wrong with the request: later. */
  | { readonly kind: 'not_sent'; readonly code: string; readonly retryAfterMs: number }
  /** The venue says that it did not execute it; a new attempt needs a new timestamp. */
  | { readonly kind: 'not_executed'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** The value, or VenueUnavailableError; NoRoomError where it only has to wait. */
export function requireAnswer<T>(asked: Asked<T>): T {
  switch (asked.kind) {
    case 'ok':
      return asked.value;
    case 'refused':
      throw new VenueUnavailableError(problemText(asked.problem));
    case 'unavailable':
      throw asked.retryAfterMs === null
        ? new VenueUnavailableError(asked.reason)
        : new NoRoomError(asked.reason, asked.retryAfterMs);
  }
}

export const problemText = (problem: Problem): string =>
  problem.venueCode === null ? problem.message : `${problem.venueCode}: ${problem.message}`;
