/** Trading rules of one symbol, as the venue publishes them (design section 5). Pure data; see filters.ts for the arithmetic. */
import type { Decimal } from './money/decimal.ts';
import type { OrderType } from './types.ts';

export const SYMBOL_STATUSES = [
  'trading',
  'end_of_day',
  'halt',
  'break',
  'cancel_only',
  'delisted',
  /** Only its prices are known here: nobody trades it (watched-symbols.ts). */
  'watch_only',
  /** A status that the venue has and we do not know: not tradable. */
  'unknown',
] as const;
export type SymbolStatus = (typeof SYMBOL_STATUSES)[number];

/** Null = that bound is off (the venue says 0). */
export type Bound = Decimal | null;

export type SymbolFilter =
  | { readonly kind: 'price'; readonly min: Bound; readonly max: Bound; readonly tick: Bound }
  | {
      readonly kind: 'percent_price';
      readonly up: Decimal;
      readonly down: Decimal;
      readonly avgPriceMins: number;
    }
  | {
      readonly kind: 'percent_price_by_side';
      readonly bidUp: Decimal;
      readonly bidDown: Decimal;
      readonly askUp: Decimal;
      readonly askDown: Decimal;
      readonly avgPriceMins: number;
    }
  | { readonly kind: 'lot_size'; readonly min: Bound; readonly max: Bound; readonly step: Bound }
  | { readonly kind: 'market_lot_size'; readonly min: Bound; readonly max: Bound; readonly step: Bound }
  | {
      readonly kind: 'min_notional';
      readonly min: Decimal;
      readonly applyToMarket: boolean;
      readonly avgPriceMins: number;
    }
  | {
      readonly kind: 'notional';
      readonly min: Decimal;
      readonly max: Bound;
      readonly applyMinToMarket: boolean;
      readonly applyMaxToMarket: boolean;
      readonly avgPriceMins: number;
    }
  | { readonly kind: 'iceberg_parts'; readonly limit: number }
  | { readonly kind: 'max_num_orders'; readonly limit: number }
  | { readonly kind: 'max_num_algo_orders'; readonly limit: number }
  | { readonly kind: 'max_num_iceberg_orders'; readonly limit: number }
  | { readonly kind: 'max_num_order_lists'; readonly limit: number }
  | { readonly kind: 'max_num_order_amends'; readonly limit: number }
  | { readonly kind: 'max_position'; readonly max: Decimal }
  | {
      readonly kind: 'trailing_delta';
      /** Basis points. */
      readonly minAbove: number;
      readonly maxAbove: number;
      readonly minBelow: number;
      readonly maxBelow: number;
    }
  /** A filter that we do not know: kept, shown, not checked. */
  | { readonly kind: 'unknown'; readonly name: string; readonly json: string };

export type FilterKind = SymbolFilter['kind'];
export const FILTER_KINDS = [
  'price',
  'percent_price',
  'percent_price_by_side',
  'lot_size',
  'market_lot_size',
  'min_notional',
  'notional',
  'iceberg_parts',
  'max_num_orders',
  'max_num_algo_orders',
  'max_num_iceberg_orders',
  'max_num_order_lists',
  'max_num_order_amends',
  'max_position',
  'trailing_delta',
  'unknown',
] as const satisfies readonly FilterKind[];

export interface SymbolRules {
  readonly status: SymbolStatus;
  /** The venue's own word for it. */
  readonly venueStatus: string;
  /** Ours; `trailing_stop` and `oco` follow from the venue's flags. */
  readonly orderTypes: readonly OrderType[];
  readonly quoteOrderQtyMarketAllowed: boolean;
  readonly icebergAllowed: boolean;
  readonly ocoAllowed: boolean;
  readonly otoAllowed: boolean;
  readonly opoAllowed: boolean;
  readonly allowTrailingStop: boolean;
  readonly amendAllowed: boolean;
  readonly cancelReplaceAllowed: boolean;
  readonly isSpotTradingAllowed: boolean;
  /** AND over the outer list, OR inside each. */
  readonly permissionSets: readonly (readonly string[])[];
  readonly defaultSelfTradePreventionMode: string | null;
  readonly allowedSelfTradePreventionModes: readonly string[];
  /** Decimals. */
  readonly basePrecision: number;
  readonly quotePrecision: number;
  readonly baseCommissionPrecision: number;
  readonly quoteCommissionPrecision: number;
  readonly filters: readonly SymbolFilter[];
}
