/** Calls under a key on DynamoDB Local: ten of the same at once. What is stored of one: test/contracts/ledger-calls.ts. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Ledger } from '../../../shared/ports/ledger.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { START, USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';
import { aPosition } from './samples.ts';

const TEN = Array.from({ length: 10 }, (_, n) => n);
describe.runIf(dynamoDbMissing === null)('calls under a key', () => {
  let db: DynamoDb;
  let tables: TableNames;
  let ledger: Ledger;
  let useCases: UseCases;

  beforeAll(async () => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    tables = await db.createTables();
    ledger = createLedger({
      client: db.client,
      ordersTable: tables.orders,
      positionsTable: tables.positions,
      walletsTable: tables.wallets,
      sweepShards: 1,
    });
    const world = new World();
    world.tick('50000');
    const wallet = await world.wallets.get(WALLET);
    if (wallet === null) throw new Error('no wallet');
    world.wallets.items.set(WALLET, { ...wallet, signalPolicy: { ...wallet.signalPolicy, act: true } });
    const sleep = async (ms: number): Promise<void> => {
      await wait(ms);
    };
    let token = 0;
    const ids = { token: () => `token-${++token}` };
    useCases = makeUseCases({ ...world.ports, ledger, sleep, ids }, { monitorEnabled: true });
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

  it('ten signals at once are one, and one exit', async () => {
    await ledger.commit({ positions: [{ before: null, after: held }] });
    const { positionId } = held;
    const say = (action: 'hold' | 'close') =>
      useCases.takeSignal({
        ...{ userId: USER, positionId, idempotencyKey: action },
        signal: {
          ...{ action, confidence: decimal('0.9'), urgency: 'high' },
          ...{ reasoning: null, agentId: null, adjust: null },
        },
      });
    for (const action of ['hold', 'close'] as const) {
      const answers = await Promise.all(TEN.map(() => say(action)));
      expect(answers.filter((answer) => answer.ok)).toHaveLength(10);
      expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer.ok && answer.value.signal.signalId)).size).toBe(1);
    }
    const kept = await ledger.signals(positionId, { limit: 50, cursor: null });
    expect(kept.items.map((signal) => signal.outcome).sort()).toEqual(['closing', 'recorded']);
    expect(await ledger.position(positionId)).toMatchObject({
      flatten: { cause: 'ai_signal' },
      signals: { count: 2, last: { outcome: 'closing' } },
    });
    expect((await ledger.ordersOfUser(USER, { limit: 50, cursor: null })).items).toHaveLength(1);
  });

  it('ten closes at once sell once: a part, and the whole', async () => {
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
});
