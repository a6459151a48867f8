/** Decimal arithmetic of the simulator: amounts have 8 decimals, as text always all of them. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';

export const AMOUNT_DECIMALS = 8;
export const ZERO = new Decimal(0);
export const EMPTY_TEXT = '0.00000000';

/** `1.5` is `1.50000000` in every answer and event. */
export const amountText = (value: Decimal): string => value.toFixed(AMOUNT_DECIMALS);

export const floorAmount = (value: Decimal): Decimal =>
  value.toDecimalPlaces(AMOUNT_DECIMALS, Decimal.ROUND_FLOOR);

export const ceilAmount = (value: Decimal): Decimal =>
  value.toDecimalPlaces(AMOUNT_DECIMALS, Decimal.ROUND_CEIL);

/** Down to a multiple of `step`; a step of zero means no steps. */
export const floorStep = (value: Decimal, step: Decimal): Decimal =>
  step.isZero() ? value : value.dividedToIntegerBy(step).times(step);

/** `value / by` down to a multiple of `step`, without the digits below it; a step of zero means no steps. */
export const quotient = (value: Decimal, by: Decimal, step: Decimal): Decimal =>
  step.isZero() ? value.dividedBy(by) : value.dividedToIntegerBy(by.times(step)).times(step);

/** Of a setting, which is one of a few. */
const settings = new Map<string, Decimal>();
export function settingOf(text: string): Decimal {
  const known = settings.get(text);
  if (known !== undefined) return known;
  const value = new Decimal(text);
  settings.set(text, value);
  return value;
}

export const min = (a: Decimal, b: Decimal): Decimal => (a.lessThan(b) ? a : b);
export const max = (a: Decimal, b: Decimal): Decimal => (a.greaterThan(b) ? a : b);
