/** Resident protection as the API takes and shows it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let wallet: string;

beforeEach(async () => {
  world = new ApiWorld();
  wallet = await world.wallet();
});

const buy = (protection: unknown, key = 'buy-1') =>
  world.call('POST', '/api/v1/orders', {
    key,
    body: { wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.5', protection },
  });
const positionOf = async (order: { body: { position_id: string } }) => {
  await world.settle();
  return (await world.call('GET', `/api/v1/positions/${order.body.position_id}`)).body;
};

describe('resident protection', () => {
  it('is asked for with the order and shown in the position, with its order', async () => {
    const position = await positionOf(await buy({ stop_loss: '49000', resident: 'stop' }));
    const { resident, stop_loss_order_id: orderId } = position.risk_management;
    expect(resident).toMatchObject({
      ...{ asked: 'stop', rests_as: 'stop', level_name: 'stop_loss', stop_price: '49000', amount: '0.5' },
      ...{ order_id: orderId, waits_for: null, first_right_until: null, take_profit_price: null },
    });
    const { body: order } = await world.call('GET', `/api/v1/orders/${orderId}`);
    expect(order).toMatchObject({
      ...{ type: 'stop_loss', status: 'open', waits_for: null },
      exit: { cause: 'stop_loss', full_exit: false, resident: true },
    });
    const { body: timeline } = await world.call('GET', `/api/v1/positions/${position.position_id}/timeline`);
    expect(timeline.items.map(({ action }: { action: string }) => action)).toContain('resident_placed');
  });

  it('without it nothing rests, and the position says so', async () => {
    const position = await positionOf(await buy({ stop_loss: '49000' }));
    expect(position.risk_management).toMatchObject({
      stop_loss_order_id: null,
      take_profit_order_id: null,
      resident: { asked: 'none', rests_as: null, order_id: null },
    });
  });

  it('is a setting of the wallet; what is not named stays', async () => {
    const path = `/api/v1/wallets/${wallet}`;
    expect((await world.call('GET', path)).body.resident).toBe('none');
    const changed = await world.call('PATCH', path, { body: { resident: 'stop' } });
    expect(changed).toMatchObject({ status: 200, body: { resident: 'stop', signal_policy: { act: false } } });
    await world.call('PATCH', path, { body: { signal_policy: { act: true } } });
    expect((await world.call('GET', path)).body).toMatchObject({
      resident: 'stop',
      signal_policy: { act: true },
    });
    const position = await positionOf(await buy({ stop_loss: '49000' }));
    expect(position.risk_management.resident.asked).toBe('stop');
    // The setting counts for new positions; a repeat of the call is about the one that it made.
    await world.call('PATCH', path, { body: { resident: 'none' } });
    expect(await buy({ stop_loss: '49000' })).toMatchObject({ status: 200 });
  });

  it('that is none of its words is refused by its field', async () => {
    expect(await buy({ stop_loss: '49000', resident: 'yes' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_field', field: 'protection.resident' },
    });
    expect(
      await world.call('PATCH', `/api/v1/wallets/${wallet}`, { body: { resident: true } }),
    ).toMatchObject({
      body: { field: 'resident' },
    });
  });

  it('is changed without a price', async () => {
    const position = await positionOf(await buy({ stop_loss: '49000' }));
    world.prices.shown.clear();
    const path = `/api/v1/positions/${position.position_id}/protection`;
    const changed = await world.call('PATCH', path, { body: { resident: 'oco' } });
    expect(changed).toMatchObject({ status: 200, body: { risk_management: { resident: { asked: 'oco' } } } });
  });
});
