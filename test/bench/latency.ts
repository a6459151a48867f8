/**
 * Tick to exit order on the wire, on the laptop system (design section 22): the price falls level by level, each
 * tick reaches one position's stop, and each exit order tells when its tick came in and when it went out.
 *
 * An order's `sent_at` is noted in its claim, which has to be durable before the first byte leaves. What is held
 * against the targets is therefore the time at which the venue took the order: a little later than the wire.
 * Two runs: with wake-ups, and by sweeps alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ApiClient,
  createApiClient,
  OrderAnswer,
  PositionAnswer,
  PricesAnswer,
  page,
  WalletAnswer,
} from '../../infra/local/demo/api-client.ts';
import { table } from '../../infra/local/demo/table.ts';
import { type RunningSystem, startSystem } from '../../infra/local/system.ts';
import { type Decimal, decimal, decimalText } from '../../shared/domain/money/decimal.ts';
import { FedMarket } from './fed-market.ts';
import { atMost, type BenchResult, type Distribution, distribution, targetLine } from './report.ts';

interface Traded {
  readonly symbol: string;
  readonly price: Decimal;
  readonly quantity: string;
}

const TRADED: readonly Traded[] = [
  { symbol: 'BTC/USDT', price: decimal('50000'), quantity: '0.0002' },
  { symbol: 'ETH/USDT', price: decimal('2500'), quantity: '0.004' },
  { symbol: 'BNB/USDT', price: decimal('600'), quantity: '0.02' },
  { symbol: 'SOL/USDT', price: decimal('150'), quantity: '0.1' },
];
const LEVEL_STEP = decimal('0.1');
const HALF_STEP = decimal('0.05');

const OPENED_AT_ONCE = 4;
const READY_WITHIN_MS = 20_000;
const CLOSED_WITHIN_MS = 30_000;

export interface Mode {
  readonly name: 'wake-up' | 'sweep only';
  readonly exits: number;
  /** Between two exits; spread, so that they meet sweeps and batches at every phase. */
  readonly gapMs: { readonly from: number; readonly to: number };
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const WAKE_UP: Mode = {
  name: 'wake-up',
  exits: 220,
  gapMs: { from: 60, to: 140 },
  environment: {},
};

export const SWEEP_ONLY: Mode = {
  name: 'sweep only',
  exits: 24,
  gapMs: { from: 500, to: 1_100 },
  environment: { '*': { MONIQO_WAKE_UPS: 'off' } },
};

/** A stop to be reached: the n-th level below the symbol's price. */
interface Stop {
  readonly traded: Traded;
  readonly level: Decimal;
}

const stopsOf = (count: number): readonly Stop[] =>
  Array.from({ length: count }, (_, at) => {
    const traded = TRADED[at % TRADED.length];
    if (traded === undefined) throw new Error('nothing to trade');
    const depth = Math.floor(at / TRADED.length) + 1;
    return { traded, level: traded.price.minus(LEVEL_STEP.times(depth)) };
  });

async function openPositions(client: ApiClient, stops: readonly Stop[]): Promise<string> {
  const { wallet_id: walletId } = await client.call(WalletAnswer, '/wallets', {
    method: 'POST',
    body: { name: 'bench', type: 'demo', starting_balances: { USDT: '1000000' } },
    key: 'bench-wallet',
  });
  const left = stops.map((stop, at) => ({ stop, at }));
  const open = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { stop, at } = next;
      const order = await client.call(OrderAnswer, '/orders', {
        method: 'POST',
        body: {
          wallet_id: walletId,
          symbol: stop.traded.symbol,
          side: 'buy',
          type: 'market',
          quantity: stop.traded.quantity,
          client_order_id: `bench-${at}`,
          protection: { stop_loss: decimalText(stop.level) },
        },
        waitSeconds: 10,
      });
      if (order.status !== 'filled') throw new Error(`entry ${at} is ${order.status}, not filled`);
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open));
  return walletId;
}

async function every<T extends { readonly items: readonly unknown[]; readonly next_cursor: string | null }>(
  read: (query: URLSearchParams) => Promise<T>,
  walletId: string,
): Promise<readonly T['items'][number][]> {
  const items: T['items'][number][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({
      wallet_id: walletId,
      limit: '200',
      ...(cursor !== '' && { cursor }),
    });
    const found: T = await read(query);
    items.push(...found.items);
    cursor = found.next_cursor;
  }
  return items;
}

const positionsOf = (client: ApiClient, walletId: string) =>
  every((query) => client.call(page(PositionAnswer), `/positions?${query}`), walletId);

const ordersOf = (client: ApiClient, walletId: string) =>
  every((query) => client.call(page(OrderAnswer), `/orders?${query}`), walletId);

async function until(what: string, withinMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(100);
  }
}

/** The price of each symbol falls through its levels, one at a time, with ticks between that reach none. */
async function fall(market: FedMarket, stops: readonly Stop[], { from, to }: Mode['gapMs']): Promise<void> {
  for (const [at, { traded, level }] of stops.entries()) {
    const gap = from + ((at * 37) % (to - from + 1));
    await sleep(gap / 2);
    await market.tick(traded.symbol, decimalText(level.plus(HALF_STEP)));
    await sleep(gap / 2);
    await market.tick(traded.symbol, decimalText(level));
  }
}

export interface Measured {
  readonly mode: Mode['name'];
  /** Tick received -> taken by the venue. */
  readonly tickToWireMs: Distribution;
  /** Tick received -> hit decided by evaluate -> taken up and claimed by exits -> taken by the venue. */
  readonly parts: {
    readonly tick_to_decided: Distribution;
    readonly decided_to_claimed: Distribution;
    readonly claimed_to_venue: Distribution;
  };
  readonly openedInMs: number;
  readonly wrong: readonly string[];
}

const at = (instant: string | null): number => (instant === null ? Number.NaN : Date.parse(instant));

function measure(
  mode: Mode,
  stops: readonly Stop[],
  orders: readonly OrderAnswer[],
  openedInMs: number,
): Measured {
  const exits = orders.filter((order) => order.role === 'exit');
  const byPosition = Map.groupBy(exits, (order) => order.position_id);
  const entries = orders.filter((order) => order.role === 'entry');
  const wrong = [
    ...(entries.length === stops.length ? [] : [`${entries.length} entries instead of ${stops.length}`]),
    ...entries.flatMap(({ position_id: id }) => {
      const count = byPosition.get(id)?.length ?? 0;
      return count === 1 ? [] : [`position ${id} has ${count} exit orders`];
    }),
    ...exits.flatMap(({ order_id: id, exit, status }) => {
      const trigger = exit?.trigger ?? null;
      if (trigger === null || trigger.cause !== 'tick') return [`exit ${id} was not made by a tick`];
      return status === 'filled' && trigger.price === trigger.level
        ? []
        : [`exit ${id} is not as it must be`];
    }),
    ...exits.flatMap((order) =>
      order.timings.tick_at === null || order.timings.accepted_at === null
        ? [`exit ${order.order_id} never reached the venue`]
        : [],
    ),
  ];
  const spans = (from: (order: OrderAnswer) => number, to: (order: OrderAnswer) => number): Distribution =>
    distribution(exits.map((order) => to(order) - from(order)).filter(Number.isFinite));
  return {
    mode: mode.name,
    tickToWireMs: spans(
      (o) => at(o.timings.tick_at),
      (o) => at(o.timings.accepted_at),
    ),
    parts: {
      tick_to_decided: spans(
        (o) => at(o.timings.tick_at),
        (o) => at(o.timings.created_at),
      ),
      decided_to_claimed: spans(
        (o) => at(o.timings.created_at),
        (o) => at(o.timings.claimed_at),
      ),
      claimed_to_venue: spans(
        (o) => at(o.timings.claimed_at),
        (o) => at(o.timings.accepted_at),
      ),
    },
    openedInMs,
    wrong,
  };
}

async function trade(
  system: RunningSystem,
  market: FedMarket,
  mode: Mode,
  note: (line: string) => void,
): Promise<Measured> {
  const client = createApiClient(system.api, system.token);
  const stops = stopsOf(mode.exits);
  await market.open(Object.fromEntries(TRADED.map(({ symbol, price }) => [symbol, decimalText(price)])));
  const symbols = encodeURIComponent(TRADED.map(({ symbol }) => symbol).join(','));
  await until('a price of every symbol', READY_WITHIN_MS, async () => {
    const { items } = await client.call(PricesAnswer, `/prices?symbols=${symbols}`);
    return items.length === TRADED.length;
  });
  const since = performance.now();
  const walletId = await openPositions(client, stops);
  await until('every stop armed', READY_WITHIN_MS, async () => {
    const positions = await positionsOf(client, walletId);
    return positions.length === stops.length && positions.every((one) => one.risk_management.armed);
  });
  const openedInMs = Math.round(performance.now() - since);
  note(`${mode.name}: ${stops.length} positions open and armed in ${openedInMs} ms; the price falls`);
  await fall(market, stops, mode.gapMs);
  await until('every position closed', CLOSED_WITHIN_MS, async () =>
    (await positionsOf(client, walletId)).every((one) => one.status === 'closed'),
  ).catch((error: unknown) => note(String(error)));
  return measure(mode, stops, await ordersOf(client, walletId), openedInMs);
}

/** One run of its own system. */
export async function runMode(
  mode: Mode,
  note: (line: string) => void,
  verbose = false,
): Promise<Measured & { redis: string }> {
  const market = new FedMarket();
  let system: RunningSystem | null = null;
  try {
    note(`${mode.name}: starting the system`);
    system = await startSystem({
      ...market.feed,
      lasting: true,
      environment: mode.environment,
      show: note,
      verbose,
    });
    return { ...(await trade(system, market, mode, note)), redis: system.redisKind };
  } finally {
    await market.close();
    await system?.stop();
  }
}

export async function benchLatency(
  note: (line: string) => void,
  verbose: boolean,
): Promise<BenchResult & { redis: string }> {
  const wakeUp = await runMode(WAKE_UP, note, verbose);
  const sweep = await runMode(SWEEP_ONLY, note, verbose);
  const targets = [
    atMost('tick to wire by wake-up, p50', wakeUp.tickToWireMs.p50, 50, 'ms'),
    atMost('tick to wire by wake-up, p99', wakeUp.tickToWireMs.p99, 150, 'ms'),
    atMost('tick to wire by sweeps alone, slowest', sweep.tickToWireMs.max, 1_500, 'ms'),
  ];
  const runs = [wakeUp, sweep];
  const wrong = runs.flatMap((run) => run.wrong.map((text) => `${run.mode}: ${text}`));
  const document = {
    runs: runs.map(({ mode, tickToWireMs, parts, openedInMs }) => ({
      mode,
      tick_to_wire_ms: tickToWireMs,
      parts_ms: parts,
      opened_in_ms: openedInMs,
    })),
    targets,
    wrong,
  };
  return { document, text: textOf(runs, targets.map(targetLine)), wrong, redis: wakeUp.redis };
}

function textOf(runs: readonly Measured[], targets: readonly string[]): string {
  const row = (mode: string, part: string, d: Distribution): readonly string[] => [
    mode,
    part,
    ...[d.count, d.p50, d.p90, d.p99, d.max].map(String),
  ];
  const rows = runs.flatMap(({ mode, tickToWireMs, parts }) => [
    row(mode, 'tick to wire', tickToWireMs),
    row('', '  tick to decided', parts.tick_to_decided),
    row('', '  decided to claimed', parts.decided_to_claimed),
    row('', '  claimed to venue', parts.claimed_to_venue),
  ]);
  const columns = ['exits', 'p50', 'p90', 'p99', 'max'];
  return [table(['run', 'ms', ...columns], rows, columns), '', ...targets].join('\n');
}
