/** What REST routes ask for and answer with, and their refusals (facts 5.4). */
import type { Market } from '../market/market.ts';
import type { SymbolMarket } from '../market/symbol-market.ts';

export type Body = Readonly<Record<string, unknown>> | readonly unknown[];

export interface Call {
  readonly market: Market;
  /** What the route's pattern has captured. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** `http://127.0.0.1:N`, where `next_url` leads. */
  readonly base: string;
  readonly requestId: string;
}

export class RestError extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

export const badRequest = (error: string): RestError => new RestError(400, { status: 'ERROR', error });
export const notFound = (message = 'Ticker not found.'): RestError =>
  new RestError(404, { status: 'NOT_FOUND', message });

/** @throws RestError 404 */
export function byTicker(market: Market, ticker: string): SymbolMarket {
  for (const found of market.symbols.values()) if (found.symbol.ticker === ticker) return found;
  throw notFound();
}

/** @throws RestError 404 */
export function byName(market: Market, name: string): SymbolMarket {
  const found = market.symbols.get(name);
  if (found === undefined) throw notFound();
  return found;
}

export function wholeNumber(query: URLSearchParams, name: string, usual: number, most: number): number {
  const text = query.get(name);
  if (text === null) return usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1)) throw badRequest(`${name} must be a whole number above 0`);
  return Math.min(value, most);
}

/** Lists that are empty are left out. */
export const results = (rows: readonly unknown[]): Body => (rows.length === 0 ? {} : { results: rows });

/** An opaque text for what the next page needs. */
export const cursorOf = (state: Readonly<Record<string, unknown>>): string =>
  Buffer.from(JSON.stringify(state)).toString('base64url');

export function readCursor(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Readonly<Record<string, unknown>>;
  } catch {
    throw badRequest('the cursor is not valid');
  }
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** `YYYY-MM-DD` (a day in UTC) or epoch ms. `end`: the last ms of a day. @throws RestError 400 */
export function readTime(text: string, end = false): number {
  if (/^\d{10,16}$/.test(text)) return Number(text);
  const time = DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time)) throw badRequest(`Could not parse the time: '${text}'`);
  return end ? time + DAY_MS - 1 : time;
}
