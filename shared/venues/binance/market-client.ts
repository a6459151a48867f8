/** What the exchange tells anybody: time, rules, books, bars, tickers. Needs no key. */
import type { BudgetRank } from '../../ports/rate-budget.ts';
import { parseExchangeInfo, type ReadExchangeInfo } from './exchange-info.ts';
import type { Asked } from './outcomes.ts';
import {
  type BookTicker,
  type Depth,
  type Kline,
  parseBookTickers,
  parseDepth,
  parseKlines,
  parseLastPrices,
  parseTicker24h,
  type Ticker24h,
} from './parse/market.ts';
import type { Requests } from './requests.ts';
import type { Params } from './signing.ts';

/** The whole exchange is some tens of megabytes. */
const EXCHANGE_INFO_BYTES = 128 * 1024 * 1024;
/** Leaves the function that stores it (50 s) time to do so, and to give its lease back. */
const EXCHANGE_INFO_TIMEOUT_MS = 30_000;

/** Weight by the number of levels asked for. */
const depthWeight = (limit: number): number =>
  limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1_000 ? 50 : 250;

export interface KlineQuery {
  readonly interval: string;
  readonly startTime?: number | undefined;
  readonly endTime?: number | undefined;
  /** At most 1000. */
  readonly limit?: number | undefined;
}

export const wholeText = (value: number | undefined): string | undefined => value?.toFixed(0);

/** Symbols are the venue's names (`BTCUSDT`). */
export class BinanceMarketClient {
  protected readonly requests: Requests;

  constructor(requests: Requests) {
    this.requests = requests;
  }

  /** Weight 20. */
  exchangeInfo(): Promise<Asked<ReadExchangeInfo>> {
    return this.requests.query({
      path: '/api/v3/exchangeInfo',
      params: {},
      weight: 20,
      rank: 'query',
      parse: parseExchangeInfo,
      isSigned: false,
      timeoutMs: EXCHANGE_INFO_TIMEOUT_MS,
      maxBodyBytes: EXCHANGE_INFO_BYTES,
    });
  }

  depth(symbol: string, limit = 100): Promise<Asked<Depth>> {
    const params = { symbol, limit: wholeText(limit) };
    return this.ask('/api/v3/depth', params, depthWeight(limit), parseDepth);
  }

  klines(symbol: string, query: KlineQuery): Promise<Asked<readonly Kline[]>> {
    const { interval } = query;
    const [startTime, endTime, limit] = [query.startTime, query.endTime, query.limit].map(wholeText);
    return this.ask('/api/v3/klines', { symbol, interval, startTime, endTime, limit }, 2, parseKlines);
  }

  /** Weight 2. `volume` is that of the last 24 h. */
  ticker24h(symbol: string, rank: BudgetRank = 'query'): Promise<Asked<Ticker24h>> {
    return this.ask('/api/v3/ticker/24hr', { symbol, type: 'FULL' }, 2, parseTicker24h, rank);
  }

  /** Weight 2 for one symbol, 4 for all. */
  bookTickers(symbol: string | null): Promise<Asked<readonly BookTicker[]>> {
    const params = { symbol: symbol ?? undefined };
    return this.ask('/api/v3/ticker/bookTicker', params, symbol === null ? 4 : 2, parseBookTickers);
  }

  /** Last trade's price of every symbol, as text. Weight 4. */
  lastPrices(): Promise<Asked<ReadonlyMap<string, string>>> {
    return this.ask('/api/v3/ticker/price', {}, 4, parseLastPrices);
  }

  private ask<T>(
    path: string,
    params: Params,
    weight: number,
    parse: (value: unknown) => T,
    rank: BudgetRank = 'query',
  ): Promise<Asked<T>> {
    return this.requests.query({ path, params, weight, rank, parse, isSigned: false });
  }
}
