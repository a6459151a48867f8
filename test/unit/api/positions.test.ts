import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let wallet: string;
beforeEach(async () => {
  world = new ApiWorld();
  wallet = await world.wallet();
});

async function aPosition(protection: Record<string, unknown> | null = null): Promise<string> {
  const body = {
    wallet_id: wallet,
    symbol: 'BTC/USDT',
    side: 'buy',
    type: 'market',
    quantity: '0.5',
    protection,
  };
  const answer = await world.call('POST', '/api/v1/orders', { key: `entry-${world.now}`, body });
  expect(answer).toMatchObject({ status: 201, body: { status: 'filled' } });
  return `/api/v1/positions/${answer.body.position_id}`;
}

describe('a position', () => {
  it("shows the specification's example, held and closed", async () => {
    const path = await aPosition();
    world.now += 60_000;
    world.price('51000');
    expect((await world.call('GET', path)).body).toMatchObject({
      side: 'long',
      status: 'open',
      entry: { price: '50000', amount: '0.5', value: '25000', fees: '25', fee_currency: 'USDT' },
      current: { price: '51000', unrealized_pnl: '475', unrealized_pnl_percent: '1.9' },
      exit: null,
    });
    world.price('51500');
    await world.call('POST', `${path}/close`, { body: {} });
    await world.settle();
    expect((await world.call('GET', path)).body).toMatchObject({
      status: 'closed',
      exit: { price: '51500', fees: '25.75', reason: 'manual', realized_pnl: '699.25' },
    });
    expect((await world.call('GET', path)).body.exit.realized_pnl_percent).toBe('2.797');
    const { items } = (await world.call('GET', '/api/v1/positions?status=closed')).body;
    expect(items).toHaveLength(1);
  });

  it('shows its protection and its timeline', async () => {
    const path = await aPosition({
      stop_loss: '49000.001',
      take_profits: [
        { price: '52000', share: '0.5' },
        { price: '53000', share: '0.5' },
      ],
      trailing_stop: { distance_percent: '2', activation_price: '51000' },
      break_even: {},
    });
    const { body } = await world.call('GET', path);
    expect(body.risk_management).toMatchObject({
      initial_stop_loss: '49000.01',
      current_stop_loss: '49000.01',
      current_take_profit: '52000',
      trailing_stop: {
        enabled: true,
        distance_percent: '2',
        activation_price: '51000',
        current_trigger: null,
      },
      break_even: { enabled: true, activation_profit_percent: '1', offset_percent: '0', activated: false },
    });
    expect(body.ai_monitoring).toMatchObject({ should_close: false, ai_signals: [] });
    expect(Array.isArray(body.actions)).toBe(true);
  });

  it('is not there for others, in any way', async () => {
    const path = await aPosition();
    const user = 'bob';
    const nowhere = { status: 404, body: { code: 'not_found' } };
    expect(await world.call('GET', path, { user })).toMatchObject(nowhere);
    expect(await world.call('POST', `${path}/close`, { user, body: {} })).toMatchObject(nowhere);
    const body = { stop_loss: '49000' };
    expect(await world.call('PATCH', `${path}/protection`, { user, body })).toMatchObject(nowhere);
    expect((await world.call('GET', '/api/v1/positions', { user })).body.items).toEqual([]);
    expect(await world.call('GET', path, { user: null })).toMatchObject({ status: 401 });
  });
});

describe('closing', () => {
  it('makes one exit; another close hears of the first, a repeat with its key is taken', async () => {
    const path = await aPosition();
    world.isWorked = false;
    const first = await world.call('POST', `${path}/close`, { key: 'out', body: {} });
    expect(first).toMatchObject({ status: 202, body: { repeated: false, position: { status: 'closing' } } });
    expect(first.body.exit).toMatchObject({ side: 'sell', requested_amount: '0.5', role: 'exit' });
    const second = await world.call('POST', `${path}/close`, { key: 'other', body: {} });
    expect(second).toMatchObject({
      status: 409,
      body: { code: 'already_closing', facts: { cause: 'manual', price: '50000' } },
    });
    const again = await world.call('POST', `${path}/close`, { key: 'out' });
    expect(again).toMatchObject({ status: 202, body: { repeated: true } });
    world.isWorked = true;
    await world.settle();
    const late = await world.call('POST', `${path}/close`, { key: 'third', body: {} });
    expect(late).toMatchObject({ status: 409, body: { code: 'not_open' } });
  });

  it('sells a part, once per key', async () => {
    const path = await aPosition();
    const body = { quantity: '0.2' };
    expect(await world.call('POST', `${path}/close`, { body })).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_required' },
    });
    await world.call('POST', `${path}/close`, { key: 'part', body });
    const again = await world.call('POST', `${path}/close`, { key: 'part', body });
    expect(again).toMatchObject({ status: 202, body: { repeated: true } });
    await world.settle();
    expect((await world.call('GET', path)).body).toMatchObject({
      status: 'open',
      current: { amount: '0.3' },
    });
    expect(
      await world.call('POST', `${path}/close`, { key: 'more', body: { quantity: '0.4' } }),
    ).toMatchObject({
      status: 422,
      body: { code: 'not_enough_free', field: 'quantity', facts: { free_quantity: '0.3' } },
    });
  });

  it('waits for its exit when it is asked to, and answers at once when it is not', async () => {
    const path = await aPosition();
    const part = { key: 'part', body: { quantity: '0.2' } };
    const unasked = await world.call('POST', `${path}/close`, part);
    expect(unasked).toMatchObject({ status: 202, body: { exit: { status: 'pending' } } });
    expect(unasked.headers).not.toHaveProperty('preference-applied');
    const rest = { key: 'rest', body: {}, headers: { prefer: 'wait=5' } };
    expect(await world.call('POST', `${path}/close`, rest)).toMatchObject({
      status: 200,
      headers: { 'preference-applied': 'wait=5' },
      body: { exit: { status: 'filled', filled_amount: '0.3' }, position: { status: 'closed' } },
    });
    const other = await aPosition();
    world.isWorked = false;
    const hurried = await world.call('POST', `${other}/close`, rest);
    expect(hurried).toMatchObject({ status: 202, headers: { 'preference-applied': 'wait=5' } });
  });

  it('needs no price', async () => {
    const path = await aPosition();
    world.prices.shown.clear();
    expect(await world.call('POST', `${path}/close`, { body: {} })).toMatchObject({ status: 202 });
  });

  it('names a field that it does not know', async () => {
    const path = await aPosition();
    const answer = await world.call('POST', `${path}/close`, { key: 'x', body: { amount: '0.2' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'unknown_field', field: 'amount' } });
  });
});

describe('changing protection', () => {
  it('changes what is named and keeps the rest', async () => {
    const path = await aPosition({ stop_loss: '49000', take_profit: '52000' });
    const body = { stop_loss: '49500', trailing_stop: { distance_amount: '500' } };
    const changed = await world.call('PATCH', `${path}/protection`, { body });
    expect(changed).toMatchObject({
      status: 200,
      body: {
        risk_management: {
          initial_stop_loss: '49000',
          current_stop_loss: '49500',
          current_take_profit: '52000',
          trailing_stop: { enabled: true, distance_amount: '500' },
        },
      },
    });
    const removed = await world.call('PATCH', `${path}/protection`, { body: { take_profit: null } });
    expect(removed.body.risk_management).toMatchObject({
      current_take_profit: null,
      current_stop_loss: '49500',
    });
  });

  it.each([
    ['a stop above the market', { stop_loss: '50500' }, 422, 'stop_wrong_side', 'stop_loss'],
    ['a target below it', { take_profit: '49000' }, 422, 'target_wrong_side', 'take_profit'],
    ['a number', { stop_loss: 49_000 }, 400, 'number_not_text', 'stop_loss'],
    ['an unknown field', { stop: '1' }, 400, 'unknown_field', 'stop'],
    [
      'a fine percentage',
      { trailing_stop: { distance_percent: '0.125' } },
      422,
      'not_whole_basis_points',
      'trailing_stop.distance_percent',
    ],
  ])('refuses %s', async (_what, body, status, code, field) => {
    const path = await aPosition({ stop_loss: '49000' });
    const answer = await world.call('PATCH', `${path}/protection`, { body });
    expect(answer).toMatchObject({ status, body: { code, field } });
    expect((await world.call('GET', path)).body.risk_management.current_stop_loss).toBe('49000');
  });

  it('is over once the position is closing', async () => {
    const path = await aPosition();
    world.isWorked = false;
    await world.call('POST', `${path}/close`, { body: {} });
    const answer = await world.call('PATCH', `${path}/protection`, { body: { stop_loss: '49000' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 'already_closing' } });
  });
});

describe('selling a position by an order', () => {
  it('is an exit of it', async () => {
    const path = await aPosition();
    const body = {
      wallet_id: wallet,
      symbol: 'BTC/USDT',
      side: 'sell',
      type: 'market',
      quantity: '0.2',
      position_id: path.split('/').at(-1),
    };
    const sold = await world.call('POST', '/api/v1/orders', { key: 'sell', body });
    expect(sold).toMatchObject({
      status: 201,
      body: { role: 'exit', status: 'filled', exit: { cause: 'manual' } },
    });
    expect((await world.call('GET', path)).body.current.amount).toBe('0.3');
  });
});
