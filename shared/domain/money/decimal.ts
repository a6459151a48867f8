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
