/** REST: where everything stands now. */
import type { Bar } from '../market/bars.ts';
import { MINUTE_MS } from '../market/bars.ts';
import { decimalOf } from '../market/numbers.ts';
import type { SymbolMarket } from '../market/symbol-market.ts';
import type { Cluster } from '../market/symbols.ts';
import { barFields } from './aggregates.ts';
import { type Body, badRequest, byTicker, type Call, notFound, results, wholeNumber } from './answer.ts';
import { bars, dayBar, lastQuote, lastTrade } from './history.ts';
import { sizeOf } from './ticks.ts';

const DAY_MS = 86_400_000;
const NO_BAR = { v: 0, vw: 0, o: 0, c: 0, h: 0, l: 0 };
const PERCENT_DIGITS = 4;

const fields = (of: SymbolMarket, bar: Bar | null) => (bar === null ? NO_BAR : barFields(of, bar));

function currentMinute(market: Call['market'], of: SymbolMarket): Bar | null {
  const to = market.now();
  return bars(market, of, MINUTE_MS, { from: to - DAY_MS, to, limit: 1, descending: true }).rows[0] ?? null;
}

function snapshotOf(market: Call['market'], of: SymbolMarket): Body {
  const now = market.now();
  const { symbol } = of;
  const { decimals } = symbol;
  const [day, before, minute] = [
    dayBar(market, of, now),
    dayBar(market, of, now - DAY_MS),
    currentMinute(market, of),
  ];
  const price = decimalOf(of.priceAt(now), decimals);
  const close = before === null ? price : decimalOf(before.c, decimals);
  const change = Number((price - close).toFixed(decimals));
  const trade = lastTrade(market, of);
  const quote = lastQuote(market, of);
  const last =
    symbol.cluster === 'forex'
      ? {
          lastQuote: {
            a: decimalOf(quote.ask, decimals),
            b: decimalOf(quote.bid, decimals),
            i: [0],
            t: quote.t,
            x: quote.venue,
          },
        }
      : {
          lastTrade: {
            c: [trade.condition],
            i: trade.id,
            p: decimalOf(trade.price, decimals),
            s: sizeOf(of, trade.size),
            t: trade.t,
            x: trade.venue,
          },
        };
  return {
    ticker: symbol.ticker,
    day: fields(of, day),
    min: { ...fields(of, minute), n: minute?.n ?? 0, t: minute?.s ?? 0 },
    prevDay: fields(of, before),
    ...last,
    todaysChange: change,
    todaysChangePerc: close === 0 ? 0 : Number(((change / close) * 100).toFixed(PERCENT_DIGITS)),
    updated: now,
  };
}

const MARKETS: Readonly<Record<string, Cluster>> = { crypto: 'crypto', forex: 'forex', stocks: 'stocks' };

export function oneSnapshot({ market, path }: Call): Body {
  const [name = '', ticker = ''] = path;
  const of = byTicker(market, ticker);
  if (of.symbol.cluster !== MARKETS[name]) throw notFound();
  return { status: 'OK', ticker: snapshotOf(market, of) };
}

export function manySnapshots({ market, path, query }: Call): Body {
  const [name = ''] = path;
  const wanted = query.get('tickers')?.split(',') ?? null;
  const rows = [...market.symbols.values()]
    .filter(({ symbol }) => symbol.cluster === MARKETS[name])
    .filter(({ symbol }) => wanted === null || wanted.includes(symbol.ticker))
    .map((of) => snapshotOf(market, of));
  return { status: 'OK', count: rows.length, tickers: rows };
}

const MOST_TICKERS = 250;
const USUAL_PAGE = 10;
const TYPES: Readonly<Record<Cluster, string>> = { crypto: 'crypto', forex: 'fx', stocks: 'stocks' };

/** Of all kinds; a ticker that is unknown comes as an item that says so. */
export function universal({ market, query, base }: Call): Body {
  const tickers = (query.get('ticker.any_of') ?? '').split(',').filter((ticker) => ticker !== '');
  if (tickers.length === 0) throw badRequest('the simulator needs ticker.any_of');
  if (tickers.length > MOST_TICKERS) throw badRequest(`ticker.any_of takes up to ${MOST_TICKERS} tickers`);
  const limit = wholeNumber(query, 'limit', USUAL_PAGE, MOST_TICKERS);
  const from = Number(query.get('cursor') ?? 0);
  const rows = tickers.slice(from, from + limit).map((ticker) => universalItem(market, ticker));
  const more = new URLSearchParams({
    'ticker.any_of': tickers.join(','),
    limit: String(limit),
    cursor: String(from + limit),
  });
  return {
    status: 'OK',
    ...results(rows),
    ...(from + limit < tickers.length ? { next_url: `${base}/v3/snapshot?${more}` } : {}),
  };
}

function universalItem(market: Call['market'], ticker: string): Body {
  const of = [...market.symbols.values()].find(({ symbol }) => symbol.ticker === ticker);
  if (of === undefined) return { error: 'NOT_FOUND', message: 'Ticker not found.', ticker };
  const { symbol } = of;
  const quote = lastQuote(market, of);
  const day = fields(of, dayBar(market, of, market.now()));
  return {
    ticker,
    name: symbol.title,
    type: TYPES[symbol.cluster],
    market_status: market.sessions.isOpen(symbol.cluster, symbol.isMetal, market.now()) ? 'open' : 'closed',
    session: {
      open: day.o,
      close: day.c,
      high: day.h,
      low: day.l,
      volume: day.v,
      price: decimalOf(of.priceAt(market.now()), symbol.decimals),
    },
    last_quote: {
      ask: decimalOf(quote.ask, symbol.decimals),
      bid: decimalOf(quote.bid, symbol.decimals),
      exchange: quote.venue,
    },
  };
}
