/**
 * The one door between decimal text and `Units` (design section 10): whole counts of 10^-exponent, below 9 x 10^11.
 *
 * Exact both ways; nothing here goes through a binary fraction.
 */
import { Decimal } from '../money/decimal.ts';
import { err, ok, type Result } from '../result.ts';
import type { Units } from './types.ts';

/** Prices stay below this, so that price x 10,000 is exact in a double. */
export const UNITS_LIMIT = 900_000_000_000;

/** Why a price cannot be expressed in units. */
export type UnitsError = { readonly code: 'not_decimal' | 'negative' | 'too_large' };

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;
const ZERO = 48;

/**
 * Decimals of a symbol's price unit: those of the tick size, without trailing zeros, plus two.
 * Throws on a tick size that is no positive plain decimal: the registry is wrong, not the caller's input.
 */
export function unitExponent(tickSize: string): number {
  const match = PLAIN.exec(tickSize);
  if (match === null || match[1] === '-' || !/[1-9]/.test(tickSize)) {
    throw new Error(`not a tick size: ${JSON.stringify(tickSize.slice(0, 40))}`);
  }
  return (match[3] ?? '').replace(/0+$/, '').length + 2;
}

/**
 * Exact decimal text -> units. Digits finer than the unit are rounded half-even, and `rounded` says so.
 * Refuses what is no plain decimal, negative, or at or above the limit.
 */
export function parseUnits(
  text: string,
  exponent: number,
): Result<{ readonly units: Units; readonly rounded: boolean }, UnitsError> {
  const match = PLAIN.exec(text);
  if (match === null) return err({ code: 'not_decimal' });
  const [, sign, whole = '', fraction = ''] = match;
  if (sign === '-') return err({ code: 'negative' });
  const digits = (whole + fraction.slice(0, exponent).padEnd(exponent, '0')).replace(/^0+/, '');
  if (digits.length > 12) return err({ code: 'too_large' });
  let units = 0;
  for (let i = 0; i < digits.length; i++) units = units * 10 + (digits.charCodeAt(i) - ZERO);
  const finer = fraction.slice(exponent).replace(/0+$/, '');
  if (isRoundedUp(finer, units)) units += 1;
  return units >= UNITS_LIMIT
    ? err({ code: 'too_large' })
    : ok({ units: units as Units, rounded: finer !== '' });
}

/** Half-even: above one half up, exactly one half to the even neighbour. `finer` has no trailing zeros. */
function isRoundedUp(finer: string, units: number): boolean {
  if (finer === '' || finer < '5') return false;
  return finer === '5' ? units % 2 === 1 : true;
}

/** Units -> exact decimal text without trailing zeros. */
export function formatUnits(units: Units, exponent: number): string {
  const digits = units.toFixed(0).padStart(exponent + 1, '0');
  const fraction = digits.slice(digits.length - exponent).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - exponent);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Units -> exact Decimal. */
export const unitsToDecimal = (units: Units, exponent: number): Decimal =>
  new Decimal(formatUnits(units, exponent));

/** How a level that is finer than the unit becomes one: towards zero, away from zero, or half-even. */
export type UnitsRounding = 'down' | 'up' | 'half_even';

const ROUNDING = {
  down: Decimal.ROUND_DOWN,
  up: Decimal.ROUND_UP,
  half_even: Decimal.ROUND_HALF_EVEN,
} as const satisfies Record<UnitsRounding, number>;

/** A level's price -> units, rounded as the caller says. Refuses negative, non-finite and too large prices. */
export function decimalToUnits(
  price: Decimal,
  exponent: number,
  rounding: UnitsRounding,
): Result<Units, UnitsError> {
  if (!price.isFinite()) return err({ code: 'not_decimal' });
  if (price.isNegative() && !price.isZero()) return err({ code: 'negative' });
  const text = price.abs().toDecimalPlaces(exponent, ROUNDING[rounding]).toFixed();
  const parsed = parseUnits(text, exponent);
  return parsed.ok ? ok(parsed.value.units) : parsed;
}
