/** Machine clients on DynamoDB Local, and what their orders add to them. */
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { createClientStore } from '../../../shared/adapters/dynamodb/client-store.ts';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { describeClients } from '../../contracts/clients.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';

describe.runIf(dynamoDbMissing === null)('machine clients', () => {
  let db: DynamoDb;
  beforeAll(() => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());

  describeClients('on DynamoDB', async () => {
    const tables = await db.createTables();
    const { client } = db;
    return {
      clients: createClientStore({ client, clientsTable: tables.clients }),
      ledger: createLedger({
        ...{ client, sweepShards: 1, clientsTable: tables.clients, walletsTable: tables.wallets },
        ...{ ordersTable: tables.orders, positionsTable: tables.positions },
      }),
    };
  });
});
