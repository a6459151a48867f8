/**
 * The wallet that `npm start` offers out of the box: the simulator's first account, as the user `demo-user` would
 * add it through the API.
 */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RunningSystem } from './system.ts';

export const SIMULATOR_WALLET = 'simulator';
const CALL_TIMEOUT_MS = 20_000;

const walletSchema = z.looseObject({
  wallet_id: z.string(),
  name: z.string(),
  environment: z.string(),
  status: z.string().optional(),
  key_hint: z.string().nullish(),
});
const pageSchema = z.looseObject({ items: z.array(walletSchema), next_cursor: z.string().nullable() });

type Wallet = z.infer<typeof walletSchema>;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The idempotency key. */
  readonly key?: string;
}

/** Asks the API; what it answers a mistake with is told, what was sent (keys) is not. */
async function ask<T>({ api, token }: RunningSystem, call: Call, answer: z.ZodType<T>): Promise<T> {
  const response = await fetch(`${api}/api/v1${call.path}`, {
    method: call.method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.key === undefined ? {} : { 'idempotency-key': call.key }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${call.method} ${call.path}: ${response.status} ${text}`);
  return answer.parse(JSON.parse(text));
}

async function findWallet(system: RunningSystem): Promise<Wallet | null> {
  let cursor: string | null = null;
  do {
    const path: string = `/wallets?limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: z.infer<typeof pageSchema> = await ask(system, { method: 'GET', path }, pageSchema);
    const found = page.items.find(
      ({ name, environment }) => name === SIMULATOR_WALLET && environment === 'binance_simulator',
    );
    if (found !== undefined) return found;
    cursor = page.next_cursor;
  } while (cursor !== null);
  return null;
}

/**
 * Creates the wallet, or, where the tables were kept (`--data`), gives the one of an earlier start the keys of this
 * start's simulator. Answers its id.
 * @throws Error when there is no simulator, or with what the API answered
 */
export async function offerSimulatorWallet(system: RunningSystem): Promise<string> {
  const account = system.simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
  if (account === undefined) throw new Error('there is no simulator with an HMAC key');
  const keys = { api_key: account.apiKey, secret_key: account.secret };
  const known = await findWallet(system);
  if (known === null) {
    const body = { type: 'binance', name: SIMULATOR_WALLET, ...keys };
    // One key per simulator: a second call of this start finds what the first one made.
    const key = `simulator-${createHash('sha256').update(account.apiKey).digest('hex').slice(0, 16)}`;
    const made = await ask(system, { method: 'POST', path: '/wallets', key, body }, walletSchema);
    if (made.status !== 'deleted') return made.wallet_id;
    // The tables were kept, and with them the one that was deleted: this start offers another.
    const anew = { method: 'POST', path: '/wallets', key: randomUUID(), body };
    return (await ask(system, anew, walletSchema)).wallet_id;
  }
  const isSame = known.key_hint != null && account.apiKey.endsWith(known.key_hint);
  if (!isSame || known.status !== 'active') {
    const path = `/wallets/${known.wallet_id}/keys`;
    await ask(system, { method: 'PUT', path, key: randomUUID(), body: keys }, walletSchema);
  }
  return known.wallet_id;
}
