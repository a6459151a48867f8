/**
 * The symbols that the demo venue trades, with rules of its own making: what a large exchange asks, in round figures.
 * A real venue's symbols come from its exchangeInfo.
 */
import { Decimal } from './money/decimal.ts';
import type { SymbolFilter, SymbolRules } from './symbol-rules.ts';
import type { SymbolSpec } from './symbol-spec.ts';

const MAX_QUANTITY = new Decimal('9000000');
const MAX_NOTIONAL = new Decimal('9000000');
/** Averages and bands are taken over this many minutes. */
const AVERAGE_MINUTES = 5;

const filters = (tick: Decimal, step: Decimal, minNotional: Decimal): readonly SymbolFilter[] => [
  // No ceiling here: the price unit of the tick path is the tighter one.
  { kind: 'price', min: tick, max: null, tick },
  { kind: 'lot_size', min: step, max: MAX_QUANTITY, step },
  { kind: 'market_lot_size', min: null, max: MAX_QUANTITY, step: null },
  {
    kind: 'notional',
    min: minNotional,
    max: MAX_NOTIONAL,
    applyMinToMarket: true,
    applyMaxToMarket: true,
    avgPriceMins: AVERAGE_MINUTES,
  },
];

/** Trailing stops and one-cancels-other lists are what a position's protection does at the demo venue. */
const rules = (tick: Decimal, step: Decimal, minNotional: Decimal): SymbolRules => ({
  status: 'trading',
  venueStatus: 'TRADING',
  orderTypes: [
    'market',
    'limit',
    'limit_maker',
    'stop_loss',
    'stop_limit',
    'take_profit',
    'take_profit_limit',
  ],
  quoteOrderQtyMarketAllowed: true,
  icebergAllowed: false,
  ocoAllowed: false,
  otoAllowed: false,
  opoAllowed: false,
  allowTrailingStop: false,
  amendAllowed: false,
  cancelReplaceAllowed: false,
  isSpotTradingAllowed: true,
  permissionSets: [],
  defaultSelfTradePreventionMode: null,
  allowedSelfTradePreventionModes: [],
  basePrecision: 8,
  quotePrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  filters: filters(tick, step, minNotional),
});

function spec(base: string, quote: string, tickText: string, stepText: string, least: string): SymbolSpec {
  const [tickSize, stepSize, minNotional] = [
    new Decimal(tickText),
    new Decimal(stepText),
    new Decimal(least),
  ];
  return {
    symbol: `${base}/${quote}`,
    base,
    quote,
    venueSymbol: `${base}${quote}`,
    rules: rules(tickSize, stepSize, minNotional),
    tickSize,
    stepSize,
    minQuantity: stepSize,
    maxQuantity: MAX_QUANTITY,
    minNotional,
    maxNotional: MAX_NOTIONAL,
    unitExponent: tickSize.decimalPlaces() + 2,
  };
}

export const BUILT_IN: readonly SymbolSpec[] = [
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
