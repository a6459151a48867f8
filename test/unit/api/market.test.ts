import { beforeEach, describe, expect, it } from 'vitest';
import { BadCursorError } from '../../../shared/ports/ledger.ts';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
beforeEach(() => {
  world = new ApiWorld();
});

const aWallet = (change: Record<string, unknown> = {}) => ({
  name: 'first',
  type: 'demo',
  starting_balances: { USDT: '10000', BTC: '0.5' },
  ...change,
});

describe('wallets', () => {
  const WALLETS = '/api/v1/wallets';

  it('are made with their balances, once per key', async () => {
    const made = await world.call('POST', WALLETS, { key: 'w1', body: aWallet() });
    expect(made).toMatchObject({
      status: 201,
      body: {
        name: 'first',
        type: 'demo',
        user_id: 'alice',
        fee_rate: '0.001',
        buy_fee_in: 'quote',
        starting_balances: { USDT: '10000', BTC: '0.5' },
      },
    });
    const id = made.body.wallet_id;
    const again = await world.call('POST', WALLETS, { key: 'w1', body: aWallet() });
    expect([again.status, again.body.wallet_id]).toEqual([200, id]);
    const other = await world.call('POST', WALLETS, { key: 'w1', body: aWallet({ name: 'x' }) });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
    expect((await world.call('GET', `${WALLETS}/${id}`)).body.wallet_id).toBe(id);
    expect((await world.call('GET', WALLETS)).body.items).toHaveLength(1);
    expect((await world.call('GET', `${WALLETS}/${id}/balances`)).body.balances).toEqual([
      { asset: 'BTC', free: '0.5', locked: '0', total: '0.5' },
      { asset: 'USDT', free: '10000', locked: '0', total: '10000' },
    ]);
  });

  it('of others are not there', async () => {
    const { body } = await world.call('POST', WALLETS, { body: aWallet() });
    const path = `${WALLETS}/${body.wallet_id}`;
    const user = 'bob';
    expect(await world.call('GET', path, { user })).toMatchObject({ status: 404 });
    expect(await world.call('GET', `${path}/balances`, { user })).toMatchObject({ status: 404 });
    expect((await world.call('GET', WALLETS, { user })).body.items).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['another type', { type: 'kraken' }, 'invalid_field', 'type'],
    ['no name', { name: ' ' }, 'invalid_field', 'name'],
    ['no balances', { starting_balances: {} }, 'invalid_field', 'starting_balances'],
    ['a number', { starting_balances: { USDT: 5 } }, 'number_not_text', 'starting_balances.USDT'],
    ['a negative balance', { starting_balances: { USDT: '-5' } }, 'not_positive', 'starting_balances.USDT'],
    ['an odd asset', { starting_balances: { 'us dt': '5' } }, 'invalid_field', 'starting_balances.us dt'],
    ['a fee of a half', { fee_rate: '0.5' }, 'invalid_field', 'fee_rate'],
    ['an unknown field', { balance: '5' }, 'unknown_field', 'balance'],
  ])('refuse %s', async (_what, change, code, field) => {
    const answer = await world.call('POST', WALLETS, { body: aWallet(change) });
    expect(answer.body).toMatchObject({ code, field });
    expect(world.wallets.items.size).toBe(0);
  });

  it('refuse a cursor that is not ours', async () => {
    world.wallets.ofUser = () => Promise.reject(new BadCursorError('no'));
    expect(await world.call('GET', `${WALLETS}?cursor=abc`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor', field: 'cursor' },
    });
  });
});

describe('prices', () => {
  it.each(['BTC-USDT', 'BTCUSDT', 'BTC%2FUSDT', 'btc-usdt'])('of %s', async (symbol) => {
    world.price('50000', { bid: '49999.5', ask: '50000.50', quoted: true });
    expect((await world.call('GET', `/api/v1/prices/${symbol}`)).body).toMatchObject({
      symbol: 'BTC/USDT',
      bid: '49999.5',
      ask: '50000.5',
      last: '50000',
      mid: '50000',
      mark: '50000',
      spread: '1',
      quoted: true,
      source: 'replay',
      timestamp: new Date(world.now).toISOString(),
    });
  });

  it('keep a symbol followed for who goes on asking for its price, or for its bars', async () => {
    world.price('50000', {});
    expect(await world.call('GET', '/api/v1/prices/BTC-USDT')).toMatchObject({ status: 200 });
    expect([...world.prices.wantedSymbols]).toEqual(['BTC/USDT']);
    expect(await world.call('GET', '/api/v1/prices/SOL-USDT/bars?interval=1m')).toMatchObject({
      ...{ status: 200, body: { items: [] } },
    });
    expect([...world.prices.wantedSymbols].sort()).toEqual(['BTC/USDT', 'SOL/USDT']);
  });

  it('are asked for when there is none, and unknown symbols are named', async () => {
    expect(await world.call('GET', '/api/v1/prices/ETH-USDT')).toMatchObject({
      status: 503,
      body: { code: 'no_price' },
    });
    expect(world.prices.wantedSymbols).toContain('ETH/USDT');
    expect(await world.call('GET', '/api/v1/prices/NOPE')).toMatchObject({
      status: 422,
      body: { code: 'unknown_symbol', field: 'symbol' },
    });
  });

  it.each([
    ['aapl', 'AAPL'],
    ['BRK.B', 'BRK.B'],
    ['EUR-USD', 'EUR/USD'],
    ['C:XAUUSD', 'XAU/USD'],
  ])('are asked for of %s, which nobody trades', async (name, symbol) => {
    expect(await world.call('GET', `/api/v1/prices/${name}`)).toMatchObject({ body: { code: 'no_price' } });
    expect(world.prices.wantedSymbols).toContain(symbol);
    expect((await world.call('GET', `/api/v1/symbols/${name}`)).body).toMatchObject({
      ...{ symbol, status: 'watch_only', order_types: [] },
    });
  });

  it('are listed with what has none', async () => {
    const all = await world.call('GET', '/api/v1/prices');
    expect(all.body.items.map((p: { symbol: string }) => p.symbol)).toEqual(['BTC/USDT']);
    expect(all.body.without_price).toContain('ETH/USDT');
    expect(all.body.without_price).not.toContain('AAPL');
    const some = await world.call('GET', '/api/v1/prices?symbols=BTC-USDT,SOLUSDT');
    expect(some.body.without_price).toEqual(['SOL/USDT']);
    expect([...world.prices.wantedSymbols].sort()).toEqual(['BTC/USDT', 'SOL/USDT']);
  });

  it('need a token', async () => {
    expect(await world.call('GET', '/api/v1/prices', { user: null })).toMatchObject({ status: 401 });
  });
});

describe('symbols and health', () => {
  it('lists the trading rules', async () => {
    const { body } = await world.call('GET', '/api/v1/symbols');
    expect(body.items[0]).toMatchObject({
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      tick_size: '0.01',
      step_size: '0.00001',
      formats: { venue: 'BTCUSDT', dash: 'BTC-USDT' },
    });
  });

  it('answers health to anyone', async () => {
    const answer = await world.call('GET', '/api/v1/health/services', { user: null });
    expect(answer).toMatchObject({ status: 200, body: { overall_status: 'degraded' } });
    expect(Object.keys(answer.body)).toEqual([
      ...['websocket_manager', 'order_monitor', 'dead_letters', 'overall_status'],
    ]);
  });
});
