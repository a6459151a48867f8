/**
 * `npm run bench -- scale`: up to 100,000 open positions of 10,000 wallets on the laptop's parts (DynamoDB Local, a real Redis, the
 * product's own use cases): what each step costs with more and more positions that do nothing, and with more and more that do
 * something at once. Nothing may grow with the former, and nothing faster than the latter; the one look that is made at every
 * position each minute is shown apart.
 *
 * Positions are written as rows and levels, not traded: what they are when their entries have long been filled.
 */
import { BatchWriteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { table } from '../../infra/local/demo/table.ts';
import { LOCAL_CREDENTIALS } from '../../infra/local/services/dynamodb.ts';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { positionItem, walletItem } from '../../shared/adapters/dynamodb/items.ts';
import { createLedger } from '../../shared/adapters/dynamodb/ledger.ts';
import { createValkey, type Valkey } from '../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../shared/adapters/valkey/leases.ts';
import { createTriggerIndex } from '../../shared/adapters/valkey/trigger-index.ts';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { Level } from '../../shared/domain/triggers/types.ts';
import type { Position } from '../../shared/domain/types.ts';
import type { TriggerIndex } from '../../shared/ports/trigger-index.ts';
import { makeReadPositions } from '../../shared/usecases/views/read-positions.ts';
import { startDynamoDb } from '../support/dynamodb.ts';
import { BTC, WALLET, World } from '../support/fakes/world.ts';
import { startRealRedis } from '../support/redis.ts';
import { makeUseCases, type UseCases } from '../support/use-cases.ts';
import { atMost, type BenchResult, distribution, type Target, targetLine } from './report.ts';
import { units } from './triggers/levels.ts';

export interface ScaleShape {
  /** Open positions, smallest first; a tenth as many wallets. */
  readonly populations: readonly number[];
  /** Stops that are reached at once. */
  readonly bursts: readonly number[];
  readonly symbols: number;
  readonly runs: number;
}

export const SCALE: ScaleShape = {
  ...{ populations: [1_000, 10_000, 100_000], bursts: [10, 100, 1_000], symbols: 500, runs: 30 },
};

/** Positions of each wallet. */
const WALLET_SHARE = 10;
const PRICE = 500_000_000;
const STOP = 450_000_000;
const BATCH = 25;
const AT_ONCE = 4;
const PAGE = 20;
const PATIENCE_MS = 60_000;

export interface IdleRow {
  readonly positions: number;
  readonly wallets: number;
  /** p50 of each, ms. */
  readonly tick: number;
  readonly sweep: number;
  readonly list: number;
  readonly entry: number;
  /** The look at every position, once a minute, ms. */
  readonly measure: number;
}

export interface BurstRow {
  readonly stops: number;
  /** From the tick on, until every position is closed, ms. */
  readonly whole: number;
  readonly each: number;
}

export interface ScaleFigures {
  readonly idle: readonly IdleRow[];
  readonly bursts: readonly BurstRow[];
  readonly wrong: readonly string[];
}

const p50 = (values: readonly number[]): number => Math.round(distribution(values).p50 * 100) / 100;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

export async function measureScale(shape: ScaleShape, note: (line: string) => void): Promise<ScaleFigures> {
  const redis = await startRealRedis();
  const dynamo = await startDynamoDb({ lasting: true });
  const valkey = createValkey(redis.url, { commandTimeoutMs: PATIENCE_MS });
  try {
    const tables = await dynamo.createTables();
    // A machine that is busy answers late: what is measured is how times compare, not how long the product would wait.
    const client = createDynamoClient({
      ...{ endpoint: dynamo.endpoint, region: 'local', requestTimeoutMs: PATIENCE_MS },
      credentials: LOCAL_CREDENTIALS,
    });
    const world = new World();
    const index = createTriggerIndex(valkey);
    const ledger = createLedger({
      client,
      ...{ ordersTable: tables.orders, positionsTable: tables.positions, walletsTable: tables.wallets },
      sweepShards: 1,
    });
    const own = { ledger, index, leases: createLeases(valkey), counters: createCounters(valkey) };
    const useCases = makeUseCases({ ...world.ports, ...own }, { monitorEnabled: true });
    world.workers = useCases;
    // An order is claimed on the condition that its wallet's row, which is read here, is not paused.
    const wallet = world.wallets.items.get(WALLET);
    if (wallet === undefined) throw new Error('the world has no wallet');
    await client.send(new PutItemCommand({ TableName: tables.wallets, Item: walletItem(wallet) }));
    const scale = new Scale(shape, note, world, useCases, index, valkey, {
      client,
      name: tables.positions,
      read: (positionId) => ledger.position(positionId),
      list: makeReadPositions({ ...world.ports, ledger }).list,
    });
    return await scale.measure();
  } finally {
    await valkey.close();
    await dynamo.stop();
    await redis.stop();
  }
}

interface PositionsTable {
  readonly client: DynamoDBClient;
  readonly name: string;
  readonly read: (positionId: string) => Promise<Position | null>;
  readonly list: ReturnType<typeof makeReadPositions>['list'];
}

class Scale {
  readonly #shape: ScaleShape;
  readonly #note: (line: string) => void;
  readonly #world: World;
  readonly #useCases: UseCases;
  readonly #index: TriggerIndex;
  readonly #valkey: Valkey;
  readonly #table: PositionsTable;
  readonly #wrong: string[] = [];
  #tick = 1_000;
  #made = 0;
  #orders = 0;

  constructor(
    shape: ScaleShape,
    note: (line: string) => void,
    world: World,
    useCases: UseCases,
    index: TriggerIndex,
    valkey: Valkey,
    positions: PositionsTable,
  ) {
    this.#shape = shape;
    this.#note = note;
    this.#world = world;
    this.#useCases = useCases;
    this.#index = index;
    this.#valkey = valkey;
    this.#table = positions;
  }

  async measure(): Promise<ScaleFigures> {
    await this.#valkey.command(['FLUSHALL']);
    const { symbols } = this.#shape;
    for (const symbol of [BTC, ...Array.from({ length: symbols }, (_, nth) => symbolOf(nth))]) {
      await this.#index.beginRebuild(symbol, 'bench');
      await this.#index.finishRebuild(symbol, 'bench', this.#world.now);
      await this.#play(symbol, PRICE);
    }
    this.#world.tick('50000');
    const entered = await this.#enter();
    const first = await this.#table.read(entered);
    if (first?.status !== 'open') throw new Error(`the first position is ${first?.status}`);
    const idle: IdleRow[] = [];
    for (const population of this.#shape.populations) {
      this.#note(`${population} positions ...`);
      await this.#grow(first, population);
      const row = await this.#idleRow(population);
      this.#note(JSON.stringify(row));
      idle.push(row);
    }
    const bursts: BurstRow[] = [];
    for (const stops of this.#shape.bursts) {
      this.#note(`${stops} stops at once ...`);
      const row = await this.#burst(first, stops);
      this.#note(JSON.stringify(row));
      bursts.push(row);
    }
    const errors = new Set(this.#world.errors());
    return { idle, bursts, wrong: [...this.#wrong, ...[...errors].map((code) => `told: ${code}`)] };
  }

  /** One tick; answers how many levels it has reached. */
  async #play(symbol: string, price: number): Promise<number> {
    this.#tick += 1;
    const at = this.#world.now;
    const bid = units(price);
    const one = { id: this.#tick, bid, ask: bid, last: bid, at, bidSize: '', askSize: '', recordedAt: 0 };
    const text = (price / 10_000).toFixed(4);
    const shown = { symbol, bid: text, ask: text, last: text, bidSize: '', askSize: '', source: 'bench' };
    const result = await this.#index.applyBatch({
      ...{ symbol, shard: 0, leaseToken: 'bench', fence: 1, batch: this.#tick, ticks: [one] },
      ...{ newestTick: this.#tick, lateTick: -1, heldBars: 'none', bars: [], barBefore: null, nowMs: at },
      display: { ...shown, quoted: true, tickId: this.#tick, at, recordedAt: 0 },
    });
    if (result.outcome !== 'applied') throw new Error(`the price script answered ${result.outcome}`);
    return result.hits;
  }

  /** A market entry on BTC with a stop, to its fill; answers its position. */
  async #enter(): Promise<string> {
    this.#orders += 1;
    const placed = await this.#useCases.placeOrder(
      this.#world.command({
        idempotencyKey: `scale-${this.#orders}`,
        protection: { stopLoss: { price: decimal('45000') } },
      }),
    );
    if (!placed.ok) throw new Error(`an entry was refused: ${placed.error.code}`);
    await this.#world.pump();
    return placed.value.order.positionId;
  }

  /** Adds positions until there are so many, each on one of the symbols, with its stop armed. */
  async #grow(like: Position, population: number): Promise<void> {
    const { symbols } = this.#shape;
    const added = Array.from({ length: population - this.#made }, (_, at) => {
      const nth = this.#made + at;
      return {
        ...copyOf(like, `i${nth}`),
        symbol: symbolOf(nth % symbols),
        userId: `owner-${Math.floor(nth / WALLET_SHARE)}`,
        walletId: `wallet-${Math.floor(nth / WALLET_SHARE)}`,
        createdAt: like.createdAt + nth,
      };
    });
    await this.#write(added);
    for (const [symbol, own] of Map.groupBy(added, (one) => one.symbol)) {
      await this.#arm(
        symbol,
        own.map(({ positionId, version }) => stopOf(positionId, version, STOP)),
      );
    }
    this.#made = population;
  }

  async #write(positions: readonly Position[]): Promise<void> {
    const { client, name } = this.#table;
    const batches = Array.from({ length: Math.ceil(positions.length / BATCH) }, (_, nth) =>
      positions.slice(nth * BATCH, (nth + 1) * BATCH),
    );
    const write = async (): Promise<void> => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        const puts = batch.map((one) => ({ PutRequest: { Item: positionItem(one, 1) } }));
        const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [name]: puts } }));
        if (Object.keys(answer.UnprocessedItems ?? {}).length > 0) throw new Error('rows were not written');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, write));
  }

  async #arm(symbol: string, levels: readonly Level[]): Promise<void> {
    await this.#index.arm(symbol, levels, [], this.#world.now);
  }

  async #idleRow(positions: number): Promise<IdleRow> {
    const { runs, symbols } = this.#shape;
    const [ticks, sweeps, lists, entries]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let run = 0; run < runs; run += 1) {
      const symbol = symbolOf((run * 7) % symbols);
      ticks.push(await timed(async () => this.#expect(await this.#play(symbol, PRICE + run), 0, 'hits')));
      this.#world.now += 1_000;
      sweeps.push(
        await timed(async () => {
          const second = Math.floor(this.#world.now / 1_000);
          this.#expect(await this.#useCases.sweep({ shard: 0, second }), 'done', 'a sweep');
        }),
      );
      lists.push(
        await timed(async () => {
          const query = { limit: PAGE, cursor: null, status: ['open'] as const };
          const { items } = await this.#table.list(`owner-${run}`, query);
          this.#expect(items.length, WALLET_SHARE, 'positions of a user');
        }),
      );
      this.#world.tick('50000');
      entries.push(await timed(() => this.#enter()));
    }
    const measure = await timed(async () => {
      const measured = await this.#useCases.reconcile.measurePositions();
      if (!measured.isWhole) this.#wrong.push(`${positions} positions were not measured in time`);
    });
    return {
      ...{ positions, wallets: positions / WALLET_SHARE },
      ...{ tick: p50(ticks), sweep: p50(sweeps), list: p50(lists), entry: p50(entries) },
      measure: Math.round(measure),
    };
  }

  /** So many stops on BTC, reached by one tick; until every position is closed. */
  async #burst(like: Position, stops: number): Promise<BurstRow> {
    const own = Array.from({ length: stops }, (_, nth) => copyOf(like, `b${stops}n${nth}`));
    await this.#write(own);
    // Above the market of the others on this symbol, so that these alone are reached.
    const reached = own.map(({ positionId, version }) => stopOf(positionId, version, PRICE - 1_000));
    await this.#arm(BTC, reached);
    this.#world.tick('49900');
    const whole = await timed(async () => {
      this.#expect(await this.#play(BTC, PRICE - 1_000_000), stops, 'stops reached');
      await this.#useCases.evaluateHits(BTC);
      await this.#world.pump();
    });
    let closed = 0;
    for (const { positionId } of own) {
      if ((await this.#table.read(positionId))?.status === 'closed') closed += 1;
    }
    this.#expect(closed, stops, 'positions closed');
    await this.#play(BTC, PRICE);
    return { stops, whole: Math.round(whole), each: Math.round((whole / stops) * 100) / 100 };
  }

  #expect<T>(found: T, wanted: T, what: string): void {
    if (found !== wanted) this.#wrong.push(`${what}: ${String(found)}, not ${String(wanted)}`);
  }
}

const symbolOf = (nth: number): string => `SYM${nth}/USDT`;

/** The same position under another id, as it lies there when nothing is owed. */
const copyOf = (like: Position, name: string): Position => ({
  ...like,
  version: 1,
  positionId: `${like.positionId.slice(0, 8)}${name.padStart(14, '0')}`,
});

const stopOf = (positionId: string, version: number, price: number): Level => ({
  ...{ version, source: 'bid', armedTick: -1, armedAt: 1, kind: 'fixed', direction: 'falls' },
  member: `${positionId}|stop_loss`,
  price: units(price),
});

const ALLOWED = 2;

export function targetsOf({ idle, bursts }: ScaleFigures): readonly Target[] {
  const [few, most] = [idle[0], idle.at(-1)];
  const [small, large] = [bursts[0], bursts.at(-1)];
  if (few === undefined || most === undefined || small === undefined || large === undefined) return [];
  const times = (a: number, b: number): number => Math.round((a / b) * 100) / 100;
  const steps = ['tick', 'sweep', 'list', 'entry'] as const;
  return [
    ...steps.map((step) =>
      atMost(
        `${step}: with ${most.positions} idle positions against ${few.positions}`,
        times(most[step], few[step]),
        ALLOWED,
        'times',
      ),
    ),
    atMost(
      `a stop: of ${large.stops} at once against ${small.stops}`,
      times(large.each, small.each),
      ALLOWED,
      'times',
    ),
  ];
}

export async function benchScale(
  note: (line: string) => void,
  shape: ScaleShape = SCALE,
): Promise<BenchResult> {
  const figures = await measureScale(shape, note);
  const targets = targetsOf(figures);
  const columns = [
    'positions',
    'wallets',
    'tick ms',
    'sweep ms',
    'list of 20 ms',
    'entry ms',
    'look at all ms',
  ];
  const rows = figures.idle.map((row) =>
    [row.positions, row.wallets, row.tick, row.sweep, row.list, row.entry, row.measure].map(String),
  );
  const ends = ['stops at once', 'until all are closed ms', 'each ms'];
  const text = [
    'Idle positions',
    table(columns, rows, columns),
    '',
    'Stops that are reached together',
    table(
      ends,
      figures.bursts.map(({ stops, whole, each }) => [stops, whole, each].map(String)),
      ends,
    ),
    '',
    ...targets.map(targetLine),
  ].join('\n');
  return { document: { ...shape, ...figures, targets }, text, wrong: figures.wrong };
}
