/** Exchange wallets on DynamoDB Local: their contract, and items from before there were exchanges. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { walletItem } from '../../../shared/adapters/dynamodb/items.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import { describeWallets } from '../../contracts/wallets.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { aWallet } from './samples.ts';

describe.runIf(dynamoDbMissing === null)('exchange wallets', () => {
  let db: DynamoDb;
  let tables: TableNames;

  beforeAll(async () => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    tables = await db.createTables();
  });
  const store = () => createWalletStore({ client: db.client, walletsTable: tables.wallets });

  // The local service's indexes do not lag.
  describeWallets('on DynamoDB', async () => ({ wallets: store(), caughtUp: async () => undefined }));

  it('reads a demo wallet from before there were exchanges and signals', async () => {
    const { exchange: _, signalPolicy: _policy, ...old } = walletItem(aWallet({ version: 1 }));
    await db.client.send(new PutItemCommand({ TableName: tables.wallets, Item: old }));
    const signalPolicy = DEFAULT_SIGNAL_POLICY;
    expect(await store().get('wallet-1')).toEqual(aWallet({ version: 1, signalPolicy }));
  });
});
