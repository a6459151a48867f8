/** Resident protection through the use cases: placed, grown, tightened, first right, taken over, refused (design section 9). */
import { describe, expect, it } from 'vitest';
import { sum } from '../../../shared/domain/money/decimal.ts';
import type { Order, Position, Protection } from '../../../shared/domain/types.ts';
import { clientIdOf } from '../../../shared/usecases/derive-ids.ts';
import { START, USER, WALLET, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const STOP: Partial<Protection> = { stopLoss: { price: d(49_000) }, resident: 'stop' };
const atExchange = (): World => new World({ exchange: {} });

const residentOf = (world: World, positionId: string) => {
  const id = world.position(positionId).resident?.resting?.orderId;
  return id === undefined ? null : world.order(id);
};
/** The venue sells what of it rests, or a part of that. */
const sell = async (world: World, order: Order | null, price: string, quantity?: string): Promise<void> => {
  if (order === null) throw new Error('nothing rests');
  const of = quantity === undefined ? order.quantity.minus(order.filledQuantity) : d(quantity);
  await world.venue.trade(clientIdOf(order), of, d(price));
};
const kinds = async (world: World, positionId: string) =>
  (await world.ledger.actions(positionId)).map(({ kind }) => kind);
/** What the live exits hold, never more than what is held. */
const expectCovered = (world: World, positionId: string): void => {
  const p = world.position(positionId);
  expect(sum(p.liveExits.map((e) => e.reserved)).lessThanOrEqualTo(p.quantity)).toBe(true);
};

describe('a resident stop', () => {
  it.each([
    ['at an exchange', atExchange],
    ['in a demo wallet', () => new World()],
  ])('rests as soon as something is held, %s, and the level is watched besides', async (_where, make) => {
    const world = make();
    const { positionId, quantity } = await world.openPosition(STOP);
    const order = residentOf(world, positionId);
    expect(order).toMatchObject({
      type: 'stop_loss',
      side: 'sell',
      status: 'open',
      exit: { cause: 'stop_loss', resident: true, flatten: false },
    });
    expect(order?.quantity.equals(quantity)).toBe(true);
    expect(order?.stopPrice?.toFixed()).toBe('49000');
    expectCovered(world, positionId);
    const members = [...(world.index.built.get('BTC/USDT')?.model.levels() ?? [])].map((l) => l.member);
    expect(members).toContain(`${positionId}|stop_loss`);
  });

  it('comes from the wallet where the order says nothing, and not where it says none', async () => {
    const world = atExchange();
    await world.useCases.wallets.change({ userId: USER, walletId: WALLET, resident: 'stop' });
    const first = await world.openPosition({ stopLoss: { price: d(49_000) } });
    expect(residentOf(world, first.positionId)?.status).toBe('open');
    const second = await world.openPosition(
      { stopLoss: { price: d(49_000) }, resident: 'none' },
      { idempotencyKey: 'key-2' },
    );
    await world.pass(5);
    expect(residentOf(world, second.positionId)).toBeNull();
  });

  it('goes when it is no longer wanted, and comes when it is', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition({ stopLoss: { price: d(49_000) } });
    const change = (change: Partial<Protection>) =>
      world.useCases.changeProtection({ userId: USER, positionId, change });
    expect(await change({ resident: 'stop' })).toMatchObject({ ok: true });
    await world.pump();
    const order = residentOf(world, positionId);
    expect(order?.status).toBe('open');
    expect(await change({ resident: 'none' })).toMatchObject({ ok: true });
    await world.pump();
    expect(residentOf(world, positionId)).toBeNull();
    expect(world.order(order?.orderId ?? '').status).toBe('cancelled');
    await world.pass(5);
    expect(world.position(positionId)).toMatchObject({
      status: 'open',
      liveExits: [],
      dueAt: expect.anything(),
    });
  });

  it('is cancelled by a whole close, which sells everything once', async () => {
    const world = atExchange();
    const { positionId, quantity } = await world.openPosition(STOP);
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'c' });
    await world.pump();
    await world.pass(3);
    const p = world.position(positionId);
    expect(p).toMatchObject({ status: 'closed', exitCause: 'manual' });
    expect(p.exitQuantity.equals(quantity)).toBe(true);
  });

  it('that fills at the venue closes the position with its cause, without a hit', async () => {
    const world = atExchange();
    const { positionId, quantity } = await world.openPosition(STOP);
    const order = residentOf(world, positionId);
    await sell(world, order, '48990');
    await world.pump();
    const p = world.position(positionId);
    expect(p).toMatchObject({
      status: 'closed',
      exitCause: 'stop_loss',
      flatten: { cause: 'stop_loss', trigger: null },
    });
    expect(p.exitQuantity.equals(quantity)).toBe(true);
    expect(world.exitsOf(positionId)).toHaveLength(1);
    expect(await kinds(world, positionId)).toContain('resident_filled');
  });
});

describe('the monitor', () => {
  it('counts a stop that its resident order has sold, or that waited for it, like any other', async () => {
    const world = atExchange();
    const one = await world.openPosition(STOP);
    await sell(world, residentOf(world, one.positionId), '48990', '0.1');
    await sell(world, world.order(residentOf(world, one.positionId)?.orderId ?? ''), '48990');
    await world.pump();
    expect(world.position(one.positionId).status).toBe('closed');
    expect(world.counters.values.get('om:stops_triggered')).toBe('1');
    const two = await world.openPosition(STOP, { idempotencyKey: 'two' });
    world.tick('48990');
    await world.pump();
    await world.pass(3);
    expect(world.position(two.positionId).status).toBe('closed');
    expect(world.counters.values.get('om:stops_triggered')).toBe('2');
  });
});

describe('first right', () => {
  it('waits a second at its own level, then takes over', async () => {
    const world = atExchange();
    const { positionId, quantity } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    expect(world.position(positionId).flatten).toBeNull();
    expect(world.position(positionId).resident?.owed?.until).toBe(START + 1_000);
    await world.pass(1);
    await world.pass(1);
    const p = world.position(positionId);
    expect(p).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(p.flatten?.trigger?.level.toFixed()).toBe('49000');
    expect(p.exitQuantity.equals(quantity)).toBe(true);
    expect(world.exitsOf(positionId).map((o) => [o.type, o.status])).toEqual([
      ['stop_loss', 'cancelled'],
      ['market', 'filled'],
    ]);
  });

  it('sells nothing for a stop that is put further away in that second', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    const change = { stopLoss: { price: d(45_000) } };
    expect((await world.useCases.changeProtection({ userId: USER, positionId, change })).ok).toBe(true);
    await world.pass(5);
    const p = world.position(positionId);
    expect(p).toMatchObject({ status: 'open', flatten: null, resident: { owed: null } });
    expect(residentOf(world, positionId)?.stopPrice?.toFixed()).toBe('45000');
  });

  it('sells for a stop that was changed in that second, and is reached all the same', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    const change = { stopLoss: { price: d(48_995) } };
    await world.useCases.changeProtection({ userId: USER, positionId, change });
    await world.pass(5);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('is over at once where the price is far beyond', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    world.tick('48800');
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });

  it('needs no second exit where the venue has sold it meanwhile', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const order = residentOf(world, positionId);
    world.tick('48990');
    await world.pump();
    await sell(world, order, '48985');
    await world.pass(3);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it('in a demo wallet is that of the demo venue, which works it', async () => {
    const world = new World();
    const { positionId, quantity } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    await world.pass(2);
    const p = world.position(positionId);
    expect(p).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(p.exitQuantity.equals(quantity)).toBe(true);
  });
});

describe('growth', () => {
  it('takes further fills in: cancelled, final, placed again for the whole', async () => {
    const world = atExchange();
    world.tick('50000');
    const entry = await world.place({
      type: 'limit',
      limitPrice: d(50_000),
      quantity: d('1'),
      protection: STOP,
    });
    await world.pump();
    await sell(world, world.order(entry.orderId), '50000', '0.4');
    await world.pump();
    const first = residentOf(world, entry.positionId);
    expect(first).toMatchObject({ status: 'open' });
    expect(first?.quantity.toFixed()).toBe('0.4');
    await sell(world, world.order(entry.orderId), '50000', '0.5');
    await world.pump();
    // Not with each fill of a fast entry: once a second.
    expect(residentOf(world, entry.positionId)?.orderId).toBe(first?.orderId);
    await world.pass(3);
    const grown = residentOf(world, entry.positionId);
    expect(grown?.quantity.toFixed()).toBe('0.9');
    expect(world.order(first?.orderId ?? '')).toMatchObject({ status: 'cancelled' });
    expect(world.position(entry.positionId).exitOrderIds).toEqual([grown?.orderId]);
    expectCovered(world, entry.positionId);
  });

  it('waits for a first fill that the venue would take at all', async () => {
    const world = atExchange();
    world.tick('50000');
    const entry = await world.place({
      type: 'limit',
      limitPrice: d(50_000),
      quantity: d('1'),
      protection: STOP,
    });
    await world.pump();
    await sell(world, world.order(entry.orderId), '50000', '0.00001');
    await world.pump();
    expect(world.position(entry.positionId).resident).toMatchObject({ resting: null, why: 'too_small' });
    await sell(world, world.order(entry.orderId), '50000', '0.5');
    await world.pump();
    expect(residentOf(world, entry.positionId)?.status).toBe('open');
  });
});

describe('tightening', () => {
  it('follows a trailing stop by steps of 0.2 % at least, and only towards the price', async () => {
    const world = atExchange();
    const protection = {
      trailingStop: { distance: { percent: d(1) }, activationPrice: null },
      resident: 'stop',
    } as const;
    const { positionId } = await world.openPosition(protection);
    const stops: (string | undefined)[] = [];
    for (const price of ['50000', '50060', '50500', '50200', '50400', '51000']) {
      world.tick(price);
      await world.pass(20);
      stops.push(residentOf(world, positionId)?.stopPrice?.toFixed());
    }
    expect(stops).toEqual(['49500', '49500', '49995', '49995', '49995', '50490']);
    expect(residentOf(world, positionId)?.exit?.cause).toBe('trailing_stop');
  });

  it('follows the break-even stop, and a stop that was put further away at once', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition({
      ...STOP,
      breakEven: { activationProfitPercent: d(1), offsetPercent: d(0) },
    });
    world.tick('50600');
    await world.pump();
    await world.pass(10);
    const even = residentOf(world, positionId);
    expect(even?.exit?.cause).toBe('break_even');
    expect(even?.stopPrice?.greaterThan(50_000)).toBe(true);
    const change = { breakEven: null, stopLoss: { price: d(48_000) } };
    await world.useCases.changeProtection({ userId: USER, positionId, change });
    await world.pump();
    expect(residentOf(world, positionId)?.stopPrice?.toFixed()).toBe('48000');
  });

  it('is at most one of a wallet in a second', async () => {
    const world = atExchange();
    const trailing = {
      trailingStop: { distance: { percent: d(1) }, activationPrice: null },
      resident: 'stop',
    } as const;
    const all: Position[] = [];
    for (let i = 0; i < 3; i++) all.push(await world.openPosition(trailing, { idempotencyKey: `key-${i}` }));
    await world.pass(12);
    world.tick('51000');
    const moved = () =>
      all.filter((p) => residentOf(world, p.positionId)?.stopPrice?.toFixed() === '50490').length;
    const seen: number[] = [];
    for (let i = 0; i < 25; i++) {
      await world.pass(1);
      seen.push(moved());
    }
    expect(seen.at(-1)).toBe(3);
    expect(Math.max(...seen.map((n, i) => n - (seen[i - 1] ?? 0)))).toBe(1);
  });
});

describe('a part exit', () => {
  it('takes the resident order over: cancelled, the part sold, the rest placed again', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const first = residentOf(world, positionId);
    const command = { userId: USER, positionId, quantity: d('0.2'), idempotencyKey: 'part' };
    const taken = await world.useCases.closePosition(command);
    expect(taken).toMatchObject({
      ok: true,
      value: { order: { status: 'pending', waitsFor: first?.orderId } },
    });
    expectCovered(world, positionId);
    // Whatever message comes first: nothing is sold while the resident order may.
    if (taken.ok) await world.useCases.advance({ orderId: taken.value.order?.orderId ?? '' });
    expect(world.venue.placed.filter((o) => o.side === 'sell')).toHaveLength(1);
    await world.pump();
    await world.pass(3);
    expect(world.exitsOf(positionId).map((o) => [o.type, o.status, o.quantity.toFixed()])).toEqual([
      ['stop_loss', 'cancelled', '0.5'],
      ['market', 'filled', '0.2'],
      ['stop_loss', 'open', '0.3'],
    ]);
    expect(await world.useCases.closePosition(command)).toMatchObject({
      ok: true,
      value: { repeated: true },
    });
    expectCovered(world, positionId);
  });

  it('of a rung, of a sell with its position, and of several at once', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition({
      ...STOP,
      takeProfits: [
        { price: d(50_500), share: d('0.4') },
        { price: d(52_000), share: d('0.6') },
      ],
    });
    world.tick('50500');
    const sold = world.useCases.placeOrder(
      world.command({ side: 'sell', quantity: d('0.1'), positionId, idempotencyKey: 'sell' }),
    );
    await world.pump();
    expect(await sold).toMatchObject({ ok: true });
    await world.pass(3);
    const p = world.position(positionId);
    expect(p.exitQuantity.toFixed()).toBe('0.3');
    expect(p.claimedRungs).toEqual([0]);
    expect(residentOf(world, positionId)?.quantity.toFixed()).toBe('0.2');
    expectCovered(world, positionId);
  });

  it('gets what the resident order has left where that sold in part first, and the rest follows', async () => {
    const world = atExchange();
    const { positionId, quantity } = await world.openPosition(STOP);
    const first = residentOf(world, positionId);
    await world.useCases.closePosition({
      userId: USER,
      positionId,
      quantity: d('0.4'),
      idempotencyKey: 'part',
    });
    await sell(world, first, '48990', '0.2');
    await world.pump();
    await world.pass(5);
    const p = world.position(positionId);
    expect(p).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(p.exitQuantity.equals(quantity)).toBe(true);
  });

  it('that is more than is held is refused with what could be claimed', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const close = (quantity: string, idempotencyKey: string) =>
      world.useCases.closePosition({ userId: USER, positionId, quantity: d(quantity), idempotencyKey });
    expect(await close('0.3', 'a')).toMatchObject({ ok: true });
    expect(await close('0.3', 'b')).toMatchObject({
      ok: false,
      error: { code: 'not_enough_free', facts: { free_quantity: '0.2' } },
    });
  });

  it('that is taken back before its turn sells nothing', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const part = await world.useCases.closePosition({
      userId: USER,
      positionId,
      quantity: d('0.2'),
      idempotencyKey: 'p',
    });
    const orderId = part.ok ? (part.value.order?.orderId ?? '') : '';
    expect(await world.useCases.cancelOrder({ userId: USER, orderId })).toMatchObject({ ok: true });
    await world.pump();
    await world.pass(3);
    expect(world.order(orderId)).toMatchObject({ status: 'cancelled', send: null });
    expect(residentOf(world, positionId)?.quantity.toFixed()).toBe('0.5');
  });
});

describe('an oco', () => {
  const OCO: Partial<Protection> = {
    stopLoss: { price: d(49_000) },
    takeProfits: [{ price: d(51_000), share: d(1) }],
    resident: 'oco',
  };

  it('rests with its one take profit; a ladder, or a venue without lists, has a stop', async () => {
    const world = atExchange();
    const one = await world.openPosition(OCO);
    expect(residentOf(world, one.positionId)).toMatchObject({ type: 'oco', status: 'open' });
    expect(residentOf(world, one.positionId)?.limitPrice?.toFixed()).toBe('51000');
    const rungs = [
      { price: d(51_000), share: d('0.5') },
      { price: d(52_000), share: d('0.5') },
    ];
    const two = await world.openPosition({ ...OCO, takeProfits: rungs }, { idempotencyKey: 'key-2' });
    expect(residentOf(world, two.positionId)?.type).toBe('stop_loss');
    const demo = new World();
    const three = await demo.openPosition(OCO);
    expect(residentOf(demo, three.positionId)?.type).toBe('stop_loss');
  });

  it.each([
    ['51000', 'take_profit'],
    ['48995', 'stop_loss'],
  ])('that trades at %s has the cause %s', async (price, cause) => {
    const world = atExchange();
    const { positionId } = await world.openPosition(OCO);
    await sell(world, residentOf(world, positionId), price);
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: cause });
  });

  it('has first right at its target, too', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(OCO);
    world.tick('51000');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({
      flatten: null,
      resident: { owed: { cause: 'take_profit' } },
    });
    await world.pass(3);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'take_profit' });
  });

  it('whose target fills in part has a moment to finish, then the rest is sold', async () => {
    const world = atExchange();
    const { positionId, quantity } = await world.openPosition(OCO);
    await sell(world, residentOf(world, positionId), '51000', '0.2');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({
      status: 'closing',
      flatten: { cause: 'take_profit' },
    });
    expect(world.exitsOf(positionId)).toHaveLength(1);
    await world.pass(6);
    const p = world.position(positionId);
    expect(p.status).toBe('closed');
    expect(p.exitQuantity.equals(quantity)).toBe(true);
  });
});

describe('refused', () => {
  it('because it would trigger, the watched exit acts now', async () => {
    const world = atExchange();
    world.tick('50000');
    const order = await world.place({ protection: STOP });
    world.venue.faults = [];
    const { placeOrder } = world.venue;
    world.venue.placeOrder = async (request) =>
      request.type === 'stop_loss'
        ? { kind: 'refused', code: 'would_trigger', message: 'Stop price would trigger immediately.' }
        : placeOrder.call(world.venue, request);
    await world.pump();
    expect(world.position(order.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it.each([
    ['filter', 'max_num_algo_orders', 'no_slot', 30],
    ['filter', 'percent_price_by_side', 'band', 30],
    ['filter', 'price', 'filter', 300],
    ['insufficient_balance', null, 'balance', 60],
    ['market_closed', null, 'market_closed', 60],
    ['other', null, 'refused', 60],
  ] as const)('%s %s: watched only, and asked again later', async (code, filter, why, seconds) => {
    const world = atExchange();
    world.tick('50000');
    const { placeOrder } = world.venue;
    let refuses = true;
    world.venue.placeOrder = async (request) =>
      refuses && request.type === 'stop_loss'
        ? { kind: 'refused', code, message: 'no', ...(filter !== null && { filter }) }
        : placeOrder.call(world.venue, request);
    const { positionId } = await world.openPosition(STOP);
    const { resident } = world.position(positionId);
    expect(resident).toMatchObject({ resting: null, why, tries: 1 });
    expect((resident?.lookAt ?? 0) - START).toBe(seconds * 1_000);
    expect(world.position(positionId).liveExits).toEqual([]);
    refuses = false;
    await world.pass(seconds - 2);
    expect(residentOf(world, positionId)).toBeNull();
    // In the band it is asked again once it is nearer only.
    if (why === 'band') world.tick('49500');
    await world.pass(40);
    expect(residentOf(world, positionId)?.status).toBe('open');
  });

  it('is told on the timeline once for each reason, and acts on its level all the same', async () => {
    const world = atExchange();
    world.rules = { orderTypes: ['market', 'limit'] };
    const { positionId } = await world.openPosition(STOP);
    await world.pass(60);
    const told = (await world.ledger.actions(positionId)).filter(({ kind }) => kind === 'resident_waits');
    expect(told.map(({ facts }) => facts['why'])).toEqual(['type_not_supported']);
    world.tick('48990');
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });

  it('where the symbol takes no stop by market, it rests as a stop limit well behind its stop', async () => {
    const world = atExchange();
    world.rules = { orderTypes: ['market', 'limit', 'stop_limit'] };
    const { positionId } = await world.openPosition(STOP);
    expect(residentOf(world, positionId)).toMatchObject({ type: 'stop_limit', status: 'open' });
    expect(residentOf(world, positionId)?.limitPrice?.toFixed()).toBe('48510');
  });

  it('made less in the app, it covers the whole again', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const first = residentOf(world, positionId);
    if (first !== null) await world.venue.inTheApp(clientIdOf(first), d('0.2'));
    await world.pump();
    await world.pass(4);
    expect(residentOf(world, positionId)).toMatchObject({ status: 'open' });
    expect(residentOf(world, positionId)?.quantity.toFixed()).toBe('0.5');
    expectCovered(world, positionId);
  });

  it('ended in the app, it comes back after a minute', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const first = residentOf(world, positionId);
    if (first !== null) await world.venue.inTheApp(clientIdOf(first), null);
    await world.pump();
    expect(world.position(positionId).resident).toMatchObject({ resting: null, why: 'ended_elsewhere' });
    await world.pass(62);
    expect(residentOf(world, positionId)?.status).toBe('open');
  });
});

describe('an outcome that is not known', () => {
  it('of the placement: nothing is sold until it is', async () => {
    const world = atExchange();
    world.tick('50000');
    const order = await world.place({ protection: STOP });
    const { placeOrder } = world.venue;
    world.venue.placeOrder = async (request) => {
      const outcome = await placeOrder.call(world.venue, request);
      return request.type === 'stop_loss' ? { kind: 'unknown', message: 'timed out' } : outcome;
    };
    await world.pump();
    expect(residentOf(world, order.positionId)).toMatchObject({
      status: 'submitted',
      send: { outcome: 'unknown' },
    });
    world.tick('48800');
    await world.pump();
    await world.pass(10);
    // It may be in the book: the market exit would sell the coins once more.
    expect(world.venue.placed.filter(({ type }) => type === 'market')).toHaveLength(1);
    await world.pass(20);
    expect(world.position(order.positionId).status).toBe('closed');
    expect(world.position(order.positionId).exitQuantity.toFixed()).toBe('0.5');
  });

  it('of its cancel: neither', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    world.venue.cancelReplyLost = true;
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'c' });
    await world.pump();
    expect(world.exitsOf(positionId).map(({ status }) => status)).toEqual(['cancelling']);
    await world.pass(5);
    expect(world.position(positionId).status).toBe('closed');
    expect(world.exitsOf(positionId).map(({ type, status }) => [type, status])).toEqual([
      ['stop_loss', 'cancelled'],
      ['market', 'filled'],
    ]);
  });
});

describe('places', () => {
  it('go to those nearest to their stops; others are watched, and asked again', async () => {
    const world = atExchange();
    const { rules } = (await world.symbols.find('binance_simulator', 'BTC/USDT')) ?? { rules: null };
    world.rules = { filters: [...(rules?.filters ?? []), { kind: 'max_num_algo_orders', limit: 2 }] };
    const at = (price: number, key: string) =>
      world.openPosition({ stopLoss: { price: d(price) }, resident: 'stop' }, { idempotencyKey: key });
    const far = await at(40_000, 'far');
    const middle = await at(47_000, 'middle');
    expect(residentOf(world, far.positionId)?.status).toBe('open');
    const near = await at(49_500, 'near');
    await world.pass(5);
    expect(residentOf(world, near.positionId)?.status).toBe('open');
    expect(residentOf(world, middle.positionId)?.status).toBe('open');
    expect(world.position(far.positionId).resident).toMatchObject({ resting: null, why: 'no_slot' });
    await world.pass(120);
    // Nobody takes turns.
    expect(world.venue.placed.filter(({ type }) => type === 'stop_loss')).toHaveLength(3);
    await world.useCases.closePosition({
      userId: USER,
      positionId: near.positionId,
      quantity: null,
      idempotencyKey: 'c',
    });
    await world.pass(40);
    expect(residentOf(world, far.positionId)?.status).toBe('open');
  });
});

describe('beside everything else', () => {
  it('without a price or a tape what rests for a trailing stop stays where it is', async () => {
    const world = atExchange();
    const trailingStop = { distance: { percent: d(1) }, activationPrice: null };
    const { positionId } = await world.openPosition({ trailingStop, resident: 'stop' });
    world.tick('51000');
    await world.pass(15);
    const rests = residentOf(world, positionId);
    expect(rests?.stopPrice?.toFixed()).toBe('50490');
    const shown = new Map(world.prices.shown);
    world.prices.shown.clear();
    world.prices.tape.clear();
    await world.pass(30);
    world.prices.price = () => Promise.reject(new Error('the cache is away'));
    await world.pass(30);
    expect(residentOf(world, positionId)).toMatchObject({ orderId: rests?.orderId, status: 'open' });
    expect(shown.size).toBe(1);
  });

  it('a hit that comes again while it goes first decides nothing', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    const before = world.position(positionId);
    world.index.flush();
    await world.useCases.rebuildSymbol('BTC/USDT');
    world.tick('48985');
    await world.pump();
    expect(world.position(positionId).resident?.owed).toEqual(before.resident?.owed);
    expect((await kinds(world, positionId)).filter((kind) => kind === 'resident_first')).toHaveLength(1);
  });

  it('a sell that waits for it cannot be amended, and goes as it was placed', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    const over = {
      side: 'sell',
      type: 'limit',
      limitPrice: d(50_400),
      quantity: d('0.2'),
      positionId,
    } as const;
    const placed = await world.useCases.placeOrder(world.command({ ...over, idempotencyKey: 'sell' }));
    const orderId = placed.ok ? placed.value.order.orderId : '';
    const change = { quantity: d('0.1') };
    const amended = await world.useCases.amendOrder({ userId: USER, orderId, change, idempotencyKey: null });
    expect(amended).toMatchObject({ ok: false, error: { code: 'not_amendable' } });
    expectCovered(world, positionId);
    await world.pump();
    await world.pass(3);
    expect(world.order(orderId)).toMatchObject({ status: 'open' });
    expect(world.order(orderId).quantity.toFixed()).toBe('0.2');
    expect(residentOf(world, positionId)?.quantity.toFixed()).toBe('0.3');
  });
});

describe('looking after a trailing stop', () => {
  it('reads the tape since its last look, however old the position is, and misses no peak', async () => {
    const world = atExchange();
    const trailingStop = { distance: { percent: d(1) }, activationPrice: d(50_500) };
    const { positionId } = await world.openPosition({ trailingStop, resident: 'stop' });
    await world.pass(600);
    expect(world.position(positionId).resident).toMatchObject({ resting: null, why: 'no_stop' });
    const asked: number[] = [];
    const { bars } = world.prices;
    world.prices.bars = async (symbol, from) => {
      asked.push(Math.floor(world.now / 1000) - from);
      return bars.call(world.prices, symbol, from);
    };
    // Up and down again within a second between two looks.
    await world.pass(4);
    world.tick('51000');
    world.tick('50900');
    await world.pass(16);
    expect(residentOf(world, positionId)?.stopPrice?.toFixed()).toBe('50490');
    asked.splice(0);
    await world.pass(60);
    expect(asked.length).toBeGreaterThan(4);
    // Ten seconds, and a minute by which two clocks may differ.
    expect(Math.max(...asked)).toBeLessThan(80);
  });

  it('grows also while the cache is away', async () => {
    const world = atExchange();
    world.tick('50000');
    const entry = await world.place({
      type: 'limit',
      limitPrice: d(50_000),
      quantity: d(1),
      protection: STOP,
    });
    await world.pump();
    await sell(world, world.order(entry.orderId), '50000', '0.4');
    await world.pump();
    const { once } = world.leases;
    world.leases.once = async (key, ttl) =>
      key.startsWith('resident')
        ? Promise.reject(new Error('the cache is away'))
        : once.call(world.leases, key, ttl);
    await sell(world, world.order(entry.orderId), '50000', '0.6');
    await world.pump();
    await world.pass(4);
    expect(residentOf(world, entry.positionId)?.quantity.toFixed()).toBe('1');
  });
});

describe('what it does not wait for', () => {
  it('the claim after the first right needs no cache', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    world.prices.price = () => Promise.reject(new Error('the cache is away'));
    world.prices.bars = () => new Promise(() => undefined);
    world.now += 1_000;
    await world.useCases.advance({ positionId });
    expect(world.position(positionId).flatten).toMatchObject({
      cause: 'stop_loss',
      trigger: { levelName: 'stop_loss' },
    });
  });

  it('a list that still has its own cancelled order takes no place from it', async () => {
    const world = atExchange();
    const { rules } = (await world.symbols.find('binance_simulator', 'BTC/USDT')) ?? { rules: null };
    world.rules = { filters: [...(rules?.filters ?? []), { kind: 'max_num_algo_orders', limit: 1 }] };
    const { positionId } = await world.openPosition(STOP);
    const first = residentOf(world, positionId);
    if (first === null) throw new Error('nothing rests');
    const { liveOrdersOfWallet } = world.ledger;
    world.ledger.liveOrdersOfWallet = async (walletId) => [
      ...(await liveOrdersOfWallet.call(world.ledger, walletId)).filter((o) => o.orderId !== first.orderId),
      first,
    ];
    const change = { stopLoss: { price: d(48_000) } };
    await world.useCases.changeProtection({ userId: USER, positionId, change });
    await world.pump();
    expect(residentOf(world, positionId)).toMatchObject({ status: 'open' });
    expect(residentOf(world, positionId)?.stopPrice?.toFixed()).toBe('48000');
  });
});
