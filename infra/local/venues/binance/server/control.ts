/**
 * The control port (127.0.0.1, plain HTTP, JSON): what happens at an exchange without its API.
 *
 * Faults, prices, deposits, accounts, keys, and orders "made in the app". `GET /control` lists the paths.
 */
import type { RequestListener } from 'node:http';
import * as z from 'zod';
import {
  badInput,
  type ControlRoute,
  controlPort,
  NoSuchPath,
  type Refusal,
} from '../../common/control-port.ts';
import { type Exchange, type Json, VenueError } from '../contract.ts';
import type { Core } from './core.ts';
import { FaultScriptError } from './fault-rules.ts';
import type { Faults } from './faults.ts';
import type { FollowedPrices } from './followed-prices.ts';
import { type CreatedKey, KeyError, type KeyOptions, type KeyStore, PERMISSIONS } from './keys.ts';
import { OPERATIONS } from './operations.ts';

export interface ControlOptions {
  readonly exchange: Exchange;
  readonly keys: KeyStore;
  readonly createKey: (options: KeyOptions) => CreatedKey;
  readonly faults: Faults;
  readonly core: Core;
  readonly prices: FollowedPrices;
  readonly onBug: (error: unknown) => void;
}

const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'a decimal number as text is expected');
const signed = z.string().regex(/^-?\d+(\.\d+)?$/, 'a decimal number as text is expected');
const uid = z.int().min(1);
const symbol = z.string().min(1);

const priceBody = z.strictObject({
  symbol,
  last: decimal,
  bid: decimal.exactOptional(),
  ask: decimal.exactOptional(),
  size: decimal.exactOptional(),
  /** Keeps a price source from moving it until `/control/follow`. */
  hold: z.boolean().default(false),
});
const followBody = z.strictObject({ symbol });
const balanceBody = z.strictObject({ uid, asset: z.string().min(1), delta: signed });
const orderBody = z.strictObject({
  uid,
  operation: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
const accountBody = z.strictObject({
  uid,
  balances: z.record(z.string(), decimal),
  makerCommission: decimal.exactOptional(),
  takerCommission: decimal.exactOptional(),
  payFeesInBnb: z.boolean().exactOptional(),
  permissions: z.array(z.string()).exactOptional(),
  canTrade: z.boolean().exactOptional(),
  tradeGroupId: z.int().exactOptional(),
});
const keyBody = z.strictObject({
  uid,
  type: z.enum(['hmac', 'ed25519', 'rsa']).exactOptional(),
  permissions: z.array(z.enum(PERMISSIONS)).exactOptional(),
  ipWhitelist: z.array(z.string()).exactOptional(),
  enableWithdrawals: z.boolean().exactOptional(),
  apiKey: z.string().exactOptional(),
  secret: z.string().exactOptional(),
  publicKey: z.string().exactOptional(),
});
const revokeBody = z.strictObject({ apiKey: z.string() });

/** The control port's answers, for an HTTP server. */
export const controlOf = (options: ControlOptions): RequestListener =>
  controlPort({ routes: routesOf(options), refusal, onBug: options.onBug });

function routesOf({
  exchange,
  keys,
  createKey,
  faults,
  core,
  prices,
}: ControlOptions): ReadonlyMap<string, ControlRoute> {
  return new Map<string, ControlRoute>([
    ['POST /control/faults', (body) => ({ ids: [...faults.add(body)] })],
    ['GET /control/faults', () => faults.list() as unknown as Json],
    [
      'DELETE /control/faults',
      () => {
        faults.clear();
        return {};
      },
    ],
    [
      'POST /control/price',
      (body) => {
        const { symbol: of, hold, ...price } = priceBody.parse(body);
        if (hold) prices.hold(of);
        prices.set(of, price);
        return {};
      },
    ],
    [
      'POST /control/follow',
      (body) => {
        prices.follow(followBody.parse(body).symbol);
        return {};
      },
    ],
    [
      'POST /control/balance',
      (body) => {
        const { uid: of, asset, delta } = balanceBody.parse(body);
        exchange.adjustBalance(of, asset, delta);
        return {};
      },
    ],
    ['POST /control/order', (body) => inTheApp(exchange, body)],
    [
      'POST /control/account',
      (body) => {
        exchange.addAccount(accountBody.parse(body));
        return {};
      },
    ],
    ['POST /control/key', (body) => ({ ...createKey(keyBody.parse(body)) })],
    ['POST /control/revoke', (body) => ({ revoked: keys.revoke(revokeBody.parse(body).apiKey) })],
    [
      'GET /control/books/*',
      (_body, tail) => exchange.books(z.coerce.number().int().parse(tail)) as unknown as Json,
    ],
    ['GET /control/requests', () => core.counts() as unknown as Json],
  ]);
}

/** An operation of the account's owner on another screen: no key, no weight, no order count. */
function inTheApp(exchange: Exchange, body: unknown): Json {
  const { uid: of, operation: name, params } = orderBody.parse(body);
  const operation = OPERATIONS.find((o) => o.name === name);
  if (operation?.by !== 'exchange') throw new NoSuchPath(`there is no operation ${name}`);
  const texts = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value)]));
  return exchange.execute(operation.name, of, texts);
}

const WRONG_INPUT = [FaultScriptError, KeyError];

function refusal(error: unknown): Refusal | null {
  if (error instanceof VenueError) {
    return { status: error.status, body: { error: error.message, code: error.code } };
  }
  return WRONG_INPUT.some((type) => error instanceof type) ? badInput(error) : null;
}
