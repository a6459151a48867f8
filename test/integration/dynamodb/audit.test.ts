/** The audit record on DynamoDB Local: its contract, and when it may go. */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TABLE_SHAPES } from '../../../infra/stacks/data-stack.ts';
import { createAuditStore } from '../../../shared/adapters/dynamodb/audit-store.ts';
import { key, sortText } from '../../../shared/adapters/dynamodb/items.ts';
import { aRecord, describeAudit } from '../../contracts/audit.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';

describe.runIf(dynamoDbMissing === null)('the audit record', () => {
  let db: DynamoDb;
  beforeAll(() => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());

  describeAudit('on DynamoDB', async () => {
    const { audit } = await db.createTables();
    return createAuditStore({ client: db.client, auditTable: audit, days: 90 });
  });

  it('is kept for so many days', async () => {
    const { audit } = await db.createTables();
    const record = aRecord();
    await createAuditStore({ client: db.client, auditTable: audit, days: 7 }).add(record);
    const Key = key('alice', `call#${sortText(record.at, record.requestId)}`);
    const { Item } = await db.client.send(new GetItemCommand({ TableName: audit, Key }));
    expect(Item?.[TABLE_SHAPES.audit.timeToLive]?.N).toBe(String(record.at / 1_000 + 7 * 86_400));
  });
});
