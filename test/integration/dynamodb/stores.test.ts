/** The demo venue's book, the tape's durable rows and the comparisons on DynamoDB Local, as their contracts say. */
import { afterAll, beforeAll, beforeEach, describe, inject } from 'vitest';
import { createDemoStore } from '../../../shared/adapters/dynamodb/demo-store.ts';
import { createReconcileStore } from '../../../shared/adapters/dynamodb/reconcile-store.ts';
import { createTapeStore } from '../../../shared/adapters/dynamodb/tape-store.ts';
import { describeDemoStore } from '../../contracts/demo-store.ts';
import { describeReconcileStore } from '../../contracts/reconcile-store.ts';
import { describeTape } from '../../contracts/tape.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb, type TableNames } from '../../support/dynamodb.ts';

describe.runIf(dynamoDbMissing === null)('on DynamoDB', () => {
  let db: DynamoDb;
  let tables: TableNames;
  beforeAll(async () => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    tables = await db.createTables();
  });

  describeDemoStore('the demo store', async () =>
    createDemoStore({ client: db.client, demoVenueTable: tables.demoVenue }),
  );
  describeReconcileStore('the store of comparisons', async () =>
    createReconcileStore({ client: db.client, walletsTable: tables.wallets }),
  );
  describeTape('the tape store', async () =>
    createTapeStore({ client: db.client, priceTapeTable: tables.priceTape }),
  );
});
