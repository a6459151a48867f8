import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import {
  canonicalHash,
  exitOrderIdFor,
  orderIdFor,
  parseVenueClientId,
  positionIdFor,
  venueClientId,
  walletIdFor,
} from '../../../shared/usecases/derive-ids.ts';

const ID = /^[0-9A-Za-z]{22}$/;

describe('derived ids', () => {
  it('are 22 characters of base62, the same for the same facts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (walletId, key) => {
        const of = { walletId, clientOrderId: null, idempotencyKey: key };
        const id = orderIdFor(of);
        expect(id).toMatch(ID);
        expect(orderIdFor(of)).toBe(id);
        expect(positionIdFor(id)).toMatch(ID);
      }),
    );
  });

  it('differ where the facts differ, also by where one ends and the next begins', () => {
    const ids = [
      orderIdFor({ walletId: 'ab', clientOrderId: null, idempotencyKey: 'c' }),
      orderIdFor({ walletId: 'a', clientOrderId: null, idempotencyKey: 'bc' }),
      orderIdFor({ walletId: 'a', clientOrderId: 'bc', idempotencyKey: 'bc' }),
      walletIdFor('a', 'bc'),
      exitOrderIdFor({ positionId: 'p', levelName: 'stop_loss', version: 1 }),
      exitOrderIdFor({ positionId: 'p', levelName: 'stop_loss', version: 2 }),
      exitOrderIdFor({ positionId: 'p', key: '1' }),
      exitOrderIdFor({ positionId: 'p', n: 1 }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('travel to the venue and back, within 36 characters', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 999_999 }),
        fc.constantFrom('a', 'b', null),
        fc.boolean(),
        (key, attempt, leg, isCancel) => {
          const orderId = positionIdFor(key);
          const clientId = `${venueClientId(orderId, attempt)}${leg ?? ''}${isCancel ? 'c' : ''}`;
          expect(clientId.length).toBeLessThanOrEqual(36);
          expect(parseVenueClientId(clientId)).toEqual({ orderId, attempt, leg, isCancel });
        },
      ),
    );
    for (const strange of [
      '',
      'web_1',
      'mq-1',
      `mq${'a'.repeat(22)}`,
      `mq${'a'.repeat(22)}-0`,
      `mq${'a'.repeat(21)}!-1`,
    ]) {
      expect(parseVenueClientId(strange)).toBeNull();
    }
  });
});

describe('the hash of a body', () => {
  it('ignores the order of members and trailing zeros, nothing else', () => {
    const hash = canonicalHash({ a: new Decimal('1.50'), b: [1, 'x'], c: undefined });
    expect(canonicalHash({ b: [1, 'x'], a: new Decimal('1.5') })).toBe(hash);
    expect(canonicalHash({ b: ['x', 1], a: new Decimal('1.5') })).not.toBe(hash);
    expect(canonicalHash({ b: [1, 'x'], a: null })).not.toBe(hash);
  });
});
