import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryMinuteBars, restOfEntryMinute } from '../../../shared/domain/entry-minute.ts';
import { applyEntryFill } from '../../../shared/domain/positions.ts';
import type { Bar } from '../../../shared/domain/triggers/types.ts';
import type { Arming, Position } from '../../../shared/domain/types.ts';
import { pieceBar } from '../../support/bars.ts';
import { newFill, newOrder, newPosition, T0 } from './builders.ts';

const SECOND = T0 / 1000;
const opened = (ms: number): Position =>
  applyEntryFill(newPosition(), newFill('50000', '1', { at: T0 + ms }), newOrder(), T0 + ms);

describe("what is kept of the entry's minute", () => {
  it('begins a second after the fill and ends with the minute', () => {
    expect(restOfEntryMinute(opened(20_300))).toEqual({ from: SECOND + 21, to: SECOND + 60 });
    expect(restOfEntryMinute(opened(59_999))).toEqual({ from: SECOND + 60, to: SECOND + 60 });
    expect(() => restOfEntryMinute(newPosition())).toThrow('has not opened');
  });

  it('has the extremes of its seconds, apart before and after each arming', () => {
    const seconds = fc.uniqueArray(
      fc.record({
        second: fc.nat(80),
        low: fc.integer({ min: 1, max: 50 }),
        high: fc.integer({ min: 50, max: 99 }),
      }),
      { selector: ({ second }) => second },
    );
    const armings = fc.array(fc.record({ at: fc.nat(80_000), tick: fc.nat(900) }), { maxLength: 3 });
    fc.assert(
      fc.property(seconds, armings, fc.nat(59_999), (some, armed, openedMs) => {
        const bars = some
          .toSorted((a, b) => a.second - b.second)
          .map(({ second, low, high }) => pieceBar(SECOND + second, String(low), String(high), String(low)));
        const named = armed.map(({ at, tick }, i): [string, Arming] => [
          `take_profit:${i}`,
          { at: T0 + at, tick: SECOND * 10 + tick, peak: null },
        ]);
        const position = { ...opened(openedMs), armings: Object.fromEntries(named) };
        const kept = entryMinuteBars(position, bars);
        const { from, to } = restOfEntryMinute(position);
        const within = bars.filter(({ second }) => second >= from && second < to);
        // From every arming on, by its tick or its time, the kept bars tell exactly what the seconds do.
        const told = (all: readonly Bar[]) => [
          Math.min(...all.map(({ low }) => low.last)),
          Math.max(...all.map(({ high }) => high.last)),
          all.at(-1)?.close.last,
          all.reduce((n, { count }) => n + count, 0),
        ];
        expect(told(kept)).toEqual(told(within));
        for (const { at, tick } of Object.values(position.armings)) {
          const byTick = (bar: Bar) => bar.firstTick > tick;
          const byTime = (bar: Bar) => bar.second > Math.floor(at / 1000);
          expect(told(kept.filter(byTick))).toEqual(told(within.filter(byTick)));
          expect(told(kept.filter(byTime))).toEqual(told(within.filter(byTime)));
        }
        expect(kept.length).toBeLessThanOrEqual(1 + 2 * armed.length);
      }),
    );
  });
});
