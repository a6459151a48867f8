/**
 * `npm run bench -- scale`: up to 100,000 open positions of 10,000 wallets on the laptop's parts (DynamoDB Local, a real Redis, the
 * product's own use cases): what each step costs with more and more positions that do nothing, in time and in DynamoDB's units, and
 * with more and more that do something at once. Nothing may grow with the former, and nothing faster than the latter; looks at
 * everything are shown apart, by position.
 */
import { table } from '../../../infra/local/demo/table.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { BTC } from '../../support/fakes/world.ts';
import { atMost, type BenchResult, type Target, targetLine } from '../report.ts';
import { type Outside, openOutside } from './outside.ts';
import { copyOf, Population, PRICE, stopOf, WALLET_SHARE, writePositions } from './population.ts';
import {
  ALL,
  type Measured,
  type MeasuredSteps,
  ONE,
  STEP_NAMES,
  type Step,
  Steps,
  symbolsOf,
} from './steps.ts';

export interface ScaleShape {
  /** Open positions, smallest first; a tenth as many wallets. */
  readonly populations: readonly number[];
  /** Stops that are reached at once. */
  readonly bursts: readonly number[];
  readonly symbols: number;
  readonly runs: number;
  /** Up to so many positions the list of symbols is measured too (outside.ts). */
  readonly listUpTo: number;
}

export const SCALE: ScaleShape = {
  ...{ populations: [1_000, 10_000, 100_000], bursts: [10, 100, 1_000], symbols: 500, runs: 30 },
  listUpTo: 10_000,
};

export interface IdleRow {
  readonly positions: number;
  readonly wallets: number;
  readonly steps: MeasuredSteps;
}

export interface BurstRow {
  readonly stops: number;
  /** From the tick on, until every position is closed, ms. */
  readonly whole: number;
  readonly each: number;
  /** Of DynamoDB, for each. */
  readonly units: number;
}

export interface ScaleFigures {
  readonly idle: readonly IdleRow[];
  readonly bursts: readonly BurstRow[];
  readonly wrong: readonly string[];
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

export async function measureScale(shape: ScaleShape, note: (line: string) => void): Promise<ScaleFigures> {
  const outside = await openOutside(symbolsOf(shape.symbols));
  try {
    return await measureOn(outside, shape, note);
  } finally {
    await outside.close();
  }
}

async function measureOn(
  outside: Outside,
  { populations, bursts: stopsAtOnce, symbols, runs, listUpTo }: ScaleShape,
  note: (line: string) => void,
): Promise<ScaleFigures> {
  const { world, ledger } = outside;
  const steps = new Steps(outside, symbols);
  await steps.begin();
  const like = await ledger.position(await steps.enter());
  if (like?.status !== 'open') throw new Error(`the first position is ${like?.status}`);
  const population = new Population(outside, like, symbols);
  const idle: IdleRow[] = [];
  for (const positions of populations) {
    const since = performance.now();
    await population.grow(positions);
    note(`${positions} positions written after ${Math.round((performance.now() - since) / 1_000)} s`);
    const row = {
      ...{ positions, wallets: Math.ceil(positions / WALLET_SHARE) },
      steps: await steps.measure(like, { positions, runs, listing: positions <= listUpTo }),
    };
    idle.push(row);
    note(JSON.stringify(row));
    note(`measured after ${Math.round((performance.now() - since) / 1_000)} s`);
  }
  const bursts: BurstRow[] = [];
  for (const stops of stopsAtOnce) {
    note(`${stops} stops at once ...`);
    bursts.push(await burst(outside, steps, like, stops));
  }
  const errors = new Set(world.errors());
  return { idle, bursts, wrong: [...steps.wrong, ...[...errors].map((code) => `told: ${code}`)] };
}

/** So many stops on BTC, reached by one tick; until every position is closed. */
async function burst(outside: Outside, steps: Steps, like: Position, stops: number): Promise<BurstRow> {
  const { index, world, useCases, ledger, meter } = outside;
  const own = Array.from({ length: stops }, (_, nth) => copyOf(like, `b${stops}n${nth}`));
  await writePositions(outside, own);
  // Above the market of the others on this symbol, so that these alone are reached.
  await index.arm(
    BTC,
    own.map((one) => stopOf(one, PRICE - 1_000)),
    [],
    world.now,
  );
  world.tick('49900');
  meter.take();
  const since = performance.now();
  steps.expect(await steps.play(BTC, PRICE - 1_000_000), stops, 'stops reached');
  await useCases.evaluateHits(BTC);
  await world.pump();
  const whole = performance.now() - since;
  const { units } = meter.take();
  let closed = 0;
  for (const { positionId } of own) {
    if ((await ledger.position(positionId))?.status === 'closed') closed += 1;
  }
  steps.expect(closed, stops, 'positions closed');
  await steps.play(BTC, PRICE);
  return { stops, whole: Math.round(whole), each: rounded(whole / stops), units: rounded(units / stops) };
}

const ALLOWED = 2;
/** Units are counted, not timed: what is left is what the odd page or retry costs. */
const ALLOWED_UNITS = 1.1;

const times = (a: number, b: number): number => (a === b ? 1 : rounded(a / b));

/** What a look at everything costs for each of what it looks at: a position, its symbol's share of them, a wallet. */
function share(step: (typeof ALL)[number], { positions, wallets }: IdleRow, symbols: number): number {
  if (step === 'schedule') return wallets;
  return step === 'gauges' || step === 'live' ? positions : positions / symbols;
}

export function targetsOf({ idle, bursts }: ScaleFigures): readonly Target[] {
  const [few, most] = [idle[0], idle.at(-1)];
  const [small, large] = [bursts[0], bursts.at(-1)];
  if (few === undefined || most === undefined || small === undefined || large === undefined) return [];
  const idleSteps = ONE.flatMap((step) => {
    const [a, b] = [most.steps[step], few.steps[step]];
    const name = `${STEP_NAMES[step]}: with ${most.positions} idle positions against ${few.positions}`;
    return [
      atMost(name, times(a.ms, b.ms), ALLOWED, 'times'),
      atMost(`${name}, in units`, times(a.units, b.units), ALLOWED_UNITS, 'times'),
    ];
  });
  const activity = `a stop: of ${large.stops} at once against ${small.stops}`;
  return [
    ...idleSteps,
    atMost(activity, times(large.each, small.each), ALLOWED, 'times'),
    atMost(`${activity}, in units`, times(large.units, small.units), ALLOWED_UNITS, 'times'),
  ];
}

const shown = (measured: Measured | null, by = 1): string =>
  measured === null ? '-' : `${rounded(measured.ms / by)} ms, ${rounded(measured.units / by)}`;

function textOf({ idle, bursts }: ScaleFigures, symbols: number, targets: readonly Target[]): string {
  const columns = ['step', ...idle.map(({ positions }) => `${positions} positions`)];
  const rowsOf = (steps: readonly Step[]) =>
    steps.map((step) => [STEP_NAMES[step], ...idle.map((row) => shown(row.steps[step]))]);
  const each = ALL.map((step) => [
    STEP_NAMES[step],
    ...idle.map((row) => shown(row.steps[step], share(step, row, symbols))),
  ]);
  const ends = ['stops at once', 'until all are closed ms', 'each ms', 'each units'];
  return [
    'With positions that do nothing: median time, DynamoDB units',
    table(columns, rowsOf(ONE), columns.slice(1)),
    '',
    'Looks at everything, as a whole',
    table(columns, rowsOf(ALL), columns.slice(1)),
    '',
    'The same for each position looked at (of the symbol, for a symbol; the last one: for each wallet)',
    table(columns, each, columns.slice(1)),
    '',
    'Stops that are reached together',
    table(
      ends,
      bursts.map(({ stops, whole, each: one, units }) => [stops, whole, one, units].map(String)),
      ends,
    ),
    '',
    ...targets.map(targetLine),
  ].join('\n');
}

export async function benchScale(
  note: (line: string) => void,
  shape: ScaleShape = SCALE,
): Promise<BenchResult> {
  const figures = await measureScale(shape, note);
  const targets = targetsOf(figures);
  return {
    document: { ...shape, ...figures, targets },
    text: textOf(figures, shape.symbols, targets),
    wrong: figures.wrong,
  };
}
