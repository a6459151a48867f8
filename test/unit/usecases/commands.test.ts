import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { BTC, USER, WALLET, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);
const stop = (price: string) => ({ stopLoss: { price: d(price) } });

describe('placing an order', () => {
  const refusals: readonly [string, Partial<PlaceOrderCommand>, string, string | null][] = [
    ['an unknown wallet', { walletId: 'nobody' }, 'not_found', 'wallet_id'],
    ["another user's wallet", { userId: 'user-2' }, 'not_found', 'wallet_id'],
    ['an unknown symbol', { symbol: 'FOO/BAR' }, 'unknown_symbol', 'symbol'],
    ['a symbol that is only watched', { symbol: 'AAPL' }, 'symbol_watch_only', 'symbol'],
    [
      'its like at a limit',
      { symbol: 'C:EURUSD', type: 'limit', limitPrice: d('1') },
      'symbol_watch_only',
      'symbol',
    ],
    ['no key', { idempotencyKey: null }, 'idempotency_key_required', 'client_order_id'],
    ['a quantity that is too fine', { quantity: d('0.123456789') }, 'over_precise', 'quantity'],
    ['a quantity below the least', { quantity: d('0.000001') }, 'below_min_quantity', 'quantity'],
    ['a limit without a price', { type: 'limit' }, 'price_required', 'limit_price'],
    ['a market with a price', { limitPrice: d('1') }, 'price_forbidden', 'limit_price'],
    [
      'a stop on the wrong side',
      { type: 'stop_loss', stopPrice: d('49000') },
      'stop_wrong_side',
      'stop_price',
    ],
    ['protection above the market', { protection: stop('50001') }, 'stop_wrong_side', 'protection.stop_loss'],
    ['a short', { side: 'sell' }, 'no_position', 'position_id'],
    ['an unknown position', { side: 'sell', positionId: 'none' }, 'not_found', 'position_id'],
  ];
  for (const [name, over, code, field] of refusals) {
    it(`refuses ${name} and changes nothing`, async () => {
      const world = new World();
      world.tick('50000');
      const placed = await world.useCases.placeOrder(world.command(over));
      expect(placed).toMatchObject({ ok: false, error: { code, field } });
      expect(world.ledger.commits).toBe(0);
      expect(world.outbox.sent).toEqual([]);
    });
  }

  it('needs a price, asks for it and says so', async () => {
    const world = new World();
    const placed = await world.useCases.placeOrder(world.command());
    expect(placed).toMatchObject({ ok: false, error: { code: 'no_price' } });
    expect([...world.prices.wantedSymbols]).toEqual([BTC]);
  });

  it('checks protection of a limit order against where it will fill', async () => {
    const world = new World();
    world.tick('50000');
    const limit = { type: 'limit', limitPrice: d('45000') } as const;
    const wrong = await world.useCases.placeOrder(world.command({ ...limit, protection: stop('46000') }));
    expect(wrong).toMatchObject({ ok: false, error: { code: 'stop_wrong_side' } });
    const right = await world.useCases.placeOrder(world.command({ ...limit, protection: stop('44000') }));
    expect(right.ok).toBe(true);
  });

  it('finds the order again under the same key and body, and refuses another body', async () => {
    const world = new World();
    world.tick('50000');
    const first = await world.place();
    await world.pump();
    const again = await world.useCases.placeOrder(world.command({ quantity: d('0.50') }));
    expect(again).toMatchObject({
      ok: true,
      value: { repeated: true, order: { orderId: first.orderId, status: 'filled' } },
    });
    const other = await world.useCases.placeOrder(world.command({ quantity: d('0.6') }));
    const code = 'idempotency_mismatch';
    expect(other).toMatchObject({ ok: false, error: { code, field: 'Idempotency-Key' } });
    const named = { clientOrderId: 'c-1' };
    expect((await world.useCases.placeOrder(world.command(named))).ok).toBe(true);
    const otherNamed = await world.useCases.placeOrder(world.command({ ...named, quantity: d('0.6') }));
    expect(otherNamed).toMatchObject({ ok: false, error: { code, field: 'client_order_id' } });
    await world.pump();
    expect(world.venue.placed).toHaveLength(2);
  });

  it('takes one of two that race for the same key', async () => {
    const world = new World();
    world.tick('50000');
    const [a, b] = await Promise.all([
      world.useCases.placeOrder(world.command()),
      world.useCases.placeOrder(world.command()),
    ]);
    expect([a, b].map((r) => r.ok && r.value.repeated).sort()).toEqual([false, true]);
    await world.pump();
    expect(world.venue.placed).toHaveLength(1);
  });

  it('gives the venue an id that leads back to the order', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place({ clientOrderId: 'mine-1' });
    await world.pump();
    expect(world.venue.placed[0]?.clientId).toBe(`mq${order.orderId}-1`);
    expect(world.venue.placed[0]?.clientId.length).toBeLessThanOrEqual(36);
  });
});

describe('selling a position by order', () => {
  const sell = (positionId: string, over: Partial<PlaceOrderCommand> = {}): Partial<PlaceOrderCommand> => ({
    side: 'sell',
    positionId,
    quantity: d('0.2'),
    idempotencyKey: 'sell-1',
    ...over,
  });

  it('sells the part and leaves the rest protected', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const order = await world.place(sell(positionId));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'filled', role: 'exit' });
    expect(world.position(positionId)).toMatchObject({ status: 'open' });
    expect(world.position(positionId).quantity.toFixed()).toBe('0.3');
    expect(await world.index.levels(BTC)).toHaveLength(1);
  });

  it('never sells more than is free', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    await world.place(sell(positionId, { type: 'limit', limitPrice: d('60000'), quantity: d('0.4') }));
    const more = await world.useCases.placeOrder(
      world.command(sell(positionId, { idempotencyKey: 'sell-2' })),
    );
    expect(more).toMatchObject({
      ok: false,
      error: { code: 'not_enough_free', facts: { free_quantity: '0.1' } },
    });
  });

  it('refuses the wrong side, symbol, wallet and protection', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const codes = [];
    for (const over of [
      { side: 'buy' },
      { symbol: 'ETHUSDT', quantity: d('1') },
      { protection: stop('1') },
    ] as const) {
      const answer = await world.useCases.placeOrder(world.command({ ...sell(positionId), ...over }));
      codes.push(answer.ok ? 'ok' : answer.error.code);
    }
    expect(codes).toEqual(['wrong_side', 'wrong_symbol', 'protection_forbidden']);
  });

  it('gives way to the stop: what rests is cancelled and everything sold', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const resting = await world.place(
      sell(positionId, { type: 'limit', limitPrice: d('60000'), quantity: d('0.4') }),
    );
    await world.pump();
    world.tick('48900');
    await world.pump();
    await world.pass(5);
    expect(world.order(resting.orderId).status).toBe('cancelled');
    const closed = world.position(positionId);
    expect(closed).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(closed.exitQuantity.toFixed()).toBe('0.5');
  });
});

describe('closing a position', () => {
  const close = (world: World, positionId: string, idempotencyKey: string, quantity: string | null = null) =>
    world.useCases.closePosition({
      userId: USER,
      positionId,
      idempotencyKey,
      quantity: quantity === null ? null : d(quantity),
    });

  it('sells all of it once, whoever asks again', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    expect(await close(world, positionId, 'a')).toMatchObject({ ok: true, value: { repeated: false } });
    expect(await close(world, positionId, 'a')).toMatchObject({ ok: true, value: { repeated: true } });
    expect(await close(world, positionId, 'b')).toMatchObject({
      ok: false,
      error: { code: 'already_closing', facts: { cause: 'manual' } },
    });
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'manual' });
    expect(world.venue.placed).toHaveLength(2);
    expect(await close(world, positionId, 'c')).toMatchObject({ ok: false });
  });

  it('needs no price to get out', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    world.prices.shown.clear();
    expect(await close(world, positionId, 'a')).toMatchObject({ ok: true });
    await world.pump();
    world.tick('50100');
    await world.pass(3);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('sells a part, idempotently', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const first = await close(world, positionId, 'a', '0.2');
    const again = await close(world, positionId, 'a', '0.2');
    expect(first.ok && again.ok && again.value.order?.orderId === first.value.order?.orderId).toBe(true);
    expect(await close(world, positionId, 'a', '0.3')).toMatchObject({
      ok: false,
      error: { code: 'idempotency_mismatch' },
    });
    expect(await close(world, positionId, 'b', '0.4')).toMatchObject({
      ok: false,
      error: { code: 'not_enough_free' },
    });
    await world.pump();
    expect(world.position(positionId).quantity.toFixed()).toBe('0.3');
  });

  it("does not know another user's position", async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const answer = await world.useCases.closePosition({
      userId: 'user-2',
      positionId,
      quantity: null,
      idempotencyKey: 'x',
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });

  it('cancels an entry that still rests, and closes what was never filled', async () => {
    const world = new World();
    world.tick('50000');
    const entry = await world.place({ type: 'limit', limitPrice: d('40000') });
    await world.pump();
    expect(await close(world, entry.positionId, 'a')).toMatchObject({ ok: true });
    await world.pump();
    expect(world.order(entry.orderId).status).toBe('cancelled');
    expect(world.position(entry.positionId)).toMatchObject({ status: 'closed' });
    expect(await world.index.levels(BTC)).toEqual([]);
  });
});

describe('cancelling', () => {
  it('takes a resting order back, and answers a repeat alike', async () => {
    const world = new World();
    world.tick('50000');
    const entry = await world.place({ type: 'limit', limitPrice: d('40000') });
    await world.pump();
    const cancel = () => world.useCases.cancelOrder({ userId: USER, orderId: entry.orderId });
    expect(await cancel()).toMatchObject({ ok: true, value: { status: 'cancelling' } });
    await world.pump();
    expect(await cancel()).toMatchObject({ ok: true, value: { status: 'cancelled' } });
    expect(world.position(entry.positionId).status).toBe('closed');
    expect(await world.index.levels(BTC)).toEqual([]);
  });

  it('of an order that was never sent needs no venue', async () => {
    const world = new World();
    world.tick('50000');
    const entry = await world.place();
    await world.useCases.cancelOrder({ userId: USER, orderId: entry.orderId });
    await world.pump();
    expect(world.order(entry.orderId).status).toBe('cancelled');
    expect(world.venue.placed).toEqual([]);
  });

  it('is too late for a filled order', async () => {
    const world = new World();
    const { entryOrderId } = await world.openPosition();
    const answer = await world.useCases.cancelOrder({ userId: USER, orderId: entryOrderId });
    expect(answer).toMatchObject({ ok: false, error: { code: 'already_final' } });
  });

  it('whose reply is lost is finished by the due index', async () => {
    const world = new World();
    world.tick('50000');
    const entry = await world.place({ type: 'limit', limitPrice: d('40000') });
    await world.pump();
    world.venue.cancelReplyLost = true;
    await world.useCases.cancelOrder({ userId: USER, orderId: entry.orderId });
    await world.pump();
    expect(world.order(entry.orderId).status).toBe('cancelling');
    world.venue.cancelReplyLost = false;
    await world.pass(5);
    expect(world.order(entry.orderId).status).toBe('cancelled');
  });
});

describe('changing protection', () => {
  it('merges, re-arms, and keeps the peak of an unchanged trailing stop', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('2') }, activationPrice: null };
    const { positionId } = await world.openPosition({ trailingStop });
    world.tick('52000');
    const changed = await world.useCases.changeProtection({
      userId: USER,
      positionId,
      change: stop('49000'),
    });
    expect(changed.ok && changed.value.protection.trailingStop).toEqual(trailingStop);
    expect(await world.index.levels(BTC)).toHaveLength(2);
    world.tick('50960');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('refuses what would trigger at once, and a closing position', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const change = (price: string) =>
      world.useCases.changeProtection({ userId: USER, positionId, change: stop(price) });
    expect(await change('50500')).toMatchObject({ ok: false, error: { code: 'stop_wrong_side' } });
    expect(await change('49000')).toMatchObject({ ok: true, value: { levelsVersion: 1 } });
    world.tick('48000');
    await world.pump();
    expect(await change('47000')).toMatchObject({ ok: false });
  });

  it('refuses an activation behind the market, not one that the market has passed since', async () => {
    const world = new World();
    const from = (price: string, percent = '2') => ({
      trailingStop: { distance: { percent: d(percent) }, activationPrice: d(price) },
    });
    const { positionId } = await world.openPosition(from('51000'));
    const send = (change: Partial<Protection>) =>
      world.useCases.changeProtection({ userId: USER, positionId, change });
    const field = 'protection.trailing_stop.activation_price';
    expect(await send(from('49999'))).toMatchObject({
      ok: false,
      error: { code: 'activation_wrong_side', field, message: expect.stringContaining('50000') },
    });
    world.tick('52000');
    expect((await send(stop('49000'))).ok).toBe(true);
    expect((await send(from('51000', '1'))).ok).toBe(true);
    expect(await send(from('51500'))).toMatchObject({ ok: false, error: { code: 'activation_wrong_side' } });
    world.tick('51480');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('lets the stop be moved after a rung was sold', async () => {
    const world = new World();
    const takeProfits = [
      { price: d('51000'), share: d('0.4') },
      { price: d('60000'), share: d('0.6') },
    ];
    const { positionId } = await world.openPosition({ takeProfits, ...stop('49000') });
    world.tick('52000');
    await world.pump();
    const change = await world.useCases.changeProtection({ userId: USER, positionId, change: stop('50500') });
    expect(change).toMatchObject({ ok: true, value: { claimedRungs: [0] } });
  });
});

describe('a demo wallet', () => {
  const command = {
    userId: USER,
    name: 'Mine',
    key: 'wallet-key',
    startingBalances: [{ asset: 'USDT', amount: d('10000') }],
    feeRate: null,
    buyFeeIn: 'quote',
    maxLeverage: null,
  } as const;

  it('is made once per key, with its account', async () => {
    const world = new World();
    const first = await world.useCases.createWallet(command);
    const again = await world.useCases.createWallet(command);
    expect(first).toMatchObject({ ok: true, value: { repeated: false } });
    expect(again).toMatchObject({ ok: true, value: { repeated: true } });
    if (!first.ok) throw new Error('refused');
    const { walletId } = first.value.wallet;
    expect(walletId).not.toBe(WALLET);
    expect(world.venues.venue(walletId).opened).toEqual(command.startingBalances);
    const other = await world.useCases.createWallet({ ...command, name: 'Other' });
    expect(other).toMatchObject({ ok: false, error: { code: 'idempotency_mismatch' } });
  });
});
