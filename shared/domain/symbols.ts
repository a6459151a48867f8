/**
 * Symbols: names in every dialect, and what can be traded of one pair (design sections 5, 10, 11).
 *
 * Names are taken as they are written; only the letters a to z are also found when typed small. Other alphabets have
 * no such rule that keeps a name's length, so they are left alone.
 *
 * Polygon knows no USDT pairs: its names of BTC/USDT are `X:BTCUSD` and `BTC-USD`. Where an environment lists BTC/USD
 * itself, these are that one's names, and BTC/USDT is `X:BTCUSDT` and `BTC-USDT` (which always lead to it too).
 */
import { BUILT_IN } from './built-in-symbols.ts';
import type { Decimal } from './money/decimal.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import { isWatchOnly, WATCHED, watchedTicker } from './watched-symbols.ts';

export type { SymbolSpec } from './symbol-spec.ts';

/** What a written name says: both assets where a separator tells them apart, else the two joined. */
export type SymbolName =
  | { readonly base: string; readonly quote: string; readonly joined: string }
  | { readonly base: null; readonly quote: null; readonly joined: string };

/** Reads `BTC/USDT`, `BTC-USDT`, `BTCUSDT`, `AAPL`, each with `X:` or `C:` in front; null when it cannot be a name. */
export function parseSymbolName(text: string): SymbolName | null {
  const name = text.trim().replace(/^[xXcC]:/, '');
  const separators = [...name.matchAll(/[/-]/g)];
  const [separator] = separators;
  if (separators.length > 1) return null;
  if (separator === undefined) return name === '' ? null : { base: null, quote: null, joined: name };
  const [base, quote] = [name.slice(0, separator.index), name.slice(separator.index + 1)];
  return base === '' || quote === '' ? null : { base, quote, joined: base + quote };
}

/** The letters a to z as capitals; everything else as it is. */
export const asciiUpperCase = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => letter.toUpperCase());

/** The spellings under which a written name is looked up: as it is, then in capitals. */
export const spellings = (text: string): readonly string[] => [...new Set([text, asciiUpperCase(text)])];

/** Is this the symbol that was named? With a separator both assets have to be the named ones. */
export const isNamed = (spec: SymbolSpec, name: SymbolName): boolean =>
  name.base === null || (spec.base === name.base && spec.quote === name.quote);

/** Is it the symbol's own name in some format and spelling, and not one that only Polygon gives it? */
export const bearsName = (spec: SymbolSpec, text: string): boolean =>
  // First what replays ask millions of times.
  text === spec.venueSymbol ||
  spellings(text).some((spelling) => {
    const name = parseSymbolName(spelling);
    return name !== null && name.joined === spec.venueSymbol && isNamed(spec, name);
  });

/**
 * The USDT pair that Polygon names so; null where a name is none of Polygon's in dollars. It is meant only where
 * nothing is listed under the name itself.
 */
export function usdtPairOf(text: string): SymbolName | null {
  const name = text.trim();
  const base = /^[xX]:([^/-]+)USD$/.exec(name)?.[1] ?? /^([^/:-]+)-USD$/.exec(name)?.[1];
  return base === undefined ? null : { base, quote: 'USDT', joined: `${base}USDT` };
}

/** Finds a symbol in any format, `byVenueSymbol` being asked for each spelling of its joined name. */
export function findSymbol(
  text: string,
  byVenueSymbol: (venueSymbol: string) => SymbolSpec | null,
): SymbolSpec | null {
  for (const spelling of spellings(text)) {
    const name = parseSymbolName(spelling);
    const spec = name && byVenueSymbol(name.joined);
    if (name !== null && spec !== null && isNamed(spec, name)) return spec;
    const pair = spec === null ? usdtPairOf(spelling) : null;
    const inUsdt = pair && byVenueSymbol(pair.joined);
    if (pair !== null && inUsdt !== null && isNamed(inUsdt, pair)) return inUsdt;
  }
  return null;
}

export interface SymbolRegistry {
  /** By the canonical name alone: `BTC/USDT`. */
  get(symbol: string): SymbolSpec | null;
  /** Finds `BTCUSDT`, `BTC-USDT`, `X:BTCUSDT` as well as `BTC/USDT`. */
  find(anyFormat: string): SymbolSpec | null;
  all(): readonly SymbolSpec[];
}

/** What the demo venue trades, and what can be watched. */
const KNOWN: readonly SymbolSpec[] = [...BUILT_IN, ...WATCHED];

export function symbolRegistry(specs: readonly SymbolSpec[] = KNOWN): SymbolRegistry {
  const bySymbol = new Map(specs.map((s) => [s.symbol, s]));
  const byVenueSymbol = new Map(specs.map((s) => [s.venueSymbol, s]));
  return {
    get: (symbol) => bySymbol.get(symbol) ?? null,
    find: (text) => findSymbol(text, (name) => byVenueSymbol.get(name) ?? null),
    all: () => specs,
  };
}

/**
 * Decimals of the price unit: the tick's + 2. A symbol that is built in keeps its built-in unit in every environment,
 * because prices and levels of all environments meet on one tick path.
 */
export const unitExponentOf = (symbol: string, tickSize: Decimal): number =>
  KNOWN.find((spec) => spec.symbol === symbol)?.unitExponent ?? tickSize.decimalPlaces() + 2;

export const toVenueSymbol = (s: SymbolSpec): string => s.venueSymbol;
/** With its own quote, whatever Polygon calls it. */
export const toDashSymbol = (s: SymbolSpec): string => s.symbol.replace('/', '-');
/** With its own quote, whatever Polygon calls it; of a stock, a currency or a metal it is Polygon's own. */
export const toPolygonTicker = (s: SymbolSpec): string =>
  isWatchOnly(s) ? watchedTicker(s) : `X:${s.venueSymbol}`;

/** The venue's symbol that has the dollar names before this one does, where it is listed; null = none can. */
export const dollarRival = ({ base, quote }: SymbolSpec): string | null =>
  quote === 'USDT' ? `${base}USD` : null;

/** What Polygon calls it. `isRivalListed`: the environment lists the symbol's dollar rival. */
export function polygonNames(
  spec: SymbolSpec,
  isRivalListed: boolean,
): { readonly dash: string; readonly ticker: string } {
  const rival = dollarRival(spec);
  if (rival === null || isRivalListed) return { dash: toDashSymbol(spec), ticker: toPolygonTicker(spec) };
  return { dash: `${spec.base}-USD`, ticker: `X:${rival}` };
}
