/** What every ledger's lists and indexes show, once they have caught up: by user, what is live, what is due. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Order, Position } from '../../shared/domain/types.ts';
import { BadCursorError, type Commit, type DueItem, type Ledger } from '../../shared/ports/ledger.ts';
import { anOrder, aPosition, NOW } from '../integration/dynamodb/samples.ts';
import { newOrders, type OpenLedger, type OpenLedgerWith, orderOf, positionOf } from './ledger-support.ts';

const ORDER_STATUSES = {
  ...{ pending: true, submitted: true, open: true, partially_filled: true, cancelling: true },
  ...{ filled: false, cancelled: false, rejected: false, expired: false, failed: false },
} as const satisfies Record<Order['status'], boolean>;

/** The item as it was read, owing nothing. */
const clearing = (before: Order | Position): Commit =>
  'orderId' in before
    ? { orders: [{ before, after: { ...before, dueAt: null } }] }
    : { positions: [{ before, after: { ...before, dueAt: null } }] };

export function describeLedgerIndexes(name: string, open: OpenLedgerWith): void {
  describe(name, () => {
    let ledger: Ledger;
    let caughtUp: OpenLedger['caughtUp'];

    beforeEach(async () => {
      ({ ledger, caughtUp } = await open({ shards: 2 }));
    });

    const newPosition = (change: Partial<Position>) =>
      ledger.commit({ positions: [{ before: null, after: aPosition(change) }] });
    const ids = (orders: readonly Order[]): readonly string[] => orders.map((order) => order.orderId).sort();

    it('lists newest first, full pages also through a filter, and ends with no cursor', async () => {
      for (let i = 0; i < 45; i++) {
        const status = i % 9 === 0 ? 'filled' : 'open';
        await ledger.commit(newOrders({ orderId: `o-${i}`, status, createdAt: NOW + i, symbol: 'ETH/USDT' }));
      }
      await ledger.commit(newOrders({ orderId: 'x', userId: 'user-2' }));
      await caughtUp();

      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await ledger.ordersOfUser('user-1', { limit: 10, cursor });
        seen.push(...page.items.map((o) => o.orderId));
        cursor = page.cursor;
        expect(page.items).toHaveLength(cursor === null ? 5 : 10);
      } while (cursor !== null);
      expect(seen).toEqual(Array.from({ length: 45 }, (_, i) => `o-${44 - i}`));

      const query = { limit: 2, cursor: null, status: ['filled'], symbol: 'ETH/USDT', walletId: 'wallet-1' };
      const first = await ledger.ordersOfUser('user-1', query);
      expect(first.items.map((o) => o.orderId)).toEqual(['o-36', 'o-27']);
      const second = await ledger.ordersOfUser('user-1', { ...query, limit: 3, cursor: first.cursor });
      expect(second).toMatchObject({ items: [{ orderId: 'o-18' }, { orderId: 'o-9' }, { orderId: 'o-0' }] });
      expect(second.cursor).toBeNull();
      expect(await ledger.ordersOfUser('user-1', { ...query, status: [] })).toEqual({
        items: [],
        cursor: null,
      });
      expect((await ledger.ordersOfUser('user-1', { ...query, walletId: 'other' })).items).toEqual([]);
      const either = { limit: 50, cursor: null, status: ['filled', 'open'] };
      expect((await ledger.ordersOfUser('user-1', either)).items).toHaveLength(45);
    });

    it('lists those of one instant by their ids, and goes on where it was whatever comes in meanwhile', async () => {
      await ledger.commit(newOrders({ orderId: 'b' }, { orderId: 'd' }, { orderId: 'a' }, { orderId: 'c' }));
      await caughtUp();
      const first = await ledger.ordersOfUser('user-1', { limit: 2, cursor: null });
      expect(first.items.map((o) => o.orderId)).toEqual(['d', 'c']);
      await ledger.commit(newOrders({ orderId: 'e', createdAt: NOW + 1 }));
      await caughtUp();
      const second = await ledger.ordersOfUser('user-1', { limit: 2, cursor: first.cursor });
      expect(second.items.map((o) => o.orderId)).toEqual(['b', 'a']);
      expect(second.cursor).toBeNull();
    });

    it('knows its own cursors only, each for its own list', async () => {
      await ledger.commit(newOrders({ orderId: 'a' }, { orderId: 'b' }, { orderId: 'c' }));
      await caughtUp();
      const { cursor } = await ledger.ordersOfUser('user-1', { limit: 1, cursor: null });
      if (cursor === null) throw new Error('no cursor');
      const reject = expect.objectContaining({ name: 'BadCursorError' });
      for (const bad of ['', 'x', '1', `${cursor}A`, cursor.slice(1), cursor.toLowerCase()]) {
        await expect(ledger.ordersOfUser('user-1', { limit: 1, cursor: bad })).rejects.toEqual(reject);
      }
      await expect(ledger.ordersOfUser('user-2', { limit: 1, cursor })).rejects.toBeInstanceOf(
        BadCursorError,
      );
      await expect(ledger.positionsOfUser('user-1', { limit: 1, cursor })).rejects.toEqual(reject);
    });

    it('lists what was made in a span of time, and a cursor goes on within its own span alone', async () => {
      for (let i = 0; i < 6; i++) await ledger.commit(newOrders({ orderId: `o-${i}`, createdAt: NOW + i }));
      await caughtUp();
      const listed = async (span: { from?: number; to?: number }) =>
        (await ledger.ordersOfUser('user-1', { limit: 9, cursor: null, ...span })).items.map(
          (o) => o.orderId,
        );
      expect(await listed({ from: NOW + 4 })).toEqual(['o-5', 'o-4']);
      expect(await listed({ to: NOW + 2 })).toEqual(['o-1', 'o-0']);
      expect(await listed({ from: NOW + 2, to: NOW + 4 })).toEqual(['o-3', 'o-2']);
      expect(await listed({ from: NOW + 2, to: NOW + 2 })).toEqual([]);
      expect(await listed({ from: -1, to: 0 })).toEqual([]);

      const span = { from: NOW + 1, to: NOW + 5 };
      const first = await ledger.ordersOfUser('user-1', { limit: 2, cursor: null, ...span });
      expect(first.items.map((o) => o.orderId)).toEqual(['o-4', 'o-3']);
      const rest = await ledger.ordersOfUser('user-1', { limit: 2, cursor: first.cursor, ...span });
      expect(rest.items.map((o) => o.orderId)).toEqual(['o-2', 'o-1']);
      expect(rest.cursor).toBeNull();
      for (const other of [{}, { from: NOW + 4 }, { ...span, to: NOW + 3 }]) {
        const mixed = ledger.ordersOfUser('user-1', { limit: 2, cursor: first.cursor, ...other });
        await expect(mixed).rejects.toEqual(expect.objectContaining({ name: 'BadCursorError' }));
      }
    });

    it('lists positions as it lists orders', async () => {
      for (let i = 0; i < 3; i++) await newPosition({ positionId: `p-${i}`, createdAt: NOW + i });
      await newPosition({ positionId: 'other', symbol: 'ETH/USDT', createdAt: NOW + 9 });
      await caughtUp();
      const query = { limit: 2, cursor: null, symbol: 'BTC/USDT' };
      const first = await ledger.positionsOfUser('user-1', query);
      expect(first.items.map((p) => p.positionId)).toEqual(['p-2', 'p-1']);
      const rest = await ledger.positionsOfUser('user-1', { ...query, cursor: first.cursor });
      expect(rest).toMatchObject({ items: [{ positionId: 'p-0' }], cursor: null });
    });

    it('finds what is live, and lets go of it at the end', async () => {
      await ledger.commit({
        ...newOrders({ symbol: 'SOL/USDT' }),
        positions: [{ before: null, after: aPosition({ status: 'open' }) }],
      });
      await caughtUp();
      expect(await ledger.liveSymbols()).toEqual(['BTC/USDT', 'SOL/USDT']);
      expect(await Promise.all(['BTC/USDT', 'SOL/USDT', 'ETH/USDT'].map((s) => ledger.isLive(s)))).toEqual([
        true,
        true,
        false,
      ]);
      expect(await ledger.liveOrderIds('SOL/USDT')).toEqual(['order-1']);
      expect(ids(await ledger.liveOrdersOfWallet('wallet-1'))).toEqual(['order-1']);
      expect(await ledger.liveOrdersOfWallet('nobody')).toEqual([]);
      const stored = await orderOf(ledger, 'order-1');
      const position = await positionOf(ledger, 'position-1');
      await ledger.commit({
        orders: [{ before: stored, after: { ...stored, status: 'cancelled' } }],
        positions: [{ before: position, after: { ...position, status: 'closed' } }],
      });
      await caughtUp();
      expect(await ledger.liveSymbols()).toEqual([]);
      expect(await ledger.isLive('BTC/USDT')).toBe(false);
      expect(await ledger.liveOrdersOfWallet('wallet-1')).toEqual([]);
      expect(await ledger.liveOrderIds('SOL/USDT')).toEqual([]);
      expect(await ledger.livePositionIds('BTC/USDT')).toEqual([]);
    });

    it('takes an order for live until it is final, whatever is still missing of its fills', async () => {
      const statuses = Object.entries(ORDER_STATUSES) as [Order['status'], boolean][];
      await ledger.commit(
        newOrders(
          ...statuses.map(([status]) => ({ orderId: status, status, venueQuantity: anOrder().quantity })),
        ),
      );
      await caughtUp();
      const live = statuses.filter(([, isLive]) => isLive).map(([status]) => status);
      expect((await ledger.liveOrderIds('BTC/USDT')).toSorted()).toEqual(live.toSorted());
      expect(ids(await ledger.liveOrdersOfWallet('wallet-1'))).toEqual(live.toSorted());
    });

    it('takes a position for live until it is closed or liquidated', async () => {
      for (const status of ['opening', 'open', 'closing', 'closed', 'liquidated'] as const) {
        await newPosition({ positionId: status, status });
      }
      await caughtUp();
      const live = (await ledger.livePositionIds('BTC/USDT')).toSorted();
      expect(live).toEqual(['closing', 'open', 'opening']);
    });

    it('finds the live positions of a wallet, of all symbols', async () => {
      const other = { symbol: 'ETH/USDT', status: 'open' } as const;
      await newPosition({ positionId: 'a', status: 'closing' });
      await newPosition({ positionId: 'b', ...other });
      for (const status of ['closed', 'liquidated'] as const)
        await newPosition({ positionId: status, status });
      await newPosition({ positionId: 'c', walletId: 'wallet-2', ...other });
      await caughtUp();
      const ofWallet = async (walletId: string) =>
        (await ledger.livePositionsOfWallet(walletId)).map((p) => p.positionId).sort();
      expect(await ofWallet('wallet-1')).toEqual(['a', 'b']);
      expect(await ofWallet('wallet-2')).toEqual(['c']);
      expect(await ofWallet('wallet-3')).toEqual([]);
    });

    it('finds all orders of a wallet made since a time, oldest first, whatever became of them', async () => {
      await ledger.commit(
        newOrders(
          { orderId: 'late', createdAt: NOW + 2, status: 'failed' },
          { orderId: 'b', createdAt: NOW },
          { orderId: 'a', createdAt: NOW, status: 'filled' },
          { orderId: 'early', createdAt: NOW - 1 },
          { orderId: 'other', createdAt: NOW + 1, walletId: 'wallet-2' },
        ),
      );
      await caughtUp();
      const since = async (time: number) =>
        (await ledger.ordersOfWallet('wallet-1', time)).map((order) => order.orderId);
      expect(await since(NOW)).toEqual(['a', 'b', 'late']);
      expect(await since(0)).toEqual(['early', 'a', 'b', 'late']);
      expect(await since(NOW + 3)).toEqual([]);
    });

    const due = async (now: number, limit = 100): Promise<readonly DueItem[]> =>
      (await Promise.all([0, 1].map((shard) => ledger.due(shard, now, limit)))).flat();

    it('lists what is due, oldest first, each in the shard that is its own', async () => {
      for (let i = 0; i < 8; i++) {
        const dueAt = NOW + i * 10;
        if (i % 2 === 0) await ledger.commit(newOrders({ orderId: `due-${i}`, dueAt }));
        else await newPosition({ positionId: `due-${i}`, dueAt });
      }
      await ledger.commit(newOrders({ orderId: 'nothing', dueAt: null }));
      await caughtUp();
      const all = await due(NOW + 1000);
      expect(all.map(({ id }) => id).sort()).toEqual(Array.from({ length: 8 }, (_, i) => `due-${i}`));
      for (const { kind, id } of all) expect(kind).toBe(Number(id.at(-1)) % 2 === 0 ? 'order' : 'position');
      for (const shard of [0, 1]) {
        const mine = await ledger.due(shard, NOW + 1000, 100);
        // A shard that holds nothing would show nothing here.
        expect(mine.length).toBeGreaterThan(1);
        expect(mine.map(({ dueAt }) => dueAt)).toEqual(mine.map(({ dueAt }) => dueAt).toSorted());
        expect(await ledger.due(shard, NOW + 1000, 1)).toEqual(mine.slice(0, 1));
      }
      expect((await due(NOW + 20)).map(({ id }) => id).sort()).toEqual(['due-0', 'due-1', 'due-2']);
      expect(await due(NOW - 1)).toEqual([]);
      expect(await ledger.due(2, NOW + 1000, 100)).toEqual([]);
    });

    it('gives what is due to one mover, and leaves its version alone', async () => {
      for (const kind of ['order', 'position'] as const) {
        const id = `${kind}-due`;
        if (kind === 'order') await ledger.commit(newOrders({ orderId: id, dueAt: NOW }));
        else await newPosition({ positionId: id, dueAt: NOW });
        const item: DueItem = { kind, id, dueAt: NOW };
        const read = () => (kind === 'order' ? orderOf(ledger, id) : positionOf(ledger, id));
        const before = await read();
        const moves = await Promise.all([1, 2, 3, 4].map((n) => ledger.moveDue(item, NOW + 5000 + n)));
        expect(moves.filter((moved) => moved)).toHaveLength(1);
        const moved = await read();
        const dueAt = NOW + 5001 + moves.indexOf(true);
        expect(moved).toEqual({ ...before, dueAt, dueTries: 1 });
        expect(await ledger.moveDue(item, NOW + 9000)).toBe(false);
        await caughtUp();
        expect(await due(NOW + 1000)).toEqual([]);
        expect(await due(dueAt)).toEqual([{ kind, id, dueAt }]);
        // Who read it before the move may still write it.
        expect(await ledger.commit(clearing(before))).toEqual({ outcome: 'done' });
        await caughtUp();
        expect(await due(NOW + 99_000)).toEqual([]);
      }
    });

    it('moves nothing that owes nothing, or is not there', async () => {
      await ledger.commit(newOrders({ dueAt: null }));
      expect(await ledger.moveDue({ kind: 'order', id: 'order-1', dueAt: NOW }, NOW + 1)).toBe(false);
      expect(await ledger.moveDue({ kind: 'position', id: 'position-1', dueAt: NOW }, NOW + 1)).toBe(false);
      expect(await ledger.position('position-1')).toBeNull();
    });
  });
}
