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
/** The point's code less that of zero. */
const POINT = -2;
/** Powers of ten up to this are exact doubles. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`)); // not money: a scale

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
  const plain = readPlain(text, exponent);
  if (plain >= 0) return ok({ units: plain as Units, rounded: false });
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

/**
 * Nearly every price of a feed: plain digits, none finer than the unit, below the limit. -1 = one of the others. Every
 * step is exact, or past the limit: below it a whole number is a double.
 */
function readPlain(text: string, exponent: number): number {
  let units = 0;
  let at = 0;
  /** Of the fraction; -1 before the point. */
  let decimals = -1;
  for (; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit === POINT) {
      if (decimals >= 0 || at === 0) return -1;
      decimals = 0;
    } else if (digit < 0 || digit > 9) {
      return -1;
    } else if (decimals < exponent) {
      units = units * 10 + digit;
      if (decimals >= 0) decimals += 1;
    } else if (digit !== 0) {
      return -1;
    }
  }
  if (at === 0 || text.charCodeAt(at - 1) - ZERO === POINT) return -1;
  for (let left = exponent - Math.max(0, decimals); left > 0; left -= 1) units *= 10;
  return units < UNITS_LIMIT ? units : -1;
}

/** A price as units and as text that needs no more than they do. */
export interface UnitsPrice {
  readonly units: Units;
  /** What `formatUnits` makes of the units; where they are rounded, the text as it came. */
  readonly text: string;
  readonly rounded: boolean;
}

/** What `parseUnits` and `formatUnits` say of a price, in one go: feeds ask thousands of times a second. Null = refused. */
export function readUnits(text: string, exponent: number): UnitsPrice | null {
  const plain = readPlain(text, exponent) as Units;
  if (plain >= 0)
    return { units: plain, text: withoutZeros(text) ?? formatUnits(plain, exponent), rounded: false };
  const parsed = parseUnits(text, exponent);
  if (!parsed.ok) return null;
  const { units, rounded } = parsed.value;
  return { units, text: rounded ? text : formatUnits(units, exponent), rounded };
}

/** A part of a text that is as long keeps all of that in memory. */
const KEEPS_ALL = 13;

/** Plain digits without the zeros that say nothing; null = to be made another way. */
function withoutZeros(text: string): string | null {
  if (text.charCodeAt(0) === ZERO && text.length > 1 && text.charCodeAt(1) - ZERO !== POINT) return null;
  let end = text.length;
  while (end > 1 && text.charCodeAt(end - 1) === ZERO) end -= 1;
  if (end < text.length) {
    const point = text.indexOf('.');
    if (point < 0) end = text.length;
    else if (point === end - 1) end = point;
  }
  if (end >= KEEPS_ALL) return null;
  return end === text.length ? text : text.slice(0, end);
}

/** Half-even: above one half up, exactly one half to the even neighbour. `finer` has no trailing zeros. */
function isRoundedUp(finer: string, units: number): boolean {
  if (finer === '' || finer < '5') return false;
  return finer === '5' ? units % 2 === 1 : true;
}

/** Up to so many decimals a fraction is a whole number of 32 bits, and reckoned in these. */
const SMALL_EXPONENT = 9;

/**
 * Units -> exact decimal text without trailing zeros. The quotient is floored to the right whole number: of whole numbers
 * below the limit it lies further from the next one than a double can round.
 */
export function formatUnits(units: Units, exponent: number): string {
  const scale = EXACT_POWERS[exponent];
  if (scale === undefined) return new Decimal(units).times(`1e-${exponent}`).toFixed();
  const whole = Math.floor(units / scale);
  let rest = units - whole * scale;
  if (rest === 0) return String(whole);
  let decimals = exponent;
  if (exponent <= SMALL_EXPONENT) {
    let small = rest | 0;
    for (; small % 10 === 0; decimals -= 1) small = (small / 10) | 0;
    rest = small;
  } else {
    for (; rest % 10 === 0; decimals -= 1) rest /= 10;
  }
  const digits = String(rest);
  return `${whole}.${digits.length === decimals ? digits : digits.padStart(decimals, '0')}`;
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
