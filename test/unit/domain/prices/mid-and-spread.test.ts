import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, decimalText } from '../../../../shared/domain/money/decimal.ts';
import { midAndSpread } from '../../../../shared/domain/prices/mid-and-spread.ts';

describe('middle and spread of a quote', () => {
  it.each([
    ['50000.01', '50000.04', '50000.025', '0.03'],
    ['1', '2', '1.5', '1'],
    ['0.00001234', '0.00001236', '0.00001235', '0.00000002'],
    ['100.10', '100.1', '100.1', '0'],
    ['123456789012.123456', '123456789012.223456', '123456789012.173456', '0.1'],
  ])('of %s and %s are %s and %s', (bid, ask, mid, spread) => {
    expect(midAndSpread(bid, ask)).toEqual({ mid, spread });
  });

  it('are exact, whatever the digits', () => {
    const price = fc
      .tuple(fc.maxSafeNat(), fc.integer({ min: 0, max: 14 }))
      .map(([digits, decimals]) => new Decimal(digits).div(new Decimal(10).pow(decimals)).toFixed());
    const near = fc
      .tuple(fc.integer({ min: 1, max: 900_000_000_000 }), fc.nat(100), fc.integer({ min: 0, max: 10 }))
      .map(([digits, more, decimals]): [string, string] => {
        const scale = new Decimal(10).pow(decimals);
        return [new Decimal(digits).div(scale).toFixed(), new Decimal(digits + more).div(scale).toFixed()];
      });
    fc.assert(
      fc.property(fc.oneof(fc.tuple(price, price), near), ([bid, ask]) => {
        const [bids, asks] = [new Decimal(bid), new Decimal(ask)];
        expect(midAndSpread(bid, ask)).toEqual({
          mid: decimalText(bids.plus(asks).div(2)),
          spread: decimalText(asks.minus(bids)),
        });
      }),
      { numRuns: 5_000 },
    );
  });
});
