/** Which orders buy for a position: the one that opened it, those that add to it, and what takes their place. */
import { describe, expect, it } from 'vitest';
import {
  entryAdded,
  entryIdsOf,
  entryPassed,
  liveEntryIds,
  MOST_FURTHER,
} from '../../../shared/domain/entry-ids.ts';
import { ZERO } from '../../../shared/domain/money/decimal.ts';
import { entryEnded, maybeClose } from '../../../shared/domain/positions.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import { BTC, d, newOrder, newPosition, T0 } from './builders.ts';

const ended = (orderId: string, filled = '0'): Order =>
  newOrder({ orderId, status: 'cancelled', filledQuantity: d(filled), venueQuantity: d(filled) });
const opener = (): Position => ({ ...newPosition(), entryOrderId: 'first' });

describe('an order that adds', () => {
  it('stands after the one that opened it, and is live beside it', () => {
    const p = entryAdded(entryAdded(opener(), { orderId: 'a' }, T0), { orderId: 'b' }, T0);
    expect([entryIdsOf(p), liveEntryIds(p)]).toEqual([
      ['first', 'a', 'b'],
      ['first', 'a', 'b'],
    ]);
  });

  it('keeps its position open until it has ended too, whichever ends first', () => {
    for (const order of [
      ['first', 'a'],
      ['a', 'first'],
    ] as const) {
      let p = entryAdded(opener(), { orderId: 'a' }, T0);
      p = entryEnded(p, ended(order[0]), T0, BTC);
      expect(p.status).toBe('opening');
      expect(maybeClose(p, BTC, null, T0).status).toBe('opening');
      p = entryEnded(p, ended(order[1]), T0, BTC);
      expect([p.status, liveEntryIds(p)]).toEqual(['closed', []]);
    }
  });

  it('that is amended passes its place on, and the opener its own', () => {
    let p = entryAdded(opener(), { orderId: 'a' }, T0);
    p = entryPassed(p, { orderId: 'a', filledQuantity: ZERO }, { orderId: 'a2' }, T0);
    expect([p.entryOrderId, p.furtherEntryIds, p.liveFurtherIds]).toEqual(['first', ['a', 'a2'], ['a2']]);
    p = entryPassed(p, { orderId: 'first', filledQuantity: ZERO }, { orderId: 'first2' }, T0);
    expect([p.entryOrderId, p.formerEntryIds, liveEntryIds(p)]).toEqual([
      'first2',
      ['first'],
      ['first2', 'a2'],
    ]);
    expect(entryIdsOf(p)).toEqual(['first', 'first2', 'a', 'a2']);
  });

  it('that ended without a fill is not listed for ever; one that filled is', () => {
    let p = opener();
    for (let n = 0; n < 300; n++) {
      p = entryAdded(p, { orderId: `${n}` }, T0);
      p = entryEnded(p, ended(`${n}`, n % 2 === 0 ? '0' : '0.1'), T0, BTC);
    }
    const filled = p.furtherEntryIds.filter((id) => Number(id) % 2 === 1); // an index, no money
    expect(filled).toHaveLength(150);
    expect(p.furtherEntryIds.length).toBeLessThan(300);
    expect(p.furtherEntryIds.length).toBeLessThan(MOST_FURTHER);
  });

  it('is not ended by another one, nor before all of its trades are known', () => {
    const p = entryAdded(opener(), { orderId: 'a' }, T0);
    expect(entryEnded(p, ended('stranger'), T0, BTC)).toBe(p);
    const gapped = { ...ended('a'), venueQuantity: d('0.5') };
    expect(entryEnded(p, gapped, T0, BTC)).toBe(p);
  });
});
