/** Previews and symbols over HTTP: what a caller sees of the rules, and that nothing is written or sent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let walletId: string;
beforeEach(async () => {
  world = new ApiWorld();
  walletId = await world.wallet();
});

const preview = (over: Record<string, unknown>, user = 'alice') =>
  world.call('POST', '/api/v1/orders/preview', {
    user,
    body: { wallet_id: walletId, symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.5', ...over },
  });

describe('a preview', () => {
  it('shows what would be sent and each rule with its figures, and writes and sends nothing', async () => {
    const answer = await preview({ type: 'limit', limit_price: '49999.999', quantity: '0.5000019' });
    // More decimals than the asset has would be refused; eight are rounded.
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      accepted: true,
      refusal: null,
      exchange: 'demo',
      symbol: 'BTC/USDT',
      role: 'entry',
      asked: { quantity: '0.5000019', limit_price: '49999.999' },
      sent: { quantity: '0.5', limit_price: '49999.99' },
      market_price: '50000',
      estimated_value: '24999.995',
      warnings: [{ code: 'rounded' }, { code: 'rounded' }],
    });
    const rules = answer.body.checks as { rule: string; outcome: string; figures: Record<string, string> }[];
    expect(rules.map((c) => `${c.rule} ${c.outcome}`)).toEqual([
      'symbol_status passed',
      'order_type passed',
      'precision passed',
      'price passed',
      'lot_size passed',
      'market_lot_size not_applicable',
      'notional passed',
    ]);
    expect(rules.at(-1)?.figures).toEqual({
      min: '5',
      max: '9000000',
      price: '49999.99',
      worth: '24999.995',
    });
    expect(world.ledger.commits).toBe(0);
    expect(world.outbox.sent).toEqual([]);
  });

  it('says why it would be refused, with the figures, and where', async () => {
    const small = await preview({ quantity: '0.00009' });
    expect(small).toMatchObject({
      status: 200,
      body: {
        accepted: false,
        refusal: { code: 'below_min_notional', field: 'quantity' },
      },
    });
    const checks = small.body.checks as { rule: string; outcome: string; code?: string }[];
    expect(checks.find((c) => c.outcome === 'failed')).toMatchObject({
      rule: 'notional',
      code: 'below_min_notional',
    });
    const target = await preview({ protection: { take_profit: '49000' } });
    expect(target.body.refusal).toMatchObject({ code: 'target_wrong_side', field: 'protection.take_profit' });
    const short = await preview({ side: 'sell' });
    expect(short.body.refusal).toMatchObject({ code: 'no_position' });
    const trailing = await preview({ type: 'trailing_stop', trailing_delta: 100 });
    expect(trailing.body.refusal).toMatchObject({ code: 'order_type_not_supported', field: 'type' });
    expect(world.ledger.commits).toBe(0);
  });

  it('warns of a maker order that would take', async () => {
    const maker = await preview({ type: 'limit_maker', limit_price: '50000' });
    expect(maker.body).toMatchObject({ accepted: true, warnings: [{ code: 'would_match' }] });
  });

  it('takes a quote amount; exactly one of the two amounts', async () => {
    const { quantity: _, ...body } = { quantity: '1', quote_quantity: '100' };
    const quoted = await world.call('POST', '/api/v1/orders/preview', {
      body: { wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', type: 'market', ...body },
    });
    expect(quoted.body).toMatchObject({
      accepted: true,
      sent: { quantity: '0', quote_quantity: '100' },
      estimated_value: '100',
    });
    const both = await preview({ quote_quantity: '100' });
    expect(both).toMatchObject({ status: 400, body: { field: 'quote_quantity' } });
  });

  it('of an exit checks the position, and reserves nothing', async () => {
    const bought = await world.call('POST', '/api/v1/orders', {
      key: 'k1',
      body: { wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.5' },
    });
    await world.settle();
    const commits = world.ledger.commits;
    const sell = { side: 'sell', position_id: bought.body.position_id };
    expect((await preview({ ...sell, quantity: '0.2' })).body).toMatchObject({
      accepted: true,
      role: 'exit',
    });
    expect((await preview({ ...sell, quantity: '0.6' })).body.refusal).toMatchObject({
      code: 'not_enough_free',
    });
    expect(world.ledger.commits).toBe(commits);
  });

  it("shows nothing of another's wallet", async () => {
    expect(await preview({}, 'mallory')).toMatchObject({ status: 404, body: { field: 'wallet_id' } });
  });

  it('of an unknown symbol there is none', async () => {
    expect(await preview({ symbol: 'FOO/BAR' })).toMatchObject({
      status: 422,
      body: { code: 'unknown_symbol' },
    });
  });
});

describe('an order of each further type', () => {
  it('goes with all of its fields and is shown with them', async () => {
    const placed = await world.call('POST', '/api/v1/orders', {
      key: 'k1',
      headers: { Prefer: 'wait=0' },
      body: {
        wallet_id: walletId,
        symbol: 'BTC/USDT',
        side: 'buy',
        type: 'stop_limit',
        quantity: '0.1',
        stop_price: '51000.009',
        limit_price: '51100.009',
      },
    });
    expect(placed).toMatchObject({
      status: 201,
      body: {
        type: 'stop_limit',
        exchange: 'demo',
        asked: { stop_price: '51000.009', limit_price: '51100.009' },
        sent: { stop_price: '51000', limit_price: '51100' },
        stop_limit_price: null,
        trailing_delta: null,
        requested_quote_amount: null,
      },
    });
  });

  it.each([
    [
      { type: 'limit_maker', limit_price: '49000', time_in_force: 'IOC' },
      'time_in_force_forbidden',
      'time_in_force',
    ],
    [{ type: 'stop_limit', stop_price: '51000' }, 'price_required', 'limit_price'],
    [{ type: 'limit', limit_price: '49000', stop_limit_price: '1' }, 'price_forbidden', 'stop_limit_price'],
    [{ type: 'limit', limit_price: '49000', trailing_delta: 100 }, 'price_forbidden', 'trailing_delta'],
  ])('%o is refused', async (over, code, field) => {
    const answer = await world.call('POST', '/api/v1/orders', {
      key: 'k1',
      body: { wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', quantity: '0.1', ...over },
    });
    expect(answer).toMatchObject({ status: 422, body: { code, field } });
    expect(world.ledger.commits).toBe(0);
  });
});

describe('symbols', () => {
  it('are listed by page', async () => {
    const first = await world.call('GET', '/api/v1/symbols?limit=10');
    const items = first.body.items as { symbol: string }[];
    expect(items).toHaveLength(10);
    expect(items[0]).toMatchObject({
      symbol: 'BTC/USDT',
      exchange: 'demo',
      status: 'trading',
      formats: { slash: 'BTC/USDT', venue: 'BTCUSDT', dash: 'BTC-USDT', polygon: 'X:BTCUSDT' },
    });
    // BTC/USD is listed here and SOL/USD is not: that name of Polygon's is free.
    expect(items.find(({ symbol }) => symbol === 'SOL/USDT')).toMatchObject({
      formats: { slash: 'SOL/USDT', venue: 'SOLUSDT', dash: 'SOL-USD', polygon: 'X:SOLUSD' },
    });
    const named = await world.call('GET', '/api/v1/symbols/X:SOLUSD');
    expect(named.body).toMatchObject({ symbol: 'SOL/USDT', formats: { polygon: 'X:SOLUSD' } });
    const cursor = encodeURIComponent(String(first.body.next_cursor));
    const second = await world.call('GET', `/api/v1/symbols?limit=200&cursor=${cursor}`);
    expect(second.body.next_cursor).toBeNull();
    const statuses = second.body.items.map(({ status }: { status: string }) => status);
    // What is traded, then what is watched.
    expect(statuses.filter((status: string) => status === 'trading')).toHaveLength(6);
    expect(statuses.slice(6)).toEqual(Array.from({ length: statuses.length - 6 }, () => 'watch_only'));
    const strange = await world.call('GET', '/api/v1/symbols?cursor=nonsense');
    expect(strange).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  it('are shown with all of their rules, by any of their names', async () => {
    for (const name of ['BTCUSDT', 'btc-usdt', 'X:BTCUSDT']) {
      const answer = await world.call('GET', `/api/v1/symbols/${name}?wallet_id=${walletId}`);
      expect(answer.body).toMatchObject({ symbol: 'BTC/USDT', oco_allowed: false, base_precision: 8 });
      expect(answer.body.filters).toContainEqual({
        kind: 'lot_size',
        min: '0.00001',
        max: '9000000',
        step: '0.00001',
      });
      expect(answer.body.filters).toContainEqual(
        expect.objectContaining({ apply_min_to_market: true, min: '5' }),
      );
    }
    expect((await world.call('GET', '/api/v1/symbols/FOOBAR')).status).toBe(404);
  });

  it('of an environment that is not served, or of a wallet of another, are not shown', async () => {
    const elsewhere = await world.call('GET', '/api/v1/symbols?environment=binance');
    expect(elsewhere).toMatchObject({ status: 422, body: { code: 'environment_not_served' } });
    const other = await world.call('GET', `/api/v1/symbols?wallet_id=${walletId}`, { user: 'mallory' });
    expect(other.status).toBe(404);
  });
});
