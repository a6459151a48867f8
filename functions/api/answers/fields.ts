/**
 * What the API's answers are made of. These schemas describe the answers: the OpenAPI document is made of them, tests
 * check with them, and the client takes its types from them. The API itself does not load them.
 *
 * Always true: objects are strict, so that a field which nobody described is noticed; agreement.ts holds each schema
 * to the view that makes the answer.
 */
import * as z from 'zod';
import {
  BINANCE_ENVIRONMENTS,
  ENVIRONMENTS,
  EXIT_CAUSES,
  ORDER_STATUSES,
  ORDER_TYPES,
  POSITION_STATUSES,
  RESIDENT_MODES,
  TIMES_IN_FORCE,
} from '../../../shared/domain/types.ts';

/** Exact decimal text, without exponent. */
export const amount = z.string().regex(/^-?\d+(\.\d+)?$/);
/** ISO 8601 in UTC, with milliseconds. */
export const instant = z.iso.datetime({ precision: 3 });
export const id = z.string().min(1);
export const text = z.string();
export const count = z.int().min(0);
export const whole = z.int();
export const flag = z.boolean();

export const amountOrNull = amount.nullable();
export const instantOrNull = instant.nullable();
export const idOrNull = id.nullable();
export const textOrNull = text.nullable();
export const wholeOrNull = whole.nullable();

export const side = z.enum(['buy', 'sell']);
export const positionSide = z.enum(['long', 'short']);
export const orderType = z.enum(ORDER_TYPES);
export const orderStatus = z.enum(ORDER_STATUSES);
export const positionStatus = z.enum(POSITION_STATUSES);
export const role = z.enum(['entry', 'exit']);
export const timeInForce = z.enum(TIMES_IN_FORCE);
export const exitCause = z.enum(EXIT_CAUSES);
export const environment = z.enum(ENVIRONMENTS);
export const binanceEnvironment = z.enum(BINANCE_ENVIRONMENTS);
export const residentMode = z.enum(RESIDENT_MODES);
export const priceSource = z.enum(['bid', 'ask', 'last', 'mid']);

/** Amounts by asset. */
export const byAsset = z.record(z.string(), amount);
/** Facts as text: ids, prices, times. */
export const facts = z.record(z.string(), z.string());

/** A page of a list, and the cursor of the next one; null = that was all. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });

export const span = z.strictObject({ from: instant, to: instant });
