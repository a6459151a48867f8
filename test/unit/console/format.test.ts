/** Figures and times as the console shows them: exact, in a locale, and no digit lost on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figureText, NOTHING, placesOf, toneOf } from '../../../console/src/format/decimal-text.ts';
import { ageText, spanText, timeText, utcText } from '../../../console/src/format/time-text.ts';

const en = { locale: 'en-US' };
const plain = (text: string): string => text.replaceAll(',', '');

describe('a figure', () => {
  it.each([
    ['1234567.5', {}, '1,234,567.5'],
    ['0.000000000000000001', {}, '0.000000000000000001'],
    ['123456789012345678901234567890.123456789', {}, '123,456,789,012,345,678,901,234,567,890.123456789'],
    ['-12.345', { places: 2 }, '-12.35'],
    ['12.3', { places: 2, signed: true }, '+12.30'],
    ['0', { places: 2, signed: true }, '0.00'],
    ['60041.6299216001', { most: 8 }, '60,041.6299216'],
    ['600.10', { most: 8 }, '600.1'],
    ['5', { least: 2 }, '5.00'],
    ['1.5', { unit: 'USDT' }, '1.5\u202fUSDT'],
  ])('of %s with %j is %s', (text, options, shown) => {
    expect(figureText(text, { ...en, ...options })).toBe(shown);
  });

  it('is in the locale of the user', () => {
    expect(figureText('1234567.891', { locale: 'de-DE' })).toBe('1.234.567,891');
  });

  it('that is too small for its places is shown with its first digits, never as 0', () => {
    expect(figureText('0.00012345', { ...en, places: 2 })).toBe('0.00012');
    expect(figureText('-0.004', { ...en, places: 2, signed: true })).toBe('-0.004');
  });

  it('that is none is a dash, and what is no figure stays as it is', () => {
    expect([figureText(null), figureText(undefined)]).toEqual([NOTHING, NOTHING]);
    expect(figureText('n/a')).toBe('n/a');
  });

  it('keeps every digit of whatever the API may answer', () => {
    const digits = (most: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: most });
    const decimals = fc
      .tuple(fc.boolean(), digits(29), digits(18))
      .map(([minus, whole, part]) => ({ minus, whole, part }));
    fc.assert(
      fc.property(decimals, ({ minus, whole, part }) => {
        const text = `${minus ? '-' : ''}${whole}.${part}`;
        const shown = plain(figureText(text, en));
        const expected = text.replace(/^(-?)0+(?=\d)/, '$1').replace(/\.?0+$/, '') || '0';
        expect(shown === '-0' ? '0' : shown).toBe(/[1-9]/.test(text) ? expected : '0');
      }),
    );
  });

  it('has a tone by its sign', () => {
    expect(['1', '-1', '0', '-0.00', null].map(toneOf)).toEqual(['up', 'down', 'flat', 'flat', 'flat']);
    expect(placesOf('1.25', null, '3', '0.001')).toBe(3);
  });
});

describe('a time', () => {
  const now = Date.parse('2026-03-01T12:00:00.000Z');
  const at = { locale: 'en-GB', timeZone: 'Europe/Berlin' };

  it('is local, with its day where that is another one', () => {
    expect(timeText('2026-03-01T09:05:07.123Z', now, at)).toBe('10:05:07');
    expect(timeText('2026-02-27T23:30:00.000Z', now, at)).toBe('28/02/2026, 00:30:00');
    expect(timeText('2026-02-28T23:30:00.000Z', now, at)).toBe('00:30:00');
  });

  it('has UTC beside it', () => {
    expect(utcText('2026-03-01T09:05:07.123Z')).toBe('2026-03-01 09:05:07.123 UTC');
  });

  it.each([
    [-5, '0s'],
    [59_999, '59s'],
    [61_000, '1m 01s'],
    [3_600_000, '1h 00m'],
    [90_061_000, '1d 01h'],
  ])('span of %i ms is %s', (ms, text) => expect(spanText(ms)).toBe(text));

  it('that never was has no age', () => {
    expect(ageText(null, now)).toBeNull();
    expect(ageText('2026-03-01T11:59:18.000Z', now)).toBe('42s');
  });
});
