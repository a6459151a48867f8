/** Tables kept over an update of the template (`--data`): new indexes are added and hold the items of before. */
import { DescribeTableCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTables, dynamoClient } from '../../../infra/local/services/dynamodb.ts';
import type { DeclaredTable } from '../../../infra/local/template/declared.ts';
import { type DynamoDb, dynamoDbMissing, startDynamoDb } from '../../support/dynamodb.ts';

const index = (name: string, attribute: string) => ({
  name,
  keys: [
    { attribute, role: 'HASH' as const },
    { attribute: 'pk', role: 'RANGE' as const },
  ],
  projection: { type: 'ALL', attributes: [] },
});

const before: DeclaredTable = {
  name: 'kept',
  shortName: 'kept',
  attributeTypes: { pk: 'S', owner: 'S' },
  keys: [{ attribute: 'pk', role: 'HASH' }],
  indexes: [index('by_owner', 'owner')],
  ttlAttribute: undefined,
  streamView: undefined,
};
const after: DeclaredTable = {
  ...before,
  attributeTypes: { ...before.attributeTypes, live: 'S', place: 'S' },
  indexes: [...before.indexes, index('by_live', 'live'), index('by_place', 'place')],
};

describe.skipIf(dynamoDbMissing !== null)('a kept table', () => {
  let db: DynamoDb;
  beforeAll(async () => {
    db = await startDynamoDb();
  });
  afterAll(() => db.stop());

  it('gets the indexes that were declared since', async () => {
    await createTables(db.endpoint, [before]);
    const client = dynamoClient(db.endpoint);
    const Item = { pk: { S: 'a' }, owner: { S: 'o' }, live: { S: 'yes' } };
    await client.send(new PutItemCommand({ TableName: 'kept', Item }));
    await createTables(db.endpoint, [after]);
    await createTables(db.endpoint, [after]);
    const { Items } = await client.send(
      new QueryCommand({
        TableName: 'kept',
        IndexName: 'by_live',
        KeyConditionExpression: 'live = :live',
        ExpressionAttributeValues: { ':live': { S: 'yes' } },
      }),
    );
    expect(Items).toEqual([Item]);
    await expect(createTables(db.endpoint, [before])).rejects.toThrow(
      /index by_(live|place) is not declared/,
    );
    client.destroy();
  });

  it('has an index made anew that holds another part of its items than declared', async () => {
    const table = { ...before, name: 'kept-projection' };
    await createTables(db.endpoint, [table]);
    const client = dynamoClient(db.endpoint);
    const Item = { pk: { S: 'a' }, owner: { S: 'o' }, more: { S: 'of it' } };
    await client.send(new PutItemCommand({ TableName: table.name, Item }));
    const keysOnly = { ...index('by_owner', 'owner'), projection: { type: 'KEYS_ONLY', attributes: [] } };
    await createTables(db.endpoint, [{ ...table, indexes: [keysOnly] }]);
    const { Items } = await client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: 'by_owner',
        KeyConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':owner': { S: 'o' } },
      }),
    );
    expect(Items).toEqual([{ pk: Item.pk, owner: Item.owner }]);
    client.destroy();
  });

  it('gets the stream that was declared since, and another view of it is told', async () => {
    const table = { ...before, name: 'kept-stream' };
    await createTables(db.endpoint, [table]);
    const streamed = { ...table, streamView: 'NEW_AND_OLD_IMAGES' };
    await createTables(db.endpoint, [streamed]);
    await createTables(db.endpoint, [streamed]);
    const client = dynamoClient(db.endpoint);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table.name }));
    expect(Table?.StreamSpecification).toEqual({ StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' });
    await expect(createTables(db.endpoint, [{ ...table, streamView: 'KEYS_ONLY' }])).rejects.toThrow(
      'the view of its stream',
    );
    client.destroy();
  });
});
