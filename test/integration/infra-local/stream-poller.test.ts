/** Table streams on the laptop: DynamoDB Local's, read as the mapping says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Logs } from '../../../infra/local/processes/logs.ts';
import { readStreamVerdict, StreamPoller } from '../../../infra/local/sources/stream-poller.ts';
import type { DeclaredStreamSource } from '../../../infra/local/template/declared.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';
import { until } from '../../support/until.ts';

interface Seen {
  readonly eventName: string;
  readonly eventSourceARN: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly NewImage?: Record<string, { S?: string; M?: object }>;
  };
}

const nameOf = ({ dynamodb }: Seen): string => dynamodb.NewImage?.['pk']?.S ?? '';

it('the answer to a batch says from where on it comes again', () => {
  const batch = ['1', '2', '3'].map((SequenceNumber) => ({
    ...{ eventID: SequenceNumber, eventName: 'INSERT' as const },
    dynamodb: { SequenceNumber, ApproximateCreationDateTime: 0 },
  }));
  const failing = (...ids: readonly unknown[]) => ({
    batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
  });
  expect(readStreamVerdict(null, batch)).toEqual({ kind: 'done' });
  expect(readStreamVerdict(failing(), batch)).toEqual({ kind: 'done' });
  expect(readStreamVerdict(failing('3', '2'), batch)).toEqual({ kind: 'failed', from: 1 });
  expect(readStreamVerdict(failing('4'), batch)).toBe('malformed');
  expect(readStreamVerdict({ batchItemFailures: 'all' }, batch)).toBe('malformed');
});

describe.runIf(dynamoDbMissing === null)('a stream', () => {
  let db: DynamoDb;
  let table = '';
  let tables = 0;
  let poller: StreamPoller | undefined;
  let work: (records: readonly Seen[]) => unknown;
  const calls: string[][] = [];
  const lost: string[] = [];
  /** How far the poller's clock is ahead, in ms. */
  let ahead = 0;
  beforeAll(() => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  afterEach(() => poller?.stop());
  beforeEach(async () => {
    calls.length = 0;
    lost.length = 0;
    ahead = 0;
    tables += 1;
    table = `streamed-${process.pid}-${tables}`;
    await db.client.send(
      new CreateTableCommand({
        ...{ TableName: table, BillingMode: 'PAY_PER_REQUEST' },
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    work = () => null;
  });

  const put = (name: string) =>
    db.client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: name }, empty: { M: {} } } }));

  function start(changes: Partial<DeclaredStreamSource> = {}): void {
    poller = new StreamPoller({
      source: {
        ...{
          functionName: 'publish',
          tableName: table,
          batchSize: 10,
          windowSeconds: 0,
          from: 'TRIM_HORIZON',
        },
        ...{ reportsItemFailures: true, bisects: true, retries: 2, maxAgeSeconds: -1 },
        ...{ onFailureArn: 'dead', ...changes },
      },
      shortName: table,
      target: {
        declared: { shortName: 'publish', arn: 'arn:publish' },
        invoke: async (event: unknown) => {
          const { Records } = event as { Records: readonly Seen[] };
          calls.push(Records.map(nameOf));
          return work(Records);
        },
      } as never,
      ...{ endpoint: db.endpoint, dynamo: db.client, failureUrl: 'http://dead' },
      sqs: {
        send: async ({ input }: { input: { MessageBody: string } }) => lost.push(input.MessageBody),
      } as unknown as SQSClient,
      logs: { write: () => undefined } as unknown as Logs,
      now: () => Date.now() + ahead,
    });
    poller.start();
  }

  const done = () => calls.flat();

  it('is read from its beginning and on, in order, each record once', async () => {
    for (const name of ['a', 'b']) await put(name);
    let image: unknown;
    work = ([first]) => {
      image ??= first;
      return { batchItemFailures: [] };
    };
    start();
    await until('both', done, (names) => names.length === 2);
    await put('c');
    await until('the third', done, (names) => names.length === 3);
    await sleep(600);
    expect(done()).toEqual(['a', 'b', 'c']);
    expect(image).toMatchObject({
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      eventSourceARN: expect.stringContaining(`table/${table}/stream/`),
      // As the service writes an empty map.
      dynamodb: { NewImage: { pk: { S: 'a' }, empty: { M: {} } } },
    });
  });

  it('comes again from the oldest failure on, and goes on without what fails too often', async () => {
    for (const name of ['a', 'bad', 'c']) await put(name);
    work = (records) => ({
      batchItemFailures: records
        .filter((record) => nameOf(record) === 'bad')
        .map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })),
    });
    start();
    await until(
      'the one behind it alone',
      () => calls.at(-1),
      (names) => names?.join() === 'c',
    );
    expect(calls.map((names) => names.join())).toEqual(['a,bad,c', 'bad,c', 'bad,c', 'c']);
    expect(lost.map((text) => JSON.parse(text))).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted' },
        DDBStreamBatchInfo: { batchSize: 1, shardId: expect.stringContaining('shardId-') },
      },
    ]);
  });

  it('splits a batch whose call failed as a whole, until the one that kills it is alone', async () => {
    for (const name of ['a', 'b', 'killer', 'd']) await put(name);
    work = (records) => {
      if (records.some((record) => nameOf(record) === 'killer')) throw new Error('the process died');
      return null;
    };
    start();
    await until(
      'the last',
      () => calls.at(-1),
      (names) => names?.join() === 'd',
    );
    const good = calls.map((names) => names.join()).filter((names) => !names.includes('killer'));
    expect(good).toEqual(['a,b', 'd']);
    expect(calls.filter((names) => names.join() === 'killer')).toHaveLength(3);
    expect(lost).toHaveLength(1);
  });

  it('gives up what is older than the mapping allows', async () => {
    await put('old');
    ahead = 7_200_000;
    start({ maxAgeSeconds: 3_600 });
    await until(
      'the old one given up',
      () => lost.length,
      (count) => count === 1,
    );
    ahead = 0;
    await put('new');
    await until('the new one', done, (names) => names.includes('new'));
    expect(done()).toEqual(['new']);
    expect(lost.map((text) => JSON.parse(text).requestContext.condition)).toEqual(['RecordAgeExceeded']);
  });
});
