/** Limits over HTTP: what a caller sets and sees, the refusal with its figures, and the verdict of a preview. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let walletId: string;
beforeEach(async () => {
  world = new ApiWorld();
  walletId = await world.wallet();
});

const path = () => `/api/v1/wallets/${walletId}/limits`;
const set = (body: unknown, user = 'alice') => world.call('PATCH', path(), { body, user });
const order = { symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.1' };
const place = (over: object = {}) =>
  world.call('POST', '/api/v1/orders', { key: 'k', body: { wallet_id: walletId, ...order, ...over } });
const preview = (over: object = {}) =>
  world.call('POST', '/api/v1/orders/preview', { body: { wallet_id: walletId, ...order, ...over } });

describe('limits', () => {
  it('are none at first, and are shown against what is used', async () => {
    const none = {
      max_position_notional: null,
      max_total_exposure: null,
      max_open_positions: null,
      max_orders_per_minute: null,
      allowed_symbols: null,
      max_daily_loss: null,
      max_drawdown: null,
      cooldown_after_losses: null,
      cooldown_minutes: 60,
      on_breach: 'pause',
    };
    expect(await world.call('GET', path())).toMatchObject({
      status: 200,
      body: {
        wallet_id: walletId,
        currency: 'USD',
        limits: none,
        used: { total_exposure: '0', open_positions: 0, unvalued_positions: 0, orders_this_minute: null },
      },
    });
    const limits = { max_total_exposure: '10000.50', max_orders_per_minute: 5, allowed_symbols: ['btcusdt'] };
    expect(await set(limits)).toMatchObject({
      status: 200,
      body: {
        limits: { ...none, ...limits, max_total_exposure: '10000.5', allowed_symbols: ['BTC/USDT'] },
        used: { orders_this_minute: 0 },
      },
    });
    expect((await place()).status).toBe(201);
    expect((await world.call('GET', path())).body.used).toEqual({
      total_exposure: '5000',
      reserved: '0',
      cost: '5000',
      open_positions: 1,
      unvalued_positions: 0,
      orders_this_minute: 1,
      losses_in_a_row: 0,
      cooldown_until: null,
      realized_today: '0',
      results: null,
    });
  });

  it('of loss are shown with the results that they are measured against', async () => {
    const limits = { max_daily_loss: '100.50', cooldown_after_losses: 3, cooldown_minutes: 5 };
    const answer = await set(limits);
    expect(answer.body.limits).toMatchObject({ ...limits, max_daily_loss: '100.5', max_drawdown: null });
    expect(answer.body.used.results).toEqual({
      ...{ day_pnl: '0', realized_today: '0', unrealized: '0', drawdown: '0', unknown: null },
      day_start: null,
    });
    expect((await place()).status).toBe(201);
    const shown = (await world.call('GET', path())).body.used;
    expect(shown).toMatchObject({ losses_in_a_row: 0, cooldown_until: null, results: { unknown: null } });
    expect(shown.results.day_start).toMatchObject({ unrealized: '0' });
    expect(shown.results.day_pnl).toBe(shown.results.unrealized);
    expect((await set({ cooldown_minutes: null })).body.limits.cooldown_minutes).toBe(60);
    expect((await set({ on_breach: 'flatten' })).body.limits.on_breach).toBe('flatten');
    expect((await set({ on_breach: null })).body.limits.on_breach).toBe('pause');
    expect((await set({ max_daily_loss: '0' })).status).toBe(422);
    for (const wrong of [{ cooldown_after_losses: 0 }, { cooldown_minutes: 0 }]) {
      expect((await set(wrong)).status).toBe(400);
    }
  });

  it('refuse with 403 and the figures of each; a preview says the same and writes nothing', async () => {
    await set({ max_position_notional: '4999.99', max_open_positions: 0 });
    const facts = {
      broken: 'max_position_notional,max_open_positions',
      max_position_notional_limit: '4999.99',
      max_position_notional_used: '0',
      max_position_notional_asked: '5000',
      max_open_positions_limit: '0',
      max_open_positions_used: '0',
      max_open_positions_asked: '1',
    };
    const shown = await preview();
    expect(shown.body).toMatchObject({
      accepted: false,
      refusal: { code: 'risk_limit', facts },
      risk: {
        allowed: false,
        broken: [
          { name: 'max_position_notional', limit: '4999.99', used: '0', asked: '5000' },
          { name: 'max_open_positions', limit: '0', used: '0', asked: '1' },
        ],
      },
    });
    expect(await place()).toMatchObject({ status: 403, body: { code: 'risk_limit', facts } });
    expect(world.ledger.orderItems.size).toBe(0);
    await set({ max_position_notional: null, max_open_positions: 1 });
    expect((await preview()).body).toMatchObject({ accepted: true, risk: { allowed: true, broken: [] } });
    expect((await place()).status).toBe(201);
  });

  it('are no matter of a preview that something else refuses first', async () => {
    await set({ max_open_positions: 0 });
    expect((await preview({ quantity: '0.00000001' })).body).toMatchObject({ accepted: false, risk: null });
  });

  it.each<[string, unknown, string, string | null]>([
    ['nothing', {}, 'invalid_field', null],
    ['a number for money', { max_total_exposure: 100 }, 'number_not_text', 'max_total_exposure'],
    ['zero money', { max_position_notional: '0' }, 'not_positive', 'max_position_notional'],
    ['text for a count', { max_open_positions: '3' }, 'invalid_field', 'max_open_positions'],
    ['half a position', { max_open_positions: 1.5 }, 'invalid_field', 'max_open_positions'],
    ['less than none', { max_orders_per_minute: -1 }, 'invalid_field', 'max_orders_per_minute'],
    ['a limit that is not known', { max_loss: '3' }, 'unknown_field', 'max_loss'],
    ['a symbol that is not known', { allowed_symbols: ['NOPE'] }, 'unknown_symbol', 'allowed_symbols'],
  ])('are refused: %s', async (_, body, code, field) => {
    const answer = await set(body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body).toMatchObject({ code, field });
  });

  it('of others are not there', async () => {
    expect((await set({ max_open_positions: 1 }, 'bob')).status).toBe(404);
    expect((await world.call('GET', path(), { user: 'bob' })).status).toBe(404);
  });
});
