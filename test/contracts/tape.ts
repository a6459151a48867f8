/** What every store of the tape's minutes does: merging never loses an extreme, whoever writes and however often. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Bar, Units } from '../../shared/domain/triggers/types.ts';
import type { TapeMinute, TapeStore } from '../../shared/ports/tape.ts';

const MINUTE = 29_833_333;

const at = (price: number): Bar['low'] => {
  const units = price as Units;
  return { bid: units, ask: (units + 1) as Units, last: units, mid: units };
};

const row = (minute: number, first: number, prices: readonly number[]): TapeMinute => ({
  minute,
  low: at(Math.min(...prices)),
  high: at(Math.max(...prices)),
  close: at(prices.at(-1) ?? 0),
  firstTick: first,
  lastTick: first + prices.length - 1,
  count: prices.length,
});

export function describeTape(name: string, open: () => Promise<TapeStore>): void {
  describe(name, () => {
    let tape: TapeStore;
    beforeEach(async () => {
      tape = await open();
    });

    it('widens the minute, counts a writer once, and takes the later close', async () => {
      await tape.merge('A/B', row(MINUTE, 1, [10, 12]));
      await tape.merge('A/B', row(MINUTE, 1, [10, 12, 11]));
      await tape.merge('A/B', row(MINUTE, 1, [10, 12]));
      await tape.merge('A/B', row(MINUTE, 7, [9, 10]));
      await tape.merge('A/B', row(MINUTE, 7, [9, 10]));
      expect(await tape.since('A/B', MINUTE)).toEqual([
        { ...row(MINUTE, 1, [9, 12, 10]), close: at(10), firstTick: 1, lastTick: 8, count: 5 },
      ]);
    });

    it('gives the rows from a minute on, oldest first, and the highest tick', async () => {
      for (const minute of [3, 1, 2]) await tape.merge('C/D', row(minute, minute * 100, [5]));
      expect((await tape.since('C/D', 2)).map((r) => r.minute)).toEqual([2, 3]);
      expect(await tape.lastTick('C/D')).toBe(300);
      expect(await tape.lastTick('no/one')).toBeNull();
      expect(await tape.since('no/one', 0)).toEqual([]);
    });

    it('comes to the same row in any order of concurrent writers', async () => {
      let run = 0;
      const histories = fc.array(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 5 }),
        {
          minLength: 1,
          maxLength: 4,
        },
      );
      await fc.assert(
        fc.asyncProperty(histories, async (writers) => {
          const symbol = `R/${run++}`;
          const rows = writers.map((prices, i) => row(MINUTE, 1 + i * 10, prices));
          await Promise.all(rows.map((r) => tape.merge(symbol, r)));
          const all = writers.flat();
          expect(await tape.since(symbol, MINUTE)).toEqual([
            {
              ...row(MINUTE, 1, all),
              lastTick: rows.at(-1)?.lastTick,
              count: all.length,
            },
          ]);
        }),
        { numRuns: 25 },
      );
    });

    it('gives the rows between two minutes', async () => {
      for (const minute of [3, 1, 2, 4]) await tape.merge('G/H', row(minute, minute * 100, [5]));
      expect((await tape.between('G/H', 2, 4)).map((r) => r.minute)).toEqual([2, 3]);
      expect(await tape.between('G/H', 3, 3)).toEqual([]);
      expect(await tape.between('no/one', 0, 9)).toEqual([]);
    });

    it('keeps the open of the earliest tick, whoever came first, and none where that one had none', async () => {
      await tape.merge('I/J', { ...row(MINUTE, 10, [30, 31]), open: at(30) });
      await tape.merge('I/J', { ...row(MINUTE, 20, [40]), open: at(40) });
      expect((await tape.since('I/J', MINUTE))[0]?.open).toEqual(at(30));
      await tape.merge('I/J', { ...row(MINUTE, 5, [20]), open: at(20) });
      expect((await tape.since('I/J', MINUTE))[0]?.open).toEqual(at(20));
      await tape.merge('I/J', row(MINUTE, 1, [20]));
      expect((await tape.since('I/J', MINUTE))[0]).not.toHaveProperty('open');
    });

    it('keeps what another source told apart from its own', async () => {
      const filled = (minute: number, close: number) => ({
        ...{ source: 'polygon' as const, ticker: 'X:KLUSD', count: null },
        ...{ length: 1 as const, minutes: 1, firstMinute: minute, lastMinute: minute },
        ...{ minute, open: at(5).last, high: at(9).last, low: at(1).last, close: at(close).last },
      });
      await tape.merge('K/L', row(40, 4000, [5]));
      await tape.fill(
        'K/L',
        Array.from({ length: 60 }, (_, i) => filled(i, 7)),
      );
      await tape.fill('K/L', [filled(59, 8), filled(100, 9)]);
      expect((await tape.since('K/L', 0)).map((r) => r.minute)).toEqual([40]);
      expect(await tape.lastTick('K/L')).toBe(4000);
      expect(await tape.filled('K/L', 1, 58, 60)).toEqual([filled(58, 7), filled(59, 8)]);
      expect(await tape.filled('K/L', 1, 0, 1000)).toHaveLength(61);
      expect(await tape.filled('K/L', 1, 5, 5)).toEqual([]);
      expect(await tape.filledAt('K/L')).toBeNull();
      await tape.noteFilled('K/L', 1_700_000_000_000);
      expect(await tape.filledAt('K/L')).toBe(1_700_000_000_000);
      expect(await tape.filled('K/L', 1, -5, 1000)).toHaveLength(61);
    });

    it('keeps quarters of an hour beside the minutes', async () => {
      const quarter = (from: number) => {
        const { minute: _, ...prices } = { ...row(from, from * 100, [5]), open: at(5) };
        return { ...prices, from, minutes: 2, firstMinute: from, lastMinute: from + 3 };
      };
      expect(await tape.newestQuarter('M/N')).toBeNull();
      for (const from of [45, 15, 30]) await tape.putQuarter('M/N', quarter(from));
      await tape.putQuarter('M/N', quarter(30));
      expect(await tape.newestQuarter('M/N')).toBe(45);
      expect(await tape.quarters('M/N', 15, 45)).toEqual([quarter(15), quarter(30)]);
      expect(await tape.quarters('M/N', 15, 15)).toEqual([]);
      expect(await tape.since('M/N', 0)).toEqual([]);
      expect(await tape.filled('M/N', 15, 0, 1000)).toEqual([]);
    });

    it('keeps the close of the latest tick, whoever came last', async () => {
      await tape.merge('E/F', row(MINUTE, 10, [30, 31]));
      await tape.merge('E/F', row(MINUTE, 1, [50, 40]));
      expect(await tape.since('E/F', MINUTE)).toEqual([
        { ...row(MINUTE, 1, [30, 50]), close: at(31), lastTick: 11, count: 4 },
      ]);
      expect(await tape.since('E/F', MINUTE + 1)).toEqual([]);
    });
  });
}
