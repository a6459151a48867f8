/** Machine clients: whom they act for, and how far. */
import { describe, expect, it } from 'vitest';
import { own } from './routes-cases.ts';
import { ApiWorld } from './world.ts';

const BOT = 'bot-1';
const TOKEN = `token-of-${BOT}`;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function open(settings: object = {}) {
  const world = new ApiWorld();
  const wallet = await world.wallet();
  const body = {
    client_id: BOT,
    client_token: TOKEN,
    name: 'bot',
    scopes: ['read', 'trade', 'close-only'],
    ...settings,
  };
  expect((await world.call('POST', '/api/v1/clients', { body })).status).toBe(201);
  let keys = 0;
  const ask = (method: string, path: string, asked?: unknown, more: object = {}) =>
    world.call(method, `/api/v1${path}`, { client: BOT, key: `k-${++keys}`, body: asked, ...more });
  const entry = (quantity: string, more: object = {}) => ({
    ...{ wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity },
    ...more,
  });
  const buy = (quantity: string, more: object = {}, call: object = {}) =>
    ask('POST', '/orders', entry(quantity, more), call);
  const used = async () => (await world.call('GET', `/api/v1/clients/${BOT}`)).body.used;
  const change = (asked: object) => world.call('PATCH', `/api/v1/clients/${BOT}`, { body: asked });
  return { world, wallet, ask, entry, buy, used, change };
}

describe('a machine client', () => {
  it("acts as its user: sees and trades the user's own, and nobody else's", async () => {
    const { world, ask, buy } = await open();
    const bob = await own(world, 'bob');
    const placed = await buy('0.01');
    expect(placed.status).toBe(201);
    expect((await world.call('GET', `/api/v1/orders/${placed.body.order_id}`)).status).toBe(200);
    expect((await ask('GET', `/orders/${bob.order}`)).status).toBe(404);
    expect((await buy('0.01', { wallet_id: bob.wallet })).status).toBe(404);
  });

  it('that no user has registered acts for nobody, and a revoked one never again', async () => {
    const { world, ask, buy } = await open();
    const stranger = await world.call('GET', '/api/v1/wallets', { client: 'nobody' });
    expect([stranger.status, stranger.body.code]).toEqual([403, 'unknown_client']);
    expect((await world.call('DELETE', `/api/v1/clients/${BOT}`)).body.status).toBe('revoked');
    expect((await world.call('DELETE', `/api/v1/clients/${BOT}`)).status).toBe(200);
    for (const answer of [await ask('GET', '/wallets'), await buy('0.01')]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'client_revoked']);
    }
    const again = {
      client_id: BOT,
      client_token: TOKEN,
      name: 'bot',
      scopes: ['read', 'trade', 'close-only'],
    };
    for (const user of ['alice', 'bob']) {
      const taken = await world.call('POST', '/api/v1/clients', { user, body: again });
      expect([taken.status, taken.body.code]).toEqual([409, 'client_exists']);
    }
    const change = await world.call('PATCH', `/api/v1/clients/${BOT}`, { body: { name: 'x' } });
    expect([change.status, change.body.code]).toEqual([403, 'client_revoked']);
  });

  it('can no more than its token and its user both allow, and never what is for admins', async () => {
    const { world, buy, ask, change } = await open({ scopes: ['read'] });
    expect((await buy('0.01')).body.code).toBe('insufficient_scope');
    expect((await ask('GET', '/orders')).status).toBe(200);
    await change({ scopes: ['close-only'] });
    expect((await buy('0.01')).body.scopes_needed).toEqual(['moniqo/trade']);
    await change({ scopes: ['trade'] });
    expect((await buy('0.01', {}, { scope: 'moniqo/read' })).status).toBe(403);
    expect((await buy('0.01', {}, { scope: 'moniqo/trade' })).status).toBe(201);
    expect((await ask('GET', '/clients')).status).toBe(403);
    const admin = { client_id: 'b-2', client_token: 'token-of-b-2', name: 'b', scopes: ['admin'] };
    expect((await world.call('POST', '/api/v1/clients', { body: admin })).status).toBe(400);
  });

  it('is registered once: the same again finds it, others are told to change it', async () => {
    const { world } = await open({ allowed_symbols: ['BTC-USDT', 'btcusdt'] });
    const body = {
      client_id: BOT,
      client_token: TOKEN,
      name: 'bot',
      scopes: ['close-only', 'read', 'trade'],
    };
    const same = { ...body, allowed_symbols: ['BTC/USDT'] };
    expect((await world.call('POST', '/api/v1/clients', { body: same })).status).toBe(200);
    expect((await world.call('POST', '/api/v1/clients', { body })).status).toBe(409);
    expect((await world.call('POST', '/api/v1/clients', { user: 'bob', body: same })).status).toBe(409);
    const odd = { ...body, client_id: 'b-2', client_token: 'token-of-b-2', allowed_symbols: ['NOPE/USDT'] };
    expect((await world.call('POST', '/api/v1/clients', { body: odd })).body.code).toBe('unknown_symbol');
  });

  it('is registered by whoever shows a token of it, and by nobody else', async () => {
    const world = new ApiWorld();
    const settings = { client_id: BOT, name: 'bot', scopes: ['read'] };
    const register = (user: string, more: object) =>
      world.call('POST', '/api/v1/clients', { user, body: { ...settings, ...more } });
    expect(await register('bob', {})).toMatchObject({ status: 400, body: { field: 'client_token' } });
    for (const token of ['nonsense', 'token-of-another']) {
      expect(await register('bob', { client_token: token })).toMatchObject({
        ...{ status: 422, body: { code: 'client_not_proven', field: 'client_token' } },
      });
    }
    expect(world.clients.items.size).toBe(0);
    expect((await register('alice', { client_token: TOKEN })).status).toBe(201);
    const told = JSON.stringify([world.told, await world.call('GET', '/api/v1/audit')]);
    expect(told).not.toContain(TOKEN);
  });

  it('is refused with every limit that it would break', async () => {
    const { buy, world } = await open({
      allowed_wallets: [],
      allowed_symbols: [],
      max_order_notional: '499.99',
      max_daily_notional: '499.98',
      max_orders_per_minute: 0,
    });
    const refused = await buy('0.01');
    expect([refused.status, refused.body.code]).toEqual([403, 'client_limit']);
    expect(refused.body.facts).toMatchObject({
      broken: 'allowed_wallets,allowed_symbols,max_order_notional,max_daily_notional,max_orders_per_minute',
      ...{ max_order_notional_limit: '499.99', max_order_notional_asked: '500' },
      ...{ allowed_symbols_asked: 'BTC/USDT', max_orders_per_minute_limit: '0' },
    });
    expect(world.ledger.orderItems.size).toBe(0);
    // Its user is not bound by them.
    const body = { symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' };
    const wallet_id = [...world.wallets.items.keys()][0];
    const users = await world.call('POST', '/api/v1/orders', { key: 'u', body: { ...body, wallet_id } });
    expect(users.status).toBe(201);
  });

  it('counts what was placed, once, by day and minute', async () => {
    const { buy, used, world, ask, entry } = await open({
      max_daily_notional: '1000',
      max_order_notional: '600',
    });
    expect((await buy('0.01', {}, { key: 'one' })).status).toBe(201);
    expect((await buy('0.01', {}, { key: 'one' })).status).toBe(200);
    expect(await used()).toEqual({ daily_notional: '500', orders_this_minute: 1 });
    expect((await buy('0.0101')).body.facts).toMatchObject({
      ...{ broken: 'max_daily_notional', max_daily_notional_used: '500', max_daily_notional_asked: '505' },
    });
    expect((await ask('POST', '/orders/preview', entry('0.0101'))).body.refusal.code).toBe('client_limit');
    expect((await buy('0.000001')).status).toBe(422);
    expect((await used()).daily_notional).toBe('500');
    expect((await buy('0.01')).status).toBe(201);
    expect((await used()).daily_notional).toBe('1000');
    world.now += DAY;
    world.price('50000');
    expect(await used()).toEqual({ daily_notional: '0', orders_this_minute: 0 });
    expect((await buy('0.012')).status).toBe(201);
  });

  it('lets no more through than its limits, however many come at once', async () => {
    const { buy, used, world } = await open({ max_daily_notional: '1500' });
    const answers = await Promise.all(Array.from({ length: 6 }, () => buy('0.01')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 403, 403, 403]);
    expect(world.ledger.orderItems.size).toBe(3);
    expect((await used()).daily_notional).toBe('1500');
  });

  it('places so many entries a minute', async () => {
    const { buy, world } = await open({ max_orders_per_minute: 2 });
    for (const status of [201, 201, 403]) expect((await buy('0.001')).status).toBe(status);
    world.now += MINUTE;
    world.price('50000');
    expect((await buy('0.001')).status).toBe(201);
  });

  it('gets out and cancels whatever its limits say', async () => {
    const { buy, ask, change, used } = await open();
    const { position_id: position, order_id: filled } = (await buy('0.02')).body;
    const resting = (await buy('0.01', { type: 'limit', limit_price: '40000' })).body.order_id;
    const before = await used();
    const shut = { max_daily_notional: '1', max_order_notional: '1', max_orders_per_minute: 0 };
    await change({ ...shut, allowed_symbols: [], allowed_wallets: [] });
    expect((await buy('0.01')).body.code).toBe('client_limit');
    const sell = { side: 'sell', position_id: position };
    expect((await buy('0.005', sell)).status).toBe(201);
    expect((await ask('POST', `/orders/${resting}/cancel`)).status).toBeLessThan(300);
    expect((await ask('POST', `/positions/${position}/close`, {})).status).toBe(202);
    expect((await ask('GET', `/orders/${filled}`)).status).toBe(200);
    expect(await used()).toEqual(before);
  });

  it('amends an entry upwards within its limits, and down whatever they say', async () => {
    const { buy, ask, change, used, world } = await open({ max_order_notional: '500' });
    const order = (await buy('0.01', { type: 'limit', limit_price: '40000' })).body.order_id;
    expect((await used()).daily_notional).toBe('400');
    const more = await ask('PATCH', `/orders/${order}`, { quantity: '0.013' });
    expect([more.status, more.body.code]).toEqual([403, 'client_limit']);
    expect((await ask('PATCH', `/orders/${order}`, { quantity: '0.012' })).status).toBeLessThan(300);
    expect(await used()).toEqual({ daily_notional: '480', orders_this_minute: 1 });
    await change({ max_order_notional: '1' });
    await world.settle();
    const [{ status, order_id: live }] = (await ask('GET', '/orders?limit=1')).body.items;
    expect(status).toBe('open');
    expect((await ask('PATCH', `/orders/${live}`, { quantity: '0.013' })).status).toBe(403);
    expect((await ask('PATCH', `/orders/${live}`, { quantity: '0.011' })).status).toBeLessThan(300);
    expect((await used()).daily_notional).toBe('480');
  });
});
