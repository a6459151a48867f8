/**
 * The control port (127.0.0.1, plain HTTP, JSON): what happens at an exchange without its API.
 *
 * Faults, prices, deposits, accounts, keys, and orders "made in the app". `GET /control` lists the paths.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
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

const MAX_BODY_BYTES = 10_000_000;

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

type Handler = (body: unknown, tail: string) => Json;

class NotFound extends Error {}

export class Control {
  private readonly routes: ReadonlyMap<string, Handler>;
  private readonly onBug: (error: unknown) => void;

  constructor(options: ControlOptions) {
    this.onBug = options.onBug;
    const routes = routesOf(options);
    this.routes = new Map([...routes, ['GET /control', () => [...routes.keys()]]]);
  }

  readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.answer(request)
      .then(({ status, body }) => {
        const text = JSON.stringify(body);
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${text}\n`);
      })
      .catch((error: unknown) => {
        this.onBug(error);
        response.destroy();
      });
  };

  private async answer(request: IncomingMessage): Promise<{ status: number; body: Json }> {
    try {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const [handler, tail] = this.find(request.method ?? '', path);
      return { status: 200, body: handler(await readJson(request), tail) };
    } catch (error) {
      const status = statusOf(error);
      if (status === null) throw error;
      return { status, body: errorBody(error) };
    }
  }

  private find(method: string, path: string): readonly [Handler, string] {
    const exact = this.routes.get(`${method} ${path}`);
    if (exact !== undefined) return [exact, ''];
    const [, base = '', tail = ''] = /^(.+)\/([^/]+)$/.exec(path) ?? [];
    const below = this.routes.get(`${method} ${base}/*`);
    if (below === undefined)
      throw new NotFound(`there is no ${method} ${path}; GET /control lists what there is`);
    return [below, decodeURIComponent(tail)];
  }
}

function routesOf({
  exchange,
  keys,
  createKey,
  faults,
  core,
  prices,
}: ControlOptions): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
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
  if (operation?.by !== 'exchange') throw new NotFound(`there is no operation ${name}`);
  const texts = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value)]));
  return exchange.execute(operation.name, of, texts);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SyntaxError('the body is too large');
    chunks.push(chunk);
  }
  return size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

const WRONG_INPUT = [z.ZodError, FaultScriptError, KeyError, SyntaxError];

function statusOf(error: unknown): number | null {
  if (error instanceof NotFound) return 404;
  if (error instanceof VenueError) return error.status;
  if (!(error instanceof Error)) return null;
  // The exchange words a caller's mistake (no such symbol, no such account) as a plain Error.
  const isPlain = error.constructor === Error;
  return isPlain || WRONG_INPUT.some((type) => error instanceof type) ? 400 : null;
}

function errorBody(error: unknown): Json {
  if (error instanceof z.ZodError) return { error: z.prettifyError(error) };
  if (error instanceof VenueError) return { error: error.message, code: error.code };
  return { error: error instanceof Error ? error.message : String(error) };
}
