import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PortTakenError } from '../../../infra/local/http/gateway.ts';
import { dynamoClient } from '../../../infra/local/services/dynamodb.ts';
import { sqsClient } from '../../../infra/local/services/sqs.ts';
import { type RunningSystem, type SystemOptions, startSystem } from '../../../infra/local/system.ts';
import { alive, descendants } from './processes.ts';
import { type Tiny, type TinyOptions, tinySystem } from './tiny-system.ts';

const WAIT = { timeout: 10_000, interval: 20 };

const open: { tiny: Tiny; system?: RunningSystem }[] = [];

async function start(template: TinyOptions, options: SystemOptions = {}) {
  const tiny = await tinySystem(template);
  open.push({ tiny });
  const logs = { logDirectory: join(tiny.directory, 'logs'), show: () => undefined };
  const system = await startSystem({ assembly: tiny.assembly, ...logs, ...options });
  open.push({ tiny, system });
  return { tiny, system };
}

afterEach(async () => {
  for (const { tiny, system } of open.splice(0).reverse()) {
    await system?.stop();
    tiny.remove();
  }
});

describe('a change in the template changes the laptop', () => {
  it('takes batches of the declared size, waits for the declared window, has the declared index and route', async () => {
    const Projection = { ProjectionType: 'KEYS_ONLY' };
    const keySchema = (name: string) => [{ AttributeName: name, KeyType: 'HASH' }];
    const { tiny, system } = await start({
      batchSize: 5,
      windowSeconds: 1,
      loopAllowed: true,
      resources: {
        Table: {
          Type: 'AWS::DynamoDB::GlobalTable',
          Properties: {
            TableName: 'things',
            AttributeDefinitions: ['pk', 'colour'].map((name) => ({
              AttributeName: name,
              AttributeType: 'S',
            })),
            KeySchema: keySchema('pk'),
            GlobalSecondaryIndexes: [{ IndexName: 'by_colour', KeySchema: keySchema('colour'), Projection }],
          },
        },
        RouteStatus: {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: { Ref: 'Api' },
            RouteKey: 'PUT /elsewhere/status',
            Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
          },
        },
      },
    });
    const client = sqsClient(system.sqsEndpoint);
    const Entries = ['a', 'b', 'c', 'd', 'e', 'f'].map((body) => ({ Id: body, MessageBody: body }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: system.queueUrls['work'], Entries }));
    await vi.waitFor(
      () => expect(tiny.entries('worker').flatMap(({ bodies }) => bodies)).toHaveLength(6),
      WAIT,
    );
    const sizes = tiny.entries('worker').map(({ bodies }) => bodies?.length);
    expect(sizes).toEqual([5, 1]);
    const dynamo = dynamoClient(system.dynamoEndpoint);
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: 'things' }));
    expect(Table?.GlobalSecondaryIndexes).toMatchObject([{ IndexName: 'by_colour', Projection }]);
    const put = await fetch(`${system.api}/elsewhere/status`, { method: 'PUT' });
    expect(put.status).toBe(200);
    // Without the cut the loop passes the sixteenth call.
    await client.send(
      new SendMessageBatchCommand({
        QueueUrl: system.queueUrls['loop'],
        Entries: [{ Id: 'x', MessageBody: 'again' }],
      }),
    );
    await vi.waitFor(() => expect(tiny.entries('looper').length).toBeGreaterThan(20), WAIT);
    client.destroy();
    dynamo.destroy();
  });
});

describe('--data', () => {
  it('keeps tables over a restart and names what differs from the template', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'moniqo-data-'));
    const Item = { pk: { S: 'kept' }, sk: { S: 'x' }, owner: { S: 'anna' } };
    const first = await start({}, { dataDirectory });
    const before = dynamoClient(first.system.dynamoEndpoint);
    await before.send(new PutItemCommand({ TableName: 'things', Item }));
    before.destroy();
    await first.system.stop();

    const second = await start({}, { dataDirectory });
    const after = dynamoClient(second.system.dynamoEndpoint);
    const { pk, sk } = Item;
    expect((await after.send(new GetItemCommand({ TableName: 'things', Key: { pk, sk } }))).Item).toEqual(
      Item,
    );
    after.destroy();
    await second.system.stop();

    const declared = second.tiny.assembly.stacks[0]?.template.Resources['Table'];
    const Table = {
      Type: 'AWS::DynamoDB::Table',
      Properties: { ...declared?.Properties, GlobalSecondaryIndexes: [] },
    };
    await expect(start({ resources: { Table } }, { dataDirectory })).rejects.toThrow(
      /table things differs from the template \(index by_owner is not declared\)/,
    );
    rmSync(dataDirectory, { recursive: true, force: true });
  });
});

describe('a start that fails', () => {
  it('leaves no process when the template has something unknown in a needed place', async () => {
    const before = descendants(process.pid);
    const Worker = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Handler: 'index.handler',
        Code: { S3Key: 'hashworker.zip' },
        Environment: { Variables: { HOST: { 'Fn::GetStackOutput': ['other', 'Host'] } } },
      },
    };
    await expect(start({ resources: { Worker } })).rejects.toThrow(/Fn::GetStackOutput/);
    expect(alive(descendants(process.pid).filter((pid) => !before.includes(pid)))).toEqual([]);
  });

  it('says which function does not load, and leaves no process', async () => {
    const before = descendants(process.pid);
    const Ticker = {
      Type: 'AWS::Lambda::Function',
      Properties: { FunctionName: 'ticker', Handler: 'index.missing', Code: { S3Key: 'hashticker.zip' } },
    };
    await expect(start({ resources: { Ticker } })).rejects.toThrow(/ticker.*exports no function missing/);
    expect(alive(descendants(process.pid).filter((pid) => !before.includes(pid)))).toEqual([]);
  });

  it('names a taken port before it starts anything', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(start({}, { port })).rejects.toThrow(PortTakenError);
    await new Promise((done) => taken.close(done));
  });
});

describe('without a Redis on the machine', () => {
  it('runs with js-redis-server', async () => {
    const { tiny, system } = await start({}, { redis: 'in-process' });
    expect(system.redisKind).toBe('in-process');
    expect(existsSync(join(tiny.directory, 'logs', 'redis.log'))).toBe(true);
    await expect(system.crashCache()).rejects.toThrow('no server of its own');
  });
});
