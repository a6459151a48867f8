import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dynamoClient } from '../../../infra/local/services/dynamodb.ts';
import { sqsClient } from '../../../infra/local/services/sqs.ts';
import type { Interception } from '../../../infra/local/sources/sqs-poller.ts';
import { type RunningSystem, startSystem } from '../../../infra/local/system.ts';
import { alive } from './processes.ts';
import { type Tiny, tinySystem } from './tiny-system.ts';

const WAIT = { timeout: 10_000, interval: 20 };

let tiny: Tiny;
let system: RunningSystem;
let client: SQSClient;
const shown: string[] = [];
const interceptions = new Map<string, Interception>();

beforeAll(async () => {
  tiny = await tinySystem();
  system = await startSystem({
    assembly: tiny.assembly,
    logDirectory: `${tiny.directory}/logs`,
    show: (line) => shown.push(line),
    feed: 'synthetic',
    intercept: (_queue, { Body }) => {
      const action = interceptions.get(Body ?? '') ?? 'deliver';
      interceptions.delete(Body ?? '');
      return action;
    },
  });
  client = sqsClient(system.sqsEndpoint);
});

afterAll(async () => {
  client?.destroy();
  const pids = system?.pids().map(({ pid }) => pid) ?? [];
  const startedAt = Date.now();
  await system?.stop();
  const left = alive(pids);
  tiny?.remove();
  expect(left).toEqual([]);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

const urlOf = (queue: string): string => `${system.sqsEndpoint}/000000000000/${queue}`;

const send = (queue: string, body: string, group?: string) =>
  client.send(
    new SendMessageCommand({
      QueueUrl: urlOf(queue),
      MessageBody: body,
      ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: body }),
    }),
  );

async function depth(queue: string): Promise<{ visible: number; inFlight: number }> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: urlOf(queue), AttributeNames: ['All'] }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages),
    inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
  };
}

const callsWith = (body: string) => tiny.entries('worker').filter(({ bodies }) => bodies?.includes(body));

describe('tables', () => {
  it('have the keys, the index and the time to live of the template', async () => {
    const dynamo = dynamoClient(system.dynamoEndpoint);
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: 'things' }));
    expect(Table?.KeySchema?.map(({ AttributeName }) => AttributeName)).toEqual(['pk', 'sk']);
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(['by_owner']);
    const ttl = await dynamo.send(new DescribeTimeToLiveCommand({ TableName: 'things' }));
    expect(ttl.TimeToLiveDescription).toMatchObject({
      AttributeName: 'expires_at',
      TimeToLiveStatus: 'ENABLED',
    });
    dynamo.destroy();
  });
});

describe('the API', () => {
  interface Echo {
    event: Record<string, unknown>;
    env: Record<string, string>;
    remaining: number;
    requestId: string;
  }

  const post = (path: string, init: RequestInit & { token?: string } = {}) => {
    const { token = system.token, ...rest } = init;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...rest.headers };
    return fetch(system.api + path, { method: 'POST', ...rest, headers });
  };

  it('hands the request to the declared function as API Gateway would', async () => {
    const response = await post('/things/a%2Fb?x=1&x=2&y=%20', { body: '{"a":1}' });
    expect(response.status).toBe(200);
    const { event, env, remaining } = (await response.json()) as Echo;
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /things/{thing_id}',
      rawPath: '/things/a%2Fb',
      pathParameters: { thing_id: 'a/b' },
      queryStringParameters: { x: '1,2', y: ' ' },
      body: '{"a":1}',
      isBase64Encoded: false,
      requestContext: {
        http: { method: 'POST', path: '/things/a%2Fb' },
        authorizer: { jwt: { claims: { sub: 'demo-user', token_use: 'access' }, scopes: null } },
      },
    });
    expect(env).toMatchObject({
      TABLE: 'things',
      AWS_LAMBDA_FUNCTION_NAME: 'web',
      VALKEY_URL: system.valkeyUrl,
      AWS_ENDPOINT_URL_DYNAMODB: system.dynamoEndpoint,
    });
    expect(remaining).toBeGreaterThan(500);
  });

  it('answers 404 for what no route declares, and the more exact route first', async () => {
    expect((await fetch(`${system.api}/things/1/more`)).status).toBe(404);
    expect(await (await fetch(`${system.api}/none/none`)).json()).toEqual({ message: 'Not Found' });
    const made = await fetch(`${system.api}/status`);
    expect([
      made.status,
      made.headers.get('x-own'),
      made.headers.get('set-cookie'),
      await made.text(),
    ]).toEqual([201, 'yes', 'a=b', 'made']);
  });

  it('refuses a missing, an expired and a forged token with 401, and a missing scope with 403', async () => {
    const expired = await system.issueToken({ sub: 'demo-user', expiresInSeconds: -60 });
    const [head, payload, signature = ''] = system.token.split('.');
    const forged = `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    for (const token of [expired, forged, 'nonsense']) {
      const response = await post('/things/1', { token });
      expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
      expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    }
    const bare = await fetch(`${system.api}/things/1`, { method: 'POST' });
    expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const reader = await system.issueToken({ sub: 'reader', scope: 'read' });
    const admin = (token: string) =>
      fetch(`${system.api}/admin`, { headers: { authorization: `Bearer ${token}` } });
    expect((await admin(reader)).status).toBe(403);
    expect((await admin(system.token)).status).toBe(200);
  });

  it('issues tokens to this machine, and not to a page under another name', async () => {
    const issuer = `${system.api}/local-issuer`;
    const ask = (headers: Record<string, string>, body = '{"sub":"anna","scope":"read"}') =>
      fetch(`${issuer}/token`, { method: 'POST', body, headers });
    const good = await ask({ 'content-type': 'application/json' });
    const { access_token: token } = (await good.json()) as { access_token: string };
    const response = await post('/things/1', { token });
    expect(((await response.json()) as Echo).event).toMatchObject({
      requestContext: { authorizer: { jwt: { claims: { sub: 'anna', scope: 'read' } } } },
    });
    expect((await ask({ 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask({ 'content-type': 'application/json' }, '{"sub":1}')).status).toBe(400);
    const jwks = (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as { keys: unknown[] };
    expect(jwks.keys).toHaveLength(1);
  });

  it('takes 10 MB and refuses more with a problem document', async () => {
    const limit = 10 * 1024 * 1024;
    expect((await post('/things/1', { body: 'x'.repeat(limit + 1) })).status).toBe(413);
    const chunked = new ReadableStream({
      async pull(controller) {
        await sleep(1);
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const endless = await post('/things/1', { body: chunked, duplex: 'half' } as RequestInit).catch(
      () => undefined,
    );
    // The connection may be cut before the client reads the answer; it must not hang or be accepted.
    expect([413, undefined]).toContain(endless?.status);
    expect((await post('/things/1', { body: '"small"' })).status).toBe(200);
  });

  it('answers CORS only to declared origins', async () => {
    const from = (origin: string) => fetch(`${system.api}/status`, { headers: { origin } });
    expect((await from('http://console.example')).headers.get('access-control-allow-origin')).toBe(
      'http://console.example',
    );
    expect((await from('http://other.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('turns a throwing, a hanging and a dying function into 500 and goes on', async () => {
    expect((await fetch(`${system.api}/throw`)).status).toBe(500);
    expect((await fetch(`${system.api}/crash`)).status).toBe(500);
    expect((await fetch(`${system.api}/status`)).status).toBe(201);
    const startedAt = Date.now();
    expect((await fetch(`${system.api}/hang`)).status).toBe(500);
    expect(Date.now() - startedAt).toBeLessThan(12_000);
    expect((await fetch(`${system.api}/status`)).status).toBe(201);
    system.killFunction('web');
    await system.functionReady('web');
    expect((await fetch(`${system.api}/status`)).status).toBe(201);
    system.killFunction('web');
    await vi.waitFor(async () => expect((await fetch(`${system.api}/status`)).status).toBe(201), WAIT);
  });
});

describe('a queue source', () => {
  it('delivers within a few milliseconds', async () => {
    const waits: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const sentAt = Date.now();
      await send('work', `quick-${index}`);
      const [entry] = await vi.waitFor(() => {
        const found = callsWith(`quick-${index}`);
        expect(found).toHaveLength(1);
        return found;
      }, WAIT);
      waits.push((entry?.at ?? 0) - sentAt);
    }
    waits.sort((a, b) => a - b);
    // A busy machine stretches many of them; the quick ones show that no poll pauses in between.
    expect(waits[4]).toBeLessThan(60);
  });

  it('gives again only what the function reports as failed', async () => {
    await Promise.all(['good-1', 'fail', 'good-2'].map((body) => send('work', body)));
    await vi.waitFor(() => expect(callsWith('fail')).toHaveLength(2), WAIT);
    expect(callsWith('good-1')).toHaveLength(1);
    expect(callsWith('good-2')).toHaveLength(1);
    const [first, second] = callsWith('fail');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(900);
  });

  it('gives the whole batch again after a malformed answer or a crash', async () => {
    await send('work', 'malformed');
    await vi.waitFor(() => expect(callsWith('malformed')).toHaveLength(2), WAIT);
    await send('work', 'crash');
    await vi.waitFor(() => expect(callsWith('crash')).toHaveLength(2), WAIT);
    await vi.waitFor(async () => expect(await depth('work')).toEqual({ visible: 0, inFlight: 0 }), WAIT);
  });

  it('moves what fails too often to the dead-letter queue', async () => {
    const before = await depth('work-dead');
    await send('work', 'poison');
    await vi.waitFor(async () => expect((await depth('work-dead')).visible).toBe(before.visible + 1), WAIT);
    expect(callsWith('poison')).toHaveLength(2);
  });

  it('keeps the order of a group and one call per group', async () => {
    const bodies = Array.from({ length: 8 }, (_, index) => `slow-${index}`);
    for (const [index, body] of bodies.entries())
      await send('ordered.fifo', body, index % 2 ? 'odd' : 'even');
    await vi.waitFor(
      () =>
        expect(tiny.entries('worker-done').flatMap(({ bodies: b }) => b)).toEqual(
          expect.arrayContaining(bodies),
        ),
      WAIT,
    );
    for (const group of ['odd', 'even']) {
      const seen = tiny
        .entries('worker')
        .flatMap(({ bodies: all, groups }) => (all ?? []).filter((_, index) => groups?.[index] === group));
      expect(seen).toEqual(bodies.filter((_, index) => (index % 2 ? 'odd' : 'even') === group));
    }
  });

  it('lets tests drop, double and delay messages', async () => {
    interceptions.set('dropped', 'drop').set('doubled', 'double').set('late', { delayMs: 300 });
    const sentAt = Date.now();
    for (const body of ['dropped', 'doubled', 'late', 'after']) await send('work', body);
    await vi.waitFor(() => expect(callsWith('late')).toHaveLength(1), WAIT);
    expect((callsWith('late')[0]?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(290);
    expect(callsWith('doubled')).toHaveLength(2);
    expect(callsWith('dropped')).toHaveLength(0);
    expect(callsWith('after')).toHaveLength(1);
  });
});

describe('recursion detection', () => {
  it('cuts a loop after 16 calls and moves the message to the dead-letter queue', async () => {
    await send('loop', 'again');
    await vi.waitFor(async () => expect((await depth('loop-dead')).visible).toBe(1), WAIT);
    expect(tiny.entries('looper')).toHaveLength(16);
    expect(shown.join('\n')).toContain('recursion: looper');
  });
});

describe('a scheduled rule', () => {
  it('fires once at the start', () => {
    const [first] = tiny.entries('ticker');
    expect(first?.event?.['detail-type']).toBe('Scheduled Event');
  });
});

describe('the service', () => {
  it('runs with the environment of the template, overridden by the feed option', async () => {
    await vi.waitFor(() => expect(tiny.entries('daemon').length).toBeGreaterThan(0), WAIT);
    const [first] = tiny.entries('daemon');
    expect(first).toMatchObject({ feed: 'synthetic', queue: urlOf('work') });
  });

  it('is started again after SIGKILL, and on request', async () => {
    const before = tiny.entries('daemon').length;
    system.killStreamer();
    await vi.waitFor(() => expect(tiny.entries('daemon')).toHaveLength(before + 1), WAIT);
    await system.restartStreamer();
    await vi.waitFor(() => expect(tiny.entries('daemon')).toHaveLength(before + 2), WAIT);
    const pids = new Set(tiny.entries('daemon').map(({ pid }) => pid));
    expect(pids.size).toBe(before + 2);
  });
});

describe('the cache', () => {
  it('is empty and at its address again after a crash, in another process', async () => {
    const pidOf = () => system.pids().find(({ name }) => name === 'redis')?.pid;
    const before = pidOf();
    const redis = createClient({ url: system.valkeyUrl });
    await redis.connect();
    await redis.set('kept', 'no');
    redis.destroy();
    // Both wait for the same server: it is started again once each, never twice at once.
    await Promise.all([system.crashCache(), system.crashCache()]);
    const again = createClient({ url: system.valkeyUrl });
    await again.connect();
    expect(await again.get('kept')).toBeNull();
    again.destroy();
    expect(pidOf()).not.toBe(before);
    expect(alive([before ?? 0])).toEqual([]);
  });
});
