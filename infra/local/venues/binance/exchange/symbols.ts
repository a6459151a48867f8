/** The simulator's own market: exchangeInfo entries in Binance's shape, with the variants that clients must bear. */
import type { Json, JsonObject } from '../contract.ts';

const ALL_TYPES = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];
const NO_MARKET_STOPS = ALL_TYPES.filter((type) => type !== 'STOP_LOSS' && type !== 'TAKE_PROFIT');

interface Sizes {
  readonly tick: string;
  readonly step: string;
  readonly maxQty: string;
  readonly marketMaxQty: string;
  readonly minNotional: string;
}

const eight = (text: string): string => {
  const [whole = '0', part = ''] = text.split('.');
  return `${whole}.${part.padEnd(8, '0')}`;
};

const filters = (sizes: Sizes, priceRange: JsonObject, notional: JsonObject): readonly Json[] => [
  {
    filterType: 'PRICE_FILTER',
    minPrice: eight(sizes.tick),
    maxPrice: '1000000.00000000',
    tickSize: eight(sizes.tick),
  },
  {
    filterType: 'LOT_SIZE',
    minQty: eight(sizes.step),
    maxQty: eight(sizes.maxQty),
    stepSize: eight(sizes.step),
  },
  { filterType: 'ICEBERG_PARTS', limit: 100 },
  {
    filterType: 'MARKET_LOT_SIZE',
    minQty: '0.00000000',
    maxQty: eight(sizes.marketMaxQty),
    stepSize: '0.00000000',
  },
  {
    filterType: 'TRAILING_DELTA',
    minTrailingAboveDelta: 10,
    maxTrailingAboveDelta: 2000,
    minTrailingBelowDelta: 10,
    maxTrailingBelowDelta: 2000,
  },
  priceRange,
  notional,
  { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 200 },
  { filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: 20 },
  { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: 5 },
  { filterType: 'MAX_NUM_ORDER_AMENDS', maxNumOrderAmends: 10 },
];

const BY_SIDE: JsonObject = {
  filterType: 'PERCENT_PRICE_BY_SIDE',
  bidMultiplierUp: '5',
  bidMultiplierDown: '0.2',
  askMultiplierUp: '5',
  askMultiplierDown: '0.2',
  avgPriceMins: 5,
};
const PERCENT: JsonObject = {
  filterType: 'PERCENT_PRICE',
  multiplierUp: '5',
  multiplierDown: '0.2',
  avgPriceMins: 5,
};

const notional = (minNotional: string): JsonObject => ({
  filterType: 'NOTIONAL',
  minNotional: eight(minNotional),
  applyMinToMarket: true,
  maxNotional: '9000000.00000000',
  applyMaxToMarket: false,
  avgPriceMins: 5,
});
const oldNotional = (minNotional: string): JsonObject => ({
  filterType: 'MIN_NOTIONAL',
  minNotional: eight(minNotional),
  applyToMarket: true,
  avgPriceMins: 5,
});

const symbol = (base: string, quote: string, sizes: Sizes, change: JsonObject = {}): JsonObject => ({
  symbol: `${base}${quote}`,
  status: 'TRADING',
  baseAsset: base,
  baseAssetPrecision: 8,
  quoteAsset: quote,
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  orderTypes: ALL_TYPES,
  icebergAllowed: true,
  ocoAllowed: true,
  otoAllowed: true,
  opoAllowed: true,
  quoteOrderQtyMarketAllowed: true,
  allowTrailingStop: true,
  cancelReplaceAllowed: true,
  amendAllowed: true,
  pegInstructionsAllowed: false,
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: false,
  filters: filters(sizes, BY_SIDE, notional(sizes.minNotional)),
  permissions: [],
  permissionSets: [['SPOT', 'MARGIN', 'TRD_GRP_101']],
  defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
  allowedSelfTradePreventionModes: ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'],
  ...change,
});

const sizes = (
  tick: string,
  step: string,
  maxQty: string,
  marketMaxQty: string,
  minNotional = '5',
): Sizes => ({
  tick,
  step,
  maxQty,
  marketMaxQty,
  minNotional,
});

const XRP = sizes('0.0001', '0.1', '9222449', '1500000');
const LTC = sizes('0.01', '0.001', '90000', '8000');

/** One symbol of every kind that differs in what it allows; the comment says how. */
export const OWN_SYMBOLS: readonly JsonObject[] = [
  symbol('BTC', 'USDT', sizes('0.01', '0.00001', '9000', '120')),
  symbol('ETH', 'USDT', sizes('0.01', '0.0001', '9000', '2000')),
  symbol('BNB', 'USDT', sizes('0.01', '0.001', '90000', '3000')),
  symbol('SOL', 'USDT', sizes('0.01', '0.001', '90000', '20000')),
  // Stops only with a limit price.
  symbol('XRP', 'USDT', XRP, { orderTypes: NO_MARKET_STOPS }),
  // Filters of the older kind.
  symbol('LTC', 'USDT', LTC, { filters: filters(LTC, PERCENT, oldNotional('5')) }),
  symbol('ADA', 'USDT', sizes('0.0001', '0.1', '900000', '400000')),
  symbol('DOGE', 'USDT', sizes('0.00001', '1', '9000000', '4000000', '1')),
  // A quote asset that is not a dollar; price times quantity can have more than 8 decimals.
  symbol('ETH', 'BTC', sizes('0.00001', '0.0001', '100000', '1300', '0.0001')),
  symbol('BNB', 'BTC', sizes('0.000001', '0.001', '100000', '2000', '0.0001')),
  // Names with digits and with other scripts.
  symbol('1000SATS', 'USDT', sizes('0.0000001', '1', '92233720', '50000000', '1')),
  symbol('这是测试币456', 'USDT', sizes('0.001', '0.1', '900000', '90000', '1')),
  // Neither lists nor amendments, no icebergs, no trailing.
  symbol('LINK', 'USDT', sizes('0.01', '0.01', '90000', '30000'), {
    ocoAllowed: false,
    otoAllowed: false,
    opoAllowed: false,
    amendAllowed: false,
    icebergAllowed: false,
    allowTrailingStop: false,
    cancelReplaceAllowed: false,
    quoteOrderQtyMarketAllowed: false,
  }),
  // A position ceiling.
  symbol('DOT', 'USDT', sizes('0.001', '0.01', '90000', '30000'), {
    filters: [
      ...filters(sizes('0.001', '0.01', '90000', '30000'), BY_SIDE, notional('5')),
      { filterType: 'MAX_POSITION', maxPosition: '1000.00000000' },
      { filterType: 'MAX_NUM_ICEBERG_ORDERS', maxNumIcebergOrders: 2 },
    ],
  }),
  symbol('AVAX', 'USDT', sizes('0.01', '0.01', '90000', '30000'), { status: 'CANCEL_ONLY' }),
  symbol('NEAR', 'USDT', sizes('0.001', '0.1', '90000', '30000'), { status: 'HALT' }),
  symbol('LUNA', 'USDT', sizes('0.0001', '0.01', '90000', '30000'), { status: 'BREAK' }),
  // A permission that accounts do not have unless it is granted to them.
  symbol('PEPE', 'USDT', sizes('0.0000001', '1', '92233720', '50000000', '1'), {
    permissionSets: [['SPOT'], ['TRD_GRP_900']],
  }),
];

export const OWN_RATE_LIMITS: readonly JsonObject[] = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
  { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200000 },
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 300000 },
];
