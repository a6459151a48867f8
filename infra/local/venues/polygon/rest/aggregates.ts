/** REST: bars, in all the forms they come in. */
import { type Bar, MINUTE_MS, SECOND_MS } from '../market/bars.ts';
import { averagePrice } from '../market/messages.ts';
import { decimalOf, SIZE_DECIMALS } from '../market/numbers.ts';
import type { SymbolMarket } from '../market/symbol-market.ts';
import type { Cluster } from '../market/symbols.ts';
import {
  type Body,
  badRequest,
  byName,
  byTicker,
  type Call,
  cursorOf,
  readCursor,
  readTime,
  results,
  wholeNumber,
} from './answer.ts';
import { bars, dayBar, mergeInto } from './history.ts';

const DAY_MS = 86_400_000;
/** 1970 began on a Thursday; weeks begin on Sunday. */
const FIRST_SUNDAY_MS = 3 * DAY_MS;
const WIDTHS: Readonly<Record<string, number>> = {
  second: SECOND_MS,
  minute: MINUTE_MS,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
};
const USUAL = 5_000;
const MOST = 50_000;

export const volume = ({ symbol }: SymbolMarket, { v, n }: Bar): number => {
  if (symbol.cluster === 'forex') return n;
  return symbol.cluster === 'crypto' ? decimalOf(v, SIZE_DECIMALS) : v;
};

/** `o c h l v vw`, as snapshots have them too. */
export function barFields(of: SymbolMarket, bar: Bar): Readonly<Record<string, number>> {
  const { decimals } = of.symbol;
  const [o, c, h, l] = [bar.o, bar.c, bar.h, bar.l].map((units) => decimalOf(units, decimals));
  return { v: volume(of, bar), vw: averagePrice(bar, decimals), o: o ?? 0, c: c ?? 0, h: h ?? 0, l: l ?? 0 };
}

const row = (of: SymbolMarket, bar: Bar): Body => ({ ...barFields(of, bar), t: bar.s, n: bar.n });

/** Where the interval begins that a time lies in. */
function startsAt(span: string, width: number): (time: number) => number {
  const zero = span === 'week' ? FIRST_SUNDAY_MS : 0;
  return (time) => Math.floor((time - zero) / width) * width + zero;
}

export function range({ market, path, query, base }: Call): Body {
  const [ticker = '', multiplier = '', span = '', from = '', to = ''] = path;
  const of = byTicker(market, ticker);
  const one = WIDTHS[span];
  if (one === undefined) throw badRequest(`the simulator has no timespan ${span}`);
  if (!/^[1-9]\d{0,4}$/.test(multiplier)) throw badRequest('the multiplier must be a whole number above 0');
  const cursor = query.get('cursor');
  const given = cursor === null ? {} : readCursor(cursor);
  const limit = Number(given['limit'] ?? wholeNumber(query, 'limit', USUAL, MOST));
  const sort = String(given['sort'] ?? query.get('sort') ?? 'asc');
  if (sort !== 'asc' && sort !== 'desc') throw badRequest('sort must be asc or desc');
  const descending = sort === 'desc';
  const [first, last] = [readTime(from), readTime(to, true)];
  if (first > last) throw badRequest("'to' cannot be before 'from'");
  const startOf = startsAt(span, one * Number(multiplier));
  const page = bars(market, of, span === 'second' ? SECOND_MS : MINUTE_MS, {
    from: descending ? startOf(first) : Number(given['at'] ?? startOf(first)),
    to: descending ? Number(given['at'] ?? last) : last,
    limit,
    descending,
  });
  const merged = mergeInto(page.rows, startOf);
  const rows = (descending ? [...merged].reverse() : merged).map((bar) => row(of, bar));
  const next = page.next === null ? null : cursorOf({ at: page.next, limit, sort });
  return {
    ticker,
    queryCount: page.rows.length,
    resultsCount: rows.length,
    adjusted: query.get('adjusted') !== 'false',
    ...results(rows),
    status: 'OK',
    count: rows.length,
    ...(next === null
      ? {}
      : {
          next_url: `${base}/v2/aggs/ticker/${ticker}/range/${multiplier}/${span}/${from}/${to}?cursor=${next}`,
        }),
  };
}

export function previousDay({ market, path }: Call): Body {
  const [ticker = ''] = path;
  const of = byTicker(market, ticker);
  const bar = dayBar(market, of, market.now() - DAY_MS);
  const rows = bar === null ? [] : [{ T: ticker, ...row(of, bar) }];
  return {
    ticker,
    queryCount: rows.length,
    resultsCount: rows.length,
    adjusted: true,
    ...results(rows),
    status: 'OK',
  };
}

const MARKETS: Readonly<Record<string, Cluster>> = { crypto: 'crypto', fx: 'forex', stocks: 'stocks' };

/** A whole market's bars of one day. */
export function grouped({ market, path }: Call): Body {
  const [name = '', date = ''] = path;
  const cluster = MARKETS[name];
  const time = readTime(date);
  const rows = [...market.symbols.values()]
    .filter(({ symbol }) => symbol.cluster === cluster)
    .flatMap((of) => {
      const bar = dayBar(market, of, time);
      return bar === null ? [] : [{ T: of.symbol.ticker, ...row(of, bar) }];
    });
  return {
    queryCount: rows.length,
    resultsCount: rows.length,
    adjusted: true,
    ...results(rows),
    status: 'OK',
  };
}

/** Opening and closing price of a day (UTC). */
export function openClose({ market, path }: Call): Body {
  const [from = '', to = '', date = ''] = path;
  const of = byName(market, `${from}-${to}`);
  const bar = dayBar(market, of, readTime(date));
  if (bar === null) throw badRequest('there is no bar of that day');
  const { o, c } = barFields(of, bar);
  return {
    symbol: of.symbol.name,
    isUTC: true,
    day: new Date(bar.s).toISOString(),
    open: o,
    close: c,
    openTrades: [],
    closingTrades: [],
  };
}
