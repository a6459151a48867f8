/** Calls under a key on DynamoDB Local: the record, and ten of the same at once. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeUseCases, type UseCases } from '../../../functions/compose/use-cases.ts';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Call, Ledger } from '../../../shared/ports/ledger.ts';
import { type DynamoDb, dynamoDbMissing, startDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { START, USER, WALLET, World } from '../../support/fakes/world.ts';
import { anOrder, aPosition, NOW } from './samples.ts';

const TEN = Array.from({ length: 10 }, (_, n) => n);
const call = (changes: Partial<Call> = {}): Call => ({
  ownerId: 'order-1',
  key: 'my key: anything/at all',
  kind: 'amend',
  bodyHash: 'hash',
  at: NOW,
  orderIds: ['order-2'],
  ...changes,
});

describe.runIf(dynamoDbMissing === null)('calls under a key', () => {
  let db: DynamoDb;
  let tables: TableNames;
  let ledger: Ledger;
  let useCases: UseCases;

  beforeAll(async () => {
    db = await startDynamoDb();
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    tables = await db.createTables();
    ledger = createLedger({
      client: db.client,
      ordersTable: tables.orders,
      positionsTable: tables.positions,
      sweepShards: 1,
    });
    const world = new World();
    world.tick('50000');
    const sleep = async (ms: number): Promise<void> => {
      await wait(ms);
    };
    let token = 0;
    const ids = { token: () => `token-${++token}` };
    useCases = makeUseCases({ ...world.ports, ledger, sleep, ids }, { monitorEnabled: true });
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

  const world = new World();
  const bid = { type: 'limit', limitPrice: decimal('40000'), quantity: decimal('1') } as const;

  it('ten creates at once make one order', async () => {
    const answers = await Promise.all(TEN.map(() => useCases.placeOrder(world.command(bid))));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    expect((await ledger.ordersOfUser(USER, { limit: 50, cursor: null })).items).toHaveLength(1);
  });

  it('ten amendments at once are one, and leave one intent', async () => {
    const placed = await useCases.placeOrder(world.command(bid));
    if (!placed.ok) throw new Error('refused');
    const { orderId } = placed.value.order;
    const amend = () =>
      useCases.amendOrder({
        userId: USER,
        orderId,
        change: { limitPrice: decimal('41000') },
        idempotencyKey: 'a',
      });
    const answers = await Promise.all(TEN.map(amend));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    expect(await ledger.order(orderId)).toMatchObject({ version: 2, amendment: { outcome: 'done' } });
  });

  it('ten closes at once sell once: a part, and the whole', async () => {
    const held = aPosition({
      userId: USER,
      walletId: WALLET,
      status: 'open',
      entryLive: false,
      liveExits: [],
      entryQuantity: decimal('1'),
      quantity: decimal('1'),
      cost: decimal('50000'),
      createdAt: START,
    });
    await ledger.commit({ positions: [{ before: null, after: held }] });
    const { positionId } = held;
    const close = (quantity: string | null, idempotencyKey: string) =>
      useCases.closePosition({
        userId: USER,
        positionId,
        idempotencyKey,
        quantity: quantity === null ? null : decimal(quantity),
      });
    const parts = await Promise.all(TEN.map(() => close('0.1', 'part')));
    expect(parts.map((answer) => answer.ok)).toEqual(TEN.map(() => true));
    expect(new Set(parts.map((answer) => answer.ok && answer.value.order?.orderId)).size).toBe(1);
    const position = await ledger.position(positionId);
    expect(position?.liveExits.map((exit) => exit.reserved.toFixed())).toEqual(['0.1']);
    const wholes = await Promise.all(TEN.map(() => close(null, 'all')));
    expect(wholes.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    expect(wholes.filter((answer) => answer.ok)).toHaveLength(10);
    expect((await ledger.ordersOfUser(USER, { limit: 50, cursor: null })).items).toHaveLength(2);
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
