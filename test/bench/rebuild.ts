/**
 * Replaying the levels of one symbol over a day and a week of bars, as a rebuild of its trigger index does: how long it
 * takes, and for how long at most the process can do nothing else (its lease has to be renewed meanwhile).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { table } from '../../infra/local/demo/table.ts';
import type { Bar, Distance, Level, Units } from '../../shared/domain/triggers/types.ts';
import { seededRandom } from '../../shared/feeds/prng.ts';
import { replayTapeInSlices, type Tape } from '../../shared/usecases/replay-tape.ts';
import { atMost, type BenchResult, targetLine } from './report.ts';

const START = 50_000_000;
const END = 1_800_000_000;
const DAY = 86_400;
/** 1 s bars are kept for two hours; before them there are minutes. */
const SECONDS_KEPT = 7_200;
const DISTANCES = 100;
/** The lease of 2 s is renewed each 0.5 s. */
const LONGEST_MS = 1_500;
const LEVELS = [1_000, 100_000] as const;
const DAYS = [1, 7] as const;

const units = (n: number): Units => Math.floor(n) as Units;

function tapeOf(days: number, random: () => number): Tape {
  let price = START;
  const bar = (second: number, length: number, moves: number): Bar => {
    let [low, high] = [price, price];
    for (let n = 0; n < moves; n++) {
      price += (random() % 2_001) - 1_000;
      low = Math.min(low, price);
      high = Math.max(high, price);
    }
    const at = (p: number) => ({ bid: units(p), ask: units(p + 100), last: units(p), mid: units(p + 50) });
    const ticks = { firstTick: second * 10, lastTick: (second + length) * 10 - 1, count: moves };
    return { second, low: at(low), high: at(high), close: at(price), ...ticks };
  };
  const seam = END - SECONDS_KEPT;
  const minutes: Bar[] = [];
  for (let second = END - days * DAY; second < seam; second += 60) minutes.push(bar(second, 60, 30));
  const seconds = Array.from({ length: SECONDS_KEPT }, (_, n) => bar(seam + n, 1, 1));
  return { minutes, seconds };
}

const KINDS = {
  'stops and targets': (at: number) => {
    const away = START * (0.0005 + 0.05 * ((at % 997) / 997));
    return at % 2 === 0
      ? ({ kind: 'fixed', direction: 'falls', price: units(START - away) } as const)
      : ({ kind: 'fixed', direction: 'rises', price: units(START + away) } as const);
  },
  'trailing, 100 distances': (at: number) => trailing(at, { bp: 50 + (at % DISTANCES) * 10 }),
  'trailing, each its own': (at: number) => trailing(at, { units: units(START / 50 + at * 37) }),
} as const;

const trailing = (at: number, distance: Distance) =>
  ({
    kind: 'trailing',
    side: at % 2 === 0 ? 'long' : 'short',
    distance,
    activation: null,
    peak: units(START),
  }) as const;

interface Row {
  readonly kind: string;
  readonly days: number;
  readonly levels: number;
  readonly tookMs: number;
  readonly slices: number;
  readonly longestMs: number;
  readonly hits: number;
  /** Levels that are in the answer neither as hits nor as levels, or twice. */
  readonly lost: number;
}

async function measure(kind: keyof typeof KINDS, days: number, count: number): Promise<Row> {
  const random = seededRandom(days);
  const tape = tapeOf(days, random);
  const levels = Array.from({ length: count }, (_, at): Level => {
    const armedAt = (END - (random() % (days * DAY))) * 1000;
    const facts = { version: 1, source: 'bid', armedTick: armedAt / 100, armedAt } as const;
    return { member: `p${at}|level`, ...facts, ...KINDS[kind](at) };
  });
  await pause(20);
  const begun = performance.now();
  let [slices, longestMs] = [0, 0];
  for (const work = replayTapeInSlices(levels, tape); ; await pause(0)) {
    const since = performance.now();
    const slice = work.next();
    longestMs = Math.max(longestMs, performance.now() - since);
    slices += 1;
    if (slice.done !== true) continue;
    const tookMs = performance.now() - begun;
    const found = [...slice.value.levels, ...slice.value.hits];
    const lost = count - new Set(found.map(({ member }) => member)).size + (found.length - count);
    return { kind, days, levels: count, tookMs, slices, longestMs, hits: slice.value.hits.length, lost };
  }
}

export async function benchRebuild(): Promise<BenchResult> {
  const rows: Row[] = [];
  for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
    for (const days of DAYS) for (const count of LEVELS) rows.push(await measure(kind, days, count));
  }
  const longest = Math.max(...rows.map(({ longestMs }) => longestMs));
  const targets = [atMost('longest time at a stretch', Math.round(longest), LONGEST_MS, 'ms')];
  const wrong = rows.flatMap(({ kind, levels, lost }) =>
    lost === 0 ? [] : [`${lost} of ${levels} levels lost or doubled (${kind})`],
  );
  const columns = ['days', 'levels', 'ms', 'slices', 'longest ms', 'reached'];
  const cells = rows.map((row) => [
    row.kind,
    ...[row.days, row.levels, row.tookMs, row.slices, row.longestMs, row.hits].map((n) =>
      Math.round(n).toLocaleString('en-US'),
    ),
  ]);
  const text = [table(['levels of', ...columns], cells, columns), '', ...targets.map(targetLine)].join('\n');
  const document = {
    rows: rows.map((row) => ({
      ...{ kind: row.kind, days: row.days, levels: row.levels, slices: row.slices, reached: row.hits },
      ...{ took_ms: Math.round(row.tookMs), longest_ms: Math.round(row.longestMs) },
    })),
    targets,
    wrong,
  };
  return { document, text, wrong };
}
