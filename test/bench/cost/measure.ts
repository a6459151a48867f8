/**
 * What each thing that the system does takes of DynamoDB, SQS, Lambda, Valkey and logs: counted on the laptop system, whose
 * functions are the deployed bundles, one part after the other. `npm run cost` multiplies it (infra/cost).
 *
 * Counts are the product's own and do not depend on the machine; milliseconds do, and bills take them only with a margin.
 * Units of reads and writes are those that DynamoDB Local says.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FUNCTION_ENTRIES, STREAMER } from '../../../infra/bundle/entries.ts';
import type { Environment } from '../../../infra/local/functions/environment.ts';
import type { Intercept } from '../../../infra/local/sources/sqs-poller.ts';
import { type RunningSystem, type SystemOptions, startSystem } from '../../../infra/local/system.ts';
import { type ApiClient, createClient } from '../../../shared/client/client.ts';
import type { BodyOf } from '../../../shared/client/contract.ts';
import { FedMarket } from '../fed-market.ts';
import { cacheCount, cacheSince } from './cache-count.ts';
import {
  type CacheCount,
  type Figures,
  figuresOf,
  metricsOf,
  type ProbeLine,
  perOne,
  without,
} from './figures.ts';
import { moveMarket } from './moving-market.ts';
import { StoreProxy } from './store-proxy.ts';

export interface Shape {
  readonly runInSeconds: number;
  /** Of each part without a number of operations: an even number of minutes, for schedules and their sweeps come by the minute. */
  readonly idleSeconds: number;
  /** Of each kind of operation. */
  readonly operations: number;
  /** Open while the part `position_minute` is measured. */
  readonly positions: number;
  readonly ticksPerSecond: number;
}

export const SHAPE: Shape = {
  ...{ runInSeconds: 80, idleSeconds: 120, operations: 20, positions: 100, ticksPerSecond: 10 },
};

export interface Operation extends Figures {
  /** How often it was done, or how long. */
  readonly measured: number;
}

export interface Measurement {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Time of a core of a script, in those of a plain GET: what a script is billed as at least. */
  readonly gets_of_script: number;
  /** Those that are sent although nobody trades. */
  readonly idle_metrics: readonly string[];
  /** By name and dimensions; each is billed for the month in which it was sent once. */
  readonly metrics: readonly string[];
  readonly redis: string;
}

const PRICES = { 'BTC/USDT': '60000', 'ETH/USDT': '3000', 'BNB/USDT': '600', 'SOL/USDT': '150' } as const;
const QUANTITIES = { 'BTC/USDT': '0.01', 'ETH/USDT': '0.1', 'BNB/USDT': '1', 'SOL/USDT': '5' } as const;
type Symbol = keyof typeof PRICES;
const SYMBOLS = Object.keys(PRICES) as Symbol[];
/** Symbol whose stops are reached. */
const FALLING: Symbol = 'SOL/USDT';
const STOPS = { 'BTC/USDT': '50000', 'ETH/USDT': '2500', 'BNB/USDT': '500', 'SOL/USDT': '140' } as const;
const BELOW_STOP = '139';

/** After what was asked for has been answered: streams, arming and telling go on. */
const SETTLE_MS = 3_000;
const READY_MS = 60_000;
const WAIT_SECONDS = 10;
const PROBE = fileURLToPath(new URL('./probe.ts', import.meta.url));

/** @throws when the system does not start, or something of a part did not become so */
export async function measureCost(
  shape: Shape,
  note: (line: string) => void,
  {
    onRights,
    ...more
  }: Pick<SystemOptions, 'assembly' | 'verbose'> & {
    /** Told at the end: which rights on tables (by their names in the code) the processes took. */
    readonly onRights?: (rights: readonly string[]) => void;
  } = {},
): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-cost-'));
  const market = new FedMarket();
  const proxy = new StoreProxy();
  let system: RunningSystem | null = null;
  try {
    const file = join(folder, 'lines.jsonl');
    const environment = await environmentFor(file, proxy);
    const deliveries: Delivery[] = [];
    const intercept: Intercept = (queue) => {
      deliveries.push({ at: Date.now(), queue });
      return 'deliver';
    };
    note('starting the system');
    system = await startSystem({
      ...market.feed,
      ...more,
      environment,
      intercept,
      exchange: 'simulator',
      show: note,
    });
    proxy.open(system.dynamoEndpoint);
    const meter = new Meter(system, proxy, file, deliveries);
    const measured = await new Run(system, market, meter, shape, note).measure();
    // `price-tape` on the laptop is `priceTape` in the code.
    const names = Object.entries(system.tableNames).map(
      ([short, full]) => [short.replace(/-(\w)/g, (_, first: string) => first.toUpperCase()), full] as const,
    );
    onRights?.(
      [...proxy.rights].map((right) =>
        names.reduce(
          (text, [short, full]) => text.replaceAll(new RegExp(` ${full}(?=$|/)`, 'g'), ` ${short}`),
          right,
        ),
      ),
    );
    return measured;
  } finally {
    await market.close();
    await system?.stop();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Delivery {
  readonly at: number;
  readonly queue: string;
}

async function environmentFor(file: string, proxy: StoreProxy): Promise<Record<string, Environment>> {
  const names = [...Object.keys(FUNCTION_ENTRIES), STREAMER];
  const own = names.map(
    async (name) =>
      [
        name,
        {
          NODE_OPTIONS: `--enable-source-maps --import=${PROBE}`,
          MONIQO_COST_FILE: file,
          MONIQO_COST_NAME: name,
          AWS_ENDPOINT_URL_DYNAMODB: await proxy.addressFor(name),
        },
      ] as const,
  );
  return Object.fromEntries(await Promise.all(own));
}

interface Mark {
  readonly at: number;
  readonly cache: CacheCount;
}

/** Counts everything between two marks. */
class Meter {
  readonly #system: RunningSystem;
  readonly #proxy: StoreProxy;
  readonly #file: string;
  readonly #deliveries: readonly Delivery[];
  readonly #tables: ReadonlyMap<string, string>;

  constructor(system: RunningSystem, proxy: StoreProxy, file: string, deliveries: readonly Delivery[]) {
    this.#system = system;
    this.#proxy = proxy;
    this.#file = file;
    this.#deliveries = deliveries;
    this.#tables = new Map(Object.entries(system.tableNames).map(([short, name]) => [name, short]));
  }

  async mark(): Promise<Mark> {
    return { at: Date.now(), cache: await cacheCount(this.#system.valkeyUrl) };
  }

  lines(): readonly ProbeLine[] {
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ProbeLine);
  }

  between(from: Mark, to: Mark, per: number): Figures {
    const isIn = ({ at }: { readonly at: number }): boolean => at >= from.at && at < to.at;
    const delivered = Object.groupBy(this.#deliveries.filter(isIn), ({ queue }) => queue);
    const store = this.#proxy.calls.filter(isIn).map((call) => ({
      ...call,
      units: call.units.map((units) => ({ ...units, table: this.#tables.get(units.table) ?? units.table })),
    }));
    return figuresOf(
      {
        store,
        lines: this.lines().filter(isIn),
        cache: cacheSince(from.cache, to.cache),
        delivered: Object.fromEntries(
          Object.entries(delivered).map(([queue, list]) => [queue, list?.length ?? 0]),
        ),
      },
      per,
    );
  }
}

class Run {
  readonly #system: RunningSystem;
  readonly #market: FedMarket;
  readonly #meter: Meter;
  readonly #shape: Shape;
  readonly #note: (line: string) => void;
  readonly #client: ApiClient;
  readonly #done: Record<string, Operation> = {};
  #wallet = '';

  constructor(
    system: RunningSystem,
    market: FedMarket,
    meter: Meter,
    shape: Shape,
    note: (line: string) => void,
  ) {
    this.#system = system;
    this.#market = market;
    this.#meter = meter;
    this.#shape = shape;
    this.#note = note;
    this.#client = createClient({ api: system.api, token: system.token, timeoutMs: 30_000 });
  }

  async measure(): Promise<Measurement> {
    // By then each minute's sweeps overlap those of the minute before, as they always do; and what is read at the start is read.
    await sleep(this.#shape.runInSeconds * 1_000);
    const first = await this.#meter.mark();
    const idle = await this.#idle();
    const idleMetrics = metricsOf(this.#meter.lines().flatMap((line) => line.emf));
    await this.#market.open(PRICES);
    await this.#until('prices', async () => {
      const { items } = await this.#client.call('listPrices', { query: { symbols: SYMBOLS } });
      return items.length === SYMBOLS.length;
    });
    const quiet = await this.#quiet(idle);
    await this.#ticks(quiet);
    const { wallet_id } = await this.#client.call('createWallet', {
      body: { name: 'cost', type: 'demo', starting_balances: { USDT: '10000000' } },
    });
    this.#wallet = wallet_id;
    const opened = await this.#entries(quiet);
    await this.#held(quiet, opened.length);
    await this.#reads(quiet, opened);
    await this.#changes(quiet, opened);
    await this.#exits(quiet, opened);
    await this.#exchange(quiet);
    const last = await this.#meter.mark();
    const cache = cacheSince(first.cache, last.cache);
    const emf = this.#meter.lines().flatMap((line) => line.emf);
    return {
      operations: this.#done,
      gets_of_script: Number(
        (cache.scriptUsec / cache.scripts / (cache.plainUsec / cache.plain)).toPrecision(3),
      ),
      idle_metrics: idleMetrics,
      metrics: metricsOf(emf),
      redis: this.#system.redisKind,
    };
  }

  /** A part in time: what a minute of it takes. */
  async #minutes(name: string, seconds: number, work: () => Promise<unknown>): Promise<Figures> {
    this.#note(`${name} ...`);
    const from = await this.#meter.mark();
    await work();
    const to = await this.#meter.mark();
    const minutes = (to.at - from.at) / 60_000;
    if (minutes < seconds / 60) throw new Error(`${name} ended early`);
    return this.#meter.between(from, to, minutes);
  }

  /** A part of so many operations: what one takes, beside what goes on anyway. */
  async #each(name: string, count: number, idle: Figures, work: () => Promise<unknown>): Promise<void> {
    this.#note(`${name}, ${count} times ...`);
    const from = await this.#meter.mark();
    await work();
    await sleep(SETTLE_MS);
    const to = await this.#meter.mark();
    const minutes = (to.at - from.at) / 60_000;
    const figures = without(this.#meter.between(from, to, count), idle, minutes / count);
    this.#done[name] = { measured: count, ...figures };
  }

  async #idle(): Promise<Figures> {
    const { idleSeconds } = this.#shape;
    const idle = await this.#minutes('idle_minute', idleSeconds, () => sleep(idleSeconds * 1_000));
    this.#done['idle_minute'] = { measured: idleSeconds / 60, ...idle };
    return idle;
  }

  /** The market of the bench repeats its prices: what goes on beside every later part. */
  async #quiet(idle: Figures): Promise<Figures> {
    const seconds = this.#shape.idleSeconds / 2;
    const quiet = await this.#minutes('followed_symbol_minute', seconds, () => sleep(seconds * 1_000));
    const beside = without(quiet, idle, 1);
    this.#done['followed_symbol_minute'] = { measured: seconds / 60, ...perOne(beside, SYMBOLS.length) };
    return quiet;
  }

  async #ticks(quiet: Figures): Promise<void> {
    const seconds = this.#shape.idleSeconds / 2;
    let ticks = 0;
    const moving = await this.#minutes('tick', seconds, async () => {
      const perSecond = this.#shape.ticksPerSecond;
      ticks = await moveMarket(this.#market, PRICES, { perSecond, seconds });
    });
    const perMinute = (ticks * 60) / seconds;
    this.#done['tick'] = { measured: ticks, ...perOne(without(moving, quiet, 1), perMinute) };
  }

  #order(symbol: Symbol): BodyOf<'createOrder'> {
    return {
      wallet_id: this.#wallet,
      symbol,
      side: 'buy',
      type: 'market',
      quantity: QUANTITIES[symbol],
      protection: { stop_loss: STOPS[symbol] },
    };
  }

  async #open(symbol: Symbol): Promise<Opened> {
    const order = await this.#client.call('createOrder', {
      body: this.#order(symbol),
      waitSeconds: WAIT_SECONDS,
    });
    const positionId = order.position_id ?? '';
    const params = { position_id: positionId };
    await this.#until(`position ${positionId} armed`, async () => {
      const { status, risk_management } = await this.#client.call('getPosition', { params });
      return status === 'open' && risk_management.armed;
    });
    return { positionId, orderId: order.order_id, symbol };
  }

  /** The looks at the position until it is armed are left out of it: they are reads of ours, counted apart. */
  async #entries(quiet: Figures): Promise<readonly Opened[]> {
    const { operations, positions } = this.#shape;
    const opened: Opened[] = [];
    await this.#each('entry', operations, quiet, async () => {
      for (let nth = 0; nth < operations; nth += 1) {
        const symbol = SYMBOLS[nth % SYMBOLS.length] ?? FALLING;
        const order = await this.#client.call('createOrder', {
          body: this.#order(symbol),
          waitSeconds: WAIT_SECONDS,
        });
        if (order.status !== 'filled') throw new Error(`an entry is ${order.status}`);
        opened.push({ positionId: order.position_id ?? '', orderId: order.order_id, symbol });
      }
    });
    while (opened.length < positions) opened.push(await this.#open(SYMBOLS[opened.length % 4] ?? FALLING));
    return opened;
  }

  async #held(quiet: Figures, count: number): Promise<void> {
    const seconds = this.#shape.idleSeconds;
    // What follows an entry by itself has followed by then.
    await sleep(this.#shape.runInSeconds * 1_000);
    const held = await this.#minutes('position_minute', seconds, () => sleep(seconds * 1_000));
    this.#done['position_minute'] = { measured: count, ...perOne(without(held, quiet, 1), count) };
  }

  async #reads(quiet: Figures, opened: readonly Opened[]): Promise<void> {
    const { operations } = this.#shape;
    const times = async (name: string, read: (one: Opened) => Promise<unknown>): Promise<void> =>
      this.#each(name, operations, quiet, async () => {
        for (let nth = 0; nth < operations; nth += 1) {
          const one = opened[nth % opened.length];
          if (one !== undefined) await read(one);
        }
      });
    const client = this.#client;
    await times('read_position', ({ positionId }) =>
      client.call('getPosition', { params: { position_id: positionId } }),
    );
    await times('list_20_positions', () => client.call('listPositions', { query: { limit: 20 } }));
    await times('read_order', ({ orderId }) => client.call('getOrder', { params: { order_id: orderId } }));
    await times('read_prices', () => client.call('listPrices', { query: { symbols: SYMBOLS } }));
    await times('read_balances', () => client.call('getBalances', { params: { wallet_id: this.#wallet } }));
  }

  async #changes(quiet: Figures, opened: readonly Opened[]): Promise<void> {
    const { operations } = this.#shape;
    const some = opened.filter(({ symbol }) => symbol !== FALLING).slice(0, operations);
    await this.#each('change_protection', some.length, quiet, async () => {
      for (const { positionId: position_id, symbol } of some) {
        const stop_loss = (Number.parseInt(STOPS[symbol], 10) + 1).toFixed(0); // not money: another level
        await this.#client.call('changeProtection', { params: { position_id }, body: { stop_loss } });
      }
    });
    await this.#each('limit_order_and_cancel', operations, quiet, async () => {
      for (let nth = 0; nth < operations; nth += 1) {
        const order = await this.#client.call('createOrder', {
          body: {
            wallet_id: this.#wallet,
            ...{ symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '0.01', limit_price: '30000' },
          },
          waitSeconds: WAIT_SECONDS,
        });
        const params = { order_id: order.order_id };
        await this.#client.call('cancelOrder', { params, body: {}, waitSeconds: WAIT_SECONDS });
      }
    });
  }

  async #exits(quiet: Figures, opened: readonly Opened[]): Promise<void> {
    const falling = opened.filter(({ symbol }) => symbol === FALLING);
    await this.#each('stopped_out', falling.length, quiet, async () => {
      await this.#market.tick(FALLING, BELOW_STOP);
      await this.#until('stops', async () => {
        const { items } = await this.#client.call('listPositions', {
          query: { symbol: FALLING, status: ['open', 'closing'], limit: 1 },
        });
        return items.length === 0;
      });
    });
    await this.#market.tick(FALLING, PRICES[FALLING]);
    const others = opened.filter(({ symbol }) => symbol !== FALLING).slice(0, this.#shape.operations);
    await this.#each('closed_by_hand', others.length, quiet, async () => {
      for (const { positionId: position_id } of others) {
        const call = { params: { position_id }, body: {}, waitSeconds: WAIT_SECONDS };
        await this.#client.call('closePosition', call);
      }
    });
  }

  /** At the exchange's simulator: an entry and its close, and a comparison of the wallet. */
  async #exchange(quiet: Figures): Promise<void> {
    const account = this.#system.simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
    if (account === undefined) throw new Error('the simulator has no account');
    const { wallet_id } = await this.#client.call('createWallet', {
      body: { type: 'binance', name: 'cost', api_key: account.apiKey, secret_key: account.secret },
      waitSeconds: WAIT_SECONDS,
    });
    await this.#until('the wallet', async () => {
      const wallet = await this.#client.call('getWallet', { params: { wallet_id } });
      return wallet.status === 'active' && wallet.stream?.subscribed_since != null;
    });
    this.#wallet = wallet_id;
    const count = Math.ceil(this.#shape.operations / 2);
    await this.#each('exchange_round_trip', count, quiet, async () => {
      for (let nth = 0; nth < count; nth += 1) {
        const order = await this.#client.call('createOrder', {
          body: this.#order('ETH/USDT'),
          waitSeconds: WAIT_SECONDS,
        });
        const params = { position_id: order.position_id ?? '' };
        await this.#client.call('closePosition', { params, body: {}, waitSeconds: WAIT_SECONDS });
      }
    });
    await this.#each('comparison', count, quiet, async () => {
      for (let nth = 0; nth < count; nth += 1) {
        const params = { wallet_id };
        await this.#client.call('reconcileWallet', { params, body: {}, waitSeconds: WAIT_SECONDS });
      }
    });
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`${what}: not within ${READY_MS / 1_000} s`);
      await sleep(100);
    }
  }
}

interface Opened {
  readonly positionId: string;
  readonly orderId: string;
  readonly symbol: Symbol;
}
