/** One pair as a venue trades it. */
import type { Decimal } from './money/decimal.ts';
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
  /** Decimals of the price unit on the tick path: decimals of the tick size + 2; the same in every environment. */
  readonly unitExponent: number;
}
