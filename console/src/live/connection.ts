/**
 * How the page is told: what to do when the push connection opens, ends, falls silent or is refused. Pure; `link.ts` does it.
 *
 * Always true:
 * - while no connection stands, the page polls; when one stands, it does not;
 * - what may have been missed is read anew: after a connection without the cursor of the last one, never after one with it;
 * - attempts wait longer and longer, and start from the beginning after a connection that stood for a while.
 */

export type Mode = 'connecting' | 'live' | 'polling';

export interface LinkState {
  readonly mode: Mode;
  /** Where to go on from; null = from now on, and everything is read anew. */
  readonly cursor: string | null;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Since when it stands, by the page's clock. */
  readonly since: number | null;
}

export const INITIAL: LinkState = { mode: 'connecting', cursor: null, failures: 0, since: null };

export type LinkEvent =
  | { readonly kind: 'start' }
  /** It has subscribed. */
  | { readonly kind: 'opened'; readonly at: number }
  /** It could not be opened, or ended; `cursor`: of its last event, `code`: what the server said. */
  | {
      readonly kind: 'ended';
      readonly at: number;
      readonly code: string | null;
      readonly cursor: string | null;
    }
  /** The wait is over, or the browser says that there is a network again. */
  | { readonly kind: 'retry' };

export type LinkAction =
  | { readonly do: 'connect'; readonly cursor: string | null }
  /** Read everything anew. */
  | { readonly do: 'load' }
  | { readonly do: 'poll'; readonly on: boolean }
  | { readonly do: 'wait'; readonly ms: number };

export interface LinkStep {
  readonly state: LinkState;
  readonly actions: readonly LinkAction[];
}

/** One that stood for so long was a good one. */
const STOOD_MS = 10_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Total: every state answers every event. `random`: from 0 to 1, so that a thousand pages do not come back at once. */
export function step(state: LinkState, event: LinkEvent, random: number): LinkStep {
  switch (event.kind) {
    case 'start':
      return { state: INITIAL, actions: [{ do: 'connect', cursor: null }, { do: 'load' }] };
    case 'opened': {
      const isResumed = state.cursor !== null;
      return {
        state: { ...state, mode: 'live', since: event.at },
        actions: [{ do: 'poll', on: false }, ...(isResumed ? [] : [{ do: 'load' } as const])],
      };
    }
    case 'ended':
      return ended(state, event, random);
    case 'retry':
      // One is there already, or on its way.
      if (state.mode !== 'polling') return { state, actions: [] };
      return { state: { ...state, mode: 'connecting' }, actions: [{ do: 'connect', cursor: state.cursor }] };
  }
}

function ended(
  state: LinkState,
  { at, code, cursor }: Extract<LinkEvent, { kind: 'ended' }>,
  random: number,
): LinkStep {
  // These say that the place to go on from is no good.
  const isLost = code === 'cursor_expired' || code === 'invalid_cursor';
  const stood = state.since !== null && at - state.since >= STOOD_MS;
  const failures = stood ? 0 : state.failures + 1;
  const next: LinkState = {
    mode: 'polling',
    cursor: isLost ? null : (cursor ?? state.cursor),
    failures,
    since: null,
  };
  const isRoutine = (isLost || code === 'token_expired') && state.failures === 0;
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
  const ms = isRoutine ? 0 : Math.round(most / 2 + (most / 2) * random);
  return {
    state: next,
    actions: [
      { do: 'poll', on: true },
      { do: 'wait', ms },
    ],
  };
}
