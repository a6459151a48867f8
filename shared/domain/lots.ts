/** Sizes in which a symbol can be ordered, and what each order type means for them (design section 5). */
import { type Decimal, maxOf, minOf, ZERO } from './money/decimal.ts';
import type { SymbolFilter } from './symbol-rules.ts';
import type { SymbolSpec } from './symbols.ts';
import type { OrderType } from './types.ts';

export interface Lot {
  readonly step: Decimal;
  readonly min: Decimal;
  readonly max: Decimal;
  /** Least worth in quote asset; zero where the venue asks for none. */
  readonly minNotional: Decimal;
}

/** Does the order, or its stop leg, end in a market order? Then the venue's market lot holds as well. */
export const endsAtMarket = (type: OrderType, stopLimitPrice: Decimal | null = null): boolean =>
  type === 'market' ||
  type === 'stop_loss' ||
  type === 'take_profit' ||
  type === 'trailing_stop' ||
  (type === 'oco' && stopLimitPrice === null);

export const filterOf = <K extends SymbolFilter['kind']>(
  spec: SymbolSpec,
  kind: K,
): Extract<SymbolFilter, { kind: K }> | null =>
  spec.rules.filters.find((f): f is Extract<SymbolFilter, { kind: K }> => f.kind === kind) ?? null;

/** Does the least worth hold for market orders too? Without such a filter what is known of the symbol holds for all. */
function asksMarketForWorth(spec: SymbolSpec): boolean {
  const [worth, older] = [filterOf(spec, 'notional'), filterOf(spec, 'min_notional')];
  if (worth === null && older === null) return true;
  return worth?.applyMinToMarket === true || older?.applyToMarket === true;
}

/** The lot of resting orders, or the narrower one of market orders: the coarser step, the tighter bounds. */
export function lotOf(spec: SymbolSpec, atMarket: boolean): Lot {
  const minNotional = atMarket && !asksMarketForWorth(spec) ? ZERO : spec.minNotional;
  const plain = { step: spec.stepSize, min: spec.minQuantity, max: spec.maxQuantity, minNotional };
  const market = atMarket ? filterOf(spec, 'market_lot_size') : null;
  if (market === null) return plain;
  return {
    step: market.step === null ? plain.step : maxOf(plain.step, market.step),
    min: market.min === null ? plain.min : maxOf(plain.min, market.min),
    max: market.max === null ? plain.max : minOf(plain.max, market.max),
    minNotional,
  };
}

/** The lot of the market orders that close positions. */
export const exitLot = (spec: SymbolSpec): Lot => lotOf(spec, true);
