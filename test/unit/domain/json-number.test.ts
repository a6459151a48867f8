/** JSON numbers as exact decimal text: whatever the literal looks like, it is the same number that Decimal reads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { decimalTextOf, LongNumber, parseExactJson } from '../../../shared/domain/money/json-number.ts';

const PLAIN = /^-?\d+(\.\d+)?$/;

/** What stands for a price in a frame of its own. */
function read(literal: string): { text: string | null; longNumbers: number } {
  const { value, longNumbers } = parseExactJson(`[{"ev":"XT","p":${literal},"t":1790000000120}]`);
  return { text: decimalTextOf((value as { p: unknown }[])[0]?.p), longNumbers };
}

const digits = (most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((list) => list.join(''));

/** Up to 25 digits, with or without a fraction, an exponent and a sign, as JSON allows them. */
const literal = fc
  .record({
    sign: fc.constantFrom('', '', '-'),
    whole: digits(14).map((text) => text.replace(/^0+(?=\d)/, '')),
    fraction: fc.option(digits(11), { nil: null }),
    exponent: fc.option(
      fc.record({
        e: fc.constantFrom('e', 'E'),
        sign: fc.constantFrom('', '+', '-'),
        size: fc.integer({ min: 0, max: 40 }),
        pad: fc.constantFrom('', '0'),
      }),
      { nil: null },
    ),
  })
  .map(({ sign, whole, fraction, exponent: x }) =>
    [sign, whole, fraction === null ? '' : `.${fraction}`, x && `${x.e}${x.sign}${x.pad}${x.size}`].join(''),
  );

const significant = (text: string): number =>
  text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '').length;

describe('a JSON number', () => {
  it('is the decimal that was written, and long ones are counted', () => {
    fc.assert(
      fc.property(literal, (text) => {
        const { text: got, longNumbers } = read(text);
        expect(got).toMatch(PLAIN);
        expect(new Decimal(got ?? '').equals(new Decimal(text))).toBe(true);
        expect(longNumbers).toBe(significant(text) > 15 ? 1 : 0);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is found to be long wherever in the frame it stands', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.constantFrom('0.1000000000000000001', '1234567890123456'),
        (before, long) => {
          const { value, longNumbers } = parseExactJson(`{"x":"${'a'.repeat(before)}","p":${long}}`);
          expect(longNumbers).toBe(1);
          expect(decimalTextOf((value as { p: unknown }).p)).toBe(long);
        },
      ),
    );
  });

  it.each([
    ['4.522e-05', '0.00004522', 0],
    ['3.39e+08', '339000000', 0],
    ['1e21', '1000000000000000000000', 0],
    ['0', '0', 0],
    ['-0', '0', 0],
    ['100250.5', '100250.5', 0],
    ['0.30000000000000004', '0.30000000000000004', 1],
    // A double would make 0.1 of it.
    ['0.10000000000000000555', '0.10000000000000000555', 1],
    ['1790000000120123456', '1790000000120123456', 1],
    ['0.000000000000012345', '0.000000000000012345', 0],
    ['1000000000000000000', '1000000000000000000', 0],
  ])('%s is %s', (text, exact, longNumbers) => {
    expect(read(text)).toEqual({ text: exact, longNumbers });
  });

  it.each([
    ['1e400', 'no double and no price'],
    ['1e300', 'too large'],
    ['1e-300', 'too small'],
    ['123456789012345678901234567890e999999', 'an attack'],
    ['true', 'no number'],
    ['null', 'no number'],
    ['"NaN"', 'no number'],
    ['"1.2.3"', 'no number'],
    ['""', 'no number'],
    ['[1]', 'no number'],
  ])('%s is none: %s', (text) => {
    expect(read(text).text).toBeNull();
  });

  it('may come as text, and then is read as the same number', () => {
    expect(decimalTextOf('100250.50')).toBe('100250.50');
    expect(decimalTextOf('4.5e-05')).toBe('0.000045');
    expect(decimalTextOf(new LongNumber('0.12345678901234567'))).toBe('0.12345678901234567');
    expect(decimalTextOf('9'.repeat(401))).toBeNull();
  });

  it('leaves long digits in texts and ids alone', () => {
    const { value, longNumbers } = parseExactJson('[{"i":"12345678901234567890","p":1.5}]');
    expect(value).toEqual([{ i: '12345678901234567890', p: 1.5 }]);
    expect(longNumbers).toBe(0);
  });

  it('refuses what is no JSON', () => {
    expect(() => parseExactJson('[{"p":1')).toThrow(SyntaxError);
    expect(() => parseExactJson('[{"p":1.23456789012345678')).toThrow(SyntaxError);
  });
});
