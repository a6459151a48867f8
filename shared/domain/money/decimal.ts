/**
 * Money arithmetic, set in one place: precision 34, half-even (design section 8).
 *
 * Text on the wire and in the cache, `Decimal` in code, exact number in DynamoDB; never a JavaScript number.
 */
import { Decimal as Base } from 'decimal.js';

export const Decimal = Base.clone({
  precision: 34,
  rounding: Base.ROUND_HALF_EVEN,
  toExpNeg: -9e15,
  toExpPos: 9e15,
});
export type Decimal = Base;

export const ZERO: Decimal = new Decimal(0);

const DECIMAL_TEXT = /^-?\d{1,30}(\.\d{1,18})?$/;

/** Reads decimal text (at most 30 digits before and 18 after the point, no exponent); null when it is not. */
export function parseDecimal(text: string): Decimal | null {
  return DECIMAL_TEXT.test(text) ? new Decimal(text) : null;
}

/** For text that this system wrote itself; throws on anything else. */
export function decimal(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === null) throw new Error(`not a decimal: ${JSON.stringify(text.slice(0, 60))}`);
  return value;
}

/** Plain decimal text, never an exponent, no trailing zeros. */
export const decimalText = (value: Decimal): string => value.toFixed();

export const sum = (values: readonly Decimal[]): Decimal => values.reduce((a, b) => a.plus(b), ZERO);

/** Down to a multiple of `step` (towards minus infinity). */
export const floorTo = (value: Decimal, step: Decimal): Decimal => value.toNearest(step, Decimal.ROUND_FLOOR);

/** Up to a multiple of `step` (towards plus infinity). */
export const ceilTo = (value: Decimal, step: Decimal): Decimal => value.toNearest(step, Decimal.ROUND_CEIL);

/** Whether `value` is a whole multiple of `step`. */
export const isMultipleOf = (value: Decimal, step: Decimal): boolean => floorTo(value, step).equals(value);

/**
 * The part of `total` that goes with `part` of `whole`, to 18 decimals; all of it when the part is the whole or
 * more, so that the last part takes what rounding has left (design section 8).
 */
export const shareOf = (total: Decimal, part: Decimal, whole: Decimal): Decimal =>
  whole.isZero() || part.greaterThanOrEqualTo(whole)
    ? total
    : total.times(part).dividedBy(whole).toDecimalPlaces(18);

/** `part` in percent of `whole`, 4 decimals; zero when the whole is zero. */
export const percentOf = (part: Decimal, whole: Decimal): Decimal =>
  whole.isZero() ? ZERO : part.times(100).dividedBy(whole).toDecimalPlaces(4);

/** A quotient to 18 decimals, for averages that are shown; null when the divisor is zero. */
export const quotient = (dividend: Decimal, divisor: Decimal): Decimal | null =>
  divisor.isZero() ? null : dividend.dividedBy(divisor).toDecimalPlaces(18);

export const maxOf = (a: Decimal, b: Decimal): Decimal => (a.greaterThan(b) ? a : b);
export const minOf = (a: Decimal, b: Decimal): Decimal => (a.lessThan(b) ? a : b);
