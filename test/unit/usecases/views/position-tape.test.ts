/** The tape as a position's figures need it: the same with the durable minutes left unread where they would add nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar, Units } from '../../../../shared/domain/triggers/types.ts';
import type { TapeMinute } from '../../../../shared/ports/tape.ts';
import { tapeSpans } from '../../../../shared/usecases/views/position-tape.ts';

const MINUTE = 60;
const MINUTES = 5;
const BEGIN = 1_000 * MINUTE;
const END = BEGIN + MINUTES * MINUTE;

const prices = (n: number): Bar['low'] => {
  const units = n as Units;
  return { bid: units, ask: units, last: units, mid: units };
};

const bar = (second: number): Bar => ({
  ...{ second, low: prices(second), high: prices(second), close: prices(second) },
  ...{ firstTick: second, lastTick: second, count: 1 },
});

const row = (minute: number): TapeMinute => {
  const { second: _, ...rest } = bar(minute);
  return { ...rest, minute };
};

function reader(seconds: readonly number[], minutes: readonly number[]) {
  const asked = { rows: 0 };
  return {
    asked,
    ports: {
      prices: { bars: async (_: string, from: number) => seconds.filter((s) => s >= from).map(bar) },
      tape: {
        between: async (_: string, from: number, to: number) => {
          asked.rows += 1;
          return minutes.filter((m) => m >= from && m < to).map(row);
        },
      },
    },
  };
}

describe('the tape of a position', () => {
  it('needs no durable minute where the cache reaches back before it and has something of every minute', async () => {
    const all = Array.from({ length: 3 * MINUTE }, (_, n) => BEGIN - MINUTE + n);
    const { ports, asked } = reader(all, [1_000, 1_001]);
    const spans = await tapeSpans(ports, 'BTC/USDT', { from: BEGIN + 10, to: BEGIN + 2 * MINUTE });
    expect(spans.map(({ at }) => at)).toEqual(all.filter((second) => second >= BEGIN + 10));
    expect(asked.rows).toBe(0);
  });

  it('needs none for the minute that it was opened in, of which single seconds say more', async () => {
    const { ports, asked } = reader([BEGIN + 20, BEGIN + 30, BEGIN + MINUTE], [1_000, 1_001]);
    const spans = await tapeSpans(ports, 'BTC/USDT', { from: BEGIN + 25, to: BEGIN + MINUTE + 5 });
    expect(spans.map(({ at }) => at)).toEqual([BEGIN + 30, BEGIN + MINUTE]);
    expect(asked.rows).toBe(0);
  });

  it.each([
    ['the cache does not reach back', [BEGIN + 5, BEGIN + MINUTE]],
    ['the cache has lost a minute', [BEGIN - 5, BEGIN + 5, BEGIN + 2 * MINUTE]],
    ['the cache is empty', []],
  ])('is read from the durable minutes where %s', async (_, seconds) => {
    const { ports, asked } = reader(seconds, [1_000, 1_001]);
    await tapeSpans(ports, 'BTC/USDT', { from: BEGIN, to: BEGIN + 3 * MINUTE });
    expect(asked.rows).toBe(1);
  });

  it('is the same whether the minutes that would not be taken are read or not', async () => {
    const seconds = fc.uniqueArray(fc.integer({ min: BEGIN - 2 * MINUTE, max: END }), { maxLength: 60 });
    const minutes = fc.uniqueArray(fc.integer({ min: 998, max: 1_000 + MINUTES }));
    const span = fc.tuple(fc.integer({ min: BEGIN, max: END - 1 }), fc.integer({ min: 1, max: 200 }));
    await fc.assert(
      fc.asyncProperty(seconds, minutes, span, async (unordered, rows, [from, length]) => {
        const ordered = unordered.toSorted((a, b) => a - b);
        const to = Math.min(END, from + length);
        const { ports, asked } = reader(ordered, rows);
        const spans = await tapeSpans(ports, 'BTC/USDT', { from, to });
        if (asked.rows > 0) return;
        // Nothing of a minute is left out, and no minute would have stood in for seconds that are there.
        const first = Math.floor(from / MINUTE) * MINUTE;
        for (let at = first; at < to; at += MINUTE)
          expect(ordered.some((second) => second >= at && second < at + MINUTE)).toBe(true);
        expect(spans.map(({ at }) => at)).toEqual(ordered.filter((s) => s >= from && s < to));
      }),
    );
  });
});
