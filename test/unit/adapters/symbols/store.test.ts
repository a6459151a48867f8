/** What the table does when it is short of capacity. */
import {
  BatchWriteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { createSymbolStore } from '../../../../shared/adapters/dynamodb/symbol-store.ts';
import { bigExchange } from '../../../support/symbol-specs.ts';

it('writes again what the table did not take, and marks the import only then', async () => {
  const client = new DynamoDBClient({ region: 'local' });
  const mock = mockClient(client);
  const taken: string[] = [];
  let calls = 0;
  mock.on(QueryCommand).resolves({ Items: [] });
  mock.on(BatchWriteItemCommand).callsFake(({ RequestItems }) => {
    const requests: WriteRequest[] = RequestItems['symbols'];
    calls += 1;
    const refused = calls % 2 === 1 ? requests.slice(0, Math.ceil(requests.length / 2)) : [];
    for (const one of requests.slice(refused.length)) taken.push(one.PutRequest?.Item?.['sk']?.S ?? '');
    return refused.length === 0 ? {} : { UnprocessedItems: { symbols: refused } };
  });
  let takenAtTheEnd = 0;
  mock.on(PutItemCommand).callsFake(() => {
    takenAtTheEnd = taken.length;
    return {};
  });
  const info = bigExchange(110);
  await createSymbolStore({ client, symbolsTable: 'symbols' }).save('binance', info, 1);
  expect(taken.toSorted()).toEqual(info.symbols.map((spec) => spec.venueSymbol).toSorted());
  expect(takenAtTheEnd).toBe(110);
});
