/**
 * What levels went through while the index was away, read from one-second bars (design section 10).
 *
 * Within a bar the order of prices is unknown, so only certain things are concluded: over whole bars since arming a
 * bar's low is tested against the peak of the bars before it (a long; mirrored for a short), then its high raises
 * the peak. What happened inside one bar, up and down again, stays open; the next tick is tested against the
 * raised peak anyway.
 */
import { checkLevel, SOURCES, stopOf } from './rules.ts';
import type { Bar, FixedLevel, Hit, Level, PriceSource, Tick, TrailingLevel, Units } from './types.ts';

export interface Replayed {
  /** Levels that were not reached, with their peaks raised. */
  readonly levels: readonly Level[];
  /** Levels that were, in the order of the bars; cause `rebuilt`. */
  readonly hits: readonly Hit[];
}

/** Two machines' clocks are never further apart than this; where no tick is known, times say no more than that. */
export const CLOCKS_APART_MS = 60_000;

/** The bars of one source as plain columns, for one pass per trailing level. */
interface Column {
  readonly low: readonly Units[];
  readonly high: readonly Units[];
  /** Lowest low and highest high from this bar to the last: most fixed levels are answered by one look. */
  readonly lowFrom: readonly number[];
  readonly highFrom: readonly number[];
}

/** Replays levels over bars (oldest first). Throws InvalidLevelError for a level that cannot be decided on. */
export function replayBars(levels: readonly Level[], bars: readonly Bar[]): Replayed {
  levels.forEach(checkLevel);
  const [bid, ask, last, mid] = SOURCES.map((source) => columnOf(bars, source)) as [
    Column,
    Column,
    Column,
    Column,
  ];
  const columns: Readonly<Record<PriceSource, Column>> = { bid, ask, last, mid };
  const left: Level[] = [];
  const hits: { readonly at: number; readonly hit: Hit }[] = [];
  for (const level of levels) {
    const from = firstWholeBar(bars, level);
    const column = columns[level.source];
    const found =
      level.kind === 'fixed' ? replayFixed(level, column, from) : replayTrailing(level, column, from);
    const bar = bars[found.at];
    if (found.due === null || bar === undefined) left.push(found.level);
    else hits.push({ at: found.at, hit: hitOf(found.level, found.due, bar) });
  }
  return { levels: left, hits: hits.sort((a, b) => a.at - b.at).map(({ hit }) => hit) };
}

/** Where a level got: `due` in bar `at`, or through all of them. */
interface Found {
  readonly level: Level;
  readonly at: number;
  readonly due: { readonly level: Units; readonly price: Units } | null;
}

function columnOf(bars: readonly Bar[], source: PriceSource): Column {
  const low = bars.map((bar) => bar.low[source]);
  const high = bars.map((bar) => bar.high[source]);
  const lowFrom: number[] = new Array(bars.length);
  const highFrom: number[] = new Array(bars.length);
  for (let i = bars.length - 1; i >= 0; i--) {
    lowFrom[i] = Math.min(low[i] ?? Number.POSITIVE_INFINITY, lowFrom[i + 1] ?? Number.POSITIVE_INFINITY);
    highFrom[i] = Math.max(high[i] ?? 0, highFrom[i + 1] ?? 0);
  }
  return { low, high, lowFrom, highFrom };
}

/**
 * Index of the first bar that lies wholly after the arming: all its ticks came later. Ticks never go back; times are
 * those of two machines, whose clocks may be wrong or have stepped, and count only where no tick is known.
 */
function firstWholeBar(bars: readonly Bar[], { armedAt, armedTick }: Level): number {
  const armedIn = Math.floor(armedAt / 1000);
  const isAfter = (bar: Bar | undefined): boolean =>
    bar === undefined || (armedTick >= 0 ? bar.firstTick > armedTick : bar.second > armedIn);
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(bars[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function replayFixed(level: FixedLevel, column: Column, from: number): Found {
  const { price } = level;
  const falls = level.direction === 'falls';
  const extreme = falls ? column.lowFrom[from] : column.highFrom[from];
  if (extreme === undefined || (falls ? extreme > price : extreme < price))
    return { level, at: -1, due: null };
  const side = falls ? column.low : column.high;
  const at = side.findIndex((p, i) => i >= from && (falls ? p <= price : p >= price));
  const reached = side[at];
  return { level, at, due: reached === undefined ? null : { level: price, price: reached } };
}

function replayTrailing(level: TrailingLevel, column: Column, from: number): Found {
  const { side, distance, activation } = level;
  const long = side === 'long';
  const against = long ? column.low : column.high;
  const along = long ? column.high : column.low;
  let peak = level.peak;
  let stop = peak === null ? null : stopOf(side, peak, distance);
  for (let at = from; at < along.length; at++) {
    const worst = against[at];
    const best = along[at];
    if (worst === undefined || best === undefined) break;
    if (stop !== null && (long ? worst <= stop : worst >= stop)) {
      return { level: { ...level, peak }, at, due: { level: stop, price: worst } };
    }
    const starts = peak === null && (activation === null || (long ? best >= activation : best <= activation));
    if (starts || (peak !== null && (long ? best > peak : best < peak))) {
      peak = best;
      stop = stopOf(side, peak, distance);
    }
  }
  return { level: { ...level, peak }, at: -1, due: null };
}

function hitOf(level: Level, due: { readonly level: Units; readonly price: Units }, bar: Bar): Hit {
  const falls = level.kind === 'fixed' ? level.direction === 'falls' : level.side === 'long';
  return {
    member: level.member,
    version: level.version,
    cause: 'rebuilt',
    source: level.source,
    level: due.level,
    price: due.price,
    peak: level.kind === 'trailing' ? level.peak : null,
    armedTick: level.armedTick,
    tick: tickOf(bar, falls ? bar.low : bar.high),
  };
}

/** A tick that stands for a bar: its prices on the side of the hit, its last tick's id, its last millisecond. */
const tickOf = (bar: Bar, prices: Bar['low']): Tick => ({
  id: bar.lastTick,
  bid: prices.bid,
  ask: prices.ask,
  last: prices.last,
  at: bar.second * 1000 + 999,
  bidSize: '',
  askSize: '',
  recordedAt: 0,
});
