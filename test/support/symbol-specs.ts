/** Made-up symbols: any rules for property tests, and a whole exchange of ordinary ones. */
import fc from 'fast-check';
import { Decimal } from '../../shared/domain/money/decimal.ts';
import { SYMBOL_STATUSES, type SymbolFilter, type SymbolRules } from '../../shared/domain/symbol-rules.ts';
import type { SymbolSpec } from '../../shared/domain/symbols.ts';
import { ORDER_TYPES } from '../../shared/domain/types.ts';
import type { ExchangeInfo, VenueRateLimit } from '../../shared/ports/symbols.ts';

const amounts = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.integer({ min: 0, max: 18 }))
  .map(([digits, places]) => new Decimal(`${digits}e-${places}`));
const bounds = fc.option(amounts);
const counts = fc.nat(100_000);
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });

const filters: fc.Arbitrary<SymbolFilter> = fc.oneof(
  fc.record({ kind: fc.constant('price' as const), min: bounds, max: bounds, tick: bounds }),
  fc.record({
    kind: fc.constant('percent_price' as const),
    up: amounts,
    down: amounts,
    avgPriceMins: counts,
  }),
  fc.record({
    kind: fc.constant('percent_price_by_side' as const),
    bidUp: amounts,
    bidDown: amounts,
    askUp: amounts,
    askDown: amounts,
    avgPriceMins: counts,
  }),
  fc.record({
    kind: fc.constantFrom('lot_size' as const, 'market_lot_size' as const),
    min: bounds,
    max: bounds,
    step: bounds,
  }),
  fc.record({
    kind: fc.constant('min_notional' as const),
    min: amounts,
    applyToMarket: fc.boolean(),
    avgPriceMins: counts,
  }),
  fc.record({
    kind: fc.constant('notional' as const),
    min: amounts,
    max: bounds,
    applyMinToMarket: fc.boolean(),
    applyMaxToMarket: fc.boolean(),
    avgPriceMins: counts,
  }),
  fc.record({
    kind: fc.constantFrom(
      'iceberg_parts' as const,
      'max_num_orders' as const,
      'max_num_algo_orders' as const,
      'max_num_iceberg_orders' as const,
      'max_num_order_lists' as const,
      'max_num_order_amends' as const,
    ),
    limit: counts,
  }),
  fc.record({ kind: fc.constant('max_position' as const), max: amounts }),
  fc.record({
    kind: fc.constant('trailing_delta' as const),
    minAbove: counts,
    maxAbove: counts,
    minBelow: counts,
    maxBelow: counts,
  }),
  fc.record({ kind: fc.constant('unknown' as const), name: words, json: words }),
);

const rules: fc.Arbitrary<SymbolRules> = fc.record({
  status: fc.constantFrom(...SYMBOL_STATUSES),
  venueStatus: words,
  orderTypes: fc.uniqueArray(fc.constantFrom(...ORDER_TYPES)),
  quoteOrderQtyMarketAllowed: fc.boolean(),
  icebergAllowed: fc.boolean(),
  ocoAllowed: fc.boolean(),
  otoAllowed: fc.boolean(),
  opoAllowed: fc.boolean(),
  allowTrailingStop: fc.boolean(),
  amendAllowed: fc.boolean(),
  cancelReplaceAllowed: fc.boolean(),
  isSpotTradingAllowed: fc.boolean(),
  permissionSets: fc.array(fc.array(words, { maxLength: 3 }), { maxLength: 3 }),
  defaultSelfTradePreventionMode: fc.option(words),
  allowedSelfTradePreventionModes: fc.array(words, { maxLength: 3 }),
  basePrecision: counts,
  quotePrecision: counts,
  baseCommissionPrecision: counts,
  quoteCommissionPrecision: counts,
  filters: fc.array(filters, { maxLength: 15 }),
});

export const anySpec: fc.Arbitrary<SymbolSpec> = fc.record({
  symbol: words,
  base: words,
  quote: words,
  venueSymbol: words,
  rules,
  tickSize: amounts,
  stepSize: amounts,
  minQuantity: amounts,
  maxQuantity: amounts,
  minNotional: amounts,
  maxNotional: amounts,
  unitExponent: fc.nat(20),
});

const d = (text: string): Decimal => new Decimal(text);

/** As the exchange lists an ordinary pair today. */
export function ordinarySpec(base: string, quote: string, more: Partial<SymbolRules> = {}): SymbolSpec {
  const lot = { min: d('0.00001'), max: d('9000'), step: d('0.00001') };
  return {
    ...{ symbol: `${base}/${quote}`, base, quote, venueSymbol: `${base}${quote}` },
    rules: {
      status: 'trading',
      venueStatus: 'TRADING',
      orderTypes: ORDER_TYPES,
      quoteOrderQtyMarketAllowed: true,
      icebergAllowed: true,
      ocoAllowed: true,
      otoAllowed: true,
      opoAllowed: true,
      allowTrailingStop: true,
      amendAllowed: true,
      cancelReplaceAllowed: true,
      isSpotTradingAllowed: true,
      // The exchange lists two to three dozen groups for each symbol.
      permissionSets: [['SPOT', 'MARGIN', ...Array.from({ length: 30 }, (_, i) => `TRD_GRP_${100 + i}`)]],
      defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
      allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'],
      basePrecision: 8,
      quotePrecision: 8,
      baseCommissionPrecision: 8,
      quoteCommissionPrecision: 8,
      filters: [
        { kind: 'price', min: d('0.01'), max: d('1000000'), tick: d('0.01') },
        { kind: 'lot_size', ...lot },
        { kind: 'iceberg_parts', limit: 100 },
        { kind: 'market_lot_size', min: null, max: d('120.5'), step: null },
        { kind: 'trailing_delta', minAbove: 10, maxAbove: 2000, minBelow: 10, maxBelow: 2000 },
        {
          ...{ kind: 'percent_price_by_side', avgPriceMins: 5 },
          ...{ bidUp: d('5'), bidDown: d('0.2'), askUp: d('5'), askDown: d('0.2') },
        },
        {
          ...{ kind: 'notional', min: d('5'), max: d('9000000'), avgPriceMins: 5 },
          ...{ applyMinToMarket: true, applyMaxToMarket: false },
        },
        { kind: 'max_num_orders', limit: 200 },
        { kind: 'max_num_order_lists', limit: 20 },
        { kind: 'max_num_algo_orders', limit: 5 },
        { kind: 'max_num_order_amends', limit: 10 },
      ],
      ...more,
    },
    ...{ tickSize: d('0.01'), stepSize: lot.step, minQuantity: lot.min, maxQuantity: lot.max },
    ...{ minNotional: d('5'), maxNotional: d('9000000'), unitExponent: 4 },
  };
}

export const SOME_LIMITS: readonly VenueRateLimit[] = [
  { type: 'REQUEST_WEIGHT', intervalMs: 60_000, limit: 6000 },
  { type: 'ORDERS', intervalMs: 10_000, limit: 100 },
  { type: 'ORDERS', intervalMs: 86_400_000, limit: 200_000 },
  { type: 'RAW_REQUESTS', intervalMs: 300_000, limit: 300_000 },
];

export const exchangeInfo = (symbols: readonly SymbolSpec[]): ExchangeInfo => ({
  serverTime: 1,
  rateLimits: SOME_LIMITS,
  symbols,
});

/** An exchange with so many pairs. */
export const bigExchange = (count: number): ExchangeInfo =>
  exchangeInfo(Array.from({ length: count }, (_, i) => ordinarySpec(`C${i}`, 'USDT')));
