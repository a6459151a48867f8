/**
 * applyExecution on DynamoDB Local: real use cases and the real ledger; prices, queues and the trigger index are in
 * memory. Every call of the database is counted and timed, so that what is left is our own.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLedger } from '../../shared/adapters/dynamodb/ledger.ts';
import { createWalletStore } from '../../shared/adapters/dynamodb/wallet-store.ts';
import { type Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import type { Fill, Order } from '../../shared/domain/types.ts';
import type { Ledger } from '../../shared/ports/ledger.ts';
import { startDynamoDb } from '../support/dynamodb.ts';
import { World } from '../support/fakes/world.ts';
import { newsOf, quantityOf, trades } from '../support/many-fills.ts';
import { makeUseCases, type UseCases } from '../support/use-cases.ts';

export interface Sizes {
  /** Fills of the one order, each in a report of its own. */
  readonly fills: number;
  readonly orders: number;
  readonly fillsEach: number;
  /** Reports that are worked side by side, each of another order. */
  readonly atOnce: number;
  /** Fills of one report of a query. */
  readonly report: number;
  /** Fills of an order that has so many already, each followed by one of a young order. */
  readonly pairs: number;
}

export interface Reported {
  /** Of each report, in ms. */
  readonly latencies: readonly number[];
  /** Calls of the database for each report; where reports are worked side by side, of all that went on meanwhile. */
  readonly calls: readonly number[];
  readonly allCalls: number;
  readonly seconds: number;
  /** Time of a core that this process used, its client of the database included: other work on the machine hardly shows. */
  readonly cpuSeconds: number;
  /** Part of the time that was not spent in calls of the database; null where calls overlap. */
  readonly ownShare: number | null;
}

export interface ExecutionFigures {
  readonly oneOrder: Reported;
  readonly manyOrders: Reported;
  /** In turns, so that both meet the same machine. */
  readonly inTurns: { readonly old: readonly number[]; readonly young: readonly number[] };
  /** A query's report of which this share was booked before. */
  readonly queries: readonly { readonly booked: 'none' | 'half' | 'all'; readonly report: Reported }[];
  readonly wrong: readonly string[];
}

interface Meter {
  calls: number;
  millis: number;
}

function metered(client: DynamoDBClient): Meter {
  const meter: Meter = { calls: 0, millis: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      const since = performance.now();
      try {
        return await next(args);
      } finally {
        meter.calls += 1;
        meter.millis += performance.now() - since;
      }
    },
    { step: 'initialize', name: 'meter' },
  );
  return meter;
}

type Tables = Readonly<Record<'orders' | 'positions' | 'wallets', string>>;

class Bench {
  readonly world = new World({ exchange: {} });
  readonly ledger: Ledger;
  readonly wrong: string[] = [];
  private readonly useCases: UseCases;
  private readonly meter: Meter;
  private orders = 0;

  /** The wallet is in the database too: an entry's claim asks it. */
  static async open(client: DynamoDBClient, tables: Tables): Promise<Bench> {
    const bench = new Bench(client, tables);
    const wallets = createWalletStore({ client, walletsTable: tables.wallets });
    for (const wallet of bench.world.wallets.items.values()) await wallets.create(wallet);
    return bench;
  }

  private constructor(client: DynamoDBClient, tables: Tables) {
    this.meter = metered(client);
    this.ledger = createLedger({
      client,
      ordersTable: tables.orders,
      positionsTable: tables.positions,
      walletsTable: tables.wallets,
      sweepShards: 1,
    });
    this.useCases = makeUseCases({ ...this.world.ports, ledger: this.ledger }, { monitorEnabled: true });
    this.world.workers = this.useCases;
    this.world.tick('50000');
  }

  /** Protected, and resting at the exchange. */
  async order(quantity: Decimal): Promise<Order> {
    this.orders += 1;
    const protection = { stopLoss: { price: decimal('45000') } };
    const placed = await this.useCases.placeOrder(
      this.world.command({
        type: 'limit',
        limitPrice: decimal('49000'),
        quantity,
        protection,
        idempotencyKey: `bench-${this.orders}`,
      }),
    );
    if (!placed.ok) throw new Error(`${placed.error.code}: ${placed.error.message}`);
    await this.world.pump();
    return placed.value.order;
  }

  /** Applies these, `atOnce` side by side where they are of different orders. */
  async apply(lanes: readonly (readonly Parameters<UseCases['applyExecution']>[0][])[]): Promise<Reported> {
    const latencies: number[] = [];
    const calls: number[] = [];
    const before = { ...this.meter };
    const cpuBefore = process.cpuUsage();
    const since = performance.now();
    const work = async (reports: (typeof lanes)[number]): Promise<void> => {
      for (const report of reports) {
        const [callsBefore, started] = [this.meter.calls, performance.now()];
        await this.useCases.applyExecution(report);
        latencies.push(performance.now() - started);
        calls.push(this.meter.calls - callsBefore);
      }
    };
    await Promise.all(lanes.map(work));
    const millis = performance.now() - since;
    const ownShare = lanes.length > 1 ? null : 1 - (this.meter.millis - before.millis) / millis;
    const { user, system } = process.cpuUsage(cpuBefore);
    const allCalls = this.meter.calls - before.calls;
    const cpuSeconds = (user + system) / 1e6;
    return { latencies, calls, allCalls, seconds: millis / 1000, cpuSeconds, ownShare };
  }

  /** Fills of an order with many and of one with few, in turns. */
  async turns(many: number, pairs: number): Promise<ExecutionFigures['inTurns']> {
    const old = trades(many + pairs);
    const young = trades(pairs);
    const oldOrder = await this.order(quantityOf(old));
    const youngOrder = await this.order(quantityOf(young));
    await this.apply([[newsOf(oldOrder, old.slice(0, many))]]);
    const [olds, youngs] = [streamOf(oldOrder, old).slice(many), streamOf(youngOrder, young)];
    const times: { old: number[]; young: number[] } = { old: [], young: [] };
    for (const [n, report] of olds.entries()) {
      times.old.push(...(await this.apply([[report]])).latencies);
      times.young.push(...(await this.apply([youngs.slice(n, n + 1)])).latencies);
    }
    await this.check(oldOrder, old);
    await this.check(youngOrder, young);
    return times;
  }

  /** The order, its fills and its position are what its trades add up to. */
  async check(order: Order, fills: readonly Fill[]): Promise<void> {
    const [now, booked, position] = await Promise.all([
      this.ledger.order(order.orderId),
      this.ledger.fills(order.orderId),
      this.ledger.position(order.positionId),
    ]);
    const found = `${now?.fillCount} counted, ${booked.length} stored, ${now?.filledQuantity} filled, ${position?.quantity} held, ${now?.status}`;
    const total = quantityOf(fills).toFixed();
    const wanted = `${fills.length} counted, ${fills.length} stored, ${total} filled, ${total} held, filled`;
    if (found !== wanted) this.wrong.push(`${order.orderId}: ${found}; expected ${wanted}`);
    const errors = this.world.errors();
    if (errors.length > 0) this.wrong.push(`alarms: ${[...new Set(errors)].join(', ')}`);
  }
}

/** One report per trade, as the user stream tells them. */
function streamOf(order: Order, fills: readonly Fill[]) {
  let cumulativeQuantity = decimal('0');
  return fills.map((fill, n) => {
    cumulativeQuantity = cumulativeQuantity.plus(fill.quantity);
    const status = n === fills.length - 1 ? 'filled' : 'partially_filled';
    return newsOf(order, [fill], { source: 'stream', status, cumulativeQuantity });
  });
}

export async function runExecutions(
  { fills, orders, fillsEach, atOnce, report, pairs }: Sizes,
  note: (line: string) => void,
): Promise<ExecutionFigures> {
  const db = await startDynamoDb();
  // Patient: a machine with other work shows in the figures, not in an error.
  const client = createDynamoClient({
    ...{ endpoint: db.endpoint, region: 'local', requestTimeoutMs: 30_000 },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const bench = await Bench.open(client, await db.createTables());
    note('warming up');
    const warm = await bench.order(quantityOf(trades(100)));
    await bench.apply([streamOf(warm, trades(100))]);

    note(`one order, ${fills} fills`);
    const all = trades(fills);
    const one = await bench.order(quantityOf(all));
    const oneOrder = await bench.apply([streamOf(one, all)]);
    await bench.check(one, all);

    note(`${orders} orders of ${fillsEach} fills, ${atOnce} at once`);
    const few = trades(fillsEach);
    const made: Order[] = [];
    for (let n = 0; n < orders; n += 1) made.push(await bench.order(quantityOf(few)));
    const lanes = Array.from({ length: atOnce }, (_, lane) =>
      made.filter((_order, n) => n % atOnce === lane).flatMap((order) => streamOf(order, few)),
    );
    const manyOrders = await bench.apply(lanes);
    for (const order of made) await bench.check(order, few);

    const queries: ExecutionFigures['queries'][number][] = [];
    for (const booked of ['none', 'half', 'all'] as const) {
      note(`a query's report of ${report} fills, ${booked} booked`);
      const told = trades(report);
      const order = await bench.order(quantityOf(told));
      const known = { none: [], half: told.filter((_, n) => n % 2 === 0), all: told }[booked];
      if (known.length > 0) {
        await bench.apply([
          [newsOf(order, known, { status: booked === 'all' ? 'filled' : 'partially_filled' })],
        ]);
      }
      queries.push({ booked, report: await bench.apply([[newsOf(order, told, { status: 'filled' })]]) });
      await bench.check(order, told);
    }
    note(`an order of ${report} fills and a young one in turns, ${pairs} fills each`);
    const inTurns = await bench.turns(report, pairs);
    return { oneOrder, manyOrders, inTurns, queries, wrong: bench.wrong };
  } finally {
    client.destroy();
    await db.stop();
  }
}
