/** A kept table whose new index is being filled: DynamoDB Local answers 500 to some looks at it. */
import {
  DescribeTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  type TableDescription,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createTables, creation } from '../../../infra/local/services/dynamodb.ts';
import type { DeclaredTable } from '../../../infra/local/template/declared.ts';

const table: DeclaredTable = {
  name: 'kept',
  shortName: 'kept',
  attributeTypes: { pk: 'S', owner: 'S' },
  keys: [{ attribute: 'pk', role: 'HASH' }],
  indexes: [
    {
      name: 'by_owner',
      keys: [{ attribute: 'owner', role: 'HASH' }],
      projection: { type: 'ALL', attributes: [] },
    },
  ],
  ttlAttribute: undefined,
  streamView: undefined,
};

const fault = ($fault: 'server' | 'client', name: string) =>
  new DynamoDBServiceException({ $fault, name, $metadata: {}, message: name });

const { BillingMode: _, GlobalSecondaryIndexes = [], ...declared } = creation(table);
const whole: TableDescription = {
  ...declared,
  TableStatus: 'ACTIVE',
  GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({ ...index, IndexStatus: 'ACTIVE' })),
};
const bare: TableDescription = { ...whole, GlobalSecondaryIndexes: [] };

describe('the look at a table whose index is being filled', () => {
  const dynamo = mockClient(DynamoDBClient);
  // Files of a worker share the class: who comes next has the real one.
  afterAll(() => dynamo.restore());
  afterEach(() => dynamo.reset());

  it('is repeated after a fault of the server', async () => {
    dynamo.on(UpdateTableCommand).resolves({});
    dynamo
      .on(DescribeTableCommand)
      .resolvesOnce({ Table: bare })
      .rejectsOnce(fault('server', 'InternalFailure'))
      .resolves({ Table: whole });
    await createTables('http://127.0.0.1:9', [table]);
    expect(dynamo.commandCalls(DescribeTableCommand)).toHaveLength(3);
    expect(dynamo.commandCalls(UpdateTableCommand)).toHaveLength(1);
  });

  it('ends at a refusal that a repetition does not mend', async () => {
    dynamo.on(UpdateTableCommand).resolves({});
    dynamo
      .on(DescribeTableCommand)
      .resolvesOnce({ Table: bare })
      .rejects(fault('client', 'AccessDeniedException'));
    await expect(createTables('http://127.0.0.1:9', [table])).rejects.toThrow('AccessDeniedException');
  });
});
