import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tickText } from '../../../shared/adapters/valkey/codec.ts';
import type { Tick, Units } from '../../../shared/domain/triggers/types.ts';

const units = fc.nat({ max: 899_999_999_999 }).map((n) => n as Units);
const size = fc.oneof(fc.constant(''), fc.constant('0.02000000'), fc.string());
const tick: fc.Arbitrary<Tick> = fc.record(
  {
    id: fc.maxSafeNat(),
    bid: units,
    ask: units,
    last: units,
    at: fc.maxSafeNat(),
    bidSize: size,
    askSize: size,
    recordedAt: fc.maxSafeNat(),
    origin: fc.record({ feed: fc.string(), converted: fc.boolean(), checked: fc.boolean() }),
  },
  { requiredKeys: ['id', 'bid', 'ask', 'last', 'at', 'bidSize', 'askSize', 'recordedAt'] },
);

describe('a tick as text', () => {
  it('is what JSON.stringify makes of it, whatever its texts say', () => {
    fc.assert(
      fc.property(tick, (one) => {
        expect(JSON.parse(tickText(one))).toEqual(JSON.parse(JSON.stringify(one)));
        expect(tickText(one)).toBe(tickText(one));
      }),
    );
  });
});
