import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import {
  decimalToUnits,
  formatUnits,
  parseUnits,
  readUnits,
  UNITS_LIMIT,
  unitExponent,
  unitsToDecimal,
} from '../../../../shared/domain/triggers/units.ts';

const units = fc.integer({ min: 0, max: UNITS_LIMIT - 1 }).map((n) => n as Units);
const exponent = fc.integer({ min: 2, max: 12 });

describe('the unit of a symbol', () => {
  it.each([
    ['0.01', 4],
    ['0.01000000', 4],
    ['1', 2],
    ['10', 2],
    ['1.00', 2],
    ['0.00000001', 10],
  ])('of tick size %s has %i decimals', (tick, expected) => {
    expect(unitExponent(tick)).toBe(expected);
  });

  it.each(['', '0', '0.00', '-0.01', '1e-8', 'x', '.1'])('refuses the tick size %j', (tick) => {
    expect(() => unitExponent(tick)).toThrow('not a tick size');
  });
});

describe('decimal text as units', () => {
  it.each([
    ['50000', 4, 500_000_000, false],
    ['50000.1234', 4, 500_001_234, false],
    ['0.00005', 4, 0, true],
    ['0.00015', 4, 2, true],
    ['0.000150', 4, 2, true],
    ['0.0001500000000000000000001', 4, 2, true],
    ['0.00025', 4, 2, true],
    ['0.000250000000000000001', 4, 3, true],
    ['0.00024999999999999999999', 4, 2, true],
    ['000123.4500', 2, 12_345, false],
    ['89999999.9999', 4, 899_999_999_999, false],
  ])('%s at %i decimals is %i', (text, exp, expected, rounded) => {
    expect(parseUnits(text, exp)).toEqual({ ok: true, value: { units: expected, rounded } });
  });

  it.each([
    ['', 'not_decimal'],
    ['abc', 'not_decimal'],
    ['1e5', 'not_decimal'],
    ['1.', 'not_decimal'],
    ['.5', 'not_decimal'],
    [' 1', 'not_decimal'],
    ['NaN', 'not_decimal'],
    ['Infinity', 'not_decimal'],
    ['-1', 'negative'],
    ['90000000', 'too_large'],
    ['89999999.99995', 'too_large'],
    ['123456789012345678901234567890', 'too_large'],
  ])('refuses %j as %s', (text, code) => {
    expect(parseUnits(text, 4)).toEqual({ ok: false, error: { code } });
  });

  it('is exact there and back', () => {
    fc.assert(
      fc.property(units, exponent, (n, exp) => {
        const text = formatUnits(n, exp);
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
        expect(parseUnits(text, exp)).toEqual({ ok: true, value: { units: n, rounded: false } });
        expect(unitsToDecimal(n, exp).toFixed()).toBe(text);
        for (const rounding of ['down', 'up', 'half_even'] as const) {
          expect(decimalToUnits(unitsToDecimal(n, exp), exp, rounding)).toEqual({ ok: true, value: n });
        }
      }),
    );
  });

  it('rounds finer digits half-even, as Decimal does', () => {
    const finer = fc.tuple(fc.integer({ min: 0, max: 9_999_999 }), fc.stringMatching(/^[0-9]{1,8}$/));
    fc.assert(
      fc.property(finer, exponent, ([whole, fraction], exp) => {
        const text = `${whole}.${fraction}`;
        fc.pre(new Decimal(text).times(new Decimal(10).pow(exp)).lt(UNITS_LIMIT - 1));
        const parsed = parseUnits(text, exp);
        const exact = new Decimal(text).times(new Decimal(10).pow(exp));
        const rounded = exact.toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN);
        expect(parsed).toMatchObject({ ok: true, value: { rounded: !exact.equals(rounded) } });
        if (parsed.ok) expect(parsed.value.units.toFixed(0)).toBe(rounded.toFixed(0));
      }),
    );
  });
});

describe('a price read in one go', () => {
  const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
  const zeros = fc.nat({ max: 9 }).map((count) => '0'.repeat(count));
  const spelled = fc.oneof(
    fc.tuple(zeros, digits(9), fc.option(fc.tuple(digits(6), zeros))).map(([before, whole, fraction]) => {
      const end = fraction === null ? '' : `.${fraction.join('')}`;
      return `${before}${whole}${end}`;
    }),
    fc.constantFrom(
      '',
      '0',
      '00',
      '0.0',
      '0.',
      '.0',
      '.',
      '-1',
      '-0',
      '1..5',
      '1.5.',
      '1e5',
      '100',
      '10.0',
      ' 1',
    ),
    fc.string({ maxLength: 6 }),
  );

  it('is what reading and writing it say, however it is spelled', () => {
    let plain = 0;
    fc.assert(
      fc.property(spelled, exponent, (text, exp) => {
        const parsed = parseUnits(text, exp);
        const read = readUnits(text, exp);
        if (!parsed.ok) {
          expect(read).toBeNull();
          return;
        }
        const { units: n, rounded } = parsed.value;
        plain += rounded ? 0 : 1;
        expect(read).toEqual({ units: n, rounded, text: rounded ? text : formatUnits(n, exp) });
      }),
      { numRuns: 3_000 },
    );
    expect(plain).toBeGreaterThan(300);
  });
});

describe('a level as units', () => {
  it('is rounded as its owner says', () => {
    const price = new Decimal('100.00005');
    expect(decimalToUnits(price, 4, 'down')).toEqual({ ok: true, value: 1_000_000 });
    expect(decimalToUnits(price, 4, 'up')).toEqual({ ok: true, value: 1_000_001 });
    expect(decimalToUnits(price, 4, 'half_even')).toEqual({ ok: true, value: 1_000_000 });
  });

  it('is refused when it cannot be one', () => {
    expect(decimalToUnits(new Decimal('-1'), 4, 'down')).toMatchObject({ error: { code: 'negative' } });
    expect(decimalToUnits(new Decimal('1e30'), 4, 'down')).toMatchObject({ error: { code: 'too_large' } });
    expect(decimalToUnits(new Decimal(Number.NaN), 4, 'down')).toMatchObject({
      error: { code: 'not_decimal' },
    });
  });
});
