/** Telling connections, over DynamoDB Local and a gateway that the test is: in order, once, and out with the slow. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type SocketAnswer, socketHandler } from '../../../functions/publish/socket-routes.ts';
import { offeredToken } from '../../../functions/publish/token.ts';
import { createConnectionStore, LEASE_MS } from '../../../shared/adapters/dynamodb/connection-store.ts';
import { createEventStore } from '../../../shared/adapters/dynamodb/event-store.ts';
import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { ConnectionGateway, NewEvent, Posted } from '../../../shared/ports/push.ts';
import type { PushMessage } from '../../../shared/ports/push-messages.ts';
import { makePublishChanges } from '../../../shared/usecases/push/publish-changes.ts';
import { makeTellConnection, type TellPorts } from '../../../shared/usecases/push/tell-connection.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';
import { anOrder, NOW } from '../dynamodb/samples.ts';

const HOUR = 3_600_000;
const CURSOR = (n: number): string => String(n).padStart(16, '0');
const ignore = (): undefined => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Keeps what each connection was sent. */
class FakeGateway implements ConnectionGateway {
  readonly sent: { readonly to: string; readonly message: PushMessage }[] = [];
  readonly closed: string[] = [];
  /** What becomes of the next messages. */
  next: (() => Promise<Posted>)[] = [];

  async post(to: string, message: PushMessage): Promise<Posted> {
    const outcome = await (this.next.shift() ?? (async () => 'sent' as const))();
    if (outcome === 'sent') this.sent.push({ to, message: structuredClone(message) });
    return outcome;
  }

  async close(to: string): Promise<void> {
    this.closed.push(to);
  }

  ids(to: string): readonly number[] {
    return this.sent
      .filter((one) => one.to === to)
      .flatMap(({ message }) =>
        (message.type === 'events' ? message.events : []).map(({ id }) => Number(id)),
      );
  }

  types(to: string): readonly string[] {
    return this.sent
      .filter((one) => one.to === to)
      .map(({ message }) => ('code' in message ? message.code : message.type));
  }
}

describe.runIf(dynamoDbMissing === null)('telling', () => {
  let db: DynamoDb;
  let now = NOW;
  let ports: TellPorts;
  let gateway: FakeGateway;
  let wakes: number;
  let say: (routeKey: string, connectionId: string, body?: unknown, token?: string) => Promise<SocketAnswer>;
  beforeAll(() => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    const tables = await db.createTables();
    now = NOW;
    gateway = new FakeGateway();
    wakes = 0;
    const clock = { now: () => now };
    ports = {
      events: createEventStore({ client: db.client, eventsTable: tables.events, now: clock.now }),
      connections: createConnectionStore({
        ...{ client: db.client, connectionsTable: tables.connections, now: clock.now },
      }),
      ...{ gateway, clock, log, ids: { token: () => randomUUID() } },
    };
    const handler = socketHandler({
      ...ports,
      tell: makeTellConnection(ports),
      known: { symbols: builtInDirectory(symbolRegistry()), served: ['demo'] },
      priceWakes: {
        wake: async () => {
          wakes += 1;
        },
      },
      checkToken: async (token) =>
        token === 'bad' ? { outcome: 'bad' } : { outcome: 'good', userId: token, until: NOW + 2 * HOUR },
    });
    say = (routeKey, connectionId, body, token) =>
      handler({
        requestContext: { routeKey, connectionId },
        headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
  });

  const event = (n: number, type: NewEvent['type'] = 'order', userId = 'user-1'): NewEvent => ({
    ...{ userId, source: `${type}-${n}`, type, at: NOW, data: { n } },
  });
  const append = (...events: readonly NewEvent[]) => ports.events.append('user-1', events);
  const subscribe = (id: string, cursor?: string, channels: readonly string[] = ['orders']) =>
    say('$default', id, { action: 'subscribe', channels, cursor });
  const tell = (connectionId: string, seq: number) =>
    makeTellConnection(ports)({ userId: 'user-1', connectionId }, seq);

  it('lets in with a token alone, which a browser offers as a subprotocol', async () => {
    expect(await say('$connect', 'c')).toEqual({ statusCode: 401 });
    expect(await say('$connect', 'c', undefined, 'bad')).toEqual({ statusCode: 401 });
    expect(await say('$connect', 'c', undefined, 'user-1')).toEqual({ statusCode: 200 });
    expect(offeredToken({ 'Sec-WebSocket-Protocol': 'moniqo.v1, bearer.a.b-c_d' })).toEqual({
      ...{ token: 'a.b-c_d', isProtocolOffered: true },
    });
    for (let n = 1; n < 20; n++) await say('$connect', `more-${n}`, undefined, 'user-1');
    expect(await say('$connect', 'too many', undefined, 'user-1')).toEqual({ statusCode: 429 });
    await say('$disconnect', 'c');
    expect(await say('$connect', 'again', undefined, 'user-1')).toEqual({ statusCode: 200 });
  });

  it('begins now, or after the cursor, and tells of the channels asked for', async () => {
    await append(event(1), event(2, 'fill'), event(3));
    await say('$connect', 'c', undefined, 'user-1');
    await subscribe('c');
    expect(gateway.sent).toEqual([
      { to: 'c', message: { type: 'subscribed', channels: ['orders'], cursor: CURSOR(3) } },
    ]);
    await subscribe('c', CURSOR(0));
    expect(gateway.types('c')).toEqual(['subscribed', 'subscribed', 'events']);
    expect(gateway.ids('c')).toEqual([1, 3]);
    expect(gateway.sent.at(-1)?.message).toMatchObject({
      events: [{ id: CURSOR(1), type: 'order', at: new Date(NOW).toISOString(), data: { n: 1 } }, {}],
    });
    await append(event(4));
    await tell('c', 4);
    expect(gateway.ids('c')).toEqual([1, 3, 4]);
    await tell('c', 4);
    expect(gateway.ids('c')).toEqual([1, 3, 4]);
  });

  it('refuses a cursor that is over or was never given out, and the connection stays', async () => {
    await append(event(1), event(2));
    now += HOUR + 1_000;
    await append(event(3));
    await say('$connect', 'c', undefined, 'user-1');
    await subscribe('c', CURSOR(1));
    await subscribe('c', CURSOR(4));
    await subscribe('c', 'nonsense');
    expect(gateway.types('c')).toEqual(['cursor_expired', 'invalid_cursor', 'invalid_cursor']);
    await subscribe('c', CURSOR(2));
    expect(gateway.ids('c')).toEqual([3]);
    await say('$default', 'c', 'no JSON');
    await say('$default', 'c', { action: 'shout' });
    await say('$default', 'c', { action: 'subscribe', channels: ['prices'] });
    expect(gateway.types('c').slice(-3)).toEqual(Array(3).fill('invalid_message'));
  });

  it.each([
    ['[]', null],
    ['null', null],
    ['{}', 'action'],
    ['{"action":"shout"}', 'action'],
    ['{"action":"ping","extra":1}', 'extra'],
    ['{"action":"subscribe"}', 'channels'],
    ['{"action":"subscribe","channels":[]}', 'channels'],
    ['{"action":"subscribe","channels":["orders"],"cursor":1}', 'cursor'],
    ['{"action":"subscribe","channels":["orders"],"since":"x"}', 'since'],
  ])('names what is wrong with the message %s: %s', async (message, field) => {
    await say('$connect', 'c', undefined, 'user-1');
    await say('$default', 'c', message);
    expect(gateway.sent.at(-1)?.message).toMatchObject({ type: 'error', code: 'invalid_message', field });
  });

  it('follows the prices of the symbols that it names, in place of those before, and whoever tells them is woken', async () => {
    await say('$connect', 'c', undefined, 'user-1');
    const prices = (symbols: unknown, channels = ['prices']) =>
      say('$default', 'c', { action: 'subscribe', channels, symbols });
    await prices(['BTC-USDT', 'ethusdt', 'BTC/USDT'], ['orders', 'prices']);
    expect(gateway.sent.at(-1)?.message).toEqual({
      ...{ type: 'subscribed', channels: ['orders', 'prices'], symbols: ['BTC/USDT', 'ETH/USDT'] },
      cursor: CURSOR(0),
    });
    const follower = { userId: 'user-1', connectionId: 'c', tokenUntil: NOW + 2 * HOUR, since: NOW };
    expect(await ports.connections.followers()).toEqual([{ ...follower, symbols: ['BTC/USDT', 'ETH/USDT'] }]);
    now += 1_000;
    await prices(['SOL/USDT']);
    expect(await ports.connections.followers()).toEqual([
      { ...follower, symbols: ['SOL/USDT'], since: NOW + 1_000 },
    ]);
    expect(wakes).toBe(2);
    // Of events it is told no more: it did not ask for any.
    await append(event(1));
    await tell('c', 1);
    expect(gateway.ids('c')).toEqual([]);
    await subscribe('c');
    expect(await ports.connections.followers()).toEqual([]);
    expect(wakes).toBe(2);
    await prices(['SOL/USDT']);
    await say('$disconnect', 'c');
    expect(await ports.connections.followers()).toEqual([]);
  });

  it.each([
    [['prices'], undefined, { code: 'invalid_message', field: 'symbols' }],
    [['orders'], ['BTC/USDT'], { code: 'invalid_message', field: 'symbols' }],
    [['prices'], [], { code: 'invalid_message', field: 'symbols' }],
    [['prices'], ['BTC/USDT', 'XXX/YYY'], { code: 'unknown_symbol', field: 'symbols.1' }],
    [['prices'], Array(51).fill('BTC/USDT'), { code: 'too_many_symbols', field: 'symbols', limit: 50 }],
    [['nothing'], undefined, { code: 'invalid_message', field: 'channels.0' }],
  ])('refuses %j with %j and what it had stays', async (channels, symbols, trouble) => {
    await say('$connect', 'c', undefined, 'user-1');
    await say('$default', 'c', { action: 'subscribe', channels: ['prices'], symbols: ['ETH/USDT'] });
    await say('$default', 'c', { action: 'subscribe', channels, symbols });
    expect(gateway.sent.at(-1)?.message).toEqual({
      ...{ type: 'error', ...trouble, message: expect.stringContaining(trouble.field) },
    });
    expect(await ports.connections.followers()).toMatchObject([{ symbols: ['ETH/USDT'] }]);
    expect(wakes).toBe(1);
  });

  it('is in order where many bring events at once', async () => {
    await say('$connect', 'c', undefined, 'user-1');
    await subscribe('c');
    gateway.next = Array.from({ length: 3 }, () => async () => {
      await sleep(30);
      return 'sent' as const;
    });
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const appended = await append(event(100 + n));
        await tell('c', appended.at(-1)?.event.seq ?? 0);
      }),
    );
    expect(gateway.ids('c')).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  });

  it('takes over from a teller that died, by the next event or by a ping', async () => {
    await say('$connect', 'c', undefined, 'user-1');
    await subscribe('c');
    await append(event(1));
    await ports.connections.lease({ userId: 'user-1', connectionId: 'c' }, 'dead', 1);
    await tell('c', 1);
    expect(gateway.ids('c')).toEqual([]);
    now += LEASE_MS + 1;
    await say('$default', 'c', { action: 'ping' });
    expect(gateway.types('c')).toEqual(['subscribed', 'events', 'pong']);
    expect(gateway.ids('c')).toEqual([1]);
  });

  it('drops who is slow with a code and the cursor to come back with, and forgets who is gone', async () => {
    for (const id of ['slow', 'gone', 'well']) {
      await say('$connect', id, undefined, 'user-1');
      await subscribe(id);
    }
    await append(event(1));
    gateway.next = [async () => 'slow'];
    await tell('slow', 1);
    expect(gateway.closed).toEqual(['slow']);
    expect(gateway.sent.at(-1)).toEqual({
      ...{ to: 'slow', message: { type: 'closing', code: 'slow_consumer', cursor: CURSOR(0) } },
    });
    gateway.next = [async () => 'gone'];
    await tell('gone', 1);
    await tell('well', 1);
    expect(gateway.ids('well')).toEqual([1]);
    expect((await ports.connections.ofUser('user-1')).map(({ connectionId }) => connectionId)).toEqual([
      'well',
    ]);
  });

  it('ends a connection with its token, and one that events have left behind', async () => {
    await say('$connect', 'c', undefined, 'user-1');
    await subscribe('c');
    await append(event(1));
    now += HOUR + 1_000;
    await append(event(2));
    await tell('c', 2);
    expect(gateway.types('c')).toEqual(['subscribed', 'cursor_expired']);
    await say('$connect', 'd', undefined, 'user-1');
    await subscribe('d');
    now = NOW + 2 * HOUR;
    await append(event(3));
    await tell('d', 3);
    expect(gateway.types('d')).toEqual(['subscribed', 'token_expired']);
  });

  it('of a change that failed tells again, and no event twice; one user is told of nobody else', async () => {
    await say('$connect', 'c', undefined, 'user-1');
    await say('$connect', 'other', undefined, 'user-2');
    await subscribe('c');
    await subscribe('other');
    const asked: string[] = [];
    const publish = makePublishChanges({
      ...ports,
      tell: makeTellConnection(ports),
      ledger: { order: async () => null, position: async () => null },
      toWebhooks: async (userId, appended) => {
        asked.push(
          `${userId} ${appended.map(({ event: { seq }, isNew }) => `${seq}${isNew ? '' : ' again'}`)}`,
        );
      },
    });
    const after = anOrder({ version: 1, userId: 'user-1' });
    gateway.next = [() => Promise.reject(new Error('the gateway is away'))];
    await expect(publish([{ kind: 'order', before: null, after }])).rejects.toThrow('could not be told');
    await publish([{ kind: 'order', before: null, after }]);
    expect(asked).toEqual(['user-1 1', 'user-1 1 again']);
    expect(gateway.ids('c')).toEqual([1]);
    expect(gateway.ids('other')).toEqual([]);
    expect(await ports.events.head('user-1')).toBe(1);
  });
});
