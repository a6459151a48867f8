/** What levels went through by what the tape has: 1 s bars at hand, and the durable minutes before them (design section 10). */
import { isWhollyAfter } from '../domain/entry-minute.ts';
import { parseMember } from '../domain/levels.ts';
import { beginOf } from '../domain/tape/intervals.ts';
import { type Replayed, replayBars, replayInSlices } from '../domain/triggers/rebuild.ts';
import { CLOCKS_APART_MS } from '../domain/triggers/rules.ts';
import type { Bar, Hit, Level } from '../domain/triggers/types.ts';
import type { TapeMinute } from '../ports/tape.ts';
import type { Ports } from './ports.ts';

const MINUTE = 60;
/** Levels whose entry's minute is looked at in one step: some 10 ms. */
const AT_ONCE = 1_000;

/** A minute as one bar, by its first second. */
export const barOfMinute = (row: TapeMinute): Bar => ({
  second: row.minute * 60,
  ...(row.open !== undefined && { open: row.open }),
  low: row.low,
  high: row.high,
  close: row.close,
  firstTick: row.firstTick,
  lastTick: row.lastTick,
  count: row.count,
});

export interface Tape {
  /** 1 s bars at hand, oldest first. */
  readonly seconds: readonly Bar[];
  /** Durable minutes before and around them. */
  readonly minutes: readonly Bar[];
  /** What positions keep of the minute they opened in, by their ids. */
  readonly entryMinutes?: ReadonlyMap<string, readonly Bar[]>;
}

/**
 * Replays each level over the finest bars that cover it. The first minute that is only partly in 1 s bars is taken
 * as its minute row by levels that were armed before it, and as 1 s bars by later ones: mixing the two would put a
 * minute's high before its own first seconds.
 */
export function replayTape(levels: readonly Level[], tape: Tape): Replayed {
  const slices = replayTapeInSlices(levels, tape);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

/** The same, some of it with each step: whoever has many levels lets others at the process between. */
export function* replayTapeInSlices(
  levels: readonly Level[],
  tape: Tape,
): Generator<undefined, Replayed, undefined> {
  const first = tape.seconds[0];
  const seam = first === undefined ? Number.POSITIVE_INFINITY : Math.floor(first.second / 60) * 60;
  const startsOnSeam = first?.second === seam;
  const rows = tape.minutes.filter((row) => (startsOnSeam ? row.second < seam : row.second <= seam));
  const rest = startsOnSeam ? tape.seconds : tape.seconds.filter((bar) => bar.second >= seam + 60);
  const isOlder = (level: Level): boolean => Math.floor(level.armedAt / 1000) < seam;
  const begun = yield* replayEntryMinutes(levels.filter(isOlder), tape);
  const older = yield* replayInSlices(begun.levels, [...rows, ...rest]);
  yield;
  const younger = yield* replayInSlices(
    levels.filter((level) => !isOlder(level)),
    tape.seconds,
  );
  return {
    levels: [...older.levels, ...younger.levels],
    hits: [...begun.hits, ...older.hits, ...younger.hits],
  };
}

/**
 * Levels whose seconds are gone over what their positions have kept of the entry's minute. The minute's row begins
 * before most armings and says nothing of them; where it does not, it has it all.
 */
function* replayEntryMinutes(
  levels: readonly Level[],
  { minutes, entryMinutes }: Tape,
): Generator<undefined, Replayed, undefined> {
  if (entryMinutes === undefined || entryMinutes.size === 0) return { levels, hits: [] };
  const rows = new Map(minutes.map((row) => [row.second, row]));
  const begun: { readonly levels: Level[]; readonly hits: Hit[] } = { levels: [], hits: [] };
  for (const [i, level] of levels.entries()) {
    if (i > 0 && i % AT_ONCE === 0) yield;
    const bars = entryMinutes.get(parseMember(level.member).ownerId) ?? [];
    const row = rows.get(beginOf(bars[0]?.second ?? 0, MINUTE));
    const isTold = bars.length === 0 || (row !== undefined && isWhollyAfter(row, level));
    const { levels: left, hits } = isTold ? { levels: [level], hits: [] } : replayBars([level], bars);
    begun.levels.push(...left);
    begun.hits.push(...hits);
  }
  return begun;
}

/** Seconds and minutes since an arming, and what a clock that was ahead then would have hidden. */
export async function tapeSince(
  { prices, tape }: Pick<Ports, 'prices' | 'tape'>,
  symbol: string,
  armedAt: number,
): Promise<Tape> {
  const fromSecond = Math.floor((armedAt - CLOCKS_APART_MS) / 1000);
  const [seconds, rows] = await Promise.all([
    prices.bars(symbol, fromSecond),
    tape.since(symbol, Math.floor(fromSecond / 60)),
  ]);
  return { seconds, minutes: rows.map(barOfMinute) };
}
