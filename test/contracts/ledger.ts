/**
 * What every ledger does, the one on DynamoDB and the one in memory: commits, conflicts, fills, actions.
 * Lists and indexes: ledger-indexes.ts.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import type { Fill, Order } from '../../shared/domain/types.ts';
import type { Ledger } from '../../shared/ports/ledger.ts';
import { aFill, anOrder, aPosition, NOW } from '../integration/dynamodb/samples.ts';
import { describeLedgerCalls } from './ledger-calls.ts';
import { describeLedgerClaims } from './ledger-claims.ts';
import { describeLedgerIndexes } from './ledger-indexes.ts';
import { describeLedgerRisk } from './ledger-risk.ts';
import { describeLedgerSignals } from './ledger-signals.ts';
import {
  type LedgerFacts,
  newOrders,
  type OpenLedger,
  type OpenLedgerWith,
  orderOf,
  positionOf,
} from './ledger-support.ts';

const action = (kind: string, at: number, facts: Readonly<Record<string, string>> = { price: '49500' }) => ({
  positionId: 'position-1',
  action: { at, kind, facts },
});

export function describeLedger(name: string, open: OpenLedgerWith, facts: LedgerFacts): void {
  describe(name, () => {
    let ledger: Ledger;
    let caughtUp: OpenLedger['caughtUp'];

    beforeEach(async () => {
      ({ ledger, caughtUp } = await open({ shards: 2 }));
    });

    it('writes an order and its position together, versions starting at 1', async () => {
      const commit = {
        orders: [{ before: null, after: anOrder() }],
        positions: [{ before: null, after: aPosition() }],
      };
      expect(await ledger.commit(commit)).toEqual({ outcome: 'done' });
      expect(await ledger.order('order-1')).toEqual(anOrder({ version: 1 }));
      expect(await ledger.position('position-1')).toEqual(aPosition({ version: 1 }));
      expect(await ledger.order('order-2')).toBeNull();
      expect(await ledger.position('position-2')).toBeNull();
      expect(await ledger.commit(commit)).toEqual({
        outcome: 'conflict',
        items: ['order order-1', 'position position-1'],
      });
    });

    it('writes nothing of a commit in which one item was changed meanwhile', async () => {
      await ledger.commit({ orders: [{ before: null, after: anOrder() }] });
      const commit = {
        orders: [{ before: null, after: anOrder() }],
        positions: [{ before: null, after: aPosition() }],
        fills: [{ orderId: 'order-1', fill: aFill() }],
        actions: [action('opened', NOW)],
      };
      expect(await ledger.commit(commit)).toEqual({ outcome: 'conflict', items: ['order order-1'] });
      expect(await ledger.position('position-1')).toBeNull();
      expect(await ledger.fills('order-1')).toEqual([]);
      expect(await ledger.actions('position-1')).toEqual([]);
    });

    it('refuses a change of what is not there, and of another version', async () => {
      const before = anOrder({ version: 1 });
      const change = { orders: [{ before, after: { ...before, notes: 'x' } }] };
      const conflict = { outcome: 'conflict', items: ['order order-1'] };
      expect(await ledger.commit(change)).toEqual(conflict);
      await ledger.commit(newOrders({}));
      const wrong = { orders: [{ before: { ...before, version: 2 }, after: before }] };
      expect(await ledger.commit(wrong)).toEqual(conflict);
      expect(await ledger.commit(change)).toEqual({ outcome: 'done' });
    });

    it('refuses a change of what somebody wrote since it was read, also for a single item', async () => {
      await ledger.commit(newOrders({}));
      const before = await orderOf(ledger, 'order-1');
      const change = { orders: [{ before, after: { ...before, status: 'submitted' as const } }] };
      expect(await ledger.commit(change)).toEqual({ outcome: 'done' });
      expect(await ledger.commit(change)).toEqual({ outcome: 'conflict', items: ['order order-1'] });
      expect(await ledger.order('order-1')).toMatchObject({ status: 'submitted', version: 2 });
    });

    it('lets exactly one of many writers through', async () => {
      await ledger.commit({ orders: [{ before: null, after: anOrder() }], positions: [] });
      const before = await orderOf(ledger, 'order-1');
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          ledger.commit({
            orders: [{ before, after: { ...before, notes: `writer ${i}` } }],
            positions: [{ before: null, after: aPosition({ positionId: `position-${i}` }) }],
          }),
        ),
      );
      expect(results.filter((r) => r.outcome === 'done')).toHaveLength(1);
      await caughtUp();
      expect(await ledger.livePositionIds('BTC/USDT')).toHaveLength(1);
    });

    it('does nothing for an empty commit', async () => {
      expect(await ledger.commit({})).toEqual({ outcome: 'done' });
      expect(await ledger.commit({ orders: [], fills: [] })).toEqual({ outcome: 'done' });
    });

    it('takes a hundred items together, not one more, and none of them twice', async () => {
      const many = (count: number) =>
        newOrders(...Array.from({ length: count }, (_, i) => ({ orderId: `o-${i}` })));
      // The wallet's risk item is one of them.
      const full = { ...many(97), fills: [{ orderId: 'o-0', fill: aFill() }] };
      await expect(ledger.commit({ ...full, actions: [action('a', NOW), action('b', NOW)] })).rejects.toThrow(
        'at most 100',
      );
      expect(await ledger.order('o-0')).toBeNull();
      expect(await ledger.commit({ ...full, actions: [action('a', NOW)] })).toEqual({ outcome: 'done' });

      const before = await orderOf(ledger, 'o-1');
      const change = { before, after: { ...before, notes: 'x' } };
      await expect(ledger.commit({ orders: [change, change] })).rejects.toThrow('twice');
      const fill = { orderId: 'o-1', fill: aFill() };
      await expect(ledger.commit({ fills: [fill, fill] })).rejects.toThrow('twice');
      await expect(
        ledger.commit({ actions: [action('a', NOW + 1), action('a', NOW + 1)] }),
      ).rejects.toThrow();
      expect(await ledger.order('o-1')).toEqual(before);
      expect(await ledger.fills('o-1')).toEqual([]);
      expect(await ledger.actions('position-1')).toHaveLength(1);
    });

    it('refuses a change from one item to another', async () => {
      const before = anOrder({ orderId: 'other', version: 1 });
      await expect(ledger.commit({ orders: [{ before, after: anOrder() }] })).rejects.toThrow('not one item');
    });

    if (facts.checksItems) {
      it('refuses what cannot be kept exactly, or at all, and changes nothing', async () => {
        const wrong: readonly Partial<Order>[] = [
          { notes: 'n'.repeat(420_000) },
          { createdAt: 1.5 },
          { quantity: new Decimal(`1.${'1'.repeat(40)}`) },
          { quantity: new Decimal(Number.POSITIVE_INFINITY) },
        ];
        for (const change of wrong) {
          const commit = { ...newOrders(change), positions: [{ before: null, after: aPosition() }] };
          await expect(ledger.commit(commit)).rejects.toThrow();
        }
        expect(await ledger.order('order-1')).toBeNull();
        expect(await ledger.position('position-1')).toBeNull();
      });
    }

    it('keeps what it was given, whatever the giver or a reader does to theirs', async () => {
      const tags = ['a'];
      const given = { ...anOrder(), tags };
      const position = aPosition();
      const fill = { ...aFill() };
      const kept = { ...given, tags: ['a'], version: 1 };
      await ledger.commit({
        orders: [{ before: null, after: given }],
        positions: [{ before: null, after: position }],
        fills: [{ orderId: 'order-1', fill }],
      });
      const tries = (change: () => unknown): void => {
        try {
          change();
        } catch (error) {
          // What is stored may refuse to be changed.
          if (!(error instanceof TypeError)) throw error;
        }
      };
      const read = await orderOf(ledger, 'order-1');
      const booked = await ledger.fills('order-1');
      tries(() => tags.push('b'));
      tries(() => Object.assign(given, { status: 'failed' }));
      tries(() => Object.assign(fill, { maker: true }));
      tries(() => Object.assign(read, { status: 'failed' }));
      tries(() => (read.statusHistory as unknown[]).pop());
      tries(() => (booked as Fill[]).pop());
      expect(await ledger.order('order-1')).toEqual(kept);
      expect(await ledger.fills('order-1')).toEqual([aFill()]);
    });

    it('books a fill once and writes nothing of a commit that books it again', async () => {
      await ledger.commit(newOrders({}));
      const before = await orderOf(ledger, 'order-1');
      const fills = [{ orderId: 'order-1', fill: aFill({ tradeId: 'a-1' }) }];
      const after = { ...before, filledQuantity: decimal('0.5'), fillCount: 1 };
      expect(await ledger.commit({ orders: [{ before, after }], fills })).toEqual({ outcome: 'done' });

      const again = await orderOf(ledger, 'order-1');
      const twice = { ...again, filledQuantity: decimal('1'), fillCount: 2 };
      const repeat = await ledger.commit({
        orders: [{ before: again, after: twice }],
        fills: [...fills, { orderId: 'order-1', fill: aFill({ tradeId: 'a-2' }) }],
      });
      expect(repeat).toEqual({ outcome: 'duplicate_fill', tradeIds: ['a-1'] });
      expect(await ledger.order('order-1')).toEqual(again);
      expect(await ledger.fills('order-1')).toEqual([aFill({ tradeId: 'a-1' })]);
      // A stale version with a booked fill is a duplicate first.
      expect(await ledger.commit({ orders: [{ before, after }], fills })).toMatchObject({
        outcome: 'duplicate_fill',
      });
      // Alone it is the same; of another order it is another fill.
      expect(await ledger.commit({ fills })).toEqual({ outcome: 'duplicate_fill', tradeIds: ['a-1'] });
      const other = [{ orderId: 'order-2', fill: aFill({ tradeId: 'a-1' }) }];
      expect(await ledger.commit({ fills: other })).toEqual({ outcome: 'done' });
    });

    it('knows which of few or many trades of an order are booked', async () => {
      const numbers = Array.from({ length: 250 }, (_, n) => `t-${n}`);
      for (let start = 0; start < numbers.length; start += 50) {
        const fills = numbers.slice(start, start + 50).map((tradeId) => {
          return { orderId: 'order-1', fill: aFill({ tradeId }) };
        });
        expect(await ledger.commit({ fills })).toEqual({ outcome: 'done' });
      }
      await ledger.commit({ fills: [{ orderId: 'order-2', fill: aFill({ tradeId: 'of-another' }) }] });
      expect(await ledger.booked('order-1', [])).toEqual(new Set());
      const few = ['t-7', 't-249', 'of-another', 't-250', 't-7'];
      expect(await ledger.booked('order-1', few)).toEqual(new Set(['t-7', 't-249']));
      const many = [...numbers.slice(100), ...numbers.map((id) => `x${id}`), 'of-another'];
      expect(await ledger.booked('order-1', many)).toEqual(new Set(numbers.slice(100)));
    });

    it('books fifty fills in one commit, and of a repeat says which it had', async () => {
      const fills = (from: number) =>
        Array.from({ length: 50 }, (_, n) => ({
          orderId: 'order-1',
          fill: aFill({ tradeId: `t-${from + n}` }),
        }));
      await ledger.commit({ orders: [{ before: null, after: anOrder() }] });
      const before = await orderOf(ledger, 'order-1');
      const after = { ...before, fillCount: 50 };
      expect(await ledger.commit({ orders: [{ before, after }], fills: fills(0) })).toEqual({
        outcome: 'done',
      });
      const again = await orderOf(ledger, 'order-1');
      const repeat = await ledger.commit({
        orders: [{ before: again, after: { ...again, fillCount: 100 } }],
        fills: fills(30),
      });
      const known = Array.from({ length: 20 }, (_, n) => `t-${30 + n}`);
      expect(repeat).toEqual({ outcome: 'duplicate_fill', tradeIds: known });
      expect(await ledger.fills('order-1')).toHaveLength(50);
    });

    it('gives fills by time, then by the number of the trade', async () => {
      const fill = (tradeId: string, at = NOW) => ({ orderId: 'order-1', fill: aFill({ tradeId, at }) });
      await ledger.commit({ fills: [fill('x-10'), fill('x-9'), fill('x-1')] });
      expect((await ledger.fills('order-1')).map((f) => f.tradeId)).toEqual(['x-1', 'x-9', 'x-10']);
      await ledger.commit({ fills: [fill('x-11', NOW - 1)] });
      await ledger.commit({ fills: [fill('x-2', NOW + 1)] });
      const ids = ['x-11', 'x-1', 'x-9', 'x-10', 'x-2'];
      expect((await ledger.fills('order-1')).map((f) => f.tradeId)).toEqual(ids);
      expect(await ledger.fills('order-2')).toEqual([]);
    });

    it('gives actions by time; those of a commit in its order, those that stand alone before them', async () => {
      await ledger.commit({
        positions: [{ before: null, after: aPosition() }],
        actions: [action('armed', NOW + 1), action('opened', NOW + 1), action('early', NOW)],
      });
      await ledger.commit({ actions: [action('refused', NOW + 2)] });
      const before = await positionOf(ledger, 'position-1');
      await ledger.commit({
        positions: [{ before, after: before }],
        actions: [action('changed', NOW + 1), action('last', NOW + 3)],
      });
      await ledger.commit({ actions: [action('alone', NOW + 1)] });
      expect((await ledger.actions('position-1')).map((a) => a.kind)).toEqual([
        ...['early', 'alone', 'armed', 'opened', 'changed', 'refused', 'last'],
      ]);
      expect(await ledger.actions('position-2')).toEqual([]);
    });

    it('takes the repeat of an action that stands alone for the same', async () => {
      const refused = action('refused', NOW + 2);
      await ledger.commit({ actions: [refused] });
      await ledger.commit({ actions: [refused] });
      expect(await ledger.actions('position-1')).toEqual([refused.action]);
      await ledger.commit({ actions: [action('refused', NOW + 2, { price: '49501' })] });
      await ledger.commit({ actions: [action('refused', NOW + 3)] });
      expect(await ledger.actions('position-1')).toHaveLength(3);
    });

    it('gives orders with their fills: of few and of many, doubles, missing ones and calls left out', async () => {
      const ids = Array.from({ length: 12 }, (_, n) => `order-${n}`);
      const fills = ['x-10', 'x-9'].map((tradeId) => ({ orderId: 'order-3', fill: aFill({ tradeId }) }));
      await ledger.commit({
        ...newOrders(...ids.map((orderId) => ({ orderId, fillCount: orderId === 'order-3' ? 2 : 0 }))),
        fills,
        keys: [{ ownerId: 'order-3', key: 'k', kind: 'cancel', bodyHash: 'h', at: NOW, orderIds: [] }],
      });
      for (const asked of [['order-3', 'order-1', 'missing', 'order-3'], ids]) {
        const found = await ledger.ordersWithFills(asked);
        expect(found.map(({ order }) => order.orderId).sort()).toEqual(
          [...new Set(asked)].filter((id) => id !== 'missing').sort(),
        );
        for (const { order, fills: booked } of found) {
          expect(order).toEqual(await ledger.order(order.orderId));
          expect(booked).toEqual(await ledger.fills(order.orderId));
        }
        expect(found.find(({ order }) => order.orderId === 'order-3')?.fills).toHaveLength(2);
      }
      // A fill of an order that is not there is nobody's.
      await ledger.commit({ fills: [{ orderId: 'missing', fill: aFill() }] });
      expect(await ledger.ordersWithFills(['missing'])).toEqual([]);
      expect(await ledger.ordersWithFills([])).toEqual([]);
    });

    it('gives a position with its actions', async () => {
      await ledger.commit({ actions: [action('early', NOW)] });
      expect(await ledger.positionWithActions('position-1')).toBeNull();
      await ledger.commit({
        positions: [{ before: null, after: aPosition() }],
        actions: [action('opened', NOW + 2), action('armed', NOW + 1)],
      });
      const found = await ledger.positionWithActions('position-1');
      expect(found?.position).toEqual(await positionOf(ledger, 'position-1'));
      expect(found?.actions).toEqual(await ledger.actions('position-1'));
      expect(found?.actions.map(({ kind }) => kind)).toEqual(['early', 'armed', 'opened']);
    });

    it('reads many by id, doubles and missing ones left out', async () => {
      const ids = Array.from({ length: 130 }, (_, i) => `order-${i}`);
      for (let i = 0; i < ids.length; i += 65) {
        const part = ids.slice(i, i + 65).map((orderId) => ({ orderId }));
        expect(await ledger.commit(newOrders(...part))).toEqual({ outcome: 'done' });
      }
      const found = await ledger.orders([...ids, 'order-0', 'missing']);
      expect(new Set(found.map((o) => o.orderId))).toEqual(new Set(ids));
      expect(found).toHaveLength(130);
      expect(await ledger.positions([])).toEqual([]);
      await ledger.commit({ positions: [{ before: null, after: aPosition() }] });
      expect(await ledger.positions(['position-1', 'missing', 'position-1'])).toEqual([
        aPosition({ version: 1 }),
      ]);
    });
  });

  describeLedgerIndexes(`${name}: lists and indexes`, open);
  describeLedgerCalls(`${name}: calls under a key`, open);
  describeLedgerSignals(`${name}: signals`, open);
  describeLedgerClaims(`${name}: claims`, open);
  describeLedgerRisk(`${name}: risk`, open);
}
