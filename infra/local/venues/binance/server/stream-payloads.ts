/** Market-stream payloads: real-time ones from the exchange's events, the others from its queries. */
import {
  type BestPrices,
  type Exchange,
  type Json,
  type JsonObject,
  type OperationName,
  type Params,
  type PublicTrade,
  VenueError,
} from '../contract.ts';
import type { Topic } from './topics.ts';

const PLACES = 8;

export const tradePayload = (trade: PublicTrade, now: number): JsonObject => ({
  e: 'trade',
  E: now,
  s: trade.symbol,
  t: trade.id,
  p: trade.price.toFixed(PLACES),
  q: trade.quantity.toFixed(PLACES),
  T: trade.time,
  m: trade.isBuyerMaker,
  M: true,
});

export const bestPayload = (best: BestPrices): JsonObject => ({
  u: best.updateId,
  s: best.symbol,
  b: best.bid.toFixed(PLACES),
  B: best.bidSize.toFixed(PLACES),
  a: best.ask.toFixed(PLACES),
  A: best.askSize.toFixed(PLACES),
});

type Row = readonly Json[];
type Level = readonly [string, string];
interface Depth {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

const DEPTH_LIMIT = '5000';

/** What one stream sent last: differences and closings are told against it. */
export type Produce = (now: number) => readonly Json[];

/** Makes the periodic payloads of one topic; null for those that come in real time. */
export function producer(topic: Topic, exchange: Exchange): Produce | null {
  const ask = (operation: OperationName, params: Params): Json | null => {
    try {
      return exchange.execute(operation, null, params);
    } catch (error) {
      // Nothing to tell yet: a symbol without any trade, or one whose market data are off.
      if (error instanceof VenueError) return null;
      throw error;
    }
  };
  switch (topic.kind) {
    case 'depth':
      return depthChanges(topic.symbol, ask);
    case 'levels':
      return () => {
        const depth = ask('depth', { symbol: topic.symbol, limit: String(topic.levels) });
        return depth === null ? [] : [depth];
      };
    case 'kline':
      return klines(topic.symbol, topic.interval, ask);
    case 'miniTicker':
      return (now) => dayTicker(ask('ticker.24hr', { symbol: topic.symbol }), now, miniTicker);
    case 'ticker':
      return (now) => dayTicker(ask('ticker.24hr', { symbol: topic.symbol }), now, ticker);
    case 'avgPrice':
      return (now) => averagePrice(topic.symbol, ask('avgPrice', { symbol: topic.symbol }), now);
    case 'allMiniTickers':
      return changedTickers(exchange, ask);
    default:
      return null;
  }
}

type Ask = (operation: OperationName, params: Params) => Json | null;

const object = (value: Json | null): JsonObject => (value ?? {}) as JsonObject;

function dayTicker(
  answer: Json | null,
  now: number,
  word: (t: JsonObject, now: number) => JsonObject,
): readonly Json[] {
  return answer === null ? [] : [word(object(answer), now)];
}

/** A member of an answer, null where it is missing: payloads are plain JSON. */
const of = (from: JsonObject, name: string): Json => from[name] ?? null;

const miniTicker = (t: JsonObject, now: number): JsonObject => ({
  e: '24hrMiniTicker',
  E: now,
  s: of(t, 'symbol'),
  c: of(t, 'lastPrice'),
  o: of(t, 'openPrice'),
  h: of(t, 'highPrice'),
  l: of(t, 'lowPrice'),
  v: of(t, 'volume'),
  q: of(t, 'quoteVolume'),
});

const ticker = (t: JsonObject, now: number): JsonObject => ({
  e: '24hrTicker',
  E: now,
  s: of(t, 'symbol'),
  p: of(t, 'priceChange'),
  P: of(t, 'priceChangePercent'),
  w: of(t, 'weightedAvgPrice'),
  x: of(t, 'prevClosePrice'),
  c: of(t, 'lastPrice'),
  Q: of(t, 'lastQty'),
  b: of(t, 'bidPrice'),
  B: of(t, 'bidQty'),
  a: of(t, 'askPrice'),
  A: of(t, 'askQty'),
  o: of(t, 'openPrice'),
  h: of(t, 'highPrice'),
  l: of(t, 'lowPrice'),
  v: of(t, 'volume'),
  q: of(t, 'quoteVolume'),
  O: of(t, 'openTime'),
  C: of(t, 'closeTime'),
  F: of(t, 'firstId'),
  L: of(t, 'lastId'),
  n: of(t, 'count'),
});

function averagePrice(symbol: string, answer: Json | null, now: number): readonly Json[] {
  if (answer === null) return [];
  const { mins = 5, price = null, closeTime = null } = object(answer);
  return [{ e: 'avgPrice', E: now, s: symbol, i: `${String(mins)}m`, w: price, T: closeTime }];
}

/** Every mini ticker that differs from the one sent before. */
function changedTickers(exchange: Exchange, ask: Ask): Produce {
  const sent = new Map<string, string>();
  return (now) => {
    const changed = exchange.symbols().flatMap((symbol) => {
      const answer = ask('ticker.24hr', { symbol });
      if (answer === null) return [];
      const { E, ...payload } = miniTicker(object(answer), now);
      const text = JSON.stringify(payload);
      if (sent.get(symbol) === text) return [];
      sent.set(symbol, text);
      return [{ E: E ?? now, ...payload }];
    });
    return changed.length === 0 ? [] : [changed];
  };
}

function klines(symbol: string, interval: string, ask: Ask): Produce {
  let openTime: number | null = null;
  return (now) => {
    const rows = (ask('klines', { symbol, interval, limit: '2' }) ?? []) as readonly Row[];
    const [before, last] = [rows.at(-2), rows.at(-1)];
    if (last === undefined) return [];
    const payloads: Json[] = [];
    // The one that was open at the last look has closed since.
    if (before !== undefined && openTime === before[0]) payloads.push(kline(symbol, interval, before, now));
    openTime = Number(last[0]);
    payloads.push(kline(symbol, interval, last, now));
    return payloads;
  };
}

function kline(symbol: string, interval: string, row: Row, now: number): JsonObject {
  const [t, o, h, l, c, v, T, q, n, V, Q] = row;
  const k: Record<string, Json> = { t: t ?? null, T: T ?? null, s: symbol, i: interval };
  // The query has no trade ids.
  Object.assign(k, { f: -1, L: -1, o, c, h, l, v, n, x: Number(T) < now, q, V, Q, B: '0' });
  return { e: 'kline', E: now, s: symbol, k };
}

function differences(before: readonly Level[], after: readonly Level[]): readonly Level[] {
  const known = new Map(before);
  const present = new Map(after);
  const gone = before.flatMap(([p]): Level[] => (present.has(p) ? [] : [[p, (0).toFixed(PLACES)]]));
  return [...after.filter(([p, q]) => known.get(p) !== q), ...gone];
}

function depthChanges(symbol: string, ask: Ask): Produce {
  const look = (): Depth | null => ask('depth', { symbol, limit: DEPTH_LIMIT }) as unknown as Depth | null;
  let last = look();
  return (now) => {
    const depth = look();
    if (depth === null) return [];
    const before = last ?? { lastUpdateId: 0, bids: [], asks: [] };
    last = depth;
    if (depth.lastUpdateId === before.lastUpdateId) return [];
    const b = differences(before.bids, depth.bids);
    const a = differences(before.asks, depth.asks);
    return [{ e: 'depthUpdate', E: now, s: symbol, U: before.lastUpdateId + 1, u: depth.lastUpdateId, b, a }];
  };
}
