/** Adding to a position over HTTP: what is taken, what is shown, and what is refused with its field. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let walletId: string;
let positionId: string;
let keys = 0;
const place = (over: Record<string, unknown>) =>
  world.call('POST', '/api/v1/orders', {
    key: `k${++keys}`,
    body: { wallet_id: walletId, symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.5', ...over },
  });
const preview = (over: Record<string, unknown>) =>
  world.call('POST', '/api/v1/orders/preview', {
    body: { wallet_id: walletId, symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.5', ...over },
  });

beforeEach(async () => {
  world = new ApiWorld();
  walletId = await world.wallet();
  positionId = (await place({ protection: { stop_loss: '45000' } })).body.position_id;
});

describe('an order with position_effect open', () => {
  it('adds to the position that it names', async () => {
    const added = await place({ position_id: positionId, position_effect: 'open', quantity: '0.25' });
    expect([added.status, added.body.role, added.body.position_id]).toEqual([201, 'entry', positionId]);
    const position = await world.call('GET', `/api/v1/positions/${positionId}`);
    expect(position.body).toMatchObject({
      status: 'open',
      entry: { amount: '0.75', live: false },
      current: { amount: '0.75' },
    });
    expect(position.body.entry.order_ids).toEqual([position.body.entry.order_id, added.body.order_id]);
    const timeline = await world.call('GET', `/api/v1/positions/${positionId}/timeline`);
    const told = timeline.body.items.filter((one: { action: string }) => one.action === 'entry_added');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ order_id: added.body.order_id, details: { quantity: '0.25' } });
  });

  it('may be bought for a quote amount, and rests like any entry', async () => {
    const open = { position_id: positionId, position_effect: 'open' };
    expect((await place({ ...open, quantity: undefined, quote_quantity: '1000' })).status).toBe(201);
    const resting = await place({ ...open, type: 'limit', limit_price: '40000' });
    expect(resting.body).toMatchObject({ status: 'open', role: 'entry' });
    const position = await world.call('GET', `/api/v1/positions/${positionId}`);
    expect(position.body.entry.live).toBe(true);
    const cancelled = await world.call('POST', `/api/v1/orders/${resting.body.order_id}/cancel`);
    expect(cancelled.body.status).toBe('cancelled');
  });

  it('is previewed with the whole position in the limits', async () => {
    world.now += 10_000;
    const limits = { max_position_notional: '30000' };
    const set = await world.call('PATCH', `/api/v1/wallets/${walletId}/limits`, { body: limits });
    expect(set.status).toBe(200);
    const open = { position_id: positionId, position_effect: 'open' };
    expect((await preview({ ...open, quantity: '0.1' })).body).toMatchObject({
      accepted: true,
      role: 'entry',
    });
    expect((await preview({ ...open, quantity: '0.11' })).body).toMatchObject({
      accepted: false,
      refusal: { code: 'risk_limit' },
    });
    expect((await place({ ...open, quantity: '0.11' })).body.code).toBe('risk_limit');
  });

  it.each([
    [{ position_effect: 'open', side: 'sell' }, 422, 'wrong_side', 'side'],
    [{ position_effect: 'open', protection: { stop_loss: '1' } }, 422, 'protection_forbidden', 'protection'],
    [
      { position_effect: 'open', market_conditions: { price: '1' } },
      400,
      'invalid_field',
      'market_conditions',
    ],
    [{ position_effect: 'open', leverage: 2 }, 422, 'margin_forbidden', 'leverage'],
    [{ position_effect: 'more' }, 400, 'invalid_field', 'position_effect'],
    [{ position_effect: 'close', position_id: null }, 400, 'invalid_field', 'position_effect'],
    [{}, 422, 'wrong_side', 'side'],
    [{ position_effect: 'close' }, 422, 'wrong_side', 'side'],
  ])('%j is refused', async (over, status, code, field) => {
    const body = { position_id: positionId, ...over };
    const answer = await place(body);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([status, code, field]);
    const said = await preview(body);
    if (said.status === 200) expect(said.body.refusal).toMatchObject({ code, field });
    else expect([said.status, said.body.code]).toEqual([status, code]);
  });

  it('without a position opens one, as without the word', async () => {
    const opened = await place({ position_effect: 'open' });
    expect(opened.status).toBe(201);
    expect(opened.body.position_id).not.toBe(positionId);
  });
});
