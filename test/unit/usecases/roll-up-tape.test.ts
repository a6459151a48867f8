/** Quarters of an hour are made of what the tape holds, once, also after a pause of the one who makes them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar, Units } from '../../../shared/domain/triggers/types.ts';
import type { TapeMinute } from '../../../shared/ports/tape.ts';
import { newestDone, quartersOf, rollUpTape } from '../../../shared/usecases/roll-up-tape.ts';
import { MemoryTape } from '../../support/fakes/memory-cache.ts';

const START = 29_459_520;

const at = (price: number): Bar['low'] => {
  const units = price as Units;
  return { bid: units, ask: (units + 2) as Units, last: units, mid: (units + 1) as Units };
};
const row = (minute: number, prices: readonly number[]): TapeMinute => ({
  minute,
  open: at(prices[0] ?? 0),
  low: at(Math.min(...prices)),
  high: at(Math.max(...prices)),
  close: at(prices.at(-1) ?? 0),
  firstTick: minute * 10,
  lastTick: minute * 10 + prices.length - 1,
  count: prices.length,
});

describe('quarters of an hour', () => {
  it('hold the open, extremes and close of their minutes, for any minutes', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 44 }), { minLength: 1, maxLength: 45 });
    const prices = fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(minutes, fc.infiniteStream(prices), (picked, stream) => {
        const rows = picked.sort((a, b) => a - b).map((m) => row(START + m, stream.next().value));
        const quarters = quartersOf(rows);
        for (const quarter of quarters) {
          const inside = rows.filter(({ minute }) => minute >= quarter.from && minute < quarter.from + 15);
          expect(quarter).toEqual({
            from: quarter.from,
            open: inside[0]?.open,
            low: at(Math.min(...inside.map(({ low }) => low.last))),
            high: at(Math.max(...inside.map(({ high }) => high.last))),
            close: inside.at(-1)?.close,
            firstTick: inside[0]?.firstTick,
            lastTick: inside.at(-1)?.lastTick,
            count: inside.reduce((sum, { count }) => sum + count, 0),
            minutes: inside.length,
            firstMinute: inside[0]?.minute,
            lastMinute: inside.at(-1)?.minute,
          });
        }
        expect(quarters.reduce((sum, quarter) => sum + quarter.minutes, 0)).toBe(rows.length);
      }),
    );
  });

  it('are made when they are over and their last minute is written, and again for what was missed', async () => {
    const tape = new MemoryTape();
    const now = (START + 15) * 60_000;
    for (let m = 0; m < 31; m++) await tape.merge('A/B', row(START + m, [m + 1]));
    const made = async () => (await tape.quarters('A/B', 0, START + 9_999)).map(({ from }) => from - START);
    await rollUpTape(tape, 'A/B', now + 59_999);
    expect(await made()).toEqual([]);
    expect(newestDone(now + 59_999)).toBe(START - 15);
    await rollUpTape(tape, 'A/B', now + 60_000);
    expect(await made()).toEqual([0]);
    // Nobody wrote for days, then somebody does again.
    await tape.merge('A/B', row(START + 5000, [9]));
    await rollUpTape(tape, 'A/B', (START + 5100) * 60_000);
    expect(await made()).toEqual([0, 15, 30, 4995]);
  });

  it('are not made of minutes that are about to be forgotten in part', async () => {
    const tape = new MemoryTape();
    for (let m = 0; m < 30; m++) await tape.merge('A/B', row(START + m, [1]));
    await rollUpTape(tape, 'A/B', (START + 7 * 1440 + 5) * 60_000);
    expect((await tape.quarters('A/B', 0, START + 9_999)).map(({ from }) => from - START)).toEqual([15]);
  });
});
