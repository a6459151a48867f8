/** The laptop system with the simulator beside it, three accounts there, and a demo wallet. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Intercept } from '../../../infra/local/sources/sqs-poller.ts';
import { type RunningSystem, type SystemOptions, startSystem } from '../../../infra/local/system.ts';
import { SimulatorControl } from '../../support/simulator.ts';
import { until } from '../../support/until.ts';
import { MARKETS } from './market.ts';

const READY_WITHIN_MS = 60_000;
const CALL_TIMEOUT_MS = 20_000;
/** Twice as many as by default: stops near the market are then reached within seconds. */
const TICKS_PER_SECOND = '20';

export type Amounts = Readonly<Record<string, string>>;

export interface TradedWallet {
  readonly walletId: string;
  readonly name: string;
  /** The account at the simulator; null: a demo wallet. */
  readonly uid: number | null;
  readonly start: Amounts;
}

export interface World {
  readonly system: RunningSystem;
  readonly control: SimulatorControl;
  readonly wallets: readonly TradedWallet[];
}

export interface WorldOptions {
  readonly seed: number;
  readonly intercept: Intercept;
  readonly show: (line: string) => void;
  readonly verbose: boolean;
  readonly logDirectory: string;
  readonly assembly?: SystemOptions['assembly'];
}

const THIRD_UID = 3;
const THIRD_BALANCES: Amounts = { USDT: '100000', BTC: '1', ETH: '10', BNB: '10', SOL: '100' };
const DEMO_BALANCES: Amounts = { USDT: '100000' };

interface Keys {
  readonly apiKey: string;
  readonly secret: string;
}

/** @throws what the system said when it did not start, or when something of it was not ready in time */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { assembly } = options;
  const system = await startSystem({
    exchange: 'simulator',
    lasting: true,
    seed: String(options.seed),
    environment: { streamer: { FEED_TICKS_PER_SECOND: TICKS_PER_SECOND } },
    intercept: options.intercept,
    show: options.show,
    verbose: options.verbose,
    logDirectory: options.logDirectory,
    ...(assembly === undefined ? {} : { assembly }),
  });
  try {
    if (system.simulator === null) throw new Error('the system has no simulator');
    const control = new SimulatorControl(system.simulator.controlUrl);
    const wallets = await openWallets(system, control);
    await untilReady(system, wallets);
    return { system, control, wallets };
  } catch (error) {
    await system.stop();
    throw error;
  }
}

async function call<T>(
  system: RunningSystem,
  method: string,
  path: string,
  body?: unknown,
): Promise<T | null> {
  const response = await fetch(`${system.api}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${system.token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.status < 300) return JSON.parse(text) as T;
  if (method === 'GET') return null;
  throw new Error(`${method} ${path}: ${response.status} ${text}`);
}

async function openWallets(
  system: RunningSystem,
  control: SimulatorControl,
): Promise<readonly TradedWallet[]> {
  // Pays its fees in BNB, which it also trades.
  await control.addAccount({ uid: THIRD_UID, balances: THIRD_BALANCES, payFeesInBnb: true });
  const third = await control.createKey<Keys>({ uid: THIRD_UID, type: 'hmac' });
  const given = (system.simulator?.accounts ?? []).filter(({ keyType }) => keyType === 'hmac');
  const accounts: readonly ({ readonly uid: number } & Keys)[] = [...given, { uid: THIRD_UID, ...third }];
  const wallets: TradedWallet[] = [];
  for (const { uid, apiKey, secret } of accounts) {
    const { balances } = await control.books(uid);
    const start = Object.fromEntries(Object.entries(balances).map(([asset, { free }]) => [asset, free]));
    const name = `account-${uid}`;
    const body = { type: 'binance', name, api_key: apiKey, secret_key: secret };
    wallets.push({ walletId: await created(system, body), name, uid, start });
  }
  const demo = { type: 'demo', name: 'demo', starting_balances: DEMO_BALANCES };
  wallets.push({ walletId: await created(system, demo), name: 'demo', uid: null, start: DEMO_BALANCES });
  return wallets;
}

async function created(system: RunningSystem, body: unknown): Promise<string> {
  const wallet = await call<{ wallet_id: string }>(system, 'POST', '/wallets', body);
  if (wallet === null) throw new Error('a wallet was not created');
  return wallet.wallet_id;
}

/** Keys tried, rules read, prices there, user data listened to. */
async function untilReady(system: RunningSystem, wallets: readonly TradedWallet[]): Promise<void> {
  const atExchange = wallets.filter(({ uid }) => uid !== null);
  for (const { walletId, name } of atExchange) {
    await until(
      `${name} active`,
      () => call<{ status: string }>(system, 'GET', `/wallets/${walletId}`),
      (wallet) => wallet?.status === 'active',
      READY_WITHIN_MS,
    );
  }
  const [first] = atExchange;
  for (const { symbol } of MARKETS) {
    const name = symbol.replace('/', '-');
    for (const path of [`/symbols/${name}?wallet_id=${first?.walletId}`, `/prices/${name}`]) {
      const read = () => call<unknown>(system, 'GET', path);
      await until(path, read, (seen) => seen !== null, READY_WITHIN_MS);
    }
  }
  await until(
    'user data of all accounts',
    () => subscribed(system),
    (count) => count === atExchange.length,
    READY_WITHIN_MS,
  );
  // The simulator follows the prices a moment later.
  await sleep(500);
}

/** How many accounts' user data the streamer listens to now. */
export async function subscribed(system: RunningSystem): Promise<number> {
  type Health = { readonly binance?: { readonly user_data: { readonly subscribed: number } } };
  const health = await call<Health>(system, 'GET', '/health/services').catch(() => null);
  return health?.binance?.user_data.subscribed ?? 0;
}
