/** What the console does when its push connection opens, ends or is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  INITIAL,
  type LinkAction,
  type LinkEvent,
  type LinkState,
  step,
} from '../../../console/src/live/connection.ts';

const play = (events: readonly LinkEvent[], random = 0.5) => {
  let state: LinkState = INITIAL;
  const actions: LinkAction[][] = [];
  for (const event of events) {
    const next = step(state, event, random);
    state = next.state;
    actions.push([...next.actions]);
  }
  return { state, actions, last: actions.at(-1) ?? [] };
};

const start: LinkEvent = { kind: 'start' };
const opened = (at = 1_000): LinkEvent => ({ kind: 'opened', at });
const ended = (at: number, code: string | null = null, cursor: string | null = null): LinkEvent => ({
  ...{ kind: 'ended', at, code, cursor },
});
const retry: LinkEvent = { kind: 'retry' };
const waits = (actions: readonly LinkAction[]) =>
  actions.flatMap((one) => (one.do === 'wait' ? [one.ms] : []));

describe('the push connection', () => {
  it('is opened at the start, while everything is read; and read again when it stands', () => {
    expect(play([start]).last).toEqual([{ do: 'connect', cursor: null }, { do: 'load' }]);
    const { state, last } = play([start, opened()]);
    expect(state.mode).toBe('live');
    expect(last).toEqual([{ do: 'poll', on: false }, { do: 'load' }]);
  });

  it('that ends is replaced by polling, and resumed with the cursor of its last event', () => {
    const lost = play([start, opened(0), ended(60_000, null, '42')]);
    expect(lost.state).toMatchObject({ mode: 'polling', cursor: '42' });
    expect(lost.last[0]).toEqual({ do: 'poll', on: true });
    const back = play([start, opened(0), ended(60_000, null, '42'), retry]);
    expect(back.last).toEqual([{ do: 'connect', cursor: '42' }]);
    // Nothing was missed: nothing is read anew.
    const stands = play([start, opened(0), ended(60_000, null, '42'), retry, opened(61_000)]);
    expect(stands.last).toEqual([{ do: 'poll', on: false }]);
  });

  it('keeps its cursor over attempts that never opened', () => {
    const { last } = play([start, opened(0), ended(60_000, null, '42'), retry, ended(61_000), retry]);
    expect(last).toEqual([{ do: 'connect', cursor: '42' }]);
  });

  it.each(['cursor_expired', 'invalid_cursor'])(
    'begins anew after %s, at once, and reads everything',
    (code) => {
      const events = [start, opened(0), ended(60_000, null, '42'), retry, ended(61_000, code, '42')];
      expect(waits(play([start, opened(0), ended(60_000, code, '42')]).last)).toEqual([0]);
      expect(play(events).state.cursor).toBeNull();
      expect(play([...events, retry]).last).toEqual([{ do: 'connect', cursor: null }]);
      expect(play([...events, retry, opened(62_000)]).last).toContainEqual({ do: 'load' });
    },
  );

  it('is back at once when its token has ended, but not again and again', () => {
    const once = play([start, opened(0), ended(60_000, 'token_expired', '7')]);
    expect(waits(once.last)).toEqual([0]);
    const refused = ended(60_100, 'token_expired');
    const again = play([start, opened(0), refused, retry, refused, retry, refused]);
    expect(waits(again.last)[0]).toBeGreaterThan(0);
  });

  it('is tried less and less often, up to 15 s, and soon again after one that stood', () => {
    const failures = Array.from({ length: 8 }, () => [ended(0), retry]).flat();
    const all = waits(play([start, ...failures], 1).actions.flat());
    expect(all).toEqual([...all].sort((a, b) => a - b));
    expect(all.at(-1)).toBe(15_000);
    const after = play([start, ...failures, opened(100_000), ended(200_000)], 1);
    expect(waits(after.last)).toEqual([500]);
    const short = play([start, ...failures, opened(100_000), ended(100_500)], 1);
    expect(waits(short.last)).toEqual([15_000]);
  });

  it('is not opened twice: a network that is back changes nothing while one stands or is on its way', () => {
    expect(play([start, retry]).last).toEqual([]);
    expect(play([start, opened(), retry]).last).toEqual([]);
  });

  it('polls exactly while none stands, whatever happens', () => {
    const event = fc.oneof(
      fc.nat(100_000).map(opened),
      fc
        .tuple(fc.nat(100_000), fc.constantFrom(null, 'cursor_expired', 'token_expired', 'slow_consumer'))
        .map(([at, code]) => ended(at, code, '1')),
      fc.constant(retry),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (events, random) => {
          const { state, actions } = play([start, ...events], random);
          const polls =
            actions
              .flat()
              .filter((one) => one.do === 'poll')
              .at(-1)?.on ?? false;
          if (state.mode === 'live') expect(polls).toBe(false);
          if (state.mode === 'polling') expect(polls).toBe(true);
          // Each wait is bounded: it never gives up.
          for (const ms of waits(actions.flat())) expect(ms).toBeLessThanOrEqual(15_000);
        },
      ),
    );
  });
});
