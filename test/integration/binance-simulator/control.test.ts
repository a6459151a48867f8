import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { until } from '../../support/until.ts';
import { aSimulator, LIMIT_BUY, MARKET_BUY, place, Socket, send, signed } from './client.ts';

let simulator: Simulator;
let key: CreatedKey;
beforeAll(async () => {
  ({ simulator, key } = await aSimulator());
});
afterAll(() => simulator.stop());

const control = (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') =>
  send(simulator.controlUrl, {
    method,
    path: `/control${path}`,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe('the control port', () => {
  it('lists its paths and says what it does not have', async () => {
    expect((await control('')).body).toContain('POST /control/faults');
    expect(await control('/nothing')).toMatchObject({ status: 404 });
    expect(await control('/price', { symbol: 'BTCUSDT', last: 60000 })).toMatchObject({ status: 400 });
    expect((await control('/balance', { uid: 1, asset: 'BTC', delta: '1', why: 'x' })).text).toContain('why');
    expect(await control('/price', { symbol: 'NOUSDT', last: '1' })).toMatchObject({ status: 400 });
    expect(await control('/key', { uid: 99 })).toMatchObject({ status: 400 });
    expect(await control('/books/99')).toMatchObject({ status: 400 });
    expect(await control('/books/x')).toMatchObject({ status: 400 });
    const broken = await send(simulator.controlUrl, { method: 'POST', path: '/control/price', body: '{' });
    expect(broken.status).toBe(400);
  });

  it('creates accounts and keys, and revokes them', async () => {
    expect((await control('/account', { uid: 7, balances: { USDT: '500' } })).status).toBe(200);
    const made = (await control('/key', { uid: 7, type: 'ed25519' })).body as unknown as CreatedKey;
    const account = () =>
      signed(simulator.restUrl, made, { path: '/api/v3/account', values: { omitZeroBalances: 'true' } });
    expect((await account()).body['balances']).toEqual([
      { asset: 'USDT', free: '500.00000000', locked: '0.00000000' },
    ]);
    expect((await control('/revoke', { apiKey: made.apiKey })).body).toEqual({ revoked: true });
    expect((await account()).body.code).toBe(-2015);
    expect((await control('/key', { uid: 7, apiKey: 'short' })).status).toBe(400);
  });

  it('moves prices, and holds one against its source', async () => {
    await control('/price', { symbol: 'ETHUSDT', last: '2500.00', hold: true });
    simulator.prices.feed('ETHUSDT', { last: '9.00' });
    const last = async (): Promise<unknown> =>
      (await send(simulator.restUrl, { path: '/api/v3/ticker/price?symbol=ETHUSDT' })).body['price'];
    expect(await last()).toBe('2500.00000000');
    await control('/follow', { symbol: 'ETHUSDT' });
    simulator.prices.feed('ETHUSDT', { last: '2501.00' });
    expect(await last()).toBe('2501.00000000');
  });

  it('deposits, withdraws and trades as the owner in the app, told on the stream', async () => {
    const socket = await Socket.open(simulator.wsApiUrl);
    try {
      await socket.askSigned('userDataStream.subscribe.signature', key);
      await control('/balance', { uid: 1, asset: 'USDT', delta: '-100.5' });
      const update = await socket.wait('the withdrawal', ({ event }) => event?.['e'] === 'balanceUpdate');
      expect(update.event).toMatchObject({ a: 'USDT', d: '-100.50000000' });
      const { body } = await control('/order', { uid: 1, operation: 'order.place', params: LIMIT_BUY });
      expect(body).toMatchObject({ status: 'NEW' });
      const cancel = { symbol: 'BTCUSDT', orderId: body['orderId'] };
      await control('/order', { uid: 1, operation: 'order.cancel', params: cancel });
      await control('/order', { uid: 1, operation: 'order.place', params: MARKET_BUY });
      const done = () => socket.events('executionReport').map(({ x }) => x);
      await until('the reports', done, (seen) => seen.length === 4);
      expect(done()).toEqual(['NEW', 'CANCELED', 'NEW', 'TRADE']);
    } finally {
      socket.close();
    }
    const refused = await control('/order', {
      uid: 1,
      operation: 'order.place',
      params: { ...MARKET_BUY, quantity: 100 },
    });
    expect(refused).toMatchObject({ status: 400, body: { code: -2010 } });
    expect(await control('/order', { uid: 1, operation: 'order.wish', params: {} })).toMatchObject({
      status: 404,
    });
  });

  it('shows the books and counts requests', async () => {
    const { body } = await control('/books/1');
    expect(body).toMatchObject({ balances: { BTC: expect.anything() }, trades: [expect.anything()] });
    await place(simulator.restUrl, key, { ...MARKET_BUY, quantity: '100' });
    const counts = (await control('/requests')).body;
    expect(counts['order.place']).toEqual({ requests: 1, refused: 1, spoiled: 0 });
  });

  it('adds, lists and clears faults', async () => {
    const rule = { when: { operation: 'ping' }, do: { kind: 'refuse', code: -1000, msg: 'so it is' } };
    expect((await control('/faults', [rule])).body).toEqual({ ids: [1] });
    expect((await send(simulator.restUrl, { path: '/api/v3/ping' })).body.msg).toBe('so it is');
    expect((await control('/faults')).body).toEqual([
      { id: 1, rule: { ...rule, do: { ...rule.do, status: 400 } }, matches: 1, struck: 1 },
    ]);
    await control('/faults', undefined, 'DELETE');
    expect((await send(simulator.restUrl, { path: '/api/v3/ping' })).status).toBe(200);
    expect((await control('/faults', [{ do: { kind: 'boom' } }])).status).toBe(400);
    const unknown = { do: { kind: 'book', symbol: 'NOUSDT', levels: 1 } };
    expect((await control('/faults', [unknown])).text).toContain('rule 1: ');
  });
});
