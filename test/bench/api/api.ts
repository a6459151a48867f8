/**
 * `npm run bench -- api`: the laptop system under the requests of 50 users (README's `npm start`, with a market in the bench's
 * own hands). First one request at a time: reading a position, and an order on the demo wallet to its final answer. Then 200
 * requests a second for a minute, due at times that were fixed beforehand: a latency counts from there, so a stall counts for
 * everybody who had to wait for it. Nothing is left out: no run-in, no slowest.
 *
 * Rate limits are those that the template gives every user; 4 requests a second of each user are within them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient, PricesAnswer } from '../../../infra/local/demo/api-client.ts';
import { table } from '../../../infra/local/demo/table.ts';
import { type RunningSystem, startSystem } from '../../../infra/local/system.ts';
import { FedMarket } from '../fed-market.ts';
import { coreSecondsOf, coreShares } from '../process-core.ts';
import { atMost, type BenchResult, type Target, targetLine } from '../report.ts';
import { checkBooks } from './books.ts';
import { LoadProcess } from './load.ts';
import { type Kind, planLoad } from './plan.ts';
import { type BenchRequest, requestOf, SYMBOLS, type Trader } from './requests.ts';
import { byKind, figuresOf, type KindFigures, problemsByCode, type Sample } from './statistics.ts';
import { readStoreTimes, type StoreShare, storeShare, timingEnvironment } from './store-share.ts';
import { MARKET, makeTraders } from './traders.ts';

export interface ApiShape {
  readonly users: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly readsAlone: number;
  readonly createsAlone: number;
}

export const SHAPE: ApiShape = { users: 50, perSecond: 200, seconds: 60, readsAlone: 300, createsAlone: 100 };

const SEED = 1;
const GAP_MS = 10;
const READY_WITHIN_MS = 30_000;
/** The first numbers are those of the load: orders of the part before have others. */
const ALONE_FROM = 1_000_000;

interface Part {
  readonly samples: readonly Sample[];
  readonly from: number;
  readonly to: number;
}

export interface ApiFigures {
  readonly alone: readonly KindFigures[];
  readonly load: readonly KindFigures[];
  /** How late requests were sent, ms. */
  readonly late: KindFigures;
  readonly problems: Readonly<Record<string, number>>;
  readonly store: {
    readonly getPosition: StoreShare | null;
    readonly load: StoreShare | null;
  };
  /** Shares of a core during the load; null where the machine does not tell. */
  readonly core: readonly { readonly name: string; readonly share: number }[] | null;
  readonly wrong: readonly string[];
  readonly redis: string;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${READY_WITHIN_MS / 1_000} s`);
  }
}

async function openMarket(system: RunningSystem, market: FedMarket): Promise<void> {
  await market.open(MARKET);
  const client = createApiClient(system.api, system.token);
  const path = `/prices?symbols=${encodeURIComponent(SYMBOLS.join(','))}`;
  await until('prices of all symbols', async () => {
    const { items } = await client.call(PricesAnswer, path);
    return items.length === SYMBOLS.length;
  });
}

/** Requests of one kind, one at a time, each trader in turn. */
const alone = (kind: Kind, count: number, traders: readonly Trader[]): readonly BenchRequest[] =>
  Array.from({ length: count }, (_, n) => requestOf({ at: 0, kind, nth: ALONE_FROM + n }, traders));

async function measure(
  system: RunningSystem,
  market: FedMarket,
  shape: ApiShape,
  note: (line: string) => void,
): Promise<Omit<ApiFigures, 'store'> & { readonly spans: readonly [Part, Part] }> {
  const { users, perSecond, seconds: planned, readsAlone, createsAlone } = shape;
  await openMarket(system, market);
  note(`${users} users with a wallet, three positions and two resting orders each ...`);
  const traders = await makeTraders(system, users);
  const asking = new LoadProcess();
  try {
    const ask = async (
      mode: 'as planned' | 'one by one',
      requests: readonly BenchRequest[],
    ): Promise<Part> => {
      const from = Date.now();
      const tokens = traders.map(({ token }) => token);
      const samples = await asking.run({ mode, api: system.api, tokens, requests, gapMs: GAP_MS });
      return { samples, from, to: Date.now() };
    };
    note(`${readsAlone} reads of a position, one at a time ...`);
    const reads = await ask('one by one', alone('getPosition', readsAlone, traders));
    note(`${createsAlone} orders, one at a time ...`);
    const ordersAlone = alone('createOrder', createsAlone, traders);
    const creates = await ask('one by one', ordersAlone);
    note(`${perSecond} requests a second for ${planned} s ...`);
    const arrivals = planLoad({ perSecond, seconds: planned, seed: SEED });
    const requests = arrivals.map((arrival) => requestOf(arrival, traders));
    const running = [
      ...system.pids(),
      { name: 'gateway and bench', pid: process.pid },
      { name: 'the users', pid: asking.pid },
    ];
    const before = coreSecondsOf(running);
    const since = performance.now();
    const load = await ask('as planned', requests);
    const seconds = (performance.now() - since) / 1_000;
    const after = coreSecondsOf(running);
    const samples = [...reads.samples, ...creates.samples, ...load.samples];
    const wrongAnswers = samples.flatMap(({ wrong }) => wrong ?? []);
    note('comparing the books with what was answered ...');
    const sent = [...ordersAlone, ...requests];
    const answers = [...creates.samples, ...load.samples];
    const wrongBooks = await checkBooks(system, traders, sent, answers);
    return {
      alone: [...byKind(reads.samples).slice(1), ...byKind(creates.samples).slice(1)],
      load: byKind(load.samples),
      late: figuresOf(
        'all',
        load.samples.map(({ lateMs }) => lateMs),
      ),
      problems: problemsByCode(samples),
      core: before && after && coreShares(before, after, seconds),
      wrong: [...wrongAnswers.slice(0, 5), ...wrongBooks],
      redis: system.redisKind,
      spans: [reads, load],
    };
  } finally {
    asking.stop();
  }
}

export async function measureApi(
  shape: ApiShape,
  note: (line: string) => void,
  verbose: boolean,
): Promise<ApiFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-bench-api-'));
  const market = new FedMarket();
  let system: RunningSystem | null = null;
  try {
    note('starting the system');
    const times = join(folder, 'store-times.json');
    const environment = { api: timingEnvironment(times) };
    system = await startSystem({ ...market.feed, lasting: true, environment, show: note, verbose });
    const { spans, ...figures } = await measure(system, market, shape, note);
    await system.stop();
    const told = readStoreTimes(times);
    const [reads, load] = spans;
    return {
      ...figures,
      store: {
        getPosition: storeShare(told, reads.from, reads.to),
        load: storeShare(told, load.from, load.to),
      },
    };
  } finally {
    await market.close();
    await system?.stop();
    rmSync(folder, { recursive: true });
  }
}

export function targetsOf({ alone: single, load, problems }: ApiFigures): readonly Target[] {
  const p50 = (kind: Kind): number => single.find((one) => one.kind === kind)?.p50 ?? Number.NaN;
  const all = load.find(({ kind }) => kind === 'all');
  const count = Object.values(problems).reduce((sum, one) => sum + one, 0);
  return [
    atMost('read of a position, p50', p50('getPosition'), 15, 'ms'),
    atMost('order on the demo wallet to its final answer, p50', p50('createOrder'), 100, 'ms'),
    atMost(`${SHAPE.perSecond} requests/s, p99 of all`, all?.p99 ?? Number.NaN, 500, 'ms'),
    atMost('requests that were refused or not answered', count, 0, ''),
  ];
}

const ms = (n: number): string => n.toFixed(1);

export function textOf(figures: ApiFigures, targets: readonly Target[]): string {
  const columns = ['requests', 'p50', 'p95', 'p99', 'max'];
  const rows = (part: string, own: readonly KindFigures[]): readonly (readonly string[])[] =>
    own.map(({ kind, count, p50, p95, p99, max }, at) => [
      at === 0 ? part : '',
      kind,
      String(count),
      ...[p50, p95, p99, max].map(ms),
    ]);
  const { store, core, problems } = figures;
  const share = (what: string, of: StoreShare | null): string =>
    of === null
      ? `${what}: not known, the function was ended and begun anew`
      : `${what}: ${of.calls} calls a request; a request has one under way for ${ms(of.busyMs.p50)} ms (p50), ` +
        `p95 ${ms(of.busyMs.p95)}, p99 ${ms(of.busyMs.p99)} ms`;
  return [
    table(
      ['part', 'request, ms', ...columns],
      [
        ...rows('one at a time', figures.alone),
        ...rows('planned', figures.load),
        ...rows('sent late by', [figures.late]),
      ],
      columns,
    ),
    '',
    'DynamoDB Local, as the API function waits for it',
    share('  reading a position alone', store.getPosition),
    share(`  of all requests as planned that ask it`, store.load),
    ...(core === null
      ? ['This machine does not tell how much of a core a process uses.']
      : [
          '',
          'Shares of a core during the load',
          table(
            ['process', 'core'],
            core.map(({ name, share: used }) => [name, used.toFixed(2)]),
            ['core'],
          ),
        ]),
    ...Object.entries(problems).map(([code, count]) => `${code}: ${count}`),
    '',
    ...targets.map(targetLine),
  ].join('\n');
}

export async function benchApi(
  note: (line: string) => void,
  verbose: boolean,
): Promise<BenchResult & { redis: string }> {
  const figures = await measureApi(SHAPE, note, verbose);
  const targets = targetsOf(figures);
  const { wrong, redis, alone: single, load, late, problems, store, core } = figures;
  const document = {
    users: SHAPE.users,
    requests_per_second: SHAPE.perSecond,
    seconds: SHAPE.seconds,
    seed: SEED,
    one_at_a_time_ms: single,
    load_ms: load,
    sent_late_ms: late,
    problems,
    store,
    core_shares: core,
    targets,
    wrong,
  };
  return { document, text: textOf(figures, targets), wrong, redis };
}
