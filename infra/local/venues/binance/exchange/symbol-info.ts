/** One entry of exchangeInfo, read: Binance's own shape in, what the engine asks of it out. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { Json, JsonObject } from '../contract.ts';
import type { OrderType, StpMode } from './kinds.ts';
import { ZERO } from './numbers.ts';

export interface SymbolInfo {
  /** As exchangeInfo shows it. */
  readonly json: JsonObject;
  readonly symbol: string;
  readonly status: string;
  readonly base: string;
  readonly quote: string;
  readonly basePrecision: number;
  readonly quotePrecision: number;
  readonly baseCommissionPrecision: number;
  readonly quoteCommissionPrecision: number;
  readonly orderTypes: readonly OrderType[];
  /** All lists must have a permission of the account. */
  readonly permissionSets: readonly (readonly string[])[];
  readonly defaultStp: StpMode;
  readonly allowedStp: readonly StpMode[];
  readonly tick: Decimal;
  readonly step: Decimal;
  flag(name: string): boolean;
  filter(type: string): Filter | null;
}

/** A filter's members; a missing number is zero, and zero means off. */
export interface Filter {
  readonly json: JsonObject;
  decimal(name: string): Decimal;
  has(name: string): boolean;
  flag(name: string): boolean;
}

/** Filters by their type. */
export const readFilters = (value: Json | undefined): ReadonlyMap<string, Filter> =>
  new Map(
    listOf(value)
      .filter(isObject)
      .map((filter) => [textOf(filter, 'filterType'), readFilter(filter)]),
  );

const STP_MODES: readonly StpMode[] = ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'];
const ORDER_TYPES: readonly OrderType[] = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const textsOf = (value: Json | undefined): string[] =>
  listOf(value).filter((item): item is string => typeof item === 'string');

function textOf(entry: JsonObject, name: string): string {
  const value = entry[name];
  if (typeof value !== 'string') throw new Error(`exchangeInfo: ${name} of a symbol must be text`);
  return value;
}

const intOf = (entry: JsonObject, name: string): number => {
  const value = entry[name];
  return typeof value === 'number' ? value : 8;
};

function readFilter(json: JsonObject): Filter {
  return {
    json,
    has: (name) => json[name] !== undefined,
    flag: (name) => json[name] === true,
    decimal: (name) => {
      const value = json[name];
      return typeof value === 'string' || typeof value === 'number' ? new Decimal(value) : ZERO;
    },
  };
}

/**
 * Reads an entry. Two abilities are taken out of it because the simulator lacks them, so that no client is told
 * otherwise: pegged orders, and TRANSFER among the self-trade prevention modes.
 */
export function readSymbol(entry: JsonObject): SymbolInfo {
  const allowedStp = textsOf(entry['allowedSelfTradePreventionModes']).filter((mode): mode is StpMode =>
    STP_MODES.includes(mode as StpMode),
  );
  const defaultStp = STP_MODES.find((mode) => mode === entry['defaultSelfTradePreventionMode']) ?? 'NONE';
  const json: JsonObject = {
    ...entry,
    ...(entry['pegInstructionsAllowed'] === undefined ? {} : { pegInstructionsAllowed: false }),
    ...(allowedStp.length === 0 ? {} : { allowedSelfTradePreventionModes: allowedStp }),
  };
  const filters = readFilters(entry['filters']);
  const quotePrecision = intOf(entry, 'quoteAssetPrecision');
  return {
    json,
    symbol: textOf(entry, 'symbol'),
    status: textOf(entry, 'status'),
    base: textOf(entry, 'baseAsset'),
    quote: textOf(entry, 'quoteAsset'),
    basePrecision: intOf(entry, 'baseAssetPrecision'),
    quotePrecision,
    baseCommissionPrecision: intOf(entry, 'baseCommissionPrecision'),
    quoteCommissionPrecision: intOf(entry, 'quoteCommissionPrecision'),
    orderTypes: ORDER_TYPES.filter((type) => textsOf(entry['orderTypes']).includes(type)),
    permissionSets: listOf(entry['permissionSets']).map(textsOf),
    defaultStp,
    allowedStp: allowedStp.length === 0 ? [defaultStp] : allowedStp,
    tick: filters.get('PRICE_FILTER')?.decimal('tickSize') ?? ZERO,
    step: filters.get('LOT_SIZE')?.decimal('stepSize') ?? ZERO,
    flag: (name) => json[name] === true,
    filter: (type) => filters.get(type) ?? null,
  };
}
