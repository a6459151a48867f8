/**
 * The pure trigger engine: ticks per second that reach nothing, and how much dearer a tick is with a million levels
 * armed than with a thousand. Counted in time of a core, so that others' load matters little.
 */
import { TriggerEngine } from '../../../shared/domain/triggers/engine.ts';
import type { Tick } from '../../../shared/domain/triggers/types.ts';
import {
  COUNTS,
  DISTANCES,
  PORTIONS,
  planOf,
  portions,
  units,
  witnessTick,
  wrongWitnesses,
} from './levels.ts';
import { type Path, recorded, trend, walk } from './paths.ts';

const BATCH = 500;
/** While the levels are armed, and until the code is compiled. */
const WARM_UP = 200_000;
const WALK_TICKS = 4_000_000;
const TREND_TICKS = 300_000;

/**
 * Batches are written over, so that the clock sees the engine and no allocation. There are two of them, in turns:
 * the engine keeps the last tick that it has seen.
 */
type OwnTick = { -readonly [K in keyof Tick]: Tick[K] };

const newBatch = (): OwnTick[] =>
  Array.from({ length: BATCH }, () => {
    const start = units(0);
    return { id: 0, bid: start, ask: start, last: start, at: 0, bidSize: '', askSize: '', recordedAt: 0 };
  });

export interface CoreRow {
  readonly prices: string;
  readonly distances: number;
  readonly levels: number;
  readonly ticksPerSecond: number;
  readonly nanosecondsPerTick: number;
  readonly wrong: readonly string[];
}

function measure(path: Path, distances: number, count: number): CoreRow {
  const plan = planOf(path, count, distances);
  const engine = new TriggerEngine();
  const batches = [newBatch(), newBatch()];
  let [played, unexpected] = [0, 0];
  const play = (until: number): void => {
    while (played < until) {
      const batch = batches[(played / BATCH) % 2] ?? [];
      for (const tick of batch) {
        const bid = units(path.bids[played] ?? 0);
        played += 1;
        tick.id = played;
        tick.bid = bid;
        tick.ask = units(bid + path.spread);
        tick.last = bid;
      }
      unexpected += engine.applyTicks(batch).length;
    }
  };
  play(BATCH);
  for (const levels of portions(plan, path)) {
    unexpected += engine.arm(levels).hits.length;
    play(Math.min(played + BATCH, WARM_UP));
  }
  play(WARM_UP);
  const ticks = path.bids.length - WARM_UP;
  const since = process.cpuUsage();
  play(path.bids.length);
  const { user, system } = process.cpuUsage(since);
  const ms = (user + system) / 1_000;
  const last = engine.arm([]).armedTick;
  const ended =
    last === path.bids.length ? [] : [`the engine saw tick ${last} last, not ${path.bids.length}`];
  const hit = unexpected === 0 ? [] : [`${unexpected} hits that must not be`];
  const wrong = [
    ...ended,
    ...hit,
    ...wrongWitnesses(plan, path, engine.applyTicks([witnessTick(plan, path)])),
  ];
  return {
    ...{ prices: path.name, distances, levels: count },
    ticksPerSecond: Math.round((ticks / ms) * 1000),
    nanosecondsPerTick: Math.round((ms * 1e6) / ticks),
    wrong: wrong.map((text) => `pure core, ${path.name}, ${count} levels, ${distances} distances: ${text}`),
  };
}

/** A recording goes end to end until it is as long as the others. */
export async function measureCore(): Promise<readonly CoreRow[]> {
  if (PORTIONS * BATCH > WARM_UP) throw new Error('levels are armed before anything is measured');
  const real = await recorded(WARM_UP + TREND_TICKS);
  const paths = [walk(WARM_UP + WALK_TICKS), ...(real === null ? [] : [real]), trend(WARM_UP + TREND_TICKS)];
  // The first run pays for the compiler; it is not counted.
  for (const path of paths) measure(path, DISTANCES[0], COUNTS[0]);
  return paths.flatMap((path) =>
    DISTANCES.flatMap((distances) => COUNTS.map((count) => measure(path, distances, count))),
  );
}
