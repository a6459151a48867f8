/** A bot with a client of its own, from its secret to the record of what it did, on the laptop system. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineClient } from '../support/machine-token.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { Trader } from '../support/trader.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());

interface Record_ {
  readonly operation: string;
  readonly client_id: string | null;
  readonly status: number;
  readonly code: string | null;
  readonly ids: Readonly<Record<string, string>>;
}

describe('a bot', () => {
  it('trades for its user within its own limits, gets out above them, and is on record', async () => {
    const { api } = system.running;
    const { id, token } = await machineClient(api);
    const bot = new Trader(api, token);
    expect((await bot.send('GET', '/wallets')).body.code).toBe('unknown_client');

    const user = system.trader;
    await system.trade('BTC/USDT', '50000', '1');
    const wallet = await user.wallet();
    const limits = { max_daily_notional: '1000', allowed_wallets: [wallet] };
    const settings = {
      client_id: id,
      client_token: token,
      name: 'bot',
      scopes: ['read', 'trade'],
      ...limits,
    };
    await user.good('POST', '/clients', { body: settings });
    const buy = (quantity: string) => ({
      key: randomUUID(),
      body: { wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity },
    });
    const asked = buy('0.01');
    const first = await bot.send<{ order_id: string; position_id: string }>('POST', '/orders', asked);
    expect(first.status).toBe(201);
    expect(Number(first.headers.get('ratelimit-remaining'))).toBeGreaterThan(0);
    expect(first.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await bot.send('POST', '/orders', asked)).status).toBe(200);

    // Four at once, and room for one.
    const answers = await Promise.all([1, 2, 3, 4].map(() => bot.send('POST', '/orders', buy('0.01'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403]);
    const refused = answers.find(({ status }) => status === 403);
    expect(refused?.body).toMatchObject({ code: 'client_limit', facts: { broken: 'max_daily_notional' } });
    const { used } = await user.good<{ used: object }>('GET', `/clients/${id}`);
    expect(used).toMatchObject({ daily_notional: '1000' });

    const { position_id: position, order_id: order } = first.body;
    await bot.until(position, 'open', ({ status }) => status === 'open');
    expect((await bot.send('POST', `/positions/${position}/close`, { body: {} })).status).toBe(202);
    expect(await bot.send('GET', '/audit')).toMatchObject({ status: 403, body: { message: 'Forbidden' } });

    const { items } = await user.good<{ items: readonly Record_[] }>('GET', '/audit?limit=200');
    const bots = items.filter(({ client_id: by }) => by === id);
    expect(bots.map(({ operation, status }) => `${operation} ${status}`).sort()).toEqual([
      'closePosition 202',
      'createOrder 200',
      ...['createOrder 201', 'createOrder 201'],
      ...['createOrder 403', 'createOrder 403', 'createOrder 403'],
    ]);
    expect(bots.find(({ status }) => status === 403)?.code).toBe('client_limit');
    expect(bots.some(({ ids }) => ids['order_id'] === order)).toBe(true);

    await user.good('DELETE', `/clients/${id}`);
    expect((await bot.send('GET', '/wallets')).body.code).toBe('client_revoked');
  });
});
