/**
 * A closed position's statistics equal a walk over every single tick, written apart from the product: whole numbers
 * for prices, no bars.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { applyEntryFill, applyExitFill } from '../../../shared/domain/positions.ts';
import { deriveStatistics, type PriceBar } from '../../../shared/domain/statistics.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { d, newFill, newOrder, newPosition, T0 } from './builders.ts';

const SECOND = T0 / 1000;
const START = 50_000;
/** Basis points. */
const DISTANCE = 100;

/** Per second the price moves of its ticks; none = no tick. */
const path = (mostTicks: number) =>
  fc.array(fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: mostTicks }), {
    minLength: 1,
    maxLength: 60,
  });

interface Tick {
  readonly second: number;
  readonly price: number;
}

function ticksOf(moves: readonly (readonly number[])[]): readonly Tick[] {
  let price = START;
  return moves.flatMap((all, i) =>
    all.map((move) => {
      price += move;
      return { second: i + 1, price };
    }),
  );
}

/** Low, high and last of each second that had a tick. */
function barsOf(ticks: readonly Tick[]): readonly PriceBar[] {
  return [...Map.groupBy(ticks, ({ second }) => second)].map(([second, all]) => {
    const prices = all.map(({ price }) => price);
    return {
      second: SECOND + second,
      low: d(Math.min(...prices)),
      high: d(Math.max(...prices)),
      close: d(prices.at(-1) ?? 0),
    };
  });
}

function statisticsOf(side: 'buy' | 'sell', ticks: readonly Tick[], exitPrice: number, seconds: number) {
  const trailingStop = { distance: { percent: d(DISTANCE / 100) }, activationPrice: null };
  const entry = newFill(String(START), '0.5', { at: T0 + 200 });
  const exit = newFill(String(exitPrice), '0.5', { at: T0 + seconds * 1000 + 300 });
  const closing = newOrder({ orderId: 'exit-1', role: 'exit', side: side === 'buy' ? 'sell' : 'buy' });
  const open = applyEntryFill(newPosition(side, { trailingStop }), entry, newOrder({ side }), entry.at);
  const sold = applyExitFill(open, exit, closing, exit.at);
  const position: Position = { ...sold, status: 'closed', closedAt: exit.at };
  // The tape goes on after the close; those bars are nobody's.
  const after = { second: SECOND + seconds + 1, low: d(1), high: d(900_000), close: d(5) };
  const bars = [...barsOf(ticks), after];
  return deriveStatistics(position, { entry: [entry], exit: [exit] }, bars, d(1), exit.at + 3_600_000);
}

/** The walk: `sign` turns a short's prices around. */
function walk(ticks: readonly Tick[], exitPrice: number, sign: 1 | -1) {
  let [high, low, best, before, stop] = [START, START, START, START, stopAt(START, sign)];
  let [drawdown, moves, adjustments] = [new Decimal(0), 0, 0];
  let [movedIn, adjustedIn] = [-1, -1];
  const see = (price: number): void => {
    high = Math.max(high, price);
    low = Math.min(low, price);
    best = sign === 1 ? high : low;
    const fall = new Decimal((best - price) * sign).times(100).dividedBy(best);
    drawdown = Decimal.max(drawdown, fall);
  };
  for (const { second, price } of ticks) {
    see(price);
    if (price !== before && movedIn !== second) {
      moves += 1;
      movedIn = second;
    }
    before = price;
    const next = stopAt(best, sign);
    if (!next.equals(stop) && adjustedIn !== second) {
      adjustments += 1;
      adjustedIn = second;
    }
    stop = next;
  }
  see(exitPrice);
  return {
    high,
    low,
    moves,
    adjustments,
    drawdown: drawdown.toDecimalPlaces(4, Decimal.ROUND_HALF_EVEN),
    stop,
  };
}

const stopAt = (peak: number, sign: 1 | -1): Decimal =>
  new Decimal(peak).times(10_000 - sign * DISTANCE).dividedBy(10_000);

const SIDES = [
  ['buy', 1],
  ['sell', -1],
] as const;

describe.each(SIDES)('the statistics of a closed position (%s)', (side, sign) => {
  it('are those of a walk over all ticks', () => {
    fc.assert(
      fc.property(path(4), fc.integer({ min: -300, max: 300 }), (moves, last) => {
        const ticks = ticksOf(moves);
        const exitPrice = START + last;
        const s = statisticsOf(side, ticks, exitPrice, moves.length + 1);
        const w = walk(ticks, exitPrice, sign);
        expect(s.highWaterMark?.toNumber()).toBe(w.high);
        expect(s.lowWaterMark?.toNumber()).toBe(w.low);
        const [favorable, adverse] =
          sign === 1 ? [w.high - START, w.low - START] : [START - w.low, START - w.high];
        expect(s.maxFavorableExcursion?.toNumber()).toBe(favorable);
        expect(s.maxAdverseExcursion?.toNumber()).toBe(adverse);
        expect(s.priceMovesCount).toBe(w.moves);
        expect(s.stopAdjustments).toBe(w.adjustments);
        expect(s.trailingTrigger?.toFixed()).toBe(w.stop.toFixed());
        expect(s.timeHeldMinutes).toBe(Math.floor(((moves.length + 1) * 1000 + 100) / 60_000));
        // Within a second the order of high and low is not kept: never more than it was.
        expect(s.maxDrawdownPercent.lessThanOrEqualTo(w.drawdown)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('have the very drawdown where each second has one tick', () => {
    fc.assert(
      fc.property(path(1), fc.integer({ min: -300, max: 300 }), (moves, last) => {
        const ticks = ticksOf(moves);
        const s = statisticsOf(side, ticks, START + last, moves.length + 1);
        expect(s.maxDrawdownPercent.toFixed()).toBe(walk(ticks, START + last, sign).drawdown.toFixed());
      }),
      { numRuns: 300 },
    );
  });
});
