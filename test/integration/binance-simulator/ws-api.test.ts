import { afterEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator, SimulatorOptions } from '../../../infra/local/venues/binance/start.ts';
import { until } from '../../support/until.ts';
import { aSimulator, LIMIT_BUY, MARKET_BUY, now, place, Socket } from './client.ts';

let simulator: Simulator;
let key: CreatedKey;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await simulator.stop();
});

async function start(options: SimulatorOptions = {}): Promise<Socket> {
  ({ simulator, key } = await aSimulator(options));
  return connect();
}

async function connect(path = '', options: { autoPong?: boolean } = {}): Promise<Socket> {
  const socket = await Socket.open(`${simulator.wsApiUrl}${path}`, options);
  sockets.push(socket);
  return socket;
}

describe('requests', () => {
  it('are answered with id, status, result and the limits', async () => {
    const socket = await start();
    expect(await socket.ask('time')).toEqual({
      id: 1,
      status: 200,
      result: { serverTime: expect.any(Number) },
      // The connection itself costs 2.
      rateLimits: [
        { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000, count: 3 },
      ],
    });
    expect(await socket.ask('v3/ping', { returnRateLimits: false })).toEqual({
      id: 2,
      status: 200,
      result: {},
    });
    const quiet = await connect('?returnRateLimits=false');
    expect(await quiet.ask('ping')).toEqual({ id: 1, status: 200, result: {} });
    expect(await quiet.ask('ping', { returnRateLimits: true })).toHaveProperty('rateLimits');
  });

  it('lists and numbers in the parameters are understood', async () => {
    const socket = await start();
    const { result } = await socket.ask('exchangeInfo', { symbols: ['BTCUSDT', 'ETHUSDT'] });
    expect(result?.['symbols']).toHaveLength(2);
    expect(result?.['rateLimits']).toContainEqual(expect.objectContaining({ rateLimitType: 'CONNECTIONS' }));
    const depth = await socket.ask('depth', { symbol: 'BTCUSDT', limit: 5 });
    expect(depth.result?.['bids']).toHaveLength(5);
  });

  it('what is no request is told so, and the connection stays', async () => {
    const socket = await start();
    for (const text of [
      '{',
      '[]',
      '{"id":{},"method":"ping"}',
      '{"id":1}',
      '{"id":1,"method":"ping","params":[]}',
    ]) {
      const before = socket.heard.length;
      socket.socket.send(text);
      await until(
        'an answer',
        () => socket.heard.length,
        (count) => count > before,
      );
      expect(socket.heard.at(-1)).toMatchObject({ id: null, status: 400, error: { code: -1135 } });
    }
    expect(await socket.ask('userDataStream.start')).toMatchObject({ status: 400, error: { code: -1020 } });
    expect(await socket.ask('ping')).toMatchObject({ status: 200 });
  });

  it('orders with a key of any kind, counted like those of REST', async () => {
    const socket = await start();
    for (const type of ['hmac', 'ed25519', 'rsa'] as const) {
      const own = simulator.createKey({ uid: 1, type });
      const answer = await socket.askSigned('order.place', own, LIMIT_BUY);
      expect(answer).toMatchObject({ status: 200, result: { status: 'NEW' } });
    }
    const { rateLimits } = (await socket.askSigned('order.place', key, LIMIT_BUY)) as unknown as {
      rateLimits: { rateLimitType: string; interval: string; count: number }[];
    };
    expect(rateLimits.map(({ rateLimitType }) => rateLimitType)).toEqual([
      'ORDERS',
      'ORDERS',
      'REQUEST_WEIGHT',
    ]);
    expect(rateLimits.find(({ interval }) => interval === 'DAY')?.count).toBe(4);
    expect(await socket.askSigned('order.status', key, { symbol: 'BTCUSDT', orderId: '9' })).toMatchObject({
      status: 400,
      error: { code: -2013, msg: 'Order does not exist.' },
    });
    expect(await socket.ask('account.status', { timestamp: now() })).toMatchObject({
      status: 401,
      error: { code: -2014 },
    });
  });

  it('over the weight limit they are told when to come back; a ban cuts the connection', async () => {
    const socket = await start({ limits: { weightPerMinute: 25, refusalsUntilBan: 1 } });
    await socket.ask('exchangeInfo');
    const refused = await socket.ask('exchangeInfo');
    expect(refused).toMatchObject({ status: 429, error: { code: -1003 } });
    const { serverTime = 0, retryAfter = 0 } = refused.error?.data ?? {};
    expect(retryAfter % 60_000).toBe(0);
    expect(retryAfter).toBeGreaterThan(serverTime);
    expect(await socket.ask('exchangeInfo')).toMatchObject({ status: 418 });
    await until(
      'the cut',
      () => socket.closed,
      (closed) => closed !== null,
    );
    await expect(connect()).rejects.toThrow('418');
  });

  it('other paths, microseconds and too many connections are refused', async () => {
    await start({ limits: { connectionsPer5Minutes: 2 } });
    await expect(Socket.open(simulator.wsApiUrl.replace('v3', 'v9'))).rejects.toThrow('404');
    await expect(connect('?timeUnit=MICROSECOND')).rejects.toThrow('400');
    await connect();
    await expect(connect()).rejects.toThrow('429');
  });
});

describe('sessions', () => {
  it('log on with Ed25519 only, and then need no signature', async () => {
    const socket = await start();
    expect(await socket.askSigned('session.logon', key)).toMatchObject({ status: 400 });
    const own = simulator.createKey({ uid: 1, type: 'ed25519' });
    expect(await socket.askSigned('session.logon', own)).toMatchObject({
      status: 200,
      result: { apiKey: own.apiKey, authorizedSince: expect.any(Number), userDataStream: false },
    });
    const placed = await socket.ask('order.place', { ...MARKET_BUY, timestamp: now() });
    expect(placed.result).toMatchObject({ status: 'FILLED' });
    // The time is still asked for.
    expect(await socket.ask('order.place', { ...MARKET_BUY })).toMatchObject({ error: { code: -1102 } });
    expect(await socket.ask('session.logout')).toMatchObject({
      result: { apiKey: null, authorizedSince: null },
    });
    expect(await socket.ask('account.status', { timestamp: now() })).toMatchObject({
      error: { code: -2014 },
    });
  });

  it('end with the next request once their key is revoked, told without an id', async () => {
    const socket = await start();
    const own = simulator.createKey({ uid: 1, type: 'ed25519' });
    await socket.askSigned('session.logon', own);
    simulator.revokeKey(own.apiKey);
    socket.socket.send(JSON.stringify({ id: 99, method: 'account.status', params: { timestamp: now() } }));
    const told = await socket.wait('the revocation', ({ id, status }) => id === null && status === 401);
    expect(told.error?.code).toBe(-2015);
    expect(await socket.ask('session.status')).toMatchObject({ result: { apiKey: null } });
    expect(await socket.ask('userDataStream.subscribe')).toMatchObject({ error: { code: -2014 } });
  });
});

it('a logon that may not listen, or whose key is revoked, gets no user data', async () => {
  const socket = await start();
  const reader = simulator.createKey({ uid: 1, type: 'ed25519', permissions: ['USER_DATA'] });
  await socket.askSigned('session.logon', reader);
  expect(await socket.ask('userDataStream.subscribe')).toMatchObject({ status: 401, error: { code: -2015 } });
  const listener = simulator.createKey({ uid: 1, type: 'ed25519' });
  await socket.askSigned('session.logon', listener);
  simulator.revokeKey(listener.apiKey);
  socket.socket.send('{"id":50,"method":"userDataStream.subscribe"}');
  await socket.wait('the revocation', ({ id, status }) => id === null && status === 401);
  expect((await socket.ask('session.subscriptions')).result).toEqual([]);
});

describe('user data', () => {
  it('of several accounts on one connection, each under its own subscription', async () => {
    const socket = await start({
      accounts: [
        { uid: 1, balances: { USDT: '1000' } },
        { uid: 2, balances: { USDT: '1000' } },
      ],
    });
    const second = simulator.createKey({ uid: 2 });
    expect(await socket.askSigned('userDataStream.subscribe.signature', key)).toMatchObject({
      result: { subscriptionId: 0 },
    });
    expect(await socket.askSigned('userDataStream.subscribe.signature', second)).toMatchObject({
      result: { subscriptionId: 1 },
    });
    expect(await socket.askSigned('userDataStream.subscribe.signature', second)).toMatchObject({
      error: { code: -2035 },
    });
    expect((await socket.ask('session.subscriptions')).result).toEqual([
      { subscriptionId: 0 },
      { subscriptionId: 1 },
    ]);
    await place(simulator.restUrl, second, MARKET_BUY);
    await until(
      'the events',
      () => socket.events('outboundAccountPosition').length,
      (n) => n > 0,
    );
    const told = socket.heard.filter(({ event }) => event !== undefined);
    expect(told.map(({ event }) => event?.['e'])).toEqual([
      'executionReport',
      'executionReport',
      'outboundAccountPosition',
    ]);
    expect(told.every((message) => message['subscriptionId'] === 1)).toBe(true);
  });

  it('ends when it is unsubscribed, and says so', async () => {
    const socket = await start();
    await socket.askSigned('userDataStream.subscribe.signature', key);
    expect(await socket.ask('userDataStream.unsubscribe', { subscriptionId: 7 })).toMatchObject({
      error: { code: -2036 },
    });
    expect(await socket.ask('userDataStream.unsubscribe', { subscriptionId: 0 })).toMatchObject({
      result: {},
    });
    await socket.wait('the end', ({ event }) => event?.['e'] === 'eventStreamTerminated');
    await place(simulator.restUrl, key, MARKET_BUY);
    await socket.ask('ping');
    expect(socket.events('executionReport')).toEqual([]);
    // Ids are not used twice.
    expect(await socket.askSigned('userDataStream.subscribe.signature', key)).toMatchObject({
      result: { subscriptionId: 1 },
    });
  });

  it('a logout ends what the logon began, and nothing else', async () => {
    const socket = await start({
      accounts: [
        { uid: 1, balances: {} },
        { uid: 2, balances: {} },
      ],
    });
    expect(await socket.ask('userDataStream.subscribe')).toMatchObject({ error: { code: -2014 } });
    await socket.askSigned('session.logon', simulator.createKey({ uid: 2, type: 'ed25519' }));
    await socket.ask('userDataStream.subscribe');
    await socket.askSigned('userDataStream.subscribe.signature', key);
    expect(await socket.ask('session.logout')).toMatchObject({ result: { userDataStream: true } });
    expect((await socket.ask('session.subscriptions')).result).toEqual([{ subscriptionId: 1 }]);
    expect(socket.events('eventStreamTerminated')).toHaveLength(1);
  });

  it.each([
    ['answer_first', ['answer', 'executionReport', 'executionReport', 'outboundAccountPosition']],
    ['events_first', ['executionReport', 'executionReport', 'outboundAccountPosition', 'answer']],
  ] as const)('%s: the order on one connection is as configured', async (reports, expected) => {
    const socket = await start({ exchange: { order: { reports } } });
    await socket.askSigned('userDataStream.subscribe.signature', key);
    const before = socket.heard.length;
    await socket.askSigned('order.place', key, MARKET_BUY);
    await until(
      'all of it',
      () => socket.heard.length - before,
      (n) => n === expected.length,
    );
    expect(socket.heard.slice(before).map(({ event }) => event?.['e'] ?? 'answer')).toEqual(expected);
  });
});

describe('the life of a connection', () => {
  it('is ended for one who does not answer pings, not for one who does', async () => {
    await start({ sockets: { pingMs: 50, pongTimeoutMs: 1500 } });
    const [mute, polite] = [await connect('', { autoPong: false }), await connect()];
    // Pongs of its own accord keep nobody alive.
    mute.socket.on('ping', () => mute.socket.pong());
    await until(
      'the cut',
      () => mute.closed,
      (closed) => closed !== null,
    );
    expect(polite.closed).toBeNull();
    expect(await polite.ask('ping')).toMatchObject({ status: 200 });
  });

  it('is limited', async () => {
    const socket = await start({ sockets: { maxAgeMs: 200 } });
    await until(
      'the cut',
      () => socket.closed,
      (closed) => closed !== null,
    );
    await until(
      'forgotten',
      () => simulator.connections().wsApi,
      (count) => count === 0,
    );
  });

  it('ends with a notice when the server shuts down; new connections are welcome at once', async () => {
    const socket = await start();
    simulator.addFaults([{ do: { kind: 'server_shutdown', sockets: 'ws_api', ms: 300 } }]);
    const notice = await socket.wait('the notice', ({ event }) => event?.['e'] === 'serverShutdown');
    expect(notice).not.toHaveProperty('subscriptionId');
    const next = await connect();
    await until(
      'the cut',
      () => socket.closed,
      (closed) => closed !== null,
    );
    expect(await next.ask('ping')).toMatchObject({ status: 200 });
  });
});
