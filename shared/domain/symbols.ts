/**
 * Symbols: names in every dialect, and what can be traded of one pair (design sections 5, 10, 11).
 *
 * Names are taken as they are written; only the letters a to z are also found when typed small. Other alphabets have
 * no such rule that keeps a name's length, so they are left alone.
 */
import { BUILT_IN } from './built-in-symbols.ts';
import type { Decimal } from './money/decimal.ts';
import type { SymbolSpec } from './symbol-spec.ts';

export type { SymbolSpec } from './symbol-spec.ts';

/** What a written name says: both assets where a separator tells them apart, else the two joined. */
export type SymbolName =
  | { readonly base: string; readonly quote: string; readonly joined: string }
  | { readonly base: null; readonly quote: null; readonly joined: string };

/** Reads `BTC/USDT`, `BTC-USDT`, `BTCUSDT` and each with `X:` in front; null when it cannot be a name. */
export function parseSymbolName(text: string): SymbolName | null {
  const name = text.trim().replace(/^[xX]:/, '');
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

/** Finds a symbol in any format, `byVenueSymbol` being asked for each spelling of its joined name. */
export function findSymbol(
  text: string,
  byVenueSymbol: (venueSymbol: string) => SymbolSpec | null,
): SymbolSpec | null {
  for (const spelling of spellings(text)) {
    const name = parseSymbolName(spelling);
    const spec = name && byVenueSymbol(name.joined);
    if (name !== null && spec !== null && isNamed(spec, name)) return spec;
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

export function symbolRegistry(specs: readonly SymbolSpec[] = BUILT_IN): SymbolRegistry {
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
  BUILT_IN.find((spec) => spec.symbol === symbol)?.unitExponent ?? tickSize.decimalPlaces() + 2;

export const toVenueSymbol = (s: SymbolSpec): string => s.venueSymbol;
export const toDashSymbol = (s: SymbolSpec): string => `${s.base}-${s.quote}`;
export const toPolygonTicker = (s: SymbolSpec): string => `X:${s.venueSymbol}`;
