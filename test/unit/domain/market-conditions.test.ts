import { describe, expect, it } from 'vitest';
import { type ConditionBar, marketConditions, unbroken } from '../../../shared/domain/market-conditions.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';

const bar = (i: number, close: string, high = close, low = close): ConditionBar => ({
  from: i * 900,
  to: (i + 1) * 900,
  high: new Decimal(high),
  low: new Decimal(low),
  close: new Decimal(close),
});

/** The worked example of RSI that textbooks print, to four digits. */
const TEXTBOOK =
  '44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820 46.2820 46.0028 46.0328'.split(
    ' ',
  );
const closes = (all: readonly string[]) => all.map((close, i) => bar(i, close));

describe('market conditions', () => {
  it("have Wilder's RSI, as the textbook reckons it", () => {
    expect([15, 16, 17].map((n) => marketConditions(closes(TEXTBOOK.slice(0, n))).rsi14?.toFixed(2))).toEqual(
      ['70.53', '66.32', '66.55'],
    );
  });

  it('are not told of fewer than fifteen bars', () => {
    const none = { rsi14: null, atrPercent: null, volatility: null };
    expect(marketConditions(closes(TEXTBOOK.slice(0, 14)))).toEqual(none);
    expect(marketConditions([])).toEqual(none);
  });

  it('say 100 where it only rose, 0 where it only fell, 50 where it stood', () => {
    const of = (step: number) =>
      marketConditions(Array.from({ length: 20 }, (_, i) => bar(i, String(100 + i * step)))).rsi14?.toFixed();
    expect([of(1), of(-1), of(0)]).toEqual(['100', '0', '50']);
  });

  it('grade the average true range, gaps from one close to the next bar included', () => {
    const wide = (half: string) =>
      marketConditions(
        Array.from({ length: 15 }, (_, i) =>
          bar(i, '100', new Decimal(100).plus(half).toFixed(), new Decimal(100).minus(half).toFixed()),
        ),
      );
    expect(wide('0.1')).toMatchObject({ volatility: 'low', atrPercent: new Decimal('0.2') });
    expect(wide('0.125').volatility).toBe('medium');
    expect(wide('0.4').volatility).toBe('high');
    // Bars without any extent that jump by 1 each: the jump is the range.
    const jumps = Array.from({ length: 15 }, (_, i) => bar(i, i % 2 === 0 ? '100' : '101'));
    expect(marketConditions(jumps)).toMatchObject({ volatility: 'high', atrPercent: new Decimal(1) });
  });

  it('look only at what leads up to the entry without a gap', () => {
    const all = closes(TEXTBOOK);
    const until = all.length * 900;
    expect(unbroken(all, until)).toEqual(all);
    expect(unbroken(all.toSpliced(4, 1), until)).toEqual(all.slice(5));
    // The last quarter before the entry is missing.
    expect(unbroken(all.slice(0, -1), until)).toEqual([]);
  });
});
