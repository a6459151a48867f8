import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let wallet: string;
beforeEach(async () => {
  world = new ApiWorld();
  wallet = await world.wallet();
});

const ORDERS = '/api/v1/orders';
const bid = async (key = 'k1', change: Record<string, unknown> = {}): Promise<string> => {
  const body = { wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '0.5' };
  const made = await world.call('POST', ORDERS, { key, body: { ...body, limit_price: '49000', ...change } });
  return made.body.order_id;
};
const amend = (id: string, body: unknown, call: Parameters<ApiWorld['call']>[2] = {}) =>
  world.call('PATCH', `${ORDERS}/${id}`, { body, ...call });
const cancelAll = (body: Record<string, unknown>, call: Parameters<ApiWorld['call']>[2] = {}) =>
  world.call('POST', `${ORDERS}/cancel-all`, { body: { wallet_id: wallet, ...body }, ...call });

describe('PATCH of an order', () => {
  it('answers the order, and the one that took its place', async () => {
    const id = await bid();
    const { status, body } = await amend(id, { limit_price: '49500.019' }, { key: 'a' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      order_id: id,
      status: 'cancelled',
      amendment: {
        way: 'new_order',
        outcome: 'replaced',
        asked: { limit_price: '49500.019', quantity: '0.5' },
        wanted: { limit_price: '49500.01' },
      },
      replaced_by: body.replacement.order_id,
      replacement: { replaces: id, limit_price: '49500.01', requested_amount: '0.5', amendment: null },
    });
    const again = await amend(id, { limit_price: '49500.019' }, { key: 'a' });
    expect([again.status, again.body.replaced_by]).toEqual([200, body.replaced_by]);
    expect(await amend(id, { limit_price: '49501' }, { key: 'a' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_mismatch', field: 'Idempotency-Key' },
    });
  });

  it('says 202 while the venue has not answered', async () => {
    const id = await bid();
    world.isWorked = false;
    expect(await amend(id, { quantity: '0.6' })).toMatchObject({
      status: 202,
      body: { status: 'cancelling', amendment: { outcome: 'under_way' }, replacement: null },
    });
    expect(await amend(id, { quantity: '0.7' })).toMatchObject({
      status: 409,
      body: { code: 'amend_under_way' },
    });
  });

  it.each<[string, unknown, number, string, string | null]>([
    ['nothing', {}, 400, 'missing_field', 'quantity'],
    ['what cannot be amended', { side: 'sell' }, 400, 'unknown_field', 'side'],
    ['a number', { quantity: 0.5 }, 400, 'number_not_text', 'quantity'],
    ['a price that the type does not take', { stop_price: '48000' }, 422, 'price_forbidden', 'stop_price'],
    ['next to nothing', { quantity: '0.00002' }, 422, 'below_min_notional', 'quantity'],
  ])('%s is refused and changes nothing', async (_what, body, status, code, field) => {
    const id = await bid();
    const { commits } = world.ledger;
    expect(await amend(id, body)).toMatchObject({ status, body: { code, field } });
    expect(world.ledger.commits).toBe(commits);
  });

  it("of another's order is a 404", async () => {
    const id = await bid();
    expect(await amend(id, { quantity: '0.6' }, { user: 'bob' })).toMatchObject({ status: 404 });
  });
});

describe('POST cancel-all', () => {
  it('answers each order with its status', async () => {
    const ids = [await bid('k1'), await bid('k2')];
    const { status, body } = await cancelAll({}, { key: 'all' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ wallet_id: wallet, repeated: false, not_cancelled: [] });
    expect(
      body.orders.map((o: { order_id: string; status: string }) => [o.order_id, o.status]).sort(),
    ).toEqual(ids.map((id) => [id, 'cancelled']).sort());
    await bid('k3');
    const again = await cancelAll({}, { key: 'all' });
    expect(again).toMatchObject({ status: 200, body: { repeated: true } });
    expect(again.body.orders).toHaveLength(2);
  });

  it('takes a symbol and a side, says 202 while some are still on their way', async () => {
    await bid('k1');
    expect((await cancelAll({ symbol: 'ETH-USDT' })).body.orders).toEqual([]);
    expect((await cancelAll({ side: 'sell' })).body.orders).toEqual([]);
    world.isWorked = false;
    expect(await cancelAll({ symbol: 'BTCUSDT', side: 'buy' })).toMatchObject({
      status: 202,
      body: { orders: [{ status: 'cancelling' }] },
    });
  });

  it.each<[string, Record<string, unknown>, number, string, string]>([
    ['no wallet', { wallet_id: undefined }, 400, 'missing_field', 'wallet_id'],
    ["another's wallet", { wallet_id: 'nobody' }, 404, 'not_found', 'wallet_id'],
    ['an unknown symbol', { symbol: 'NOPE' }, 422, 'unknown_symbol', 'symbol'],
    ['an unknown side', { side: 'long' }, 400, 'invalid_field', 'side'],
  ])('%s is refused', async (_what, change, status, code, field) => {
    expect(await cancelAll(change)).toMatchObject({ status, body: { code, field } });
  });
});

describe('keys of other commands', () => {
  it('a cancel and a change of protection honour theirs', async () => {
    const id = await bid();
    const cancel = (key: string) => world.call('POST', `${ORDERS}/${id}/cancel`, { key });
    expect((await cancel('c')).status).toBe(200);
    expect((await cancel('c')).status).toBe(200);
    const market = { type: 'market', limit_price: undefined };
    const { body: bought } = await world.call('GET', `${ORDERS}/${await bid('k2', market)}`);
    const protect = (stop: string, key: string) =>
      world.call('PATCH', `/api/v1/positions/${bought.position_id}/protection`, {
        body: { stop_loss: stop },
        key,
      });
    expect((await protect('48000', 'p')).status).toBe(200);
    await protect('47000', 'p2');
    const again = await protect('48000', 'p');
    expect([again.status, again.body.risk_management.current_stop_loss]).toEqual([200, '47000']);
    expect(await protect('46000', 'p')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_mismatch' },
    });
  });

  it('orders are listed by their position and their flow', async () => {
    const id = await bid('k1', { flow_id: 'flow-1' });
    await bid('k2', { flow_id: 'flow-2' });
    const { position_id: positionId } = (await world.call('GET', `${ORDERS}/${id}`)).body;
    for (const query of [`position_id=${positionId}`, 'flow_id=flow-1']) {
      const { items } = (await world.call('GET', `${ORDERS}?${query}`)).body;
      expect(items.map((o: { order_id: string }) => o.order_id)).toEqual([id]);
    }
    const positions = (await world.call('GET', '/api/v1/positions?flow_id=flow-2')).body.items;
    expect(positions).toHaveLength(1);
  });
});
