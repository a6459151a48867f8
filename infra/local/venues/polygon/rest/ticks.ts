/** REST: trades and quotes, the last ones and those of a time. Times in v3 are ns, written as whole numbers. */
import type { Quote, Trade } from '../market/messages.ts';
import { decimalOf, SIZE_DECIMALS } from '../market/numbers.ts';
import type { SymbolMarket } from '../market/symbol-market.ts';
import {
  type Body,
  badRequest,
  byName,
  byTicker,
  type Call,
  cursorOf,
  notFound,
  readCursor,
  results,
  wholeNumber,
} from './answer.ts';
import { type EventPage, type EventRange, lastQuote, lastTrade, quotes, trades } from './history.ts';

const USUAL = 1_000;
const MOST = 50_000;
const NS_PER_MS = 1_000_000;
const NS_DIGITS = 19;
const PRECISION = { usual: 2, most: 4 };

/** A whole number of ns, which is beyond what a double holds exactly: its digits are put in after JSON.stringify. */
export const NS_MARK = 'ns:';
const inNs = (ms: number): string => `${NS_MARK}${ms}`;
/** The text of an answer with its ns as numbers. */
export const withNs = (text: string): string => text.replace(/"ns:(\d+)"/g, '$1000000');

export const sizeOf = ({ symbol }: SymbolMarket, size: number): number =>
  symbol.cluster === 'crypto' ? decimalOf(size, SIZE_DECIMALS) : size;

export function lastCrypto({ market, path }: Call): Body {
  const [from = '', to = ''] = path;
  const of = byName(market, `${from}-${to}`);
  const { venue, price, size, condition, t } = lastTrade(market, of);
  return {
    last: {
      conditions: [condition],
      exchange: venue,
      price: decimalOf(price, of.symbol.decimals),
      size: sizeOf(of, size),
      timestamp: t,
    },
    status: 'success',
    symbol: of.symbol.name,
  };
}

const lastForex = (call: Call): { of: SymbolMarket; quote: Quote } => {
  const [from = '', to = ''] = call.path;
  const of = byName(call.market, `${from}/${to}`);
  return { of, quote: lastQuote(call.market, of) };
};

const quoteFields = ({ symbol }: SymbolMarket, { bid, ask, venue, t }: Quote) => ({
  ask: decimalOf(ask, symbol.decimals),
  bid: decimalOf(bid, symbol.decimals),
  exchange: venue,
  timestamp: t,
});

export function lastCurrency(call: Call): Body {
  const { of, quote } = lastForex(call);
  return { last: quoteFields(of, quote), status: 'success', symbol: of.symbol.name };
}

export function conversion(call: Call): Body {
  const { of, quote } = lastForex(call);
  const [from, to] = call.path;
  const digits = wholeNumber(call.query, 'precision', PRECISION.usual, PRECISION.most);
  const amount = Number(call.query.get('amount') ?? '100');
  if (!(amount > 0)) throw badRequest('amount must be a number above 0');
  const last = quoteFields(of, quote);
  return {
    converted: Number((amount * last.bid).toFixed(digits)),
    from,
    initialAmount: amount,
    last,
    status: 'success',
    to,
  };
}

/** `timestamp[.gte|.gt|.lte|.lt]` as ms from the first to the last. */
function readRange({ query }: Call, given: Readonly<Record<string, unknown>>, now: number): EventRange {
  const time = (name: string): number | null => {
    const text = query.get(name);
    if (text === null) return null;
    if (/^\d{19}$/.test(text)) return Number(text.slice(0, NS_DIGITS - String(NS_PER_MS).length + 1));
    const day = Date.parse(text);
    if (Number.isNaN(day)) throw badRequest(`Could not parse the time: '${text}'`);
    return day;
  };
  const after = time('timestamp.gt');
  const before = time('timestamp.lt');
  const from = Number(given['from'] ?? time('timestamp.gte') ?? (after === null ? 0 : after + 1));
  const to = Number(given['to'] ?? time('timestamp.lte') ?? (before === null ? now : before - 1));
  const order = String(given['order'] ?? query.get('order') ?? 'desc');
  if (order !== 'asc' && order !== 'desc') throw badRequest('order must be asc or desc');
  const limit = Number(given['limit'] ?? wholeNumber(query, 'limit', USUAL, MOST));
  return { from, to, limit, descending: order === 'desc', skip: Number(given['skip'] ?? 0) };
}

function list<T>(
  call: Call,
  find: (market: Call['market'], of: SymbolMarket, range: EventRange) => EventPage<T>,
  write: (of: SymbolMarket, one: T) => Body,
  what: string,
): Body {
  const [ticker = ''] = call.path;
  const of = byTicker(call.market, ticker);
  const cursor = call.query.get('cursor');
  const range = readRange(call, cursor === null ? {} : readCursor(cursor), call.market.now());
  const { rows, next, skip } = find(call.market, of, range);
  const { from, to, limit, descending } = range;
  const rest = descending ? { from, to: next } : { from: next, to };
  const after = cursorOf({ ...rest, skip, limit, order: descending ? 'desc' : 'asc' });
  return {
    ...results(rows.map((one) => write(of, one))),
    status: 'OK',
    ...(next === null ? {} : { next_url: `${call.base}/v3/${what}/${ticker}?cursor=${after}` }),
  };
}

const writeTrade = (of: SymbolMarket, { id, venue, price, size, condition, t, r }: Trade): Body => ({
  conditions: [condition],
  exchange: venue,
  id,
  participant_timestamp: inNs(t),
  received_timestamp: inNs(r),
  price: decimalOf(price, of.symbol.decimals),
  size: sizeOf(of, size),
});

const writeQuote = (of: SymbolMarket, { venue, bid, ask, t }: Quote): Body => ({
  ask_exchange: venue,
  ask_price: decimalOf(ask, of.symbol.decimals),
  bid_exchange: venue,
  bid_price: decimalOf(bid, of.symbol.decimals),
  participant_timestamp: inNs(t),
});

export function listTrades(call: Call): Body {
  if (call.path[0]?.startsWith('C:')) throw notFound('Forex has no trades.');
  return list(call, trades, writeTrade, 'trades');
}

export const listQuotes = (call: Call): Body => list(call, quotes, writeQuote, 'quotes');
