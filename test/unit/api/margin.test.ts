/** What the API takes and refuses of positions on margin: typed, with the field and what to send instead. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
const newWallet = async (more: Record<string, unknown> = {}): Promise<string> => {
  const body = { name: 'w', type: 'demo', starting_balances: { USDT: '100000' }, ...more };
  return (await world.call('POST', '/api/v1/wallets', { body })).body.wallet_id;
};
const sell = (walletId: string, more: Record<string, unknown> = {}) => ({
  ...{ wallet_id: walletId, symbol: 'BTC/USDT', side: 'sell', type: 'market', quantity: '0.5' },
  ...more,
});
let keys = 0;
const place = (body: Record<string, unknown>) =>
  world.call('POST', '/api/v1/orders', { key: `k${++keys}`, body });
const refusalOf = async (body: Record<string, unknown>) => {
  const placed = await place(body);
  // The preview says the same.
  const preview = await world.call('POST', '/api/v1/orders/preview', { body });
  if (placed.status === 422) {
    const { code, field } = placed.body;
    expect(preview.body.refusal).toMatchObject({ code, field });
  }
  const { code, field, next_action: fix } = placed.body;
  return [
    placed.status,
    code,
    field,
    String(fix)
      .replace(/^./, (first) => first.toLowerCase())
      .replace(/\.$/, ''),
  ];
};
beforeEach(() => {
  world = new ApiWorld();
});

describe('a wallet with max_leverage', () => {
  it('shows it; one without lends nothing', async () => {
    const lends = await newWallet({ max_leverage: 5 });
    expect((await world.call('GET', `/api/v1/wallets/${lends}`)).body.max_leverage).toBe(5);
    const plain = await newWallet();
    expect((await world.call('GET', `/api/v1/wallets/${plain}`)).body.max_leverage).toBeNull();
  });

  it.each([
    [{ max_leverage: 21 }, 400, 'invalid_field'],
    [{ max_leverage: 1.5 }, 400, 'invalid_field'],
    [{ max_leverage: 0 }, 400, 'invalid_field'],
    [{ max_leverage: 2, buy_fee_in: 'base' }, 422, 'margin_not_allowed'],
    [{ max_leverage: 20, fee_rate: '0.05' }, 422, 'leverage_too_high'],
  ])('%j is refused', async (more, status, code) => {
    const body = { name: 'w', type: 'demo', starting_balances: { USDT: '1' }, ...more };
    const answer = await world.call('POST', '/api/v1/wallets', { body });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('under the key of one with another is another body', async () => {
    const body = { name: 'w', type: 'demo', starting_balances: { USDT: '1' }, max_leverage: 2 };
    const call = (more: object) =>
      world.call('POST', '/api/v1/wallets', { key: 'w', body: { ...body, ...more } });
    expect([(await call({})).status, (await call({})).status]).toEqual([201, 200]);
    expect((await call({ max_leverage: 3 })).body.code).toBe('idempotency_mismatch');
  });
});

describe('an order on margin', () => {
  it('opens a short, shown with its terms and where it is liquidated', async () => {
    const walletId = await newWallet({ max_leverage: 5 });
    const body = sell(walletId, { position_side: 'short', leverage: 5 });
    const preview = await world.call('POST', '/api/v1/orders/preview', { body });
    expect(preview.body).toMatchObject({
      accepted: true,
      // 50,000 x 6 / 5 / 1.006
      margin: { leverage: 5, margin_used: '5000', liquidation_price: '59642.14' },
    });
    const { body: order } = await place(body);
    await world.settle();
    const { body: position } = await world.call('GET', `/api/v1/positions/${order.position_id}`);
    expect(position).toMatchObject({
      side: 'short',
      status: 'open',
      entry: { leverage: 5, margin_used: '5000' },
      risk_management: { liquidation_price: '59642.14' },
    });
    const { body: list } = await world.call('GET', '/api/v1/positions');
    expect(list.items[0].risk_management.liquidation_price).toBe('59642.14');
    // A stop loss beyond it is refused afterwards, too.
    const path = `/api/v1/positions/${order.position_id}/protection`;
    const late = await world.call('PATCH', path, { body: { stop_loss: '59642.14' } });
    expect([late.status, late.body.code, late.body.field]).toEqual([
      ...[422, 'stop_beyond_liquidation', 'stop_loss'],
    ]);
    expect((await world.call('PATCH', path, { body: { stop_loss: '59642.13' } })).status).toBe(200);
    const exit = { side: 'buy', position_id: order.position_id };
    expect(await refusalOf(sell(walletId, { ...exit, leverage: 5 }))).toEqual([
      ...[422, 'margin_forbidden', 'leverage', 'leave leverage out'],
    ]);
    expect(await refusalOf(sell(walletId, { ...exit, position_side: 'short' }))).toEqual([
      ...[422, 'margin_forbidden', 'position_side', 'leave position_side out'],
    ]);
    expect((await place(sell(walletId, { ...exit, quantity: '0.2' }))).status).toBe(201);
    expect((await place(sell(walletId, { ...exit, quantity: '0.4' }))).body.code).toBe('not_enough_free');
  });

  it('a long without leverage borrows nothing, whatever the wallet would lend', async () => {
    const walletId = await newWallet({ max_leverage: 5 });
    const { body: order } = await place(sell(walletId, { side: 'buy', position_side: 'long', leverage: 1 }));
    await world.settle();
    const { body: position } = await world.call('GET', `/api/v1/positions/${order.position_id}`);
    expect(position).toMatchObject({
      entry: { leverage: 1, margin_used: '25000' },
      risk_management: { liquidation_price: null },
    });
  });

  it('is refused where nothing is lent, too much is asked, or the words contradict each other', async () => {
    const [plain, lends] = [await newWallet(), await newWallet({ max_leverage: 5 })];
    const short = { position_side: 'short' };
    const fix = (field: string) => `leave ${field} out, or make a wallet with max_leverage`;
    for (const [body, ...refusal] of [
      [sell(plain, short), 'margin_not_allowed', 'position_side', fix('position_side')],
      [sell(plain, { side: 'buy', leverage: 2 }), 'margin_not_allowed', 'leverage', fix('leverage')],
      [sell(lends, { ...short, leverage: 6 }), 'leverage_too_high', 'leverage', 'send at most 5'],
      [sell(lends), 'no_position', 'position_id', 'buy first, or send position_side short'],
      [sell(lends, { leverage: 2 }), 'no_position', 'position_id', 'buy first, or send position_side short'],
      [
        ...[sell(lends, { ...short, side: 'buy' }), 'wrong_side', 'side'],
        'send side sell to open a short, or the position_id of the short to close',
      ],
      [
        sell(lends, { ...short, leverage: 5, protection: { stop_loss: '60000' } }),
        ...['stop_beyond_liquidation', 'protection.stop_loss'],
        'put it below 59642.14, or take less leverage',
      ],
      [
        sell(lends, { side: 'buy', leverage: 5, protection: { stop_loss: '40000' } }),
        ...['stop_beyond_liquidation', 'protection.stop_loss'],
        'put it above 40241.45, or take less leverage',
      ],
    ] as const) {
      expect(await refusalOf(body as Record<string, unknown>)).toEqual([422, ...refusal]);
    }
    expect((await place(sell(lends, { ...short, leverage: 0 }))).status).toBe(400);
  });

  it('counts with its whole worth against the limits of the wallet', async () => {
    const walletId = await newWallet({ max_leverage: 5 });
    const path = `/api/v1/wallets/${walletId}/limits`;
    await world.call('PATCH', path, { body: { max_total_exposure: '30000' } });
    const body = sell(walletId, { position_side: 'short', leverage: 5 });
    expect((await place(body)).status).toBe(201);
    await world.settle();
    const second = await place(body);
    expect([second.status, second.body.code]).toEqual([403, 'risk_limit']);
    expect(second.body.facts).toMatchObject({ max_total_exposure_used: '25000' });
  });
});
