/** The ledger on DynamoDB Local: its contract, and what only the service can do: lose a reply, be busy, be away. */
import { TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { describeLedger } from '../../contracts/ledger.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { intercepted } from './intercepted.ts';
import { anOrder, aPosition, NOW } from './samples.ts';

describe.runIf(dynamoDbMissing === null)('the ledger', () => {
  let db: DynamoDb;
  let tables: TableNames;

  beforeAll(async () => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    tables = await db.createTables();
  });

  const tableNames = () => ({
    ordersTable: tables.orders,
    positionsTable: tables.positions,
    walletsTable: tables.wallets,
  });

  // The local service's indexes do not lag.
  const caughtUp = async (): Promise<void> => undefined;
  describeLedger(
    'on DynamoDB',
    async ({ shards: sweepShards }) => {
      const names = tableNames();
      const ledger = createLedger({ client: db.client, ...names, sweepShards });
      return { ledger, wallets: createWalletStore({ client: db.client, ...names }), caughtUp };
    },
    { checksItems: true },
  );

  it('takes a lost reply for what it is: its own write', async () => {
    const lost = lossy(db);
    const names = tableNames();
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
    const names = { ...tableNames(), ordersTable: 'no-such-table' };
    const other = createLedger({ client: db.client, ...names, sweepShards: 1 });
    await expect(other.commit({ orders: [{ before: null, after: anOrder() }] })).rejects.toThrow();
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
    const names = tableNames();
    const other = createLedger({ client, ...names, sweepShards: 2 });
    const commit = {
      orders: [{ before: null, after: anOrder() }],
      positions: [{ before: null, after: aPosition() }],
    };
    expect(await other.commit(commit)).toEqual({ outcome: 'done' });
    expect(calls).toBe(3);
    calls = -1_000;
    await expect(other.commit(commit)).rejects.toBeInstanceOf(TransactionCanceledException);
  });
});

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
