/** The ledger on DynamoDB Local: commits, conflicts, lists, live and due indexes. */
import { TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dueShard } from '../../../shared/adapters/dynamodb/items.ts';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { BadCursorError, type Ledger, type WalletStore } from '../../../shared/ports/ledger.ts';
import { type DynamoDb, dynamoDbMissing, startDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { aFill, anOrder, aPosition, aWallet, NOW } from './samples.ts';

describe.runIf(dynamoDbMissing === null)('the ledger', () => {
  let db: DynamoDb;
  let tables: TableNames;
  let ledger: Ledger;
  let wallets: WalletStore;

  beforeAll(async () => {
    db = await startDynamoDb();
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    tables = await db.createTables();
    const names = { ordersTable: tables.orders, positionsTable: tables.positions };
    ledger = createLedger({ client: db.client, ...names, sweepShards: 2 });
    wallets = createWalletStore({ client: db.client, walletsTable: tables.wallets });
  });

  const read = async (orderId: string): Promise<Order> => {
    const order = await ledger.order(orderId);
    if (order === null) throw new Error(`no order ${orderId}`);
    return order;
  };

  it('writes an order and its position together, versions starting at 1', async () => {
    const commit = {
      orders: [{ before: null, after: anOrder() }],
      positions: [{ before: null, after: aPosition() }],
    };
    expect(await ledger.commit(commit)).toEqual({ outcome: 'done' });
    expect(await ledger.order('order-1')).toEqual(anOrder({ version: 1 }));
    expect(await ledger.position('position-1')).toEqual(aPosition({ version: 1 }));
    expect(await ledger.order('order-2')).toBeNull();
    expect(await ledger.commit(commit)).toEqual({
      outcome: 'conflict',
      items: ['order order-1', 'position position-1'],
    });
  });

  it('refuses a change of what somebody wrote since it was read, also for a single item', async () => {
    await ledger.commit({ orders: [{ before: null, after: anOrder() }] });
    const before = await read('order-1');
    const change = { orders: [{ before, after: { ...before, status: 'submitted' as const } }] };
    expect(await ledger.commit(change)).toEqual({ outcome: 'done' });
    expect(await ledger.commit(change)).toEqual({ outcome: 'conflict', items: ['order order-1'] });
    expect(await ledger.order('order-1')).toMatchObject({ status: 'submitted', version: 2 });
  });

  it('lets exactly one of many writers through', async () => {
    await ledger.commit({ orders: [{ before: null, after: anOrder() }], positions: [] });
    const before = await read('order-1');
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        ledger.commit({
          orders: [{ before, after: { ...before, notes: `writer ${i}` } }],
          positions: [{ before: null, after: aPosition({ positionId: `position-${i}` }) }],
        }),
      ),
    );
    expect(results.filter((r) => r.outcome === 'done')).toHaveLength(1);
    expect(await ledger.livePositions('BTC/USDT')).toHaveLength(1);
  });

  it('books a fill once and writes nothing of a commit that books it again', async () => {
    await ledger.commit({ orders: [{ before: null, after: anOrder() }] });
    const before = await read('order-1');
    const fills = [{ orderId: 'order-1', fill: aFill({ tradeId: 'a-1' }) }];
    const after = { ...before, filledQuantity: decimal('0.5'), fillCount: 1 };
    expect(await ledger.commit({ orders: [{ before, after }], fills })).toEqual({ outcome: 'done' });

    const again = await read('order-1');
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
    const before = await read('order-1');
    const after = { ...before, fillCount: 50 };
    expect(await ledger.commit({ orders: [{ before, after }], fills: fills(0) })).toEqual({
      outcome: 'done',
    });
    const again = await read('order-1');
    const repeat = await ledger.commit({
      orders: [{ before: again, after: { ...again, fillCount: 100 } }],
      fills: fills(30),
    });
    const known = Array.from({ length: 20 }, (_, n) => `t-${30 + n}`);
    expect(repeat).toEqual({ outcome: 'duplicate_fill', tradeIds: known });
    expect(await ledger.fills('order-1')).toHaveLength(50);
  });

  it('gives fills and actions in their order', async () => {
    const fill = (n: number) => ({ orderId: 'order-1', fill: aFill({ tradeId: `x-${n}` }) });
    const action = (kind: string, at: number) => ({
      positionId: 'position-1',
      action: { at, kind, facts: { price: '49500' } },
    });
    await ledger.commit({
      positions: [{ before: null, after: aPosition() }],
      fills: [fill(10), fill(9), fill(1)],
      actions: [action('armed', NOW + 1), action('opened', NOW + 1)],
    });
    expect((await ledger.fills('order-1')).map((f) => f.tradeId)).toEqual(['x-1', 'x-9', 'x-10']);
    await ledger.commit({ actions: [action('refused', NOW + 2)] });
    await ledger.commit({ actions: [action('refused', NOW + 2)] });
    expect((await ledger.actions('position-1')).map((a) => a.kind)).toEqual(['armed', 'opened', 'refused']);
  });

  it('reads many by id, doubles and missing ones left out', async () => {
    const ids = Array.from({ length: 130 }, (_, i) => `order-${i}`);
    for (let i = 0; i < ids.length; i += 65) {
      const part = ids.slice(i, i + 65).map((orderId) => ({ before: null, after: anOrder({ orderId }) }));
      expect(await ledger.commit({ orders: part })).toEqual({ outcome: 'done' });
    }
    const found = await ledger.orders([...ids, 'order-0', 'missing']);
    expect(new Set(found.map((o) => o.orderId))).toEqual(new Set(ids));
    expect(found).toHaveLength(130);
    expect(await ledger.positions([])).toEqual([]);
  });

  it('lists newest first, full pages also through a filter, and ends with no cursor', async () => {
    for (let i = 0; i < 45; i++) {
      const status = i % 9 === 0 ? 'filled' : 'open';
      const order = anOrder({ orderId: `o-${i}`, status, createdAt: NOW + i, symbol: 'ETH/USDT' });
      await ledger.commit({ orders: [{ before: null, after: order }] });
    }
    await ledger.commit({ orders: [{ before: null, after: anOrder({ orderId: 'x', userId: 'user-2' }) }] });

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
  });

  it('knows its own cursors only, each for its own list', async () => {
    for (const orderId of ['a', 'b', 'c']) {
      await ledger.commit({ orders: [{ before: null, after: anOrder({ orderId }) }] });
    }
    const { cursor } = await ledger.ordersOfUser('user-1', { limit: 1, cursor: null });
    if (cursor === null) throw new Error('no cursor');
    const reject = expect.objectContaining({ name: 'BadCursorError' });
    for (const bad of ['', 'x', `${cursor}A`, cursor.slice(1), cursor.toLowerCase()]) {
      await expect(ledger.ordersOfUser('user-1', { limit: 1, cursor: bad })).rejects.toEqual(reject);
    }
    await expect(ledger.ordersOfUser('user-2', { limit: 1, cursor })).rejects.toBeInstanceOf(BadCursorError);
    await expect(ledger.positionsOfUser('user-1', { limit: 1, cursor })).rejects.toEqual(reject);
  });

  it('finds what is live, and lets go of it at the end', async () => {
    const order = anOrder({ symbol: 'SOL/USDT' });
    await ledger.commit({
      orders: [{ before: null, after: order }],
      positions: [{ before: null, after: aPosition({ status: 'open' }) }],
    });
    expect(await ledger.liveSymbols()).toEqual(['BTC/USDT', 'SOL/USDT']);
    expect((await ledger.liveOrders('SOL/USDT')).map((o) => o.orderId)).toEqual(['order-1']);
    const ofWallet = await ledger.liveOrdersOfWallet(anOrder().walletId);
    expect(ofWallet.map((o) => o.orderId)).toContain('order-1');
    expect(await ledger.liveOrdersOfWallet('nobody')).toEqual([]);
    const stored = await read('order-1');
    const position = await ledger.position('position-1');
    if (position === null) throw new Error('no position');
    await ledger.commit({
      orders: [{ before: stored, after: { ...stored, status: 'cancelled' } }],
      positions: [{ before: position, after: { ...position, status: 'closed' } }],
    });
    expect(await ledger.liveSymbols()).toEqual([]);
    expect(await ledger.liveOrdersOfWallet(anOrder().walletId)).toEqual([]);
    expect(await ledger.liveOrders('SOL/USDT')).toEqual([]);
    expect(await ledger.livePositions('BTC/USDT')).toEqual([]);
  });

  it('lists what is due, oldest first, and gives it to one mover', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `due-${i}`);
    for (const [i, id] of ids.entries()) {
      const dueAt = NOW + i * 10;
      await ledger.commit(
        i % 2 === 0
          ? { orders: [{ before: null, after: anOrder({ orderId: id, dueAt }) }] }
          : { positions: [{ before: null, after: aPosition({ positionId: id, dueAt }) }] },
      );
    }
    const mine = ids.filter((id) => dueShard(id, 2) === '0');
    const due = await ledger.due(0, NOW + 1000, 100);
    expect(due.map((item) => item.id)).toEqual(mine);
    expect((await ledger.due(0, NOW + 1000, 1)).map((item) => item.id)).toEqual(mine.slice(0, 1));
    expect(await ledger.due(0, NOW - 1, 100)).toEqual([]);

    const [item] = due;
    if (item === undefined) throw new Error('nothing is due');
    const moves = await Promise.all([1, 2, 3, 4].map(() => ledger.moveDue(item, NOW + 5000)));
    expect(moves.filter((moved) => moved)).toHaveLength(1);
    const moved = await (item.kind === 'order' ? ledger.order(item.id) : ledger.position(item.id));
    expect(moved).toMatchObject({ dueAt: NOW + 5000, dueTries: 1, version: 1 });
    expect((await ledger.due(0, NOW + 1000, 100)).map((d) => d.id)).toEqual(mine.slice(1));
  });

  it('takes a lost reply for what it is: its own write', async () => {
    const lost = lossy(db);
    const names = { ordersTable: tables.orders, positionsTable: tables.positions };
    const other = createLedger({ client: lost.client, ...names, sweepShards: 2 });
    const single = await other.commit({ orders: [{ before: null, after: anOrder({ dueAt: NOW }) }] });
    expect(single).toEqual({ outcome: 'done' });
    const both = await other.commit({
      orders: [{ before: null, after: anOrder({ orderId: 'order-2' }) }],
      positions: [{ before: null, after: aPosition() }],
    });
    expect(both).toEqual({ outcome: 'done' });
    expect(await other.moveDue({ kind: 'order', id: 'order-1', dueAt: NOW }, NOW + 1)).toBe(true);
    expect(lost.count()).toBe(3);
  });

  it('throws what is neither done nor a failed condition', async () => {
    const names = { ordersTable: 'no-such-table', positionsTable: tables.positions };
    const other = createLedger({ client: db.client, ...names, sweepShards: 1 });
    await expect(other.commit({ orders: [{ before: null, after: anOrder() }] })).rejects.toThrow();
    const before = anOrder({ orderId: 'other', version: 1 });
    await expect(ledger.commit({ orders: [{ before, after: anOrder() }] })).rejects.toThrow('not one item');
    const many = Array.from({ length: 101 }, (_, i) => ({
      before: null,
      after: anOrder({ orderId: `${i}` }),
    }));
    await expect(ledger.commit({ orders: many })).rejects.toThrow('at most 100');
  });

  it('tells a failed condition from a transaction in flight', async () => {
    // What the service answers is forced here: the local one does not collide on demand.
    let calls = 0;
    const busy = new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
    });
    const client = intercepted(db, (command, next) => {
      calls += 1;
      return command instanceof TransactWriteItemsCommand && calls < 3 ? Promise.reject(busy) : next();
    });
    const names = { ordersTable: tables.orders, positionsTable: tables.positions };
    const other = createLedger({ client, ...names, sweepShards: 2 });
    const commit = {
      orders: [{ before: null, after: anOrder() }],
      positions: [{ before: null, after: aPosition() }],
    };
    expect(await other.commit(commit)).toEqual({ outcome: 'done' });
    expect(calls).toBe(3);
    calls = -100;
    await expect(other.commit(commit)).rejects.toBeInstanceOf(TransactionCanceledException);
  });

  it('creates a wallet once and lists those of a user', async () => {
    expect(await wallets.create(aWallet())).toBe(true);
    expect(await wallets.create(aWallet({ name: 'Other' }))).toBe(false);
    expect(await wallets.get('wallet-1')).toEqual(aWallet({ version: 1 }));
    expect(await wallets.get('wallet-2')).toBeNull();
    await wallets.create(aWallet({ walletId: 'wallet-2', createdAt: NOW + 1 }));
    await wallets.create(aWallet({ walletId: 'wallet-3', userId: 'user-2' }));
    const first = await wallets.ofUser('user-1', { limit: 1, cursor: null });
    expect(first.items.map((w) => w.walletId)).toEqual(['wallet-2']);
    const rest = await wallets.ofUser('user-1', { limit: 1, cursor: first.cursor });
    expect(rest).toMatchObject({ items: [{ walletId: 'wallet-1' }], cursor: null });
  });
});

type Send = DynamoDb['client']['send'];

/** The same client with each call passing through `hook`. */
function intercepted(
  db: DynamoDb,
  hook: (command: unknown, next: () => Promise<unknown>) => Promise<unknown>,
): DynamoDb['client'] {
  const client: DynamoDb['client'] = Object.create(db.client);
  const send = db.client.send.bind(db.client) as (command: never) => Promise<unknown>;
  client.send = ((command: never) => hook(command, () => send(command))) as Send;
  return client;
}

/** Every write's first reply is lost: it is sent again, as the SDK does after a timeout. */
function lossy(db: DynamoDb) {
  let count = 0;
  const client = intercepted(db, async (command, next) => {
    const write = /^(PutItem|UpdateItem|TransactWriteItems)Command$/.test(
      (command as object).constructor.name,
    );
    if (!write) return next();
    count += 1;
    await next();
    return next();
  });
  return { client, count: () => count };
}
