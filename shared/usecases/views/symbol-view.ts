/** Symbols as the API shows them: names in every format, status, sizes, and all rules of the venue. */
import { Decimal } from '../../domain/money/decimal.ts';
import type { FilterKind, SymbolFilter } from '../../domain/symbol-rules.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import { polygonNames, toVenueSymbol } from '../../domain/symbols.ts';
import type { Environment } from '../../domain/types.ts';
import { money } from './text.ts';

/** In a list: what a form needs. `isRivalListed` decides over the names in dollars (domain/symbols). */
export const symbolView = (spec: SymbolSpec, environment: Environment, isRivalListed: boolean) => ({
  symbol: spec.symbol,
  exchange: environment,
  base: spec.base,
  quote: spec.quote,
  status: spec.rules.status,
  /** The venue's own word. */
  venue_status: spec.rules.venueStatus,
  formats: formatsOf(spec, isRivalListed),
  order_types: spec.rules.orderTypes,
  tick_size: money(spec.tickSize),
  step_size: money(spec.stepSize),
  min_quantity: money(spec.minQuantity),
  max_quantity: money(spec.maxQuantity),
  min_notional: money(spec.minNotional),
  max_notional: money(spec.maxNotional),
});

/** One symbol with all of its rules. */
export const symbolDetail = (spec: SymbolSpec, environment: Environment, isRivalListed: boolean) => ({
  ...symbolView(spec, environment, isRivalListed),
  base_precision: spec.rules.basePrecision,
  quote_precision: spec.rules.quotePrecision,
  quote_quantity_allowed: spec.rules.quoteOrderQtyMarketAllowed,
  trailing_stop_allowed: spec.rules.allowTrailingStop,
  oco_allowed: spec.rules.ocoAllowed,
  amend_allowed: spec.rules.amendAllowed,
  spot_trading_allowed: spec.rules.isSpotTradingAllowed,
  permission_sets: spec.rules.permissionSets,
  filters: spec.rules.filters.map(filterView),
});

function formatsOf(spec: SymbolSpec, isRivalListed: boolean) {
  const { dash, ticker } = polygonNames(spec, isRivalListed);
  return { slash: spec.symbol, venue: toVenueSymbol(spec), dash, polygon: ticker };
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

interface FilterView {
  readonly kind: FilterKind;
  readonly [figure: string]: string | number | boolean | null;
}

/** A bound that is off is null. */
const filterView = ({ kind, ...figures }: SymbolFilter): FilterView => ({
  ...Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [snake(name), figureView(value)] as const),
  ),
  kind,
});

function figureView(value: unknown): string | number | boolean | null {
  if (Decimal.isDecimal(value)) return money(new Decimal(value));
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value;
  throw new Error(`a filter has a figure of type ${typeof value}`);
}
