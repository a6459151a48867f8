import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../../shared/adapters/dynamodb/client.ts';

const options = { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const steps = (client: DynamoDBClient): readonly string[] =>
  client.middlewareStack.identify().filter((step) => step.startsWith('loggerMiddleware'));

describe('the DynamoDB client', () => {
  it('copies no request and no answer for a log that nobody writes, as the plain one does', () => {
    expect(steps(new DynamoDBClient(options))).toHaveLength(1);
    expect(steps(createDynamoClient(options))).toEqual([]);
  });
});
