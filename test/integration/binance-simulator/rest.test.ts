import { afterEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator, SimulatorOptions } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, LIMIT_BUY, MARKET_BUY, now, place, Socket, send, signed } from './client.ts';

let simulator: Simulator;
let key: CreatedKey;
afterEach(() => simulator.stop());

const AT = Date.UTC(2026, 5, 1, 12, 0, 32);
async function start(options: SimulatorOptions = {}): Promise<void> {
  ({ simulator, key } = await aSimulator(options));
}

const weightOf = (headers: Record<string, unknown>): number => Number(headers['x-mbx-used-weight-1m']);
const get = (path: string) => send(simulator.restUrl, { path });

describe('paths', () => {
  it('unknown ones are a page with 404, the listenKey is gone, the testnet has no /sapi', async () => {
    await start({ sapi: false });
    const unknown = await get('/api/v3/nothing');
    expect(unknown).toMatchObject({ status: 404, headers: { 'content-type': 'text/html' } });
    expect((await get('/api/v3/order/oco')).status).toBe(404);
    const listenKey = await send(simulator.restUrl, { method: 'POST', path: '/api/v3/userDataStream' });
    expect(listenKey.status).toBe(410);
    const restrictions = await signed(simulator.restUrl, key, { path: '/sapi/v1/account/apiRestrictions' });
    expect(restrictions.status).toBe(404);
  });

  it('exchangeInfo tells the limits in force', async () => {
    await start({ limits: { ordersPer10Seconds: 7 } });
    const { body } = await get('/api/v3/exchangeInfo?symbol=BTCUSDT');
    expect(body['rateLimits']).toContainEqual({
      rateLimitType: 'ORDERS',
      interval: 'SECOND',
      intervalNum: 10,
      limit: 7,
    });
    expect(body['rateLimits']).toContainEqual(expect.objectContaining({ rateLimitType: 'RAW_REQUESTS' }));
  });

  it('microseconds are refused, duplicated parameters too', async () => {
    await start();
    const headers = { 'X-MBX-TIME-UNIT': 'MICROSECOND' };
    expect((await send(simulator.restUrl, { path: '/api/v3/time', headers })).body.code).toBe(-1194);
    expect((await get('/api/v3/depth?symbol=BTCUSDT&symbol=ETHUSDT')).body.code).toBe(-1101);
  });
});

describe('weight', () => {
  it('is counted per request, and nothing for orders and cancels that succeed', async () => {
    await start();
    expect(weightOf((await get('/api/v3/exchangeInfo')).headers)).toBe(20);
    const placed = await place(simulator.restUrl, key, { ...LIMIT_BUY });
    expect(weightOf(placed.headers)).toBe(20);
    expect(placed.headers).toMatchObject({ 'x-mbx-order-count-10s': '1', 'x-mbx-order-count-1d': '1' });
    const refused = await place(simulator.restUrl, key, { ...LIMIT_BUY, price: '0.001' });
    expect(refused).toMatchObject({ status: 400, body: { code: -1013 } });
    expect(weightOf(refused.headers)).toBe(21);
    const cancel = { symbol: 'BTCUSDT', orderId: String(placed.body['orderId']) };
    const cancelled = await signed(simulator.restUrl, key, {
      method: 'DELETE',
      path: '/api/v3/order',
      values: cancel,
    });
    expect(weightOf(cancelled.headers)).toBe(21);
    const again = await signed(simulator.restUrl, key, {
      method: 'DELETE',
      path: '/api/v3/order',
      values: cancel,
    });
    expect(again.body.code).toBe(-2011);
    expect(weightOf(again.headers)).toBe(22);
  });

  it('over the limit: 429 with Retry-After, then a ban that grows, and the sockets of the address are cut', async () => {
    await start({ limits: { weightPerMinute: 25, refusalsUntilBan: 2, firstBanSeconds: 120 } });
    await get('/api/v3/exchangeInfo');
    const refused = await get('/api/v3/exchangeInfo');
    expect(refused).toMatchObject({ status: 429, body: { code: -1003 } });
    expect(refused.body.msg).toContain('current limit is 25 request weight per 1 MINUTE');
    const secondsLeft = Math.ceil((60_000 - (now() % 60_000)) / 1000);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(secondsLeft - 1);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(secondsLeft + 1);
    await get('/api/v3/exchangeInfo');
    const banned = await get('/api/v3/exchangeInfo');
    expect(banned.status).toBe(418);
    expect(banned.body.msg).toMatch(/^Way too much request weight used; IP banned until \d{13}\./);
    expect(Number(banned.headers['retry-after'])).toBeGreaterThan(110);
    expect((await get('/api/v3/ping')).status).toBe(418);
  });

  it('a banned address comes back after its ban, and the next ban is longer', async () => {
    let at = AT;
    ({ simulator, key } = await aSimulator({
      now: () => at,
      limits: { weightPerMinute: 20, refusalsUntilBan: 0, firstBanSeconds: 120 },
    }));
    const waits: number[] = [];
    for (let ban = 0; ban < 3; ban += 1) {
      await get('/api/v3/exchangeInfo');
      const { status, headers } = await get('/api/v3/exchangeInfo');
      expect(status).toBe(418);
      waits.push(Number(headers['retry-after']));
      at += Number(headers['retry-after']) * 1000 + 60_000;
    }
    expect(waits).toEqual([120, 240, 480]);
  });

  it('raw requests have a limit of their own', async () => {
    await start({ limits: { rawPer5Minutes: 2 } });
    expect([(await get('/api/v3/ping')).status, (await get('/api/v3/ping')).status]).toEqual([200, 200]);
    expect((await get('/api/v3/ping')).status).toBe(429);
  });
});

describe('unfilled orders', () => {
  const counts = (headers: Record<string, unknown>): unknown => headers['x-mbx-order-count-10s'];

  it('are refused over the limit, and the next window is free again', async () => {
    let at = AT;
    ({ simulator, key } = await aSimulator({ now: () => at, limits: { ordersPer10Seconds: 2 } }));
    const put = () => place(simulator.restUrl, key, { ...LIMIT_BUY, timestamp: at });
    expect([(await put()).status, (await put()).status]).toEqual([200, 200]);
    const refused = await put();
    expect(refused).toMatchObject({
      status: 429,
      body: { code: -1015, msg: 'Too many new orders; current limit is 2 orders per 10 SECOND.' },
      headers: { 'retry-after': '8' },
    });
    at += 8000;
    const next = await put();
    expect(next.headers).toMatchObject({ 'x-mbx-order-count-10s': '1', 'x-mbx-order-count-1d': '3' });
  });

  it('a first fill gives credit: 1 as taker, 5 as maker, and never below nothing', async () => {
    await start();
    const put = (values: Record<string, string>) => place(simulator.restUrl, key, values);
    const looked = async () => {
      const answer = await signed(simulator.restUrl, key, {
        path: '/api/v3/rateLimit/order',
      });
      return (answer.body as unknown as { count: number }[]).map(({ count }) => count);
    };
    await put(MARKET_BUY);
    expect(await looked()).toEqual([0, 0]);
    for (let n = 0; n < 7; n += 1) await put(LIMIT_BUY);
    expect(await looked()).toEqual([7, 7]);
    simulator.exchange.feedPrice('BTCUSDT', { last: '50000', size: '0.001' });
    expect(await looked()).toEqual([2, 2]);
  });

  it('a list counts each of its orders; a refused order none', async () => {
    await start();
    const oco = await signed(simulator.restUrl, key, {
      method: 'POST',
      path: '/api/v3/orderList/oco',
      values: {
        symbol: 'BTCUSDT',
        side: 'SELL',
        quantity: '0.001',
        aboveType: 'LIMIT_MAKER',
        abovePrice: '70000',
        belowType: 'STOP_LOSS',
        belowStopPrice: '50000',
      },
    });
    expect(counts(oco.headers)).toBe('2');
    const refused = await place(simulator.restUrl, key, { ...MARKET_BUY, quantity: '100' });
    expect(refused.body.code).toBe(-2010);
    expect(refused.headers).not.toHaveProperty('x-mbx-order-count-10s');
    const next = await place(simulator.restUrl, key, { ...LIMIT_BUY });
    expect(counts(next.headers)).toBe('3');
  });

  it('cancel-replace at the limit: nothing at all, or the cancel alone', async () => {
    await start({ limits: { ordersPer10Seconds: 1 } });
    const placed = await place(simulator.restUrl, key, { ...LIMIT_BUY });
    const replace = (more: Record<string, string>) =>
      signed(simulator.restUrl, key, {
        method: 'POST',
        path: '/api/v3/order/cancelReplace',
        values: {
          ...LIMIT_BUY,
          cancelReplaceMode: 'ALLOW_FAILURE',
          cancelOrderId: String(placed.body['orderId']),
          ...more,
        },
      });
    expect(await replace({})).toMatchObject({ status: 429, body: { code: -1015 } });
    expect(simulator.exchange.books(1).orders[0]).toMatchObject({ status: 'NEW' });
    expect(await replace({ orderRateLimitExceededMode: 'CANCEL_ONLY' })).toMatchObject({
      status: 409,
      body: { code: -2021, data: { cancelResult: 'SUCCESS', newOrderResponse: { code: -1015 } } },
    });
    expect(simulator.exchange.books(1).orders[0]).toMatchObject({ status: 'CANCELED' });
    // The order is gone now: both halves fail, and the status depends on mode and transport.
    const only = { orderRateLimitExceededMode: 'CANCEL_ONLY', cancelReplaceMode: 'STOP_ON_FAILURE' };
    expect(await replace(only)).toMatchObject({
      status: 429,
      body: { code: -2022, data: { cancelResult: 'FAILURE', cancelResponse: { code: -2011 } } },
    });
    const socket = await Socket.open(simulator.wsApiUrl);
    try {
      const asked = { ...LIMIT_BUY, ...only, cancelOrderId: '1' };
      expect(await socket.askSigned('order.cancelReplace', key, asked)).toMatchObject({
        status: 409,
        error: { code: -2022, data: { newOrderResult: 'FAILURE' } },
      });
    } finally {
      socket.close();
    }
  });
});
