import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from '../../../shared/feeds/number-set.ts';

describe('a set of numbers', () => {
  it('has what a Set has, whatever is put into it', () => {
    const number = fc.oneof(
      fc.nat({ max: 40 }),
      fc.maxSafeNat(),
      // In a row, a power of two apart: what a poor spread would put into one place.
      fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 45 })).map(([nth, bits]) => nth * 2 ** bits),
    );
    fc.assert(
      fc.property(
        fc.array(number, { maxLength: 300 }),
        fc.array(number, { maxLength: 40 }),
        (put, others) => {
          const known = new Set<number>();
          const numbers = new NumberSet();
          for (const one of put) {
            expect(numbers.has(one)).toBe(known.has(one));
            known.add(one);
            numbers.add(one);
          }
          expect(numbers.size).toBe(known.size);
          for (const one of [...put, ...others]) expect(numbers.has(one)).toBe(known.has(one));
        },
      ),
    );
  });
});
