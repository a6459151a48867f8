import { describe, expect, it } from 'vitest';
import { isMereReduction, sameAmounts } from '../../../shared/domain/amendments.ts';
import { entryIdsOf, entryPassed } from '../../../shared/domain/entry-ids.ts';
import { exitPassed, withExit } from '../../../shared/domain/exits.ts';
import { endAmendment, isTooSmall } from '../../../shared/domain/heirs.ts';
import { applyEntryFill } from '../../../shared/domain/positions.ts';
import type { OrderEvent } from '../../../shared/domain/transitions.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { NEVER_UNKNOWN } from '../../../shared/domain/types.ts';
import {
  accepted,
  apply,
  BTC,
  claimed,
  d,
  filled,
  NO_PRICES,
  newAmendment,
  newFill,
  newOrder,
  newPosition,
  reported,
  T0,
} from './builders.ts';

const limit = { type: 'limit', limitPrice: d(40_000) } as const;
const wanted = { ...NO_PRICES, quantity: d(2), limitPrice: d(41_000) };
const amended = (...events: readonly OrderEvent[]): Order =>
  apply(
    newOrder(limit),
    claimed(),
    accepted(),
    { kind: 'amend_wanted', at: T0, amendment: newAmendment({ asked: wanted, wanted }) },
    ...events,
  );
const gone = reported({ status: 'cancelled', at: T0 + 5 });

describe('the end of an amendment', () => {
  it('waits until the order is settled', () => {
    expect(endAmendment(amended(), newPosition(), BTC, T0).heir).toBeNull();
    const gapped = amended(reported({ status: 'cancelled', cumulativeQuantity: d('0.3') }));
    const { order, heir } = endAmendment(gapped, newPosition(), BTC, T0);
    expect([heir, order]).toEqual([null, gapped]);
  });

  it('makes the heir of what has not filled, with the wanted prices and nothing of the old life', () => {
    const order = amended(filled(newFill('40000', '0.3')), gone);
    const { order: ended, heir } = endAmendment(order, newPosition(), BTC, T0 + 9);
    expect(heir).toMatchObject({
      orderId: 'order-2',
      version: 0,
      status: 'pending',
      replaces: 'order-1',
      replacedBy: null,
      amendment: null,
      send: null,
      cancelWanted: null,
      venueOrderId: null,
      fees: [],
      createdAt: T0 + 9,
    });
    expect([heir?.quantity.toFixed(), heir?.limitPrice?.toFixed(), heir?.filledQuantity.toFixed()]).toEqual([
      '1.7',
      '41000',
      '0',
    ]);
    expect(ended).toMatchObject({ replacedBy: 'order-2', amendment: { outcome: 'replaced' } });
    // Once more: it has ended.
    expect(endAmendment(ended, newPosition(), BTC, T0 + 9).heir).toBeNull();
  });

  it('of an exit gives no more than what is held for it', () => {
    const exit = { cause: 'manual', flatten: false, trigger: null, resident: false } as const;
    const order = { ...amended(gone), role: 'exit', side: 'sell', exit } as const;
    const held = withExit(
      { ...newPosition(), quantity: d('1.5') },
      { orderId: 'order-1', quantity: d(1) },
      null,
      T0,
    );
    const { order: ended, heir } = endAmendment(order, held, BTC, T0);
    expect(heir?.quantity.toFixed()).toBe('1.5');
    expect(ended.amendment).toMatchObject({ outcome: 'replaced', reason: 'only 1.5 was free' });
  });
});

describe('what is a mere reduction', () => {
  it('is less quantity at the same prices', () => {
    const order = newOrder(limit);
    const at = (change: object) => ({ ...NO_PRICES, quantity: d(1), limitPrice: d('40000.0'), ...change });
    expect(isMereReduction(order, at({ quantity: d('0.5') }))).toBe(true);
    expect(isMereReduction(order, at({ quantity: d(1) }))).toBe(false);
    expect(isMereReduction(order, at({ quantity: d('0.5'), limitPrice: d(40_001) }))).toBe(false);
    expect(sameAmounts(order, at({}))).toBe(true);
  });
});

describe('what is too small', () => {
  it('is below the least quantity, or worth too little at its lowest price', () => {
    const at = (price: number) => ({ ...NO_PRICES, quantity: d(1), limitPrice: d(price) });
    expect(isTooSmall('limit', at(40_000), d(0), BTC)).toBe(true);
    expect(isTooSmall('limit', at(40_000), BTC.minQuantity, BTC)).toBe(true);
    expect(isTooSmall('limit', at(40_000), d('0.001'), BTC)).toBe(false);
  });
});

describe('an order that is amended for days', () => {
  it('does not let its position grow: what never traded is no longer listed, what trades late is again', () => {
    let p = newPosition();
    for (let n = 0; n < 3_000; n++) {
      p = entryPassed(p, { orderId: p.entryOrderId, filledQuantity: d(0) }, { orderId: `heir-${n}` }, T0);
    }
    expect(entryIdsOf(p)).toHaveLength(1_001);
    expect(p.entryOrderId).toBe('heir-2999');
    p = entryPassed(p, { orderId: p.entryOrderId, filledQuantity: d('0.1') }, { orderId: 'last' }, T0);
    expect(entryIdsOf(p).slice(-2)).toEqual(['heir-2999', 'last']);
    p = applyEntryFill(p, newFill('40000', '0.1'), newOrder({ orderId: 'heir-2000' }), T0);
    expect(p.formerEntryIds).toContain('heir-2000');

    let q = withExit({ ...newPosition(), quantity: d(1) }, { orderId: 'x', quantity: d(1) }, null, T0);
    for (let n = 0; n < 3_000; n++) {
      const old = { orderId: n === 0 ? 'x' : `x-${n - 1}`, filledQuantity: d(0), unknown: NEVER_UNKNOWN };
      q = exitPassed(q, old, { orderId: `x-${n}`, quantity: d(1) }, T0);
    }
    expect([q.exitOrderIds.length, q.liveExits.length, q.exitsMade]).toEqual([1_000, 1, 3_001]);
  });
});
