import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ceilTo,
  Decimal,
  decimal,
  decimalText,
  floorTo,
  isMultipleOf,
  maxOf,
  minOf,
  parseDecimal,
  percentOf,
  quotient,
  shareOf,
  sum,
  ZERO,
} from '../../../shared/domain/money/decimal.ts';
import { unreachable } from '../../../shared/domain/result.ts';
import { d } from './builders.ts';

describe('decimal text', () => {
  it.each(['0', '-1', '007', '0.1', '1000000', '0.000000000000000001', `${'9'.repeat(30)}.5`])(
    'reads %s',
    (text) => {
      expect(parseDecimal(text)?.equals(new Decimal(text))).toBe(true);
    },
  );

  it.each([
    '',
    ' 1',
    '1e3',
    '.5',
    '5.',
    '+1',
    '0x10',
    'NaN',
    'Infinity',
    '1,5',
    `0.${'1'.repeat(19)}`,
    '9'.repeat(31),
  ])('refuses %j', (text) => {
    expect(parseDecimal(text)).toBeNull();
    expect(() => decimal(text)).toThrow(/not a decimal/);
  });

  it('never writes an exponent', () => {
    expect(decimalText(decimal('0.000000000000000001'))).toBe('0.000000000000000001');
    expect(decimalText(new Decimal('1e30'))).toBe(`1${'0'.repeat(30)}`);
    expect(String(new Decimal('1e-18'))).toBe('0.000000000000000001');
    expect(decimalText(decimal('1.500'))).toBe('1.5');
  });

  it('rounds half to even, at 34 digits', () => {
    expect(new Decimal('2.5').toDecimalPlaces(0).toFixed()).toBe('2');
    expect(new Decimal(1).dividedBy(3).toFixed()).toBe(`0.${'3'.repeat(34)}`);
  });
});

const anyDecimal = fc
  .tuple(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), fc.integer({ min: 0, max: 8 }))
  .map(([n, places]) => d(n).dividedBy(d(10).pow(places)));
const anyStep = fc.constantFrom('1', '0.5', '0.1', '0.00001', '0.025').map(d);

describe('steps and shares', () => {
  it('floor and ceiling are the nearest multiples on their side', () => {
    fc.assert(
      fc.property(anyDecimal, anyStep, (value, step) => {
        const [low, high] = [floorTo(value, step), ceilTo(value, step)];
        expect([isMultipleOf(low, step), isMultipleOf(high, step)]).toEqual([true, true]);
        expect(low.lessThanOrEqualTo(value) && high.greaterThanOrEqualTo(value)).toBe(true);
        expect(value.minus(low).lessThan(step) && high.minus(value).lessThan(step)).toBe(true);
      }),
    );
  });

  it('shares of a whole add up to it when the last takes the rest', () => {
    const amount = fc.integer({ min: 1, max: 10 ** 9 }).map((n) => d(n).dividedBy(10 ** 5));
    fc.assert(
      fc.property(amount, fc.array(amount, { minLength: 1, maxLength: 8 }), (total, parts) => {
        let [left, whole] = [total, sum(parts)];
        for (const part of parts) {
          const share = shareOf(left, part, whole);
          expect(share.isNegative() || share.greaterThan(left)).toBe(false);
          [left, whole] = [left.minus(share), whole.minus(part)];
        }
        expect(left.isZero()).toBe(true);
      }),
    );
    expect(shareOf(d(5), d(1), ZERO).toFixed()).toBe('5');
  });

  it('percent and quotients know zero', () => {
    expect(
      [percentOf(d(475), d(25_000)), percentOf(d(1), d(3)), percentOf(d(1), ZERO)].map(decimalText),
    ).toEqual(['1.9', '33.3333', '0']);
    expect([quotient(d(1), d(3))?.toFixed(), quotient(d(1), ZERO)]).toEqual(['0.333333333333333333', null]);
    expect(
      [maxOf(d(1), d(2)), minOf(d(1), d(2)), maxOf(d(2), d(1)), minOf(d(2), d(1))].map(decimalText),
    ).toEqual(['2', '1', '2', '1']);
  });
});

it('what cannot happen says what it was', () => {
  expect(() => unreachable('a new case' as never)).toThrow('unreachable: "a new case"');
});
