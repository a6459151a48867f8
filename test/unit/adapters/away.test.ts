/** Errors that pass by themselves, as they come from the clients themselves, and those that do not. */
import { createServer, type Server, type Socket } from 'node:net';
import {
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { afterEach, expect, it } from 'vitest';
import { isAway } from '../../../shared/adapters/away.ts';
import { createDynamoClient } from '../../../shared/adapters/dynamodb/client.ts';
import { createValkey, type Valkey, ValkeyTimeoutError } from '../../../shared/adapters/valkey/client.ts';

const open: { server?: Server; dynamo?: DynamoDBClient; valkey?: Valkey } = {};
const sockets = new Set<Socket>();
afterEach(async () => {
  open.dynamo?.destroy();
  await open.valkey?.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise<void>((resolve) => (open.server ? open.server.close(() => resolve()) : resolve()));
  for (const name of ['server', 'dynamo', 'valkey'] as const) delete open[name];
});

async function listening(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    onSocket(socket);
  });
  open.server = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

async function ofTable(port: number): Promise<unknown> {
  open.dynamo = createDynamoClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestTimeoutMs: 100,
    maxAttempts: 1,
  });
  return thrown(open.dynamo.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } })));
}

it('a table that takes a request and says nothing', async () => {
  expect(isAway(await ofTable(await listening(() => undefined)))).toBe(true);
});

it('a table that hangs up', async () => {
  expect(isAway(await ofTable(await listening((socket) => socket.destroy())))).toBe(true);
});

it('a table that is not there', async () => {
  const port = await listening(() => undefined);
  await new Promise<void>((resolve) => open.server?.close(() => resolve()));
  delete open.server;
  expect(isAway(await ofTable(port))).toBe(true);
});

it('a cache that says nothing', async () => {
  open.valkey = createValkey(`redis://127.0.0.1:${await listening(() => undefined)}`, {
    commandTimeoutMs: 100,
  });
  const error = await thrown(open.valkey.command(['GET', 'a']));
  expect(error).toBeInstanceOf(ValkeyTimeoutError);
  expect(isAway(error)).toBe(true);
});

const service = (name: string, httpStatusCode: number): DynamoDBServiceException =>
  new DynamoDBServiceException({ name, $fault: 'server', message: name, $metadata: { httpStatusCode } });

it.each([
  ['throttled', new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} }), true],
  ['a transaction of the same token under way', service('TransactionInProgressException', 400), true],
  ['a server error', service('InternalServerError', 500), true],
  ['a table that was never made', new ResourceNotFoundException({ message: 'no', $metadata: {} }), false],
  ['a request that is wrong', service('ValidationException', 400), false],
  ['rights that are missing', service('AccessDeniedException', 400), false],
  ['a bug', new TypeError('x is not a function'), false],
  ['an error that is none', 'away', false],
])('%s', (_, error, expected) => {
  expect(isAway(error)).toBe(expected);
});
