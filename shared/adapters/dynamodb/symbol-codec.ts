/** A symbol's rules as JSON text, exactly: decimals as text, nothing left out, nothing unknown let in. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Decimal } from '../../domain/money/decimal.ts';
import { SYMBOL_STATUSES, type SymbolFilter, type SymbolRules } from '../../domain/symbol-rules.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import { ORDER_TYPES } from '../../domain/types.ts';
import type { VenueRateLimit } from '../../ports/symbols.ts';
import { CodecError } from './codec.ts';

const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .transform((text) => new Decimal(text));
const bound = decimal.nullable();
const whole = z.int();

const filter = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('price'), min: bound, max: bound, tick: bound }),
  z.strictObject({ kind: z.literal('percent_price'), up: decimal, down: decimal, avgPriceMins: whole }),
  z.strictObject({
    kind: z.literal('percent_price_by_side'),
    bidUp: decimal,
    bidDown: decimal,
    askUp: decimal,
    askDown: decimal,
    avgPriceMins: whole,
  }),
  z.strictObject({ kind: z.literal('lot_size'), min: bound, max: bound, step: bound }),
  z.strictObject({ kind: z.literal('market_lot_size'), min: bound, max: bound, step: bound }),
  z.strictObject({
    kind: z.literal('min_notional'),
    min: decimal,
    applyToMarket: z.boolean(),
    avgPriceMins: whole,
  }),
  z.strictObject({
    kind: z.literal('notional'),
    min: decimal,
    max: bound,
    applyMinToMarket: z.boolean(),
    applyMaxToMarket: z.boolean(),
    avgPriceMins: whole,
  }),
  z.strictObject({ kind: z.literal('iceberg_parts'), limit: whole }),
  z.strictObject({ kind: z.literal('max_num_orders'), limit: whole }),
  z.strictObject({ kind: z.literal('max_num_algo_orders'), limit: whole }),
  z.strictObject({ kind: z.literal('max_num_iceberg_orders'), limit: whole }),
  z.strictObject({ kind: z.literal('max_num_order_lists'), limit: whole }),
  z.strictObject({ kind: z.literal('max_num_order_amends'), limit: whole }),
  z.strictObject({ kind: z.literal('max_position'), max: decimal }),
  z.strictObject({
    kind: z.literal('trailing_delta'),
    minAbove: whole,
    maxAbove: whole,
    minBelow: whole,
    maxBelow: whole,
  }),
  z.strictObject({ kind: z.literal('unknown'), name: z.string(), json: z.string() }),
]) satisfies z.ZodType<SymbolFilter>;

const rules = z.strictObject({
  status: z.enum(SYMBOL_STATUSES),
  venueStatus: z.string(),
  orderTypes: z.array(z.enum(ORDER_TYPES)),
  quoteOrderQtyMarketAllowed: z.boolean(),
  icebergAllowed: z.boolean(),
  ocoAllowed: z.boolean(),
  otoAllowed: z.boolean(),
  opoAllowed: z.boolean(),
  allowTrailingStop: z.boolean(),
  amendAllowed: z.boolean(),
  cancelReplaceAllowed: z.boolean(),
  isSpotTradingAllowed: z.boolean(),
  permissionSets: z.array(z.array(z.string())),
  defaultSelfTradePreventionMode: z.string().nullable(),
  allowedSelfTradePreventionModes: z.array(z.string()),
  basePrecision: whole,
  quotePrecision: whole,
  baseCommissionPrecision: whole,
  quoteCommissionPrecision: whole,
  filters: z.array(filter),
}) satisfies z.ZodType<SymbolRules>;

const spec = z.strictObject({
  symbol: z.string(),
  base: z.string(),
  quote: z.string(),
  venueSymbol: z.string(),
  rules,
  tickSize: decimal,
  stepSize: decimal,
  minQuantity: decimal,
  maxQuantity: decimal,
  minNotional: decimal,
  maxNotional: decimal,
  unitExponent: whole,
}) satisfies z.ZodType<SymbolSpec>;

const limits = z.array(z.strictObject({ type: z.string(), intervalMs: whole, limit: whole }));

/** Members in alphabetical order, so that equal rules are equal text; Decimals as plain decimal text. */
const write = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });

/** Decimals go first: `JSON.stringify` would ask their own `toJSON`, which may write an exponent. */
const plain = (value: unknown): unknown => {
  if (Decimal.isDecimal(value)) return value.toFixed();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
};

function read<T>(schema: z.ZodType<T>, text: string, name: string): T {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new CodecError(`${name}: ${parsed.error.message}`);
}

export const specText = (value: SymbolSpec): string => write(plain(value));

/** Throws CodecError, `name` first. */
export const parseSpec = (text: string, name: string): SymbolSpec => read(spec, text, name);

/** Of the text: equal rules have equal hashes. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

export const limitsText = (value: readonly VenueRateLimit[]): string => write(value);
export const parseLimits = (text: string, name: string): readonly VenueRateLimit[] =>
  read(limits, text, name);
