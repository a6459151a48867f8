/** REST: what there is: tickers, exchanges, conditions, opening hours. */
import { newYork } from '../market/sessions.ts';
import { type Cluster, VENUES } from '../market/symbols.ts';
import { type Body, badRequest, type Call, cursorOf, readCursor, results, wholeNumber } from './answer.ts';

const MARKET_OF: Readonly<Record<Cluster, string>> = { crypto: 'crypto', forex: 'fx', stocks: 'stocks' };
const CLUSTER_OF: Readonly<Record<string, Cluster>> = { crypto: 'crypto', fx: 'forex', stocks: 'stocks' };
const LIMIT = { usual: 100, most: 1_000 };
const CONDITIONS_LIMIT = { usual: 10, most: 1_000 };

export function tickers({ market, query, base }: Call): Body {
  const cursor = query.get('cursor');
  const given = cursor === null ? Object.fromEntries(query) : readCursor(cursor);
  const filters = { market: given['market'], search: given['search'], ticker: given['ticker'] };
  const limit = Number(given['limit'] ?? 0) || wholeNumber(query, 'limit', LIMIT.usual, LIMIT.most);
  const from = Number(given['from'] ?? 0);
  const cluster = filters.market === undefined ? null : CLUSTER_OF[String(filters.market)];
  if (cluster === undefined) throw badRequest(`market: crypto, fx or stocks is expected`);
  const found = [...market.symbols.values()]
    .map(({ symbol }) => symbol)
    .filter((symbol) => cluster === null || symbol.cluster === cluster)
    .filter(({ ticker }) => filters.ticker === undefined || ticker === filters.ticker)
    .filter(({ ticker, title }) =>
      `${ticker} ${title}`.toLowerCase().includes(String(filters.search ?? '').toLowerCase()),
    )
    .sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
  const rows = found.slice(from, from + limit).map(({ ticker, title, name, cluster: of }) => {
    const [baseCode, quoteCode] = name.split(/[-/]/);
    return {
      ticker,
      name: title,
      market: MARKET_OF[of],
      locale: of === 'stocks' ? 'us' : 'global',
      active: given['active'] !== 'false',
      currency_symbol: quoteCode ?? 'USD',
      ...(of === 'stocks' ? { primary_exchange: 'XNAS', type: 'CS' } : { base_currency_symbol: baseCode }),
      last_updated_utc: new Date(market.startedAt).toISOString(),
    };
  });
  const isMore = from + limit < found.length;
  const next = cursorOf({ ...filters, limit, from: from + limit });
  return {
    ...results(rows),
    status: 'OK',
    count: rows.length,
    ...(isMore ? { next_url: `${base}/v3/reference/tickers?cursor=${next}` } : {}),
  };
}

function venues(
  query: URLSearchParams,
): readonly { readonly id: number; readonly name: string; readonly asset: string }[] {
  const wanted = query.get('asset_class');
  return (['crypto', 'forex', 'stocks'] as const)
    .filter((cluster) => wanted === null || MARKET_OF[cluster] === wanted)
    .flatMap((cluster) => VENUES[cluster].map(({ id, name }) => ({ id, name, asset: MARKET_OF[cluster] })));
}

export function exchanges({ query }: Call): Body {
  const rows = venues(query).map(({ id, name, asset }) => ({
    id,
    name,
    type: 'exchange',
    asset_class: asset,
    locale: asset === 'stocks' ? 'us' : 'global',
    ...(name === 'Binance' ? { url: 'https://www.binance.us' } : {}),
  }));
  return { ...results(rows), status: 'OK', count: rows.length };
}

/** The older form: a bare array, ids as text. */
export const cryptoExchanges = (): Body =>
  VENUES.crypto.map(({ id, name }) => ({ id: String(id), type: 'exchange', market: 'crypto', name }));

const CONDITIONS = [
  {
    id: 1,
    name: 'Sell Side',
    asset_class: 'crypto',
    type: 'sale_condition',
    data_types: ['trade'],
    legacy: false,
  },
  {
    id: 2,
    name: 'Buy Side',
    asset_class: 'crypto',
    type: 'sale_condition',
    data_types: ['trade'],
    legacy: false,
  },
];

export function conditions({ query }: Call): Body {
  const wanted = query.get('asset_class');
  const limit = wholeNumber(query, 'limit', CONDITIONS_LIMIT.usual, CONDITIONS_LIMIT.most);
  const rows = CONDITIONS.filter(({ asset_class }) => wanted === null || asset_class === wanted).slice(
    0,
    limit,
  );
  return { ...results(rows), status: 'OK', count: rows.length };
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const HOUR_MINUTES = 60;

/** RFC 3339 with New York's offset. */
function inNewYork(time: number): string {
  const { hour, minute } = newYork(time);
  const utc = new Date(time);
  const behind =
    (utc.getUTCHours() * HOUR_MINUTES + utc.getUTCMinutes() - hour * HOUR_MINUTES - minute + DAY_MINUTES) %
    DAY_MINUTES;
  const local = new Date(time - behind * MINUTE_MS).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  return `${local}-${String(behind / HOUR_MINUTES).padStart(2, '0')}:00`;
}

const NYSE_OPENS = 9.5;
const NYSE_CLOSES = 16;

export function statusNow({ market }: Call): Body {
  const now = market.now();
  const { hour, minute } = newYork(now);
  const time = hour + minute / HOUR_MINUTES;
  const isStockDay = market.sessions.isOpen('stocks', false, now);
  const isRegular = isStockDay && time >= NYSE_OPENS && time < NYSE_CLOSES;
  const stocks = isRegular ? 'open' : isStockDay ? 'extended-hours' : 'closed';
  const forex = market.sessions.isOpen('forex', false, now) ? 'open' : 'closed';
  return {
    afterHours: isStockDay && time >= NYSE_CLOSES,
    earlyHours: isStockDay && time < NYSE_OPENS,
    currencies: { crypto: 'open', fx: forex },
    exchanges: { nasdaq: stocks, nyse: stocks, otc: stocks },
    indicesGroups: {},
    market: stocks,
    serverTime: inNewYork(now),
  };
}

/** A bare array; the simulator knows no holidays. */
export const statusUpcoming = (): Body => [];
