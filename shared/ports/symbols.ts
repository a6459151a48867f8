/** Trading rules by environment: kept in the table `symbols`, read by symbol (design sections 5, 13, 14). */
import type { SymbolSpec } from '../domain/symbols.ts';
import type { BinanceEnvironment, Environment } from '../domain/types.ts';
import type { Page } from './ledger.ts';

export interface SymbolDirectory {
  /**
   * The symbol in any format (`BTC/USDT`, `BTCUSDT`, `BTC-USDT`, `X:BTCUSDT`; by Polygon's names in dollars too, where
   * those are nobody else's), or null. Remembered for up to a minute.
   * Symbols that may no longer be traded are found too: their status says so.
   */
  find(environment: Environment, anyFormat: string): Promise<SymbolSpec | null>;
  /** Whether the venue's rules have been read at all; until then nothing is found, whatever it lists. */
  hasRules(environment: Environment): Promise<boolean>;
  list(environment: Environment, query: { limit: number; cursor: string | null }): Promise<Page<SymbolSpec>>;
  /** All of them, for the streamer. */
  all(environment: Environment): Promise<readonly SymbolSpec[]>;
}

/** A limiter of the venue, as exchangeInfo names it. */
export interface VenueRateLimit {
  readonly type: 'REQUEST_WEIGHT' | 'RAW_REQUESTS' | 'ORDERS' | 'CONNECTIONS' | (string & {});
  readonly intervalMs: number;
  readonly limit: number;
}

export interface ExchangeInfo {
  readonly serverTime: number;
  readonly rateLimits: readonly VenueRateLimit[];
  readonly symbols: readonly SymbolSpec[];
  /** Listed, but in a shape that is not understood: what was known of them stays as it was. */
  readonly unreadable?: readonly { readonly venueSymbol: string; readonly why: string }[];
}

export interface SymbolImport {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Known before and no longer listed: kept with status `delisted`. */
  readonly delisted: number;
  /** No longer listed, but too many at once to be believed: kept as they were, nothing is `delisted` then. */
  readonly missing: number;
}

export interface SymbolStore extends SymbolDirectory {
  /** Writes what changed. Repeatable; a half-done import is finished by the next. */
  save(environment: BinanceEnvironment, info: ExchangeInfo, now: number): Promise<SymbolImport>;
  rateLimits(environment: BinanceEnvironment): Promise<readonly VenueRateLimit[]>;
  /** As of when the last whole import was (its `now`), epoch ms; null = never. */
  savedAt(environment: BinanceEnvironment): Promise<number | null>;
  /** Counts of the last whole import; null = never. */
  summary(environment: BinanceEnvironment): Promise<SymbolSummary | null>;
}

export interface SymbolSummary {
  readonly savedAt: number;
  /** Listed by the venue. */
  readonly listed: number;
  /** Of these, with status `trading`. */
  readonly trading: number;
}

/** The venue's rules as it publishes them now. Throws when it cannot be asked (also: not now, by the rate budget). */
export interface MarketInfo {
  exchangeInfo(): Promise<ExchangeInfo>;
}

/** A refusal for a filter or a symbol says that our rules may be old: they are fetched soon, by the schedule. */
export interface SymbolRefresh {
  ask(environment: BinanceEnvironment): Promise<void>;
}

/** What was asked for, as the schedule reads it. */
export interface SymbolWishes extends SymbolRefresh {
  /** When it was last asked for, epoch ms; null = not lately. */
  askedAt(environment: BinanceEnvironment): Promise<number | null>;
}
