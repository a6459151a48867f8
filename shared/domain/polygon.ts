/**
 * What Polygon (Massive) calls things (design section 11): instruments by asset class, channels, topics, sessions.
 *
 * Pure. Always true:
 * - Polygon quotes in national currencies only: a pair in USDT or USDC is watched at its dollar price, and `rate`
 *   names what tells the one from the other. Nothing here converts;
 * - the bare letter is the second for stocks (`A`, `AM`) and the minute elsewhere (`XA`, `XAS`);
 * - a topic is split at its first dot only: `T.BRK.B`.
 */
import type { SymbolSpec } from './symbol-spec.ts';

/** Also the path of its socket: one connection each. */
export type PolygonAssetClass = 'crypto' | 'stocks' | 'forex';

export interface PolygonInstrument {
  readonly assetClass: PolygonAssetClass;
  /** In topics and messages: `BTC-USD`, `BRK.B`, `XAU/USD`. */
  readonly name: string;
  /** In REST: `X:BTCUSD`, `BRK.B`, `C:XAUUSD`. */
  readonly ticker: string;
  /** The currency of its prices. */
  readonly quote: string;
  /** The instrument that tells what the symbol's own quote currency is worth in `quote`; null where they are the same. */
  readonly rate: string | null;
}

/** Dollars by another name: what trades against them is watched in dollars. */
const STABLE = new Set(['USDT', 'USDC']);

const CURRENCIES = new Set(
  (
    'USD EUR GBP JPY CHF AUD CAD NZD SEK NOK DKK PLN HUF CZK RON TRY ILS ZAR MXN BRL CLP COP PEN ARS ' +
    'CNH CNY HKD SGD TWD KRW INR IDR MYR PHP THB VND AED SAR QAR KWD BHD EGP UAH'
  ).split(' '),
);
const METALS = new Set(['XAU', 'XAG', 'XPT', 'XPD']);

/** Null where Polygon has nothing of the kind: pairs in coins (`ETH/BTC`). */
export function polygonInstrument({
  symbol,
  base,
  quote,
}: Pick<SymbolSpec, 'symbol' | 'base' | 'quote'>): PolygonInstrument | null {
  if (!symbol.includes('/')) {
    return { assetClass: 'stocks', name: symbol, ticker: symbol, quote: 'USD', rate: null };
  }
  const isStable = STABLE.has(quote);
  const money = isStable ? 'USD' : quote;
  if (!CURRENCIES.has(money) || base === money) return null;
  const rate = isStable ? `${quote}-USD` : null;
  const ticker = `${base}${money}`;
  return CURRENCIES.has(base) || METALS.has(base)
    ? { assetClass: 'forex', name: `${base}/${money}`, ticker: `C:${ticker}`, quote: money, rate }
    : { assetClass: 'crypto', name: `${base}-${money}`, ticker: `X:${ticker}`, quote: money, rate };
}

export type PolygonChannelKind = 'trade' | 'quote' | 'second' | 'minute';

/** Null: there is none. */
export const POLYGON_CHANNELS: Readonly<
  Record<PolygonAssetClass, Readonly<Record<PolygonChannelKind, string | null>>>
> = {
  crypto: { trade: 'XT', quote: 'XQ', second: 'XAS', minute: 'XA' },
  stocks: { trade: 'T', quote: 'Q', second: 'A', minute: 'AM' },
  forex: { trade: null, quote: 'C', second: 'CAS', minute: 'CA' },
};

/** The name as this system writes it: forex comes with a slash whatever was asked for, and is asked for with either. */
export function polygonName(assetClass: PolygonAssetClass, name: string): string {
  if (assetClass === 'forex') return name.replace('-', '/');
  return assetClass === 'crypto' ? name.replace(/^X:/, '').replace('/', '-') : name;
}

export const polygonTopic = (channel: string, name: string): string => `${channel}.${name}`;

/** Null when it is no topic. */
export function splitPolygonTopic(topic: string): { readonly channel: string; readonly name: string } | null {
  const dot = topic.indexOf('.');
  if (dot <= 0 || dot === topic.length - 1) return null;
  return { channel: topic.slice(0, dot), name: topic.slice(dot + 1) };
}

const NEW_YORK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** Day and minute of the day in New York. */
function newYork(at: number): { readonly day: string; readonly minute: number } {
  const parts = new Map(NEW_YORK.formatToParts(at).map(({ type, value }) => [type, value]));
  const hour = Number.parseInt(parts.get('hour') ?? '', 10); // not money: time of day
  const minute = Number.parseInt(parts.get('minute') ?? '', 10); // not money: time of day
  return { day: parts.get('weekday') ?? '', minute: hour * 60 + minute };
}

/**
 * Are prices due at this time (epoch ms)? Outside of it silence is no fault. Stocks 04:00 to 20:00 on weekdays,
 * currencies Sunday 17:00 (metals 18:00) to Friday 17:00, all New York; crypto always. Holidays are not known.
 */
export function isPolygonSession(
  { assetClass, name }: Pick<PolygonInstrument, 'assetClass' | 'name'>,
  at: number,
): boolean {
  if (assetClass === 'crypto') return true;
  const { day, minute } = newYork(at);
  if (assetClass === 'stocks') {
    return day !== 'Sat' && day !== 'Sun' && minute >= 4 * 60 && minute < 20 * 60;
  }
  const opens = METALS.has(name.slice(0, 3)) ? 18 * 60 : 17 * 60;
  if (day === 'Sat') return false;
  if (day === 'Sun') return minute >= opens;
  return day !== 'Fri' || minute < 17 * 60;
}
