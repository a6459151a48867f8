/**
 * Placing an order at an exchange (design section 22), on the laptop system with the Binance simulator: from the HTTP
 * request to its answer, and to the moment at which the exchange took the order, through API, submit queue and REST.
 *
 * One order at a time. The simulator counts as the exchange does (100 unfilled orders in 10 s, 90 of them for entries): market orders are
 * filled at once and give their count back, resting ones are paced below the limit. Nothing is left out of the figures,
 * the first order of a cold system neither; it is shown by itself too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import {
  type ApiClient,
  ApiError,
  createApiClient,
  OrderAnswer,
  SymbolsAnswer,
  WalletAnswer,
} from '../../infra/local/demo/api-client.ts';
import { table } from '../../infra/local/demo/table.ts';
import { type RunningSystem, startSystem } from '../../infra/local/system.ts';
import { FedMarket } from './fed-market.ts';
import { atMost, type BenchResult, type Distribution, distribution, targetLine } from './report.ts';

const READY_WITHIN_MS = 30_000;
const SYMBOL = 'BTC/USDT';
const VENUE_SYMBOL = 'BTCUSDT';
const PRICE = '50000';

export interface Mode {
  readonly name: string;
  readonly orders: number;
  readonly order: Readonly<Record<string, string>>;
  /** How the answer has to say that the exchange has the order. */
  readonly status: string;
  /** From one answer to the next request; spread, so that they meet pollers at every phase. */
  readonly gapMs: { readonly from: number; readonly to: number };
}

export const MARKET: Mode = {
  name: 'market, filled',
  orders: 200,
  order: { type: 'market', quantity: '0.0004' },
  status: 'filled',
  gapMs: { from: 20, to: 100 },
};

/** Each counts as unfilled: 44 in 10 s at most. */
export const RESTING: Mode = {
  name: 'limit, resting',
  orders: 100,
  order: { type: 'limit', quantity: '0.0004', limit_price: '40000' },
  status: 'open',
  gapMs: { from: 230, to: 310 },
};

const PlacedAnswer = OrderAnswer.extend({
  external_order_id: z.string().nullable(),
});
const ActiveWallet = WalletAnswer.extend({ status: z.string() });
const Books = z.object({ orders: z.array(z.object({ orderId: z.number(), time: z.number() })) });

interface Placed {
  readonly order: z.infer<typeof PlacedAnswer>;
  readonly requestedAt: number;
  readonly answeredInMs: number;
}

export interface Measured {
  readonly mode: string;
  readonly answerMs: Distribution;
  readonly acceptedMs: Distribution;
  readonly firstAnswerMs: number;
  readonly parts: Readonly<Record<string, Distribution>>;
  readonly wrong: readonly string[];
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${READY_WITHIN_MS / 1000} s`);
    await sleep(50);
  }
}

/** A wallet whose keys were found good, the trading rules read, the market at its price on both sides. */
async function prepare(system: RunningSystem, market: FedMarket, client: ApiClient): Promise<string> {
  const { simulator } = system;
  const key = simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
  if (simulator === null || key === undefined) throw new Error('no simulator, or no key of it');
  await market.open({ [SYMBOL]: PRICE });
  const { wallet_id: walletId } = await client.call(ActiveWallet, '/wallets', {
    method: 'POST',
    body: { name: 'bench', type: 'binance', api_key: key.apiKey, secret_key: key.secret },
    key: 'bench-wallet',
    waitSeconds: 10,
  });
  await until('keys found good', async () => {
    const { status } = await client.call(ActiveWallet, `/wallets/${walletId}`);
    return status === 'active';
  });
  await until('the trading rules', async () => {
    try {
      const path = `/symbols/${SYMBOL.replace('/', '-')}?wallet_id=${walletId}`;
      await client.call(SymbolsAnswer.shape.items.element, path);
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  });
  await until('the price at the simulator', async () => {
    const answer = await fetch(`${simulator.restUrl}/api/v3/ticker/price?symbol=${VENUE_SYMBOL}`);
    const { price } = z.object({ price: z.string().optional() }).parse(await answer.json());
    return Number(price) === Number(PRICE);
  });
  return walletId;
}

async function place(client: ApiClient, walletId: string, mode: Mode): Promise<readonly Placed[]> {
  const placed: Placed[] = [];
  for (let at = 0; at < mode.orders; at += 1) {
    const requestedAt = Date.now();
    const since = performance.now();
    const order = await client.call(PlacedAnswer, '/orders', {
      method: 'POST',
      body: {
        wallet_id: walletId,
        symbol: SYMBOL,
        side: 'buy',
        ...mode.order,
        client_order_id: `bench-${mode.order['type']}-${at}`,
      },
      waitSeconds: 10,
    });
    placed.push({ order, requestedAt, answeredInMs: performance.now() - since });
    const { from, to } = mode.gapMs;
    await sleep(from + Math.random() * (to - from));
  }
  return placed;
}

const between = (from: string | null, to: string | null): readonly number[] =>
  from === null || to === null ? [] : [Date.parse(to) - Date.parse(from)];

async function measure(system: RunningSystem, mode: Mode, placed: readonly Placed[]): Promise<Measured> {
  const { simulator } = system;
  const uid = simulator?.accounts.find(({ keyType }) => keyType === 'hmac')?.uid;
  const answer = await fetch(`${simulator?.controlUrl}/control/books/${uid}`);
  const takenAt = new Map(
    Books.parse(await answer.json()).orders.map(({ orderId, time }) => [String(orderId), time]),
  );
  const wrong: string[] = [];
  const accepted: number[] = [];
  const seen = new Set<string>();
  for (const { order, requestedAt } of placed) {
    const id = order.external_order_id ?? '';
    const at = takenAt.get(id);
    if (order.status !== mode.status) wrong.push(`${order.order_id} is ${order.status}, not ${mode.status}`);
    else if (at === undefined) wrong.push(`${order.order_id}: the exchange has no order ${id}`);
    else accepted.push(at - requestedAt);
    seen.add(id);
  }
  if (seen.size !== placed.length) wrong.push(`${placed.length} orders, ${seen.size} at the exchange`);
  const timings = placed.map(({ order }) => order.timings);
  return {
    mode: mode.name,
    answerMs: distribution(placed.map(({ answeredInMs }) => Math.round(answeredInMs))),
    acceptedMs: distribution(accepted),
    firstAnswerMs: Math.round(placed[0]?.answeredInMs ?? 0),
    parts: {
      request_to_written: distribution(
        placed.map(({ order, requestedAt }) => Date.parse(order.timings.created_at) - requestedAt),
      ),
      written_to_claimed: distribution(timings.flatMap((t) => between(t.created_at, t.claimed_at))),
      claimed_to_accepted: distribution(timings.flatMap((t) => between(t.claimed_at, t.accepted_at))),
      accepted_to_answer: distribution(
        placed.flatMap(({ order, requestedAt, answeredInMs }) => {
          const { accepted_at: at } = order.timings;
          return at === null ? [] : [Math.round(requestedAt + answeredInMs - Date.parse(at))];
        }),
      ),
    },
    wrong,
  };
}

/** All modes on one system. */
export async function runPlacing(
  modes: readonly Mode[],
  note: (line: string) => void,
  verbose = false,
): Promise<{ readonly runs: readonly Measured[]; readonly redis: string }> {
  const market = new FedMarket();
  let system: RunningSystem | null = null;
  try {
    note('starting the system and the simulator');
    system = await startSystem({ ...market.feed, lasting: true, exchange: 'simulator', show: note, verbose });
    const client = createApiClient(system.api, system.token);
    const walletId = await prepare(system, market, client);
    const runs: Measured[] = [];
    for (const mode of modes) {
      note(`${mode.name}: ${mode.orders} orders`);
      runs.push(await measure(system, mode, await place(client, walletId, mode)));
    }
    return { runs, redis: system.redisKind };
  } finally {
    await market.close();
    await system?.stop();
  }
}

export async function benchPlacing(
  note: (line: string) => void,
  verbose: boolean,
): Promise<BenchResult & { redis: string }> {
  const { runs, redis } = await runPlacing([MARKET, RESTING], note, verbose);
  const targets = runs.map((run) =>
    atMost(`request to answer, ${run.mode}, p50`, run.answerMs.p50, 100, 'ms'),
  );
  const wrong = runs.flatMap((run) => run.wrong.map((text) => `${run.mode}: ${text}`));
  const document = {
    runs: runs.map(({ mode, answerMs, acceptedMs, firstAnswerMs, parts }) => ({
      mode,
      request_to_answer_ms: answerMs,
      request_to_accepted_ms: acceptedMs,
      first_answer_ms: firstAnswerMs,
      parts_ms: parts,
    })),
    targets,
    wrong,
  };
  return { document, text: textOf(runs, targets.map(targetLine)), wrong, redis };
}

function textOf(runs: readonly Measured[], targets: readonly string[]): string {
  const row = (mode: string, part: string, d: Distribution): readonly string[] => [
    mode,
    part,
    ...[d.count, d.p50, d.p90, d.p99, d.max].map(String),
  ];
  const rows = runs.flatMap(({ mode, answerMs, acceptedMs, parts }) => [
    row(mode, 'request to answer', answerMs),
    row('', 'request to accepted', acceptedMs),
    ...Object.entries(parts).map(([name, d]) => row('', `  ${name.replaceAll('_', ' ')}`, d)),
  ]);
  const columns = ['orders', 'p50', 'p90', 'p99', 'max'];
  const first = runs[0]?.firstAnswerMs ?? 0;
  return [
    table(['run', 'ms', ...columns], rows, columns),
    '',
    `the first order of the fresh system: ${first} ms`,
    '',
    ...targets,
  ].join('\n');
}
