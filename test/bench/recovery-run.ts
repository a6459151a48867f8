/**
 * A lost user-data stream and its recovery (design section 22), on the laptop system with the Binance simulator: the
 * exchange's sockets go silent without closing, resting orders of every wallet fill meanwhile, and nobody tells.
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
import { type RunningSystem, startSystem } from '../../infra/local/system.ts';
import { decimal, sum } from '../../shared/domain/money/decimal.ts';
import { SimulatorControl } from '../support/simulator.ts';
import { FedMarket } from './fed-market.ts';

export const WALLETS = 50;
/** Symbols of each wallet: the market's price, the resting order's, and the one at which it fills. */
const MARKETS = [
  {
    symbol: 'BTC/USDT',
    venue: 'BTCUSDT',
    price: '50000',
    limit: '40000',
    through: '39000',
    quantity: '0.001',
  },
  { symbol: 'ETH/USDT', venue: 'ETHUSDT', price: '3000', limit: '2500', through: '2400', quantity: '0.02' },
] as const;

const READY_WITHIN_MS = 60_000;
/** Connects of many wallets may have to wait for the next minute's budget. */
const ACTIVE_WITHIN_MS = 300_000;
const RECOVERED_WITHIN_MS = 180_000;
/** Comparisons of all wallets share what is theirs of the exchange's budget: so many minutes of it. */
const COMPARED_WITHIN_MS = 900_000;
const LOOK_MS = 100;
const SLOW_LOOK_MS = 1_000;
const SUBSCRIBE = 'userDataStream.subscribe.signature';

export interface Recovery {
  readonly wallets: number;
  readonly orders: number;
  /** From the last word of the sockets to the first new subscription. */
  readonly detectedMs: number;
  /** From there, of each wallet: until it is subscribed again. */
  readonly resubscribedMs: readonly number[];
  /** Until the ledger has what the exchange has of its orders. */
  readonly agreedMs: readonly number[];
  /** Until its own comparison after the gap says that the two agree. */
  readonly comparedMs: readonly number[];
  readonly wrong: readonly string[];
  readonly redis: string;
}

const Active = WalletAnswer.extend({ status: z.string() });
const Filled = OrderAnswer.extend({ filled_amount: z.string(), external_order_id: z.string().nullable() });
const Orders = z.object({
  items: z.array(z.object({ order_id: z.string() })),
  next_cursor: z.string().nullable(),
});
const Reconciled = z.object({
  statement: z
    .object({
      status: z.string(),
      started_at: z.iso.datetime(),
      open_orders_of: z.array(z.string()).nullable(),
    })
    .nullable(),
});
const Key = z.object({ apiKey: z.string(), secret: z.string() });

async function until(
  what: string,
  withinMs: number,
  isSo: () => Promise<boolean>,
  lookMs = LOOK_MS,
): Promise<number> {
  const since = performance.now();
  while (!(await isSo())) {
    if (performance.now() - since > withinMs) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(lookMs);
  }
  return performance.now() - since;
}

/** Until the exchange's rules of a symbol have been read. */
const rulesOf = (client: ApiClient, symbol: string, walletId: string) =>
  until(`the rules of ${symbol}`, READY_WITHIN_MS, async () => {
    try {
      const path = `/symbols/${symbol.replace('/', '-')}?wallet_id=${walletId}`;
      await client.call(SymbolsAnswer.shape.items.element, path);
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  });

interface Trading {
  readonly walletId: string;
  readonly uid: number;
  readonly resting: readonly string[];
}

async function connect(client: ApiClient, control: SimulatorControl, n: number): Promise<Trading> {
  const uid = 5_000 + n;
  await control.addAccount({ uid, balances: { USDT: '10000' } });
  const key = Key.parse(await control.createKey({ uid }));
  const { wallet_id: walletId } = await client.call(Active, '/wallets', {
    method: 'POST',
    body: { name: `w${n}`, type: 'binance', api_key: key.apiKey, secret_key: key.secret },
    key: `wallet-${n}`,
    waitSeconds: 10,
  });
  return { walletId, uid, resting: [] };
}

/** One position and one resting order on each symbol. */
async function trade(client: ApiClient, wallet: Trading, n: number): Promise<Trading> {
  const resting: string[] = [];
  for (const { symbol, limit, quantity } of MARKETS) {
    const base = { wallet_id: wallet.walletId, symbol, side: 'buy', quantity };
    const place = (body: Readonly<Record<string, string>>, key: string) =>
      client.call(Filled, '/orders', {
        method: 'POST',
        body: { ...base, ...body, client_order_id: `${key}-${n}-${symbol.replace('/', '')}` },
        waitSeconds: 10,
      });
    await place({ type: 'market' }, 'held');
    resting.push((await place({ type: 'limit', limit_price: limit }, 'rests')).order_id);
  }
  return { ...wallet, resting };
}

/** Ids of the orders that the ledger has as open, of everybody. */
async function openOrders(client: ApiClient): Promise<readonly string[]> {
  const open: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await client.call(Orders, `/orders?status=open,partially_filled&limit=200${cursor}`);
    open.push(...page.items.map((order) => order.order_id));
    if (page.next_cursor === null) return open;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}

/** By wallet, when it was first so: ms since `since`. */
async function eachUntil(
  what: string,
  wallets: readonly Trading[],
  since: number,
  withinMs: number,
  lookMs: number,
  areSo: (waiting: readonly Trading[]) => Promise<readonly Trading[]>,
): Promise<readonly number[]> {
  const times: number[] = [];
  let waiting = wallets;
  await until(
    what,
    withinMs,
    async () => {
      const now = new Set(await areSo(waiting));
      for (let n = 0; n < now.size; n += 1) times.push(Math.round(performance.now() - since));
      waiting = waiting.filter((wallet) => !now.has(wallet));
      return waiting.length === 0;
    },
    lookMs,
  );
  return times;
}

/** Those whose last comparison began after `from` and found both sides equal. `isWhole`: all of the account. */
async function agreedSince(
  client: ApiClient,
  waiting: readonly Trading[],
  from: number,
  isWhole: boolean,
): Promise<readonly Trading[]> {
  const agreed: Trading[] = [];
  for (const wallet of waiting) {
    const { statement } = await client.call(Reconciled, `/wallets/${wallet.walletId}/reconciliation`);
    if (statement === null || Date.parse(statement.started_at) < from) continue;
    if (isWhole && statement.open_orders_of !== null) continue;
    if (statement.status === 'in_agreement') agreed.push(wallet);
  }
  return agreed;
}

/** To the last digit: what the exchange filled of each order. */
async function compareFills(client: ApiClient, control: SimulatorControl, wallets: readonly Trading[]) {
  const wrong: string[] = [];
  for (const { uid, resting } of wallets) {
    const { trades } = await control.books(uid);
    for (const [i, orderId] of resting.entries()) {
      const order = await client.call(Filled, `/orders/${orderId}`);
      // The exchange numbers the orders of each symbol by themselves.
      const ofSymbol = trades.filter((t) => t['symbol'] === MARKETS[i]?.venue);
      const traded = ofSymbol.filter((t) => String(t['orderId']) === order.external_order_id);
      const executed = sum(traded.map((t) => decimal(String(t['qty']))));
      if (order.status !== 'filled' || !executed.equals(order.filled_amount)) {
        wrong.push(`${orderId} is ${order.status} with ${order.filled_amount}, the exchange has ${executed}`);
      }
    }
  }
  return wrong;
}

/** Whole comparisons of all wallets, asked for at the end: they take their turns in the budget, and nothing is timed. */
async function compareAll(client: ApiClient, wallets: readonly Trading[]): Promise<readonly string[]> {
  const from = Date.now();
  for (const { walletId } of wallets) {
    await client.call(Reconciled, `/wallets/${walletId}/reconcile`, {
      method: 'POST',
      body: {},
      waitSeconds: 0,
    });
  }
  let waiting = wallets;
  try {
    await until(
      'all compared',
      COMPARED_WITHIN_MS,
      async () => {
        const agreed = new Set(await agreedSince(client, waiting, from, true));
        waiting = waiting.filter((wallet) => !agreed.has(wallet));
        return waiting.length === 0;
      },
      SLOW_LOOK_MS,
    );
    return [];
  } catch (error) {
    if (waiting.length === 0) throw error;
    return waiting.map(({ walletId }) => `wallet ${walletId}: no comparison says that it agrees`);
  }
}

async function lose(
  client: ApiClient,
  control: SimulatorControl,
  wallets: readonly Trading[],
  note: (line: string) => void,
): Promise<Omit<Recovery, 'redis'>> {
  const subscriptions = async () => (await control.requests())[SUBSCRIBE]?.requests ?? 0;
  const before = await subscriptions();
  const lostAt = Date.now();
  await control.faults([{ do: { kind: 'silent_sockets', sockets: 'ws_api' } }]);
  for (const { venue, through } of MARKETS) await control.price(venue, { last: through });
  const detectedMs = await until(
    'a new subscription',
    RECOVERED_WITHIN_MS,
    async () => (await subscriptions()) > before,
  );
  const since = performance.now();
  note('heard again, counting until ledger = venue');
  let heard = 0;
  const [resubscribedMs, agreedMs] = await Promise.all([
    // Which wallet it is that subscribes does not show; how many have does.
    eachUntil('all subscribed', wallets, since, RECOVERED_WITHIN_MS, LOOK_MS, async (waiting) => {
      const news = (await subscriptions()) - before - heard;
      heard += news;
      return waiting.slice(0, news);
    }),
    eachUntil('all filled', wallets, since, RECOVERED_WITHIN_MS, LOOK_MS, async (waiting) => {
      const open = new Set(await openOrders(client));
      return waiting.filter(({ resting }) => !resting.some((orderId) => open.has(orderId)));
    }),
  ]);
  const wrong = await compareFills(client, control, wallets);
  note('all filled here as there; waiting for the comparisons after the gap');
  const comparedMs = await eachUntil(
    'compared',
    wallets,
    since,
    COMPARED_WITHIN_MS,
    SLOW_LOOK_MS,
    (waiting) => agreedSince(client, waiting, lostAt, false),
  );
  await control.clearFaults();
  note('comparing all wallets once more, whole');
  return {
    wallets: wallets.length,
    orders: wallets.length * MARKETS.length,
    detectedMs: Math.round(detectedMs),
    resubscribedMs,
    agreedMs,
    comparedMs,
    wrong: [...wrong, ...(await compareAll(client, wallets))],
  };
}

export async function runRecovery(note: (line: string) => void, verbose: boolean): Promise<Recovery> {
  const market = new FedMarket();
  let system: RunningSystem | null = null;
  try {
    note('starting the system and the simulator');
    system = await startSystem({ ...market.feed, lasting: true, exchange: 'simulator', show: note, verbose });
    if (system.simulator === null) throw new Error('the system has no simulator');
    const control = new SimulatorControl(system.simulator.controlUrl);
    const client = createApiClient(system.api, system.token);
    await market.open(Object.fromEntries(MARKETS.map(({ symbol, price }) => [symbol, price])));
    note(`connecting ${WALLETS} wallets, an order resting on ${MARKETS.length} symbols of each`);
    const connected: Trading[] = [];
    for (let n = 0; n < WALLETS; n += 1) connected.push(await connect(client, control, n));
    await until('all active', ACTIVE_WITHIN_MS, async () => {
      for (const { walletId } of connected) {
        if ((await client.call(Active, `/wallets/${walletId}`)).status !== 'active') return false;
      }
      return true;
    });
    for (const { venue, price } of MARKETS) await control.price(venue, { last: price });
    for (const { symbol } of MARKETS) await rulesOf(client, symbol, connected[0]?.walletId ?? '');
    const wallets: Trading[] = [];
    for (const [n, wallet] of connected.entries()) wallets.push(await trade(client, wallet, n));
    await until('all rest', READY_WITHIN_MS, async () => {
      return (await openOrders(client)).length === WALLETS * MARKETS.length;
    });
    note('waiting for the first comparison of each wallet');
    await eachUntil(
      'first compared',
      wallets,
      performance.now(),
      COMPARED_WITHIN_MS,
      SLOW_LOOK_MS,
      (waiting) => agreedSince(client, waiting, 0, false),
    );
    note('the sockets go silent, the orders fill');
    return { ...(await lose(client, control, wallets, note)), redis: system.redisKind };
  } finally {
    await market.close();
    await system?.stop();
  }
}
