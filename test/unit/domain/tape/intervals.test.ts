/** Coarser bars are exactly what a naive look at all pieces says, and what is missing is said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  gapsOf,
  INTERVAL_SECONDS,
  INTERVALS,
  intervalBars,
  type Piece,
} from '../../../../shared/domain/tape/intervals.ts';
import type { Units } from '../../../../shared/domain/triggers/types.ts';

const DAY = 1_767_571_200;

const piece = (at: number, prices: readonly number[], own = true): Piece => ({
  at,
  seconds: 60,
  present: 60,
  firstAt: at,
  lastAt: at + 60,
  open: prices[0] as Units,
  high: Math.max(...prices) as Units,
  low: Math.min(...prices) as Units,
  close: prices.at(-1) as Units,
  count: prices.length,
  ticks: own ? { first: at * 10, last: at * 10 + prices.length - 1 } : null,
});

describe('bars of an interval', () => {
  it('takes open and close by time, high and low over all, and says what is missing', () => {
    const minutes = [
      piece(DAY, [10, 12, 11]),
      piece(DAY + 60, [15, 9]),
      piece(DAY + 240, [7, 8], false),
      piece(DAY + 300, [3]),
    ];
    const [first, second] = intervalBars(minutes, 300, DAY + 330);
    expect(first).toEqual({
      from: DAY,
      to: DAY + 300,
      open: 10,
      high: 15,
      low: 7,
      close: 8,
      count: 7,
      ticks: { first: DAY * 10, last: (DAY + 60) * 10 + 1 },
      firstAt: DAY,
      lastAt: DAY + 300,
      running: false,
      complete: false,
      own: 2,
      filled: 1,
      present: 180,
    });
    expect(second).toMatchObject({ open: 3, close: 3, running: true, complete: false });
    expect(gapsOf(minutes, { from: DAY, to: DAY + 300 })).toEqual([{ from: DAY + 120, to: DAY + 240 }]);
  });

  it('is complete only when it is over and every piece is there', () => {
    const minutes = [0, 1, 2, 3, 4].map((m) => piece(DAY + m * 60, [5]));
    expect(intervalBars(minutes, 300, DAY + 300)[0]).toMatchObject({ complete: true, running: false });
    expect(intervalBars(minutes, 300, DAY + 299)[0]).toMatchObject({ complete: false, running: true });
    expect(intervalBars(minutes.slice(1), 300, DAY + 300)[0]).toMatchObject({ complete: false });
  });

  it('makes up nothing where there is nothing', () => {
    expect(intervalBars([], 60, DAY)).toEqual([]);
    expect(gapsOf([], { from: DAY, to: DAY + 120 })).toEqual([{ from: DAY, to: DAY + 120 }]);
    expect(gapsOf([], { from: DAY, to: DAY })).toEqual([]);
  });

  it('agrees with a naive look at every interval, for any pieces', () => {
    const minutes = fc
      .uniqueArray(fc.integer({ min: 0, max: 3 * 1440 }), { maxLength: 200 })
      .map((at) => at.sort((a, b) => a - b));
    const prices = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(minutes, fc.infiniteStream(prices), fc.constantFrom(...INTERVALS), (at, stream, name) => {
        const step = Math.max(60, INTERVAL_SECONDS[name]);
        const ticks = at.map((minute) => ({ at: DAY + minute * 60, prices: stream.next().value }));
        const pieces = ticks.map((one) => piece(one.at, one.prices));
        const now = DAY + 2 * 86_400 + 90;
        const bars = intervalBars(pieces, step, now);
        const starts = [...new Set(ticks.map((one) => one.at - (one.at % step)))];
        expect(bars.map(({ from }) => from)).toEqual(starts);
        for (const bar of bars) {
          const inside = ticks.filter((one) => one.at >= bar.from && one.at < bar.from + step);
          const all = inside.flatMap((one) => one.prices);
          expect([bar.open, bar.high, bar.low, bar.close, bar.count]).toEqual([
            all[0],
            Math.max(...all),
            Math.min(...all),
            all.at(-1),
            all.length,
          ]);
          expect(bar.running).toBe(bar.to > now);
          expect(bar.complete).toBe(bar.to <= now && inside.length === step / 60);
        }
        const window = { from: DAY, to: DAY + 3 * 86_400 };
        const missing = gapsOf(pieces, window).reduce((sum, gap) => sum + (gap.to - gap.from) / 60, 0);
        expect(missing).toBe(3 * 1440 - ticks.filter((one) => one.at < window.to).length);
      }),
      { numRuns: 60 },
    );
  });
});
