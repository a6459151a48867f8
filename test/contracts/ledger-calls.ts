/** What every ledger keeps of calls under a key, of amendments, and its lists by position and flow. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { Call, Ledger } from '../../shared/ports/ledger.ts';
import { anOrder, aPosition, NOW } from '../integration/dynamodb/samples.ts';
import type { OpenLedger, OpenLedgerWith } from './ledger-support.ts';

const call = (changes: Partial<Call> = {}): Call => ({
  ownerId: 'order-1',
  key: 'my key: anything/at all',
  kind: 'amend',
  bodyHash: 'hash',
  at: NOW,
  orderIds: ['order-2'],
  ...changes,
});

export function describeLedgerCalls(name: string, open: OpenLedgerWith): void {
  describe(name, () => {
    let ledger: Ledger;
    let caughtUp: OpenLedger['caughtUp'];

    beforeEach(async () => {
      ({ ledger, caughtUp } = await open({ shards: 2 }));
    });

    it('are written with what they change, once, and read back', async () => {
      expect(await ledger.callOf('order-1', call().key)).toBeNull();
      const order = { before: null, after: anOrder() };
      expect(await ledger.commit({ orders: [order], keys: [call()] })).toEqual({ outcome: 'done' });
      expect(await ledger.callOf('order-1', call().key)).toEqual(call());
      expect(await ledger.callOf('order-1', 'another')).toBeNull();
      expect(await ledger.callOf('order-2', call().key)).toBeNull();
      const again = { orders: [{ before: null, after: anOrder({ orderId: 'order-9' }) }], keys: [call()] };
      expect(await ledger.commit(again)).toEqual({ outcome: 'key_taken' });
      expect(await ledger.order('order-9')).toBeNull();
      // The item that everything of the order is read by is none of its fills.
      expect(await ledger.fills('order-1')).toEqual([]);
      expect(await ledger.commit({ keys: [call({ ownerId: 'wallet-1', kind: 'cancel_all' })] })).toEqual({
        outcome: 'done',
      });
    });

    it('an order with an amendment, its links and the words of the venue comes back as it was', async () => {
      const amounts = { ...anOrder().asked, limitPrice: decimal('41000.5'), trailingDelta: 25 };
      const order = anOrder({
        exchangeResponse: { text: '{"code":-2010}', length: 14, at: NOW, source: 'answer' },
        amendment: {
          at: NOW,
          cause: 'api',
          way: 'in_place',
          asked: amounts,
          wanted: amounts,
          heirId: 'order-2',
          referencePrice: null,
          walletPauses: 3,
          outcome: 'under_way',
          reason: null,
        },
        replaces: 'order-0',
        replacedBy: 'order-2',
        feesQuoteValue: null,
      });
      await ledger.commit({ orders: [{ before: null, after: order }] });
      expect(await ledger.order('order-1')).toEqual({ ...order, version: 1 });
    });

    it('orders are listed by position or flow, positions by flow, only to whom they belong', async () => {
      for (let n = 0; n < 5; n++) {
        const mine = anOrder({
          orderId: `o-${n}`,
          createdAt: NOW + n,
          positionId: n < 3 ? 'p-1' : 'p-2',
          flowId: `f-${n % 2}`,
        });
        const position = aPosition({ positionId: `p-${n}`, createdAt: NOW + n, flowId: `f-${n % 2}` });
        await ledger.commit({
          orders: [{ before: null, after: mine }],
          positions: [{ before: null, after: position }],
        });
      }
      await caughtUp();
      const page = { limit: 2, cursor: null };
      const first = await ledger.ordersOfUser('user-1', { ...page, positionId: 'p-1' });
      expect(first.items.map((o) => o.orderId)).toEqual(['o-2', 'o-1']);
      const rest = await ledger.ordersOfUser('user-1', { ...page, positionId: 'p-1', cursor: first.cursor });
      expect(rest).toMatchObject({ items: [{ orderId: 'o-0' }], cursor: null });
      expect((await ledger.ordersOfUser('user-2', { ...page, positionId: 'p-1' })).items).toEqual([]);
      const ofFlow = await ledger.ordersOfUser('user-1', { ...page, flowId: 'f-1' });
      expect(ofFlow.items.map((o) => o.orderId)).toEqual(['o-3', 'o-1']);
      const positions = await ledger.positionsOfUser('user-1', { limit: 9, cursor: null, flowId: 'f-0' });
      expect(positions.items.map((p) => p.positionId)).toEqual(['p-4', 'p-2', 'p-0']);
      expect((await ledger.positionsOfUser('user-2', { ...page, flowId: 'f-0' })).items).toEqual([]);
    });
  });
}
