/**
 * Symbols: names in every dialect, and the trading rules (filters) of one pair (design sections 5, 10, 11).
 */
import { Decimal } from './money/decimal.ts';
import type { SymbolRules } from './symbol-rules.ts';

export interface SymbolSpec {
  /** `BTC/USDT` */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** The venue's name of it: `BTCUSDT`. */
  readonly venueSymbol: string;
  /** All rules of the venue; the sizes below are what follows from them for a plain order. */
  readonly rules: SymbolRules;
  readonly tickSize: Decimal;
  readonly stepSize: Decimal;
  readonly minQuantity: Decimal;
  readonly maxQuantity: Decimal;
  readonly minNotional: Decimal;
  readonly maxNotional: Decimal;
  /** Decimals of the price unit on the tick path: decimals of the tick size + 2. */
  readonly unitExponent: number;
}

const spec = (base: string, quote: string, tick: string, step: string, minNotional: string): SymbolSpec => ({
  symbol: `${base}/${quote}`,
  base,
  quote,
  tickSize: new Decimal(tick),
  stepSize: new Decimal(step),
  minQuantity: new Decimal(step),
  maxQuantity: new Decimal('9000000'),
  minNotional: new Decimal(minNotional),
  maxNotional: new Decimal('9000000'),
  unitExponent: new Decimal(tick).decimalPlaces() + 2,
});

/** The default registry: made for the demo venue; real venues bring their own from exchangeInfo. */
const DEFAULTS: readonly SymbolSpec[] = [
  spec('BTC', 'USDT', '0.01', '0.00001', '5'),
  spec('ETH', 'USDT', '0.01', '0.0001', '5'),
  spec('BNB', 'USDT', '0.01', '0.001', '5'),
  spec('SOL', 'USDT', '0.01', '0.001', '5'),
  spec('XRP', 'USDT', '0.0001', '0.1', '5'),
  spec('ADA', 'USDT', '0.0001', '0.1', '5'),
  spec('DOGE', 'USDT', '0.00001', '1', '1'),
  spec('AVAX', 'USDT', '0.001', '0.01', '5'),
  spec('LINK', 'USDT', '0.001', '0.01', '5'),
  spec('LTC', 'USDT', '0.01', '0.001', '5'),
  spec('DOT', 'USDT', '0.001', '0.01', '5'),
  spec('NEAR', 'USDT', '0.001', '0.1', '5'),
  spec('BTC', 'USD', '0.01', '0.00001', '5'),
  spec('ETH', 'USD', '0.01', '0.0001', '5'),
  spec('ETH', 'BTC', '0.00001', '0.0001', '0.0001'),
  spec('XRP', 'ETH', '0.00000001', '1', '0.0001'),
];

export interface SymbolRegistry {
  get(symbol: string): SymbolSpec | null;
  /** Finds `BTCUSDT`, `BTC-USD`, `X:BTCUSD` as well as `BTC/USDT`. */
  find(anyFormat: string): SymbolSpec | null;
  all(): readonly SymbolSpec[];
}

export function symbolRegistry(specs: readonly SymbolSpec[] = DEFAULTS): SymbolRegistry {
  const bySymbol = new Map(specs.map((s) => [s.symbol, s]));
  const byJoined = new Map(specs.map((s) => [`${s.base}${s.quote}`, s]));
  return {
    get: (symbol) => bySymbol.get(symbol) ?? null,
    find: (text) => {
      const plain = text.trim().toUpperCase().replace(/^X:/, '');
      return bySymbol.get(plain.replace('-', '/')) ?? byJoined.get(plain.replace(/[-/]/, '')) ?? null;
    },
    all: () => specs,
  };
}

export const toVenueSymbol = (s: SymbolSpec): string => `${s.base}${s.quote}`;
export const toDashSymbol = (s: SymbolSpec): string => `${s.base}-${s.quote}`;
export const toPolygonTicker = (s: SymbolSpec): string => `X:${s.base}${s.quote}`;
