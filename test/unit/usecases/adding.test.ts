/** Adding to a position by further orders (scaling in), through the whole system in memory. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { sumsOver } from '../../../shared/domain/risk/use.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { BTC, USER, WALLET, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

function started(of: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(of);
  world.tick('50000');
  return world;
}

const adding = (world: World, { positionId }: Position, over: Partial<PlaceOrderCommand> = {}) =>
  world.command({ idempotencyKey: 'add', positionId, positionEffect: 'open', quantity: d('0.5'), ...over });
const add = (world: World, p: Position, over: Partial<PlaceOrderCommand> = {}) =>
  world.useCases.placeOrder(adding(world, p, over));

async function added(world: World, p: Position, over: Partial<PlaceOrderCommand> = {}): Promise<Order> {
  const answer = await add(world, p, over);
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer.value.order;
}
async function at(world: World, price: string): Promise<void> {
  world.now += 1_000;
  world.tick(price);
  await world.pump();
}
/** A part exit of all that it holds. */
async function sellAll(world: World, { positionId }: Position): Promise<void> {
  const { quantity } = world.position(positionId);
  await world.place({ idempotencyKey: 'sell', side: 'sell', positionId, quantity });
  await world.pump();
}
const clientId = (order: Order): string => `mq${order.orderId}-1`;
const low = { type: 'limit', limitPrice: d('40000') } as const;

describe('an order that adds to a position', () => {
  it('makes it larger, at the average, under the same stop, and one close sells all of it', async () => {
    const world = started();
    const first = await world.openPosition({ stopLoss: { price: d('45000') } });
    await at(world, '51000');
    const order = await added(world, first);
    expect(order).toMatchObject({ role: 'entry', positionId: first.positionId, side: 'buy' });
    await world.pump();
    const p = world.position(first.positionId);
    expect([p.status, p.quantity.toFixed(), p.cost.toFixed()]).toEqual(['open', '1', '50500']);
    expect([p.entryOrderId, p.furtherEntryIds, p.liveFurtherIds]).toEqual([
      first.entryOrderId,
      [order.orderId],
      [],
    ]);
    await at(world, '44999');
    const closed = world.position(first.positionId);
    expect([closed.status, closed.exitCause, closed.exitQuantity.toFixed()]).toEqual([
      'closed',
      'stop_loss',
      '1',
    ]);
    expect(world.exitsOf(first.positionId)).toHaveLength(1);
    const kinds = (world.ledger.actionItems.get(first.positionId) ?? []).map(({ kind }) => kind);
    expect(kinds).toContain('entry_added');
    expect(world.errors()).toEqual([]);
  });

  it('is made once, however often it is asked for, and another body under its key is refused', async () => {
    const world = started();
    const first = await world.openPosition();
    const answers = await Promise.all([add(world, first), add(world, first), add(world, first)]);
    expect(answers.filter((a) => a.ok && !a.value.repeated)).toHaveLength(1);
    expect(answers.filter((a) => a.ok)).toHaveLength(3);
    await world.pump();
    expect(await add(world, first, { quantity: d('0.6') })).toMatchObject({
      error: { code: 'idempotency_mismatch' },
    });
    expect(world.position(first.positionId).quantity.toFixed()).toBe('1');
    expect(world.venue.placed).toHaveLength(2);
  });

  it('may rest beside others; a close cancels them all and sells what they had filled', async () => {
    const world = started();
    const first = await world.openPosition();
    const orders = [];
    for (const [n, price] of ['40000', '39000', '38000'].entries()) {
      orders.push(await added(world, first, { ...low, limitPrice: d(price), idempotencyKey: `add-${n}` }));
    }
    await world.pump();
    expect(world.position(first.positionId).liveFurtherIds).toHaveLength(3);
    const [one] = orders;
    if (one === undefined) throw new Error('no order');
    await world.venue.trade(clientId(one), d('0.2'), d('40000'));
    await world.pump();
    expect(world.position(first.positionId).quantity.toFixed()).toBe('0.7');
    await world.useCases.closePosition({
      userId: USER,
      positionId: first.positionId,
      quantity: null,
      idempotencyKey: 'close',
    });
    await world.pump();
    const p = world.position(first.positionId);
    expect([p.status, p.exitQuantity.toFixed(), p.liveFurtherIds]).toEqual(['closed', '0.7', []]);
    for (const { orderId } of orders) expect(world.order(orderId).status).toBe('cancelled');
    expect(world.errors()).toEqual([]);
  });

  it('leaves a position open that the part exits have emptied, until it has ended', async () => {
    const world = started();
    const first = await world.openPosition();
    const order = await added(world, first, low);
    await world.pump();
    await sellAll(world, first);
    expect(world.position(first.positionId)).toMatchObject({
      status: 'open',
      liveFurtherIds: [order.orderId],
    });
    await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId, idempotencyKey: null });
    await world.pump();
    expect(world.position(first.positionId).status).toBe('closed');
  });

  it('is protected by a stop that is passed to it: a fill after an empty time arms the levels anew', async () => {
    const world = started();
    const first = await world.openPosition({ stopLoss: { price: d('35000') } });
    const order = await added(world, first, low);
    await world.pump();
    await sellAll(world, first);
    await world.venue.trade(clientId(order), d('0.5'), d('40000'));
    await world.pump();
    expect(world.position(first.positionId)).toMatchObject({ status: 'open', entryLive: false });
    expect((await world.index.levels(BTC)).map(({ member }) => member.split('|').at(-1))).toEqual([
      'stop_loss',
    ]);
    await at(world, '34000');
    expect(world.position(first.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('is amended like any entry; its heir stands in its place', async () => {
    const world = started();
    const first = await world.openPosition();
    const order = await added(world, first, low);
    await world.pump();
    await world.useCases.amendOrder({
      userId: USER,
      orderId: order.orderId,
      change: { limitPrice: d('41000'), quantity: d('0.8') },
      idempotencyKey: 'amend',
    });
    await world.pump();
    const heirId = world.order(order.orderId).replacedBy ?? 'none';
    const p = world.position(first.positionId);
    expect([p.furtherEntryIds, p.liveFurtherIds]).toEqual([[order.orderId, heirId], [heirId]]);
    await world.venue.trade(clientId(world.order(heirId)), d('0.8'), d('41000'));
    await world.pump();
    expect(world.position(first.positionId).quantity.toFixed()).toBe('1.3');
    expect(world.errors()).toEqual([]);
  });

  it('that the venue refuses leaves the position as it was', async () => {
    const world = started();
    const first = await world.openPosition();
    world.venue.faults = [{ refuse: 'insufficient_balance' }];
    const order = await added(world, first);
    await world.pump();
    expect(world.order(order.orderId).status).toBe('rejected');
    const p = world.position(first.positionId);
    expect([p.status, p.quantity.toFixed(), p.liveFurtherIds]).toEqual(['open', '0.5', []]);
  });
});

describe('an order that fills what part exits had emptied', () => {
  /** Held at 50,000, with a further buy at 40,000; all of it sold by a part exit at this price. */
  async function emptied(protection: Parameters<World['openPosition']>[0], price: string) {
    const world = started();
    const first = await world.openPosition(protection);
    const order = await added(world, first, low);
    await world.pump();
    await at(world, price);
    const { positionId } = first;
    await world.place({ idempotencyKey: 'sell', side: 'sell', positionId, quantity: d('0.5') });
    await world.pump();
    expect(world.position(positionId).quantity.toFixed()).toBe('0');
    world.now += 60_000;
    world.tick('40000');
    await world.venue.trade(clientId(order), d('0.5'), d('40000'));
    await world.pump();
    return { world, positionId };
  }

  it('trails from there, not from a price of the time before', async () => {
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const { world, positionId } = await emptied({ trailingStop }, '51000');
    expect(world.position(positionId)).toMatchObject({ status: 'open', flatten: null });
    const told = (await world.ledger.actions(positionId)).map(({ kind }) => kind);
    expect(told).toContain('holds_again');
    await at(world, '41000');
    await at(world, '40591');
    expect(world.position(positionId).status).toBe('open');
    await at(world, '40590');
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('has its break-even before it: the stop of the time before lies above the market', async () => {
    const breakEven = { activationProfitPercent: d('1'), offsetPercent: d('0') };
    const { world, positionId } = await emptied({ breakEven }, '51000');
    expect(world.position(positionId)).toMatchObject({
      status: 'open',
      flatten: null,
      breakEvenActivatedAt: null,
      breakEvenStop: null,
    });
  });
});

describe('a break-even that has not moved the stop', () => {
  it('is not reached by a price from before the fill that moved it, when the index is built anew', async () => {
    const world = started();
    const breakEven = { activationProfitPercent: d('2'), offsetPercent: d('0') };
    const first = await world.openPosition({ breakEven });
    const order = await added(world, first, low);
    await world.pump();
    await at(world, '50900');
    await at(world, '40000');
    await world.venue.trade(clientId(order), d('0.5'), d('40000'));
    await world.pump();
    world.now += 2_000;
    world.tick('40000');
    world.index.flush();
    for (let n = 0; n < 5; n++) {
      await world.pass(1);
      world.tick('40000');
      await world.pump();
    }
    expect(world.position(first.positionId)).toMatchObject({ status: 'open', breakEvenActivatedAt: null });
  });
});

describe('is refused', () => {
  it('on the wrong side, with protection, other terms, of another user, wallet or symbol', async () => {
    const world = started();
    const first = await world.openPosition();
    const { positionId } = first;
    const cases: readonly (readonly [Partial<PlaceOrderCommand>, string, string])[] = [
      [{ side: 'sell' }, 'wrong_side', 'side'],
      [{ protection: { stopLoss: { price: d('45000') } } }, 'protection_forbidden', 'protection'],
      [{ leverage: 3 }, 'margin_forbidden', 'leverage'],
      [{ positionSide: 'short' }, 'margin_forbidden', 'position_side'],
      [{ type: 'oco', limitPrice: d('60000'), stopPrice: d('45000') }, 'order_type_not_supported', 'type'],
      [{ symbol: 'ETHUSDT' }, 'wrong_symbol', 'symbol'],
      [{ positionId: 'none' }, 'not_found', 'position_id'],
    ];
    for (const [over, code, field] of cases) {
      const answer = await add(world, first, { ...over, idempotencyKey: `${code}-${field}` });
      expect(answer, JSON.stringify(over)).toMatchObject({ ok: false, error: { code, field } });
    }
    expect(await add(world, first, { leverage: 1, positionSide: 'long' })).toMatchObject({ ok: true });
    expect(world.position(positionId).furtherEntryIds).toHaveLength(1);
  });

  it('once the position is closing or closed, and changes nothing then', async () => {
    const world = started();
    const first = await world.openPosition();
    const { positionId } = first;
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'c' });
    expect(await add(world, first)).toMatchObject({ error: { code: 'already_closing' } });
    await world.pump();
    expect(await add(world, first)).toMatchObject({
      error: { code: 'not_open', facts: { status: 'closed' } },
    });
    expect(world.position(positionId).furtherEntryIds).toEqual([]);
  });

  it('beyond twenty that are live', async () => {
    const world = started();
    const first = await world.openPosition();
    for (let n = 0; n < 20; n++) {
      await added(world, first, { ...low, quantity: d('0.01'), idempotencyKey: `${n}` });
    }
    expect(await add(world, first, low)).toMatchObject({ error: { code: 'too_many_entries' } });
    await world.pump();
    const { positionId } = first;
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'c' });
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });

  it('of a wallet that is paused; its position can still be reduced', async () => {
    const world = started();
    const first = await world.openPosition();
    await world.useCases.wallets.pause({ userId: USER, walletId: WALLET, reason: null });
    expect(await add(world, first)).toMatchObject({ error: { code: 'wallet_paused' } });
    const sold = await world.place({
      idempotencyKey: 'sell',
      side: 'sell',
      positionId: first.positionId,
      quantity: d('0.2'),
    });
    expect(sold.role).toBe('exit');
  });
});

describe('limits', () => {
  const limit = (world: World, limits: object) =>
    world.useCases.wallets.setLimits({ userId: USER, walletId: WALLET, limits });

  it('count the whole position with all of its entries, and no further position', async () => {
    const world = started();
    await limit(world, { maxPositionNotional: d('60000'), maxOpenPositions: 1 });
    const first = await world.openPosition();
    // 25,000 held, 20,000 resting: 15,000 are left.
    await added(world, first, { ...low, idempotencyKey: 'rests' });
    expect(await add(world, first, { ...low, quantity: d('0.4') })).toMatchObject({
      error: {
        code: 'risk_limit',
        facts: { broken: 'max_position_notional', max_position_notional_used: '45000' },
      },
    });
    expect(await add(world, first, { ...low, quantity: d('0.375') })).toMatchObject({ ok: true });
    await world.pump();
    const risk = await world.ledger.risk(WALLET);
    const should = sumsOver([...world.ledger.orderItems.values()], [...world.ledger.positionItems.values()]);
    expect([risk?.reserved.toFixed(), risk?.cost.toFixed(), risk?.open]).toEqual([
      should.reserved.toFixed(),
      should.cost.toFixed(),
      1,
    ]);
  });

  it('count it among the orders of its minute, and look at the symbols', async () => {
    const world = started();
    await limit(world, { maxOrdersPerMinute: 2 });
    const first = await world.openPosition();
    await added(world, first, { ...low, quantity: d('0.01'), idempotencyKey: 'one' });
    expect(await add(world, first, { ...low, idempotencyKey: 'two' })).toMatchObject({
      error: { code: 'risk_limit', facts: { broken: 'max_orders_per_minute' } },
    });
    await limit(world, { maxOrdersPerMinute: null, allowedSymbols: ['ETHUSDT'] });
    expect(await add(world, first, { ...low, idempotencyKey: 'three' })).toMatchObject({
      error: { facts: { broken: 'allowed_symbols' } },
    });
  });

  it('hold where an amendment and an addition ask for the same room at once', async () => {
    const world = started();
    await limit(world, { maxPositionNotional: d('39000') });
    const first = await world.openPosition();
    const order = await added(world, first, { ...low, quantity: d('0.1'), idempotencyKey: 'rests' });
    await world.pump();
    // 25,000 and 4,000; room for 10,000 more.
    const amend = world.useCases.amendOrder({
      userId: USER,
      orderId: order.orderId,
      change: { quantity: d('0.3') },
      idempotencyKey: 'amend',
    });
    const both = await Promise.all([amend, add(world, first, { ...low, quantity: d('0.2') })]);
    expect(both.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
    await world.pump();
    const { reserved, cost } = sumsOver(
      [...world.ledger.orderItems.values()],
      [...world.ledger.positionItems.values()],
    );
    expect(reserved.plus(cost).lessThanOrEqualTo(39_000)).toBe(true);
  });
});

describe('on margin', () => {
  const lending = (): World => {
    const world = started();
    const wallet = world.wallets.items.get(WALLET);
    if (wallet?.demo == null) throw new Error('no demo wallet');
    world.wallets.items.set(WALLET, { ...wallet, demo: { ...wallet.demo, maxLeverage: 10 } });
    return world;
  };
  const SHORT = { side: 'sell', positionSide: 'short', leverage: 10 } as const;

  it('a short is added to by a sell on its own terms, and its liquidation moves with the average', async () => {
    const world = lending();
    const first = await world.openPosition({}, SHORT);
    await at(world, '52000');
    const order = await added(world, first, { side: 'sell' });
    expect(order.margin).toEqual(first.margin);
    await world.pump();
    const p = world.position(first.positionId);
    expect([p.quantity.toFixed(), p.cost.toFixed()]).toEqual(['1', '51000']);
    // 51,000 x 1.1 / (1 + 0.005 + 0.001), down to the tick.
    await at(world, '55765.39');
    expect(world.position(first.positionId).status).toBe('open');
    await at(world, '55765.4');
    expect(world.position(first.positionId).status).toBe('liquidated');
  });

  it('is refused where the stop would come after the liquidation of the whole', async () => {
    const world = lending();
    const first = await world.openPosition(
      { stopLoss: { price: d('45600') } },
      { side: 'buy', leverage: 10 },
    );
    await at(world, '60000');
    expect(await add(world, first, { quantity: d('2') })).toMatchObject({
      error: { code: 'stop_beyond_liquidation', field: 'protection.stop_loss' },
    });
  });

  it('counts what an amended order has filled once', async () => {
    const world = lending();
    const first = await world.openPosition({ stopLoss: { price: d('45500') } }, { leverage: 10 });
    const limit = { type: 'limit', limitPrice: d('49000'), quantity: d('1') } as const;
    const order = await added(world, first, limit);
    await world.pump();
    await world.venue.trade(clientId(order), d('0.9'), d('49000'));
    await world.pump();
    await at(world, '53000');
    // 0.5 at 50,000, 0.9 at 49,000 and 0.1 at 52,000 are liquidated at 44,849; with 1 at 52,000 it would be 45,687.
    const amended = await world.useCases.amendOrder({
      ...{ userId: USER, orderId: order.orderId, idempotencyKey: 'amend' },
      change: { limitPrice: d('52000') },
    });
    expect(amended).toMatchObject({ ok: true });
  });
});
