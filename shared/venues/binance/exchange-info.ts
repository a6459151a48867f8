/**
 * exchangeInfo becomes trading rules (design section 5): every filter and flag, old and new shapes of the answer.
 *
 * A symbol that cannot be read does not cost the others: it is named in `unreadable`.
 */
import { Decimal, decimal } from '../../domain/money/decimal.ts';
import type { Bound, SymbolFilter, SymbolRules, SymbolStatus } from '../../domain/symbol-rules.ts';
import { type SymbolSpec, unitExponentOf } from '../../domain/symbols.ts';
import type { OrderType } from '../../domain/types.ts';
import type { ExchangeInfo, VenueRateLimit } from '../../ports/symbols.ts';
import { Fields, ParseError } from './parse/fields.ts';

export interface ReadExchangeInfo extends ExchangeInfo {
  readonly unreadable: readonly { readonly venueSymbol: string; readonly why: string }[];
}

const STATUSES: Readonly<Record<string, SymbolStatus>> = {
  TRADING: 'trading',
  END_OF_DAY: 'end_of_day',
  HALT: 'halt',
  BREAK: 'break',
  CANCEL_ONLY: 'cancel_only',
};

const ORDER_TYPES: Readonly<Record<string, OrderType>> = {
  MARKET: 'market',
  LIMIT: 'limit',
  LIMIT_MAKER: 'limit_maker',
  STOP_LOSS: 'stop_loss',
  STOP_LOSS_LIMIT: 'stop_limit',
  TAKE_PROFIT: 'take_profit',
  TAKE_PROFIT_LIMIT: 'take_profit_limit',
};

const INTERVAL_MS: Readonly<Record<string, number>> = {
  SECOND: 1_000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};

/** More than an order can have: the venue's own numbers end here. */
const NO_MAXIMUM = decimal('92233720368.54775807');
const NO_MINIMUM = decimal('0');

const lookUp = <T>(table: Readonly<Record<string, T>>, key: string): T | null =>
  Object.hasOwn(table, key) ? (table[key] ?? null) : null;

/** The venue says 0 for a bound that is off. */
function bound(f: Fields, key: string): Bound {
  const value = f.decimal(key);
  return value.isZero() ? null : value;
}

const minutes = (f: Fields): number => f.optional('avgPriceMins', f.integer) ?? 0;

function readFilter(f: Fields): SymbolFilter {
  const name = f.text('filterType');
  switch (name) {
    case 'PRICE_FILTER':
      return {
        kind: 'price',
        min: bound(f, 'minPrice'),
        max: bound(f, 'maxPrice'),
        tick: bound(f, 'tickSize'),
      };
    case 'LOT_SIZE':
    case 'MARKET_LOT_SIZE':
      return {
        kind: name === 'LOT_SIZE' ? 'lot_size' : 'market_lot_size',
        min: bound(f, 'minQty'),
        max: bound(f, 'maxQty'),
        step: bound(f, 'stepSize'),
      };
    case 'PERCENT_PRICE':
      return {
        kind: 'percent_price',
        up: f.decimal('multiplierUp'),
        down: f.decimal('multiplierDown'),
        avgPriceMins: minutes(f),
      };
    case 'PERCENT_PRICE_BY_SIDE':
      return {
        kind: 'percent_price_by_side',
        bidUp: f.decimal('bidMultiplierUp'),
        bidDown: f.decimal('bidMultiplierDown'),
        askUp: f.decimal('askMultiplierUp'),
        askDown: f.decimal('askMultiplierDown'),
        avgPriceMins: minutes(f),
      };
    case 'MIN_NOTIONAL':
      return {
        kind: 'min_notional',
        min: f.decimal('minNotional'),
        applyToMarket: f.flag('applyToMarket'),
        avgPriceMins: minutes(f),
      };
    case 'NOTIONAL':
      return {
        kind: 'notional',
        min: f.decimal('minNotional'),
        max: bound(f, 'maxNotional'),
        applyMinToMarket: f.flag('applyMinToMarket'),
        applyMaxToMarket: f.flag('applyMaxToMarket'),
        avgPriceMins: minutes(f),
      };
    case 'ICEBERG_PARTS':
      return { kind: 'iceberg_parts', limit: f.integer('limit') };
    case 'MAX_NUM_ORDERS':
      return { kind: 'max_num_orders', limit: f.integer('maxNumOrders') };
    case 'MAX_NUM_ALGO_ORDERS':
      return { kind: 'max_num_algo_orders', limit: f.integer('maxNumAlgoOrders') };
    case 'MAX_NUM_ICEBERG_ORDERS':
      return { kind: 'max_num_iceberg_orders', limit: f.integer('maxNumIcebergOrders') };
    case 'MAX_NUM_ORDER_LISTS':
      return { kind: 'max_num_order_lists', limit: f.integer('maxNumOrderLists') };
    case 'MAX_NUM_ORDER_AMENDS':
      return { kind: 'max_num_order_amends', limit: f.integer('maxNumOrderAmends') };
    case 'MAX_POSITION':
      return { kind: 'max_position', max: f.decimal('maxPosition') };
    case 'TRAILING_DELTA':
      return {
        kind: 'trailing_delta',
        minAbove: f.integer('minTrailingAboveDelta'),
        maxAbove: f.integer('maxTrailingAboveDelta'),
        minBelow: f.integer('minTrailingBelowDelta'),
        maxBelow: f.integer('maxTrailingBelowDelta'),
      };
    default:
      return { kind: 'unknown', name, json: JSON.stringify(f.raw) };
  }
}

/** Thousands of symbols share a few lists: each is kept once. */
function sharedLists() {
  const known = new Map<string, unknown>();
  return <T>(value: T): T => {
    const key = JSON.stringify(value);
    const found = known.get(key);
    // The key is the value's own text, so what is found has its type.
    if (found !== undefined) return found as T;
    known.set(key, value);
    return value;
  };
}

/** `trailing_stop` and `oco` follow from the venue's types and flags. */
function orderTypesOf(
  venueTypes: readonly string[],
  flags: { trailing: boolean; oco: boolean },
): readonly OrderType[] {
  const types = venueTypes.flatMap((name) => lookUp(ORDER_TYPES, name) ?? []);
  const has = (type: OrderType): boolean => types.includes(type);
  if (flags.trailing && has('stop_loss')) types.push('trailing_stop');
  if (flags.oco && has('limit_maker') && (has('stop_loss') || has('stop_limit'))) types.push('oco');
  return types;
}

type Share = <T>(value: T) => T;

function readRules(f: Fields, share: Share): SymbolRules {
  const venueStatus = f.text('status');
  const flag = (key: string): boolean => f.optional(key, f.flag) ?? false;
  const sets = f.has('permissionSets')
    ? f
        .list('permissionSets')
        .map((_, i) => new Fields({ set: f.list('permissionSets')[i] }, 'permissions').texts('set'))
    : [f.has('permissions') ? f.texts('permissions') : []].filter((set) => set.length > 0);
  const trailing = flag('allowTrailingStop');
  const oco = flag('ocoAllowed');
  return {
    status: lookUp(STATUSES, venueStatus) ?? 'unknown',
    venueStatus,
    orderTypes: share(orderTypesOf(f.texts('orderTypes'), { trailing, oco })),
    quoteOrderQtyMarketAllowed: flag('quoteOrderQtyMarketAllowed'),
    icebergAllowed: flag('icebergAllowed'),
    ocoAllowed: oco,
    otoAllowed: flag('otoAllowed'),
    opoAllowed: flag('opoAllowed'),
    allowTrailingStop: trailing,
    amendAllowed: flag('amendAllowed'),
    cancelReplaceAllowed: flag('cancelReplaceAllowed'),
    isSpotTradingAllowed: f.flag('isSpotTradingAllowed'),
    permissionSets: share(sets),
    defaultSelfTradePreventionMode: f.optional('defaultSelfTradePreventionMode', f.text),
    allowedSelfTradePreventionModes: share(
      f.has('allowedSelfTradePreventionModes') ? f.texts('allowedSelfTradePreventionModes') : [],
    ),
    basePrecision: f.integer('baseAssetPrecision'),
    quotePrecision: f.has('quoteAssetPrecision')
      ? f.integer('quoteAssetPrecision')
      : f.integer('quotePrecision'),
    baseCommissionPrecision: f.integer('baseCommissionPrecision'),
    quoteCommissionPrecision: f.integer('quoteCommissionPrecision'),
    filters: f.objects('filters').map(readFilter),
  };
}

/** The smallest amount that a precision can say. */
const finest = (decimals: number): Decimal => new Decimal(10).pow(-decimals);

function readSymbol(f: Fields, share: Share): SymbolSpec {
  const [base, quote] = [f.text('baseAsset'), f.text('quoteAsset')];
  const rules = readRules(f, share);
  const find = <K extends SymbolFilter['kind']>(kind: K) =>
    rules.filters.find((filter): filter is Extract<SymbolFilter, { kind: K }> => filter.kind === kind);
  const price = find('price');
  const lot = find('lot_size');
  const notional = find('notional');
  const minNotional = find('min_notional');
  const symbol = `${base}/${quote}`;
  const tickSize = price?.tick ?? finest(rules.quotePrecision);
  const stepSize = lot?.step ?? finest(rules.basePrecision);
  return {
    symbol,
    base,
    quote,
    venueSymbol: f.text('symbol'),
    rules,
    tickSize,
    stepSize,
    minQuantity: Decimal.max(lot?.min ?? stepSize, stepSize),
    maxQuantity: lot?.max ?? NO_MAXIMUM,
    minNotional: notional?.min ?? minNotional?.min ?? NO_MINIMUM,
    maxNotional: notional?.max ?? NO_MAXIMUM,
    unitExponent: unitExponentOf(symbol, tickSize),
  };
}

function readLimit(f: Fields): VenueRateLimit {
  const interval = lookUp(INTERVAL_MS, f.text('interval'));
  if (interval === null) throw new ParseError('exchangeInfo.rateLimits.interval: a known interval is needed');
  return {
    type: f.text('rateLimitType'),
    intervalMs: f.integer('intervalNum') * interval,
    limit: f.integer('limit'),
  };
}

/** `GET /exchangeInfo`, parsed JSON. Throws ParseError when it is not that at all. */
export function parseExchangeInfo(value: unknown): ReadExchangeInfo {
  const f = new Fields(value, 'exchangeInfo');
  const share = sharedLists();
  const symbols: SymbolSpec[] = [];
  const unreadable: { venueSymbol: string; why: string }[] = [];
  for (const entry of f.objects('symbols')) {
    try {
      symbols.push(readSymbol(entry, share));
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const name = entry.raw['symbol'];
      unreadable.push({ venueSymbol: typeof name === 'string' ? name : '', why: error.message });
    }
  }
  return {
    serverTime: f.integer('serverTime'),
    rateLimits: f.objects('rateLimits').map(readLimit),
    symbols,
    unreadable,
  };
}
