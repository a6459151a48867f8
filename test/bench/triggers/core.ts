/**
 * The pure trigger engine (design section 22): ticks per second that reach nothing, and how much dearer a tick is
 * with a million levels armed than with a thousand. Counted in time of a core, so that others' load matters little.
 */
import { table } from '../../infra/local/demo/table.ts';
import { TriggerEngine } from '../../shared/domain/triggers/engine.ts';
import type { Level, Tick, Units } from '../../shared/domain/triggers/types.ts';
import { seededRandom } from '../../shared/feeds/prng.ts';
import { atLeast, atMost, type BenchResult, type Target, targetLine } from './report.ts';

const START = 5_000_000_000;
const SPREAD = 10_000;
/** Prices stay within half a percent; every level lies at least one percent away. */
const BAND = START / 200;
const NEAREST = START / 100;
const DISTANCES = 100;
const BATCH = 500;
const WARM_UP = 500_000;
const LEVELS = [1_000, 100_000, 1_000_000] as const;

const units = (n: number): Units => Math.floor(n) as Units;

/** 30 % trailing at 100 distances, the rest stops below and targets above. */
function levelsOf(count: number, random: () => number): readonly Level[] {
  return Array.from({ length: count }, (_, at): Level => {
    const facts = { member: `p${at}|level`, version: 1, source: 'bid', armedTick: 0, armedAt: 0 } as const;
    if (at % 10 < 3) {
      const distance = { bp: 200 + (at % DISTANCES) };
      return { ...facts, kind: 'trailing', side: 'long', distance, activation: null, peak: null };
    }
    const away = NEAREST + (random() % NEAREST);
    return at % 10 < 7
      ? { ...facts, kind: 'fixed', direction: 'falls', price: units(START - away) }
      : { ...facts, kind: 'fixed', direction: 'rises', price: units(START + away) };
  });
}

/**
 * Batches are written over, so that the clock sees the engine and no allocation. There are two of them, in turns:
 * the engine keeps the last tick that it has seen.
 */
type OwnTick = { -readonly [K in keyof Tick]: Tick[K] };

const newBatch = (): OwnTick[] =>
  Array.from({ length: BATCH }, () => {
    const start = units(START);
    return { id: 0, bid: start, ask: start, last: start, at: 0, bidSize: '', askSize: '', recordedAt: 0 };
  });

interface Movement {
  readonly name: string;
  readonly ticks: number;
  /** The next price. */
  readonly next: (price: number, random: () => number) => number;
}

const MOVEMENTS: readonly Movement[] = [
  {
    name: 'a walk between levels',
    ticks: 8_000_000,
    next: (price, random) =>
      Math.min(START + BAND, Math.max(START - BAND, price + (random() % 200_001) - 100_000)),
  },
  // The dearest tick without a hit: each one moves every trailing stop.
  { name: 'each tick a new high', ticks: 1_000_000, next: (price) => price + 1 },
];

interface Row {
  readonly movement: string;
  readonly levels: number;
  readonly ticksPerSecond: number;
  readonly nanosecondsPerTick: number;
  readonly hits: number;
}

function measure(count: number, { name, next, ticks }: Movement): Row {
  const random = seededRandom(1);
  const engine = new TriggerEngine();
  const prices = new Float64Array(WARM_UP + ticks);
  let price = START;
  for (const at of prices.keys()) {
    price = next(price, random);
    prices[at] = price;
  }
  const batches = [newBatch(), newBatch()];
  let played = 0;
  const play = (number: number): number => {
    let hits = 0;
    for (let done = 0; done < number; done += BATCH) {
      const batch = batches[(played / BATCH) % 2] ?? [];
      for (const tick of batch) {
        const bid = units(prices[played] ?? START);
        played += 1;
        tick.id = played;
        tick.bid = bid;
        tick.ask = units(bid + SPREAD);
        tick.last = bid;
      }
      hits += engine.applyTicks(batch).length;
    }
    return hits;
  };
  play(BATCH);
  engine.arm(levelsOf(count, random));
  const early = play(WARM_UP - BATCH);
  const since = process.cpuUsage();
  const hits = play(ticks);
  const { user, system } = process.cpuUsage(since);
  const ms = (user + system) / 1_000;
  const last = engine.arm([]).armedTick;
  if (last !== played) throw new Error(`the engine saw tick ${last} last, not ${played}`);
  return {
    movement: name,
    levels: count,
    ticksPerSecond: Math.round((ticks / ms) * 1000),
    nanosecondsPerTick: Math.round((ms * 1e6) / ticks),
    hits: early + hits,
  };
}

/** How much dearer the largest index makes a tick of this movement. */
function dearer(movement: string, rows: readonly Row[]): Target {
  const [few, many] = [rows[0], rows.at(-1)];
  if (few === undefined || many === undefined) throw new Error('nothing was measured');
  const name = `${movement}: cost of a tick with ${many.levels} levels against ${few.levels}`;
  return atMost(name, many.nanosecondsPerTick / few.nanosecondsPerTick, 2, 'times');
}

export function benchTriggers(): BenchResult {
  // The first run pays for the compiler; it is not counted.
  for (const movement of MOVEMENTS) measure(LEVELS[0], movement);
  const runs = MOVEMENTS.map((movement) => ({
    name: movement.name,
    rows: LEVELS.map((count) => measure(count, movement)),
  }));
  const rows = runs.flatMap((run) => run.rows);
  const usual = runs[0]?.rows ?? [];
  const targets = [
    atLeast(
      'ticks between levels, slowest row',
      Math.min(...usual.map((row) => row.ticksPerSecond)),
      1_000_000,
      'ticks/s',
    ),
    ...runs.map((run) => dearer(run.name, run.rows)),
  ];
  const wrong = rows.flatMap(({ levels, hits }) =>
    hits === 0 ? [] : [`${hits} hits with ${levels} levels`],
  );
  const columns = ['levels', 'ticks/s', 'ns per tick'];
  const header = ['prices', ...columns];
  const cells = rows.map((row) => [
    row.movement,
    ...[row.levels, row.ticksPerSecond, row.nanosecondsPerTick].map((n) => n.toLocaleString('en-US')),
  ]);
  const text = [table(header, cells, columns), '', ...targets.map(targetLine)].join('\n');
  const document = {
    rows: rows.map((row) => ({
      prices: row.movement,
      levels: row.levels,
      ticks_per_second: row.ticksPerSecond,
      ns_per_tick: row.nanosecondsPerTick,
    })),
    targets,
    wrong,
  };
  return { document, text, wrong };
}
