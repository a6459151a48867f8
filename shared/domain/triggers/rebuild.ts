/**
 * What levels went through while the index was away, read from one-second bars (design section 10).
 *
 * Within a bar the order of prices is unknown, so only certain things are concluded: over whole bars since arming a
 * bar's low is tested against the peak of the bars before it (a long; mirrored for a short), then its high raises
 * the peak. What happened inside one bar, up and down again, stays open; the next tick is tested against the
 * raised peak anyway.
 */
import { type Extremes, extremesOf } from './extremes.ts';
import { checkLevel } from './rules.ts';
import { type Followed, nothingFollowed, trailOver } from './trail.ts';
import type { Bar, FixedLevel, Hit, Level, PriceSource, Tick, TrailingLevel, Units } from './types.ts';

export interface Replayed {
  /** Levels that were not reached, with their peaks raised. */
  readonly levels: readonly Level[];
  /** Levels that were, in the order of the bars; cause `rebuilt`. */
  readonly hits: readonly Hit[];
}

/** So much work at a time, some 20 ms: levels and steps of trailing stops count. */
const SLICE = 20_000;

/** Where a level got: `due` in a bar, or through all of them. */
interface Found {
  readonly level: Level;
  readonly due: { readonly at: number; readonly level: Units; readonly price: Units } | null;
}

/** Replays levels over bars (oldest first). Throws InvalidLevelError for a level that cannot be decided on. */
export function replayBars(levels: readonly Level[], bars: readonly Bar[]): Replayed {
  const slices = replayInSlices(levels, bars);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

/** The same, some of it with each step: many levels over days of bars keep a process busy for a while. */
export function* replayInSlices(
  levels: readonly Level[],
  bars: readonly Bar[],
): Generator<undefined, Replayed, undefined> {
  levels.forEach(checkLevel);
  const found: Found[] = new Array(levels.length);
  const sources = new Map<PriceSource, Source>();
  const beginnings = beginningsOf(bars);
  const steps = { taken: 0 };
  let round = 0;
  for (const alike of alikeOf(levels).values()) {
    round += 1;
    const { source } = alike.pattern;
    const column = sources.get(source) ?? {
      extremes: extremesOf(bars, source),
      known: nothingFollowed(bars.length),
    };
    sources.set(source, column);
    const replay = replayOf(alike.pattern, column, round, steps);
    for (const { level, index } of alike.members) {
      found[index] = replay(level, firstWholeBar(beginnings, level));
      steps.taken += 1;
      if (steps.taken < SLICE) continue;
      steps.taken = 0;
      yield;
    }
  }
  return replayedOf(found, bars);
}

function replayedOf(found: readonly Found[], bars: readonly Bar[]): Replayed {
  const left: Level[] = [];
  const hits: { readonly at: number; readonly hit: Hit }[] = [];
  for (const { level, due } of found) {
    const bar = due === null ? undefined : bars[due.at];
    if (due === null || bar === undefined) left.push(level);
    else hits.push({ at: due.at, hit: hitOf(level, due, bar) });
  }
  return { levels: left, hits: hits.sort((a, b) => a.at - b.at).map(({ hit }) => hit) };
}

interface Source {
  readonly extremes: Extremes;
  readonly known: Followed;
}

/** Levels that go the same way once they trail: of one source and kind, and of trailing ones of one side and distance. */
interface Alike {
  readonly pattern: Level;
  readonly members: { readonly level: Level; readonly index: number }[];
}

function alikeOf(levels: readonly Level[]): Map<string, Alike> {
  const groups = new Map<string, Alike>();
  levels.forEach((level, index) => {
    const key = keyOf(level);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { pattern: level, members: [{ level, index }] });
    else group.members.push({ level, index });
  });
  return groups;
}

function keyOf(level: Level): string {
  if (level.kind === 'fixed') return `${level.source} fixed`;
  const { source, side, distance } = level;
  return 'bp' in distance ? `${source} ${side} ${distance.bp} bp` : `${source} ${side} ${distance.units}`;
}

function replayOf(
  pattern: Level,
  { extremes, known }: Source,
  round: number,
  steps: { taken: number },
): (level: Level, from: number) => Found {
  const trail = pattern.kind === 'fixed' ? null : trailOver(extremes, pattern, known, round, steps);
  return (level, from) => {
    if (level.kind === 'fixed') return replayFixed(level, extremes, from);
    if (trail === null) throw new Error(`level ${level.member} trails, and those like it do not`);
    return trailed(level, trail(level, from));
  };
}

const trailed = (level: TrailingLevel, { peak, due }: ReturnType<ReturnType<typeof trailOver>>): Found => ({
  level: { ...level, peak },
  due,
});

function replayFixed(level: FixedLevel, extremes: Extremes, from: number): Found {
  const { price } = level;
  const falls = level.direction === 'falls';
  const at = falls ? extremes.firstAtMost(from, price) : extremes.firstAtLeast(from, price);
  if (at === -1) return { level, due: null };
  return { level, due: { at, level: price, price: falls ? extremes.low(at) : extremes.high(at) } };
}

/** When bars began, as plain columns: each level looks for its own. */
interface Beginnings {
  readonly seconds: Float64Array;
  readonly ticks: Float64Array;
}

const beginningsOf = (bars: readonly Bar[]): Beginnings => ({
  seconds: Float64Array.from(bars, (bar) => bar.second),
  ticks: Float64Array.from(bars, (bar) => bar.firstTick),
});

/**
 * Index of the first bar that lies wholly after the arming: all its ticks came later. Ticks never go back; times are
 * those of two machines, whose clocks may be wrong or have stepped, and count only where no tick is known.
 */
function firstWholeBar({ seconds, ticks }: Beginnings, { armedAt, armedTick }: Level): number {
  const column = armedTick >= 0 ? ticks : seconds;
  const armed = armedTick >= 0 ? armedTick : Math.floor(armedAt / 1000);
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((column[middle] ?? Number.POSITIVE_INFINITY) > armed) high = middle;
    else low = middle + 1;
  }
  if (armedTick >= 0) while (isEarlier(seconds[low], ticks[low], armedAt)) low += 1;
  return low;
}

/** Epoch seconds as tick ids, where these are times (ms x 1000). */
const IDS_OF_SECOND = 1_000_000;
const LONGEST_BAR_S = 60;

/**
 * A level that was armed while nobody wrote has the id of the last tick before that. Ticks that a standby kept of the time
 * have the times of their receipt as ids: those until the arming are none of its own. Other bars' ids say another time than
 * theirs, but for a writer's first second.
 */
function isEarlier(second: number | undefined, firstTick: number | undefined, armedAt: number): boolean {
  if (second === undefined || firstTick === undefined) return false;
  const said = firstTick / IDS_OF_SECOND - second;
  return said >= 0 && said < LONGEST_BAR_S && firstTick <= armedAt * 1000;
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
