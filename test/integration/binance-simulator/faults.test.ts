import { afterEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator, SimulatorOptions } from '../../../infra/local/venues/binance/start.ts';
import { until } from '../../support/until.ts';
import { aSimulator, LIMIT_BUY, MARKET_BUY, now, place, Socket, send, signed } from './client.ts';

let simulator: Simulator;
let key: CreatedKey;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await simulator.stop();
});

async function start(faults: unknown = [], options: SimulatorOptions = {}): Promise<void> {
  ({ simulator, key } = await aSimulator({ ...options, faults }));
}

async function listen(): Promise<Socket> {
  const socket = await Socket.open(simulator.wsApiUrl);
  sockets.push(socket);
  await socket.askSigned('userDataStream.subscribe.signature', key);
  return socket;
}

const onPlace = { operation: 'order.place' };
const buy = (values = {}) => place(simulator.restUrl, key, { ...LIMIT_BUY, ...values });
const orders = () => simulator.exchange.books(1).orders;
const weight = async () =>
  Number((await send(simulator.restUrl, { path: '/api/v3/ping' })).headers['x-mbx-used-weight-1m']);

describe('a request', () => {
  it('lost on its way: the connection breaks and nothing was done', async () => {
    await start([{ when: onPlace, do: { kind: 'lose_request' } }]);
    await expect(buy()).rejects.toThrow();
    expect(orders()).toEqual([]);
  });

  it('whose answer is lost: done, with its events', async () => {
    await start([{ when: onPlace, do: { kind: 'lose_reply' } }]);
    const socket = await listen();
    await expect(buy()).rejects.toThrow();
    expect(orders()).toHaveLength(1);
    await until(
      'the report',
      () => socket.events('executionReport').length,
      (n) => n === 1,
    );
    await expect(socket.askSigned('order.place', key, LIMIT_BUY)).rejects.toThrow('closed');
    expect(orders()).toHaveLength(2);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('answered with a server error, executed: %s', async (executed, count) => {
    await start([{ when: onPlace, do: { kind: 'server_error', status: 502, executed } }]);
    expect(await buy()).toMatchObject({ status: 502, body: { code: -1000 } });
    expect(orders()).toHaveLength(count);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('that times out, executed: %s; its events do not wait for the answer', async (executed, count) => {
    await start([{ when: onPlace, do: { kind: 'timeout', ms: 1500, executed } }]);
    const socket = await listen();
    let isAnswered = false;
    const answering = buy().finally(() => {
      isAnswered = true;
    });
    if (executed) {
      await until(
        'the report',
        () => socket.events('executionReport').length,
        (n) => n === 1,
      );
      expect(isAnswered).toBe(false);
    }
    const answer = await answering;
    expect(answer.body).toMatchObject({
      code: -1007,
      msg: expect.stringContaining('execution status unknown'),
    });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(orders()).toHaveLength(count);
  });

  it('answered slowly, or too old by the time it reaches the engine', async () => {
    await start([
      { when: { ...onPlace, nth: 1 }, do: { kind: 'slow', ms: 300 } },
      { when: { ...onPlace, nth: 2 }, do: { kind: 'slow', ms: 1500, at: 'before' } },
    ]);
    const from = Date.now();
    expect((await buy()).status).toBe(200);
    expect(Date.now() - from).toBeGreaterThanOrEqual(290);
    const before = await weight();
    const late = await buy({ recvWindow: 1400 });
    expect(late).toMatchObject({ status: 400, body: { code: -1021 } });
    // Charged, and counted as an order although there is none.
    expect(await weight()).toBe(before + 2);
    expect((await buy()).headers['x-mbx-order-count-1d']).toBe('3');
    expect(orders()).toHaveLength(2);
  });

  it('refused late, limited, banned, blocked, or with any error of choice', async () => {
    await start([
      { when: { ...onPlace, nth: 1 }, do: { kind: 'late_timestamp' } },
      { when: { ...onPlace, nth: 2 }, do: { kind: 'rate_limited', retryAfterSeconds: 7 } },
      { when: { ...onPlace, nth: 3 }, do: { kind: 'too_many_orders', retryAfterSeconds: 3 } },
      { when: { ...onPlace, nth: 4 }, do: { kind: 'blocked' } },
      {
        when: { ...onPlace, nth: 5 },
        do: { kind: 'refuse', code: -1008, msg: 'Server is currently overloaded.', status: 503 },
      },
      { when: { ...onPlace, nth: 6 }, do: { kind: 'banned', seconds: 60 } },
    ]);
    expect(await buy()).toMatchObject({ status: 400, body: { code: -1021 } });
    const limited = await buy();
    expect(limited).toMatchObject({ status: 429, body: { code: -1003 }, headers: { 'retry-after': '7' } });
    expect(await buy()).toMatchObject({
      status: 429,
      body: { code: -1015 },
      headers: { 'retry-after': '3' },
    });
    expect(await buy()).toMatchObject({ status: 403, headers: { 'content-type': 'text/html' } });
    expect(await buy()).toMatchObject({ status: 503, body: { code: -1008 } });
    expect(await buy()).toMatchObject({ status: 418 });
    expect((await send(simulator.restUrl, { path: '/api/v3/ping' })).status).toBe(418);
    expect(orders()).toEqual([]);
  });

  it('whose answer is cut in the middle', async () => {
    await start([{ when: onPlace, do: { kind: 'malformed_body' } }]);
    const { status, text } = await buy();
    expect(status).toBe(200);
    expect(() => JSON.parse(text)).toThrow();
    expect(orders()).toHaveLength(1);
  });

  it('is chosen by symbol, account, client id, count and chance', async () => {
    const refuse = { kind: 'refuse', code: -1000, msg: 'chosen' };
    await start([
      { when: { ...onPlace, clientIdPrefix: 'bad-' }, times: 1, do: refuse },
      { when: { ...onPlace, symbol: 'ETHUSDT' }, do: refuse },
      { when: { operation: 'account.status', uid: 2 }, do: refuse },
      { when: { operation: 'openOrders.status', probability: 0.5, seed: 7 }, do: refuse },
    ]);
    expect((await buy({ newClientOrderId: 'bad-1' })).body.msg).toBe('chosen');
    expect((await buy({ newClientOrderId: 'bad-2' })).status).toBe(200);
    expect((await buy({ symbol: 'ETHUSDT' })).body.msg).toBe('chosen');
    expect((await signed(simulator.restUrl, key, { path: '/api/v3/account' })).status).toBe(200);
    const draw = async (): Promise<number[]> => {
      const drawn: number[] = [];
      for (let n = 0; n < 12; n += 1) {
        drawn.push((await signed(simulator.restUrl, key, { path: '/api/v3/openOrders' })).status);
      }
      return drawn;
    };
    const first = await draw();
    expect(new Set(first)).toEqual(new Set([200, 400]));
    simulator.clearFaults();
    simulator.addFaults([
      { when: { operation: 'openOrders.status', probability: 0.5, seed: 7 }, do: refuse },
    ]);
    expect(await draw()).toEqual(first);
  });
});

describe('reports', () => {
  const types = (socket: Socket): unknown[] =>
    socket.events().map((event) => `${event['e']}${event['x'] === undefined ? '' : ` ${event['x']}`}`);
  const PLAIN = ['executionReport NEW', 'executionReport TRADE', 'outboundAccountPosition'];

  it.each([
    ['nothing', undefined, PLAIN],
    ['duplicate_event', { kind: 'duplicate_event' }, [PLAIN[0], PLAIN[1], PLAIN[1], PLAIN[2]]],
    ['drop_event', { kind: 'drop_event' }, [PLAIN[0], PLAIN[2]]],
    ['delay_event', { kind: 'delay_event', ms: 150 }, [PLAIN[0], PLAIN[2], PLAIN[1]]],
    ['reorder_events', { kind: 'reorder_events', count: 2 }, [PLAIN[0], PLAIN[2], PLAIN[1]]],
    [
      'reorder_events, waiting',
      { kind: 'reorder_events', count: 9, ms: 100 },
      [PLAIN[0], PLAIN[2], PLAIN[1]],
    ],
  ])('%s', async (_name, fault, expected) => {
    const when = { event: 'executionReport', execution: 'TRADE', uid: 1 };
    await start(fault === undefined ? [] : [{ when, do: fault }]);
    const socket = await listen();
    await place(simulator.restUrl, key, MARKET_BUY);
    await until(
      'all of them',
      () => types(socket).length,
      (n) => n >= expected.length,
    );
    expect(types(socket)).toEqual(expected);
  });

  it.each([
    ['before', 1],
    ['after', 2],
  ])('the connection is cut %s one of them', async (event, count) => {
    const when = { execution: 'TRADE' };
    await start([{ when, times: 1, do: { kind: 'disconnect', event } }]);
    const socket = await listen();
    await place(simulator.restUrl, key, MARKET_BUY);
    await until(
      'the cut',
      () => socket.closed,
      (closed) => closed !== null,
    );
    expect(socket.events('executionReport').length).toBeLessThanOrEqual(count);
    // Nothing is told again to one who comes back.
    const next = await listen();
    expect(next.events()).toEqual([]);
  });
});

describe('the exchange itself', () => {
  it('sockets fall silent: open, without a word and without pings', async () => {
    await start([], { sockets: { pingMs: 50 } });
    const socket = await listen();
    let pings = 0;
    socket.socket.on('ping', () => {
      pings += 1;
    });
    await until(
      'a ping',
      () => pings,
      (n) => n > 0,
    );
    simulator.addFaults([{ do: { kind: 'silent_sockets', sockets: 'ws_api' } }]);
    // What was under way before arrives.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const heard = pings;
    await place(simulator.restUrl, key, MARKET_BUY);
    socket.socket.send('{"id":9,"method":"ping"}');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([socket.events().length, pings, socket.closed]).toEqual([0, heard, null]);
    // A new connection is a healthy one.
    const next = await listen();
    await place(simulator.restUrl, key, MARKET_BUY);
    await until(
      'reports',
      () => next.events('executionReport').length,
      (n) => n === 2,
    );
  });

  it('all its sockets are cut', async () => {
    await start();
    const socket = await listen();
    simulator.addFaults([{ do: { kind: 'cut_sockets' } }]);
    await until(
      'the cut',
      () => socket.closed?.code,
      (code) => code === 1006,
    );
  });

  it('queries lag behind', async () => {
    await start([{ do: { kind: 'query_lag', ms: 400 } }]);
    const { body } = await buy();
    const look = () =>
      signed(simulator.restUrl, key, {
        path: '/api/v3/order',
        values: { symbol: 'BTCUSDT', orderId: String(body['orderId']) },
      });
    expect(await look()).toMatchObject({ status: 400, body: { code: -2013 } });
    await until('it is seen', look, ({ status }) => status === 200);
  });

  it('its clock is wrong', async () => {
    await start([{ do: { kind: 'clock_skew', ms: -8000 } }]);
    const time = await send(simulator.restUrl, { path: '/api/v3/time' });
    expect(Math.abs(Number(time.body['serverTime']) - (now() - 8000))).toBeLessThan(5000);
    expect((await buy()).body).toMatchObject({ code: -1021, msg: expect.stringContaining('1000ms ahead') });
    simulator.addFaults([{ do: { kind: 'clock_skew', ms: 0 } }]);
    expect((await buy()).status).toBe(200);
  });

  it('a thin book, a changed symbol, a revoked key and a reset, each when its time has come', async () => {
    await start();
    simulator.addFaults([
      {
        when: { ...onPlace, nth: 2 },
        do: { kind: 'book', symbol: 'BTCUSDT', levels: 1, levelNotional: '60' },
      },
      {
        when: { ...onPlace, nth: 3 },
        do: { kind: 'symbol', symbol: 'BTCUSDT', change: { status: 'CANCEL_ONLY' } },
      },
      { when: { ...onPlace, nth: 4 }, do: { kind: 'reset' } },
      { when: { ...onPlace, nth: 5 }, do: { kind: 'revoke_key', apiKey: key.apiKey } },
    ]);
    const market = { ...MARKET_BUY, quantity: '0.01' };
    expect((await place(simulator.restUrl, key, market)).body).toMatchObject({ status: 'FILLED' });
    expect((await place(simulator.restUrl, key, market)).body).toMatchObject({ status: 'EXPIRED' });
    expect((await place(simulator.restUrl, key, market)).body.code).toBeLessThan(0);
    expect(orders()).toHaveLength(2);
    await place(simulator.restUrl, key, market);
    expect(orders()).toHaveLength(0);
    await place(simulator.restUrl, key, market);
    expect((await buy()).body.code).toBe(-2015);
  });
});

describe('a script', () => {
  it.each([
    ['is no list', {}, 'expected array'],
    ['has an unknown fault', [{ do: { kind: 'explode' } }], 'kind'],
    ['has an unknown field', [{ do: { kind: 'lose_reply', twice: true } }], 'twice'],
    ['lacks a field', [{ do: { kind: 'server_error' } }], 'executed'],
    [
      'has an unknown operation',
      [{ when: { operation: 'order.plaice' }, do: { kind: 'reset' } }],
      'order.plaice',
    ],
    ['mixes events and requests', [{ when: onPlace, do: { kind: 'drop_event' } }], 'drop_event'],
    [
      'mixes requests and events',
      [{ when: { execution: 'TRADE' }, do: { kind: 'reset' } }],
      'when.execution',
    ],
    ['has a wrong number', [{ when: { nth: 0 }, do: { kind: 'lose_reply' } }], 'nth'],
  ])('that %s is refused as a whole', async (_name, script, named) => {
    await start();
    expect(() => simulator.addFaults(script)).toThrow(named);
    await expect(aSimulator({ faults: script })).rejects.toThrow(named);
  });
});
