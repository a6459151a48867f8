/** Amending orders: where they stand, in their place at the venue, and by a new order. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport, Order, Position } from '../../../shared/domain/types.ts';
import type { OrderSought } from '../../../shared/ports/venue.ts';
import type { AmendChange } from '../../../shared/usecases/amend-order.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { dying } from '../../support/fakes/crash.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';
import { newFill } from '../domain/builders.ts';

const d = (text: string) => new Decimal(text);
const bid = { type: 'limit', limitPrice: d('40000'), quantity: d('1') } as const;

/** A wallet at an exchange that amends in place. */
function exchange(): World {
  const world = new World({ exchange: {} });
  world.rules = { amendAllowed: true };
  world.tick('50000');
  return world;
}
function demo(): World {
  const world = new World();
  world.tick('50000');
  return world;
}

/** A limit buy of one, resting. */
async function resting(world: World, over: Partial<PlaceOrderCommand> = {}): Promise<Order> {
  const order = await world.place({ ...bid, ...over });
  await world.pump();
  return world.order(order.orderId);
}

const amend = (world: World, { orderId }: Order, change: AmendChange, key: string | null = 'amend-1') =>
  world.useCases.amendOrder({ userId: USER, orderId, change, idempotencyKey: key });

const clientId = (order: Order): string => `mq${order.orderId}-1`;
const heirOf = (world: World, order: Order): Order =>
  world.order(world.order(order.orderId).replacedBy ?? 'none');
const reserved = (p: Position): string => p.liveExits.map((e) => e.reserved.toFixed()).join();

type Executed = Pick<ExecutionReport, 'status' | 'cumulativeQuantity'> & Partial<ExecutionReport>;

/** What the exchange says of an order. */
const heard = (world: World, order: Order, said: Executed): Promise<void> =>
  world.useCases.applyExecution({
    walletId: order.walletId,
    environment: order.environment,
    symbol: order.symbol,
    clientId: clientId(order),
    venueOrderId: order.venueOrderId ?? '',
    reason: null,
    fills: [],
    at: world.now,
    source: 'stream',
    ...said,
  });

describe('an order that was never sent', () => {
  it('is changed where it stands, and goes to the venue as it is then', async () => {
    const world = demo();
    const order = await world.place(bid);
    const amended = await amend(world, order, { limitPrice: d('41000.019'), quantity: d('2') });
    expect(amended).toMatchObject({ ok: true, value: { order: { status: 'pending' }, repeated: false } });
    await world.pump();
    const [sent, ...more] = world.venue.placed;
    expect([sent?.limitPrice?.toFixed(), sent?.quantity.toFixed(), more]).toEqual(['41000.01', '2', []]);
    expect(world.order(order.orderId)).toMatchObject({
      status: 'open',
      amendment: { way: 'before_sending', outcome: 'done' },
      replacedBy: null,
    });
    const said = world.order(order.orderId).statusHistory.map((entry) => entry.reason);
    expect(said[1]).toBe('amended before it was sent: quantity 1 to 2, limitPrice 40000 to 41000.01');
  });

  it('that a sender claims meanwhile is replaced', async () => {
    const world = demo();
    const order = await world.place(bid);
    const commit = world.ledger.commit.bind(world.ledger);
    let isFirst = true;
    world.ledger.commit = async (change) => {
      if (isFirst) {
        isFirst = false;
        await world.pump();
      }
      return commit(change);
    };
    expect(await amend(world, order, { limitPrice: d('41000') })).toMatchObject({
      ok: true,
      value: { order: { status: 'cancelling', amendment: { way: 'new_order' } } },
    });
    await world.pump();
    expect(heirOf(world, order).limitPrice?.toFixed()).toBe('41000');
  });
});

describe('less of an order at an exchange', () => {
  it('keeps its place in the queue', async () => {
    const world = exchange();
    const order = await resting(world);
    const amended = await amend(world, order, { quantity: d('0.4') });
    expect(amended).toMatchObject({ ok: true, value: { order: { status: 'open' } } });
    await world.pump();
    const now = world.order(order.orderId);
    expect(now).toMatchObject({
      status: 'open',
      amendment: { way: 'in_place', outcome: 'done' },
      replacedBy: null,
    });
    expect([now.quantity.toFixed(), now.asked.quantity.toFixed(), world.venue.placed.length]).toEqual([
      '0.4',
      '0.4',
      1,
    ]);
    await world.venue.trade(clientId(order), d('0.4'), d('40000'));
    await world.pump();
    expect(world.order(order.orderId).status).toBe('filled');
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
  });

  it.each(['lost_before', 'lost_after'] as const)(
    'whose reply is %s is asked for, and done once',
    async (fault) => {
      const world = exchange();
      const order = await resting(world);
      world.venue.amendFaults = [fault];
      await amend(world, order, { quantity: d('0.4') });
      await world.pump();
      expect(world.order(order.orderId)).toMatchObject({
        status: 'open',
        amendment: { outcome: 'under_way' },
      });
      await world.pass(5);
      const now = world.order(order.orderId);
      expect([now.quantity.toFixed(), now.amendment?.outcome]).toEqual(['0.4', 'done']);
      expect(world.venue.amended).toHaveLength(fault === 'lost_before' ? 2 : 1);
    },
  );

  it('than has filled already ends it, unalarmed, as big as what had filled', async () => {
    const world = exchange();
    const order = await resting(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await amend(world, order, { quantity: d('0.4') });
    // Of the fill nothing was heard before.
    const ended = { status: 'expired', cumulativeQuantity: d('0.5'), quantity: d('0.4') } as const;
    await heard(world, order, ended);
    const before = world.order(order.orderId);
    expect([before.quantity.toFixed(), before.status]).toEqual(['0.5', 'expired']);
    expect(before).toMatchObject({ amendment: { outcome: 'done' }, replacedBy: null });
    expect(before.statusHistory.map(({ reason }) => reason)).toContain(
      'amended in its place: quantity 1 to 0.5, which had filled before 0.4 was set',
    );
    await heard(world, order, { ...ended, fills: [newFill('40000', '0.5', { tradeId: '77' })] });
    expect(world.order(order.orderId).filledQuantity.toFixed()).toBe('0.5');
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
    expect(world.errors()).toEqual([]);
  });

  it.each<[string, Executed]>([
    ['more than before it', { status: 'expired', cumulativeQuantity: d('1.1'), quantity: d('0.4') }],
    ['more than is left', { status: 'filled', cumulativeQuantity: d('0.5'), quantity: d('0.4') }],
  ])('that fills %s is alarmed', async (_what, said) => {
    const world = exchange();
    const order = await resting(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await amend(world, order, { quantity: d('0.4') });
    const quantity = said.cumulativeQuantity.toFixed();
    await heard(world, order, { ...said, fills: [newFill('40000', quantity, { tradeId: '77' })] });
    expect(world.errors()).toContain('ORDER_OVERFILLED');
    expect(world.position(order.positionId).entryQuantity.toFixed()).toBe(quantity);
  });

  it('is a new order where the venue does not change it in its place', async () => {
    const world = exchange();
    const order = await resting(world);
    world.venue.amendFaults = ['refuse'];
    await amend(world, order, { quantity: d('0.4') });
    await world.pump();
    const heir = heirOf(world, order);
    expect([heir.quantity.toFixed(), heir.status]).toEqual(['0.4', 'open']);
    expect(world.order(order.orderId)).toMatchObject({
      status: 'cancelled',
      amendment: { way: 'new_order', outcome: 'replaced', reason: expect.stringContaining('not supported') },
    });
  });

  it('is a new order where the symbol allows no amending', async () => {
    const world = exchange();
    world.rules = { amendAllowed: false };
    const order = await resting(world);
    await amend(world, order, { quantity: d('0.4') });
    await world.pump();
    expect([heirOf(world, order).quantity.toFixed(), world.venue.amended]).toEqual(['0.4', []]);
  });

  it('comes too late for an order that filled first', async () => {
    const world = exchange();
    const order = await resting(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await amend(world, order, { quantity: d('0.4') });
    await world.venue.trade(clientId(order), d('1'), d('40000'));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'filled',
      amendment: { outcome: 'too_late', reason: 'the order was filled first' },
    });
    expect(world.venue.placed).toHaveLength(1);
  });
});

describe('another price or more of it', () => {
  it('is a new order, linked both ways, in the transaction that settles the old one', async () => {
    const world = demo();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    await world.pump();
    const heir = heirOf(world, order);
    expect(heir).toMatchObject({
      status: 'open',
      replaces: order.orderId,
      role: 'entry',
      positionId: order.positionId,
      statusHistory: [
        { status: 'pending', reason: `takes the place of ${order.orderId}`, cause: 'api' },
        {},
        {},
      ],
    });
    expect(world.order(order.orderId)).toMatchObject({
      status: 'cancelled',
      amendment: { outcome: 'replaced' },
    });
    expect(world.position(order.positionId)).toMatchObject({
      status: 'opening',
      entryLive: true,
      entryOrderId: heir.orderId,
      formerEntryIds: [order.orderId],
    });
  });

  it('gets what has not filled; the fills of both are the position', async () => {
    const world = exchange();
    const order = await resting(world, { protection: { stopLoss: { price: d('39000') } } });
    await world.venue.trade(clientId(order), d('0.3'), d('40000'));
    await world.pump();
    await amend(world, order, { limitPrice: d('41000'), quantity: d('1.5') });
    await world.pump();
    const heir = heirOf(world, order);
    expect(heir.quantity.toFixed()).toBe('1.2');
    expect(heir.asked.quantity.toFixed()).toBe('1.2');
    await world.venue.trade(clientId(heir), d('1.2'), d('41000'));
    await world.pump();
    const position = world.position(order.positionId);
    expect(position).toMatchObject({ status: 'open', entryLive: false });
    expect([position.quantity.toFixed(), position.entryQuote.toFixed()]).toEqual(['1.5', '61200']);
    const actions = await world.ledger.actions(order.positionId);
    expect(actions.find((action) => action.kind === 'order_replaced')?.facts).toEqual({
      order_id: order.orderId,
      replaced_by: heir.orderId,
      quantity: '1.2',
    });
  });

  it('waits until every fill of the old one is known', async () => {
    const world = exchange();
    const order = await resting(world);
    // A trade of which the stream says nothing: only the cancel tells that something has executed.
    world.outbox.fate = (sent) => (sent.queue === 'executions' ? 'drop' : 'deliver');
    await world.venue.trade(clientId(order), d('0.3'), d('40000'));
    world.outbox.fate = () => 'deliver';
    const commit = world.ledger.commit.bind(world.ledger);
    world.ledger.commit = async (change) => {
      for (const { after } of change.orders ?? []) {
        if (after.replaces !== null) expect(change.orders).toHaveLength(2);
      }
      return commit(change);
    };
    await amend(world, order, { limitPrice: d('41000') });
    await world.pump();
    await world.pass(3);
    expect(heirOf(world, order).quantity.toFixed()).toBe('0.7');
  });

  it('whose old order filled whole before the cancel came has nothing left', async () => {
    const world = exchange();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    await world.venue.trade(clientId(order), d('1'), d('40000'));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'filled',
      replacedBy: null,
      amendment: { outcome: 'nothing_left', reason: '1 had filled' },
    });
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
    expect(world.venue.placed).toHaveLength(1);
  });

  it('of which less is left than the venue takes ends with the old one, and says so', async () => {
    const world = exchange();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    await world.venue.trade(clientId(order), d('0.99999'), d('40000'));
    await world.pump();
    await world.pass(3);
    expect(world.order(order.orderId)).toMatchObject({
      status: 'cancelled',
      replacedBy: null,
      amendment: { outcome: 'below_minimum', reason: "the rest of 0.00001 is below the venue's minimum" },
    });
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
  });

  it('of an order whose answer is lost waits for proof, then goes', async () => {
    const world = exchange();
    world.venue.faults = ['lost_before'];
    const order = await resting(world);
    expect(order).toMatchObject({ status: 'submitted', send: { outcome: 'unknown' } });
    expect(await amend(world, order, { limitPrice: d('41000') })).toMatchObject({
      ok: true,
      value: { order: { status: 'cancelling' } },
    });
    await world.pass(5);
    expect(world.order(order.orderId).replacedBy).toBeNull();
    await world.pass(60);
    expect(heirOf(world, order)).toMatchObject({ status: 'open' });
    expect(world.venue.placed.map((sent) => sent.limitPrice?.toFixed())).toEqual(['41000']);
  });

  it('does not follow an order that the venue refused or ended by itself', async () => {
    const world = exchange();
    const order = await resting(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await amend(world, order, { limitPrice: d('41000') });
    await world.venue.expire(clientId(order));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'expired',
      amendment: { outcome: 'too_late' },
    });
    expect(world.position(order.positionId).status).toBe('closed');
  });

  it('can be amended again, and so can its heir', async () => {
    const world = exchange();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    await world.pump();
    const heir = heirOf(world, order);
    await amend(world, heir, { quantity: d('0.5') }, 'amend-2');
    await world.pump();
    expect(world.order(heir.orderId).quantity.toFixed()).toBe('0.5');
    await amend(world, world.order(heir.orderId), { limitPrice: d('42000') }, 'amend-3');
    await world.pump();
    const last = heirOf(world, heir);
    expect([last.quantity.toFixed(), last.limitPrice?.toFixed()]).toEqual(['0.5', '42000']);
    expect(world.position(order.positionId).formerEntryIds).toEqual([order.orderId, heir.orderId]);
  });
});

describe('an exit that a client placed', () => {
  /** Holds 1, of which a limit sell rests for 0.4. */
  async function selling(world: World): Promise<{ exit: Order; positionId: string }> {
    const { positionId } = await world.openPosition({}, { quantity: d('1') });
    const exit = await resting(world, {
      side: 'sell',
      positionId,
      limitPrice: d('60000'),
      quantity: d('0.4'),
      idempotencyKey: 'exit-1',
    });
    return { exit, positionId };
  }

  it('hands its reservation over, and takes more where it is free', async () => {
    const world = exchange();
    const { exit, positionId } = await selling(world);
    expect(await amend(world, exit, { quantity: d('1.1') })).toMatchObject({
      ok: false,
      error: { code: 'not_enough_free', facts: { free_quantity: '0.6' } },
    });
    await amend(world, exit, { quantity: d('0.9'), limitPrice: d('61000') });
    // From now on nobody else can sell what it will need.
    expect(reserved(world.position(positionId))).toBe('0.9');
    await world.pump();
    const heir = heirOf(world, exit);
    expect(heir).toMatchObject({ role: 'exit', status: 'open', exit: { flatten: false } });
    const position = world.position(positionId);
    expect(position.liveExits).toMatchObject([{ orderId: heir.orderId }]);
    expect(reserved(position)).toBe('0.9');
    await world.venue.trade(clientId(heir), d('0.9'), d('61000'));
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'open', liveExits: [] });
    expect(world.position(positionId).quantity.toFixed()).toBe('0.1');
  });

  it('frees what it no longer sells, in its place', async () => {
    const world = exchange();
    const { exit, positionId } = await selling(world);
    await amend(world, exit, { quantity: d('0.1') });
    expect(reserved(world.position(positionId))).toBe('0.4');
    await world.pump();
    expect(reserved(world.position(positionId))).toBe('0.1');
    expect(world.order(exit.orderId).quantity.toFixed()).toBe('0.1');
  });

  it('goes on to hold what it has sold already, though less was set', async () => {
    const world = exchange();
    const { exit, positionId } = await selling(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await amend(world, exit, { quantity: d('0.1') });
    const ended = { status: 'expired', cumulativeQuantity: d('0.3'), quantity: d('0.1') } as const;
    await heard(world, exit, ended);
    // Free would be what is no longer there.
    expect(reserved(world.position(positionId))).toBe('0.3');
    await heard(world, exit, { ...ended, fills: [newFill('60000', '0.3', { tradeId: '77' })] });
    expect(world.position(positionId)).toMatchObject({ status: 'open', liveExits: [] });
    expect(world.position(positionId).quantity.toFixed()).toBe('0.7');
    expect(world.errors()).toEqual([]);
  });

  it('keeps what it is to have more of while the old one fills on before its cancel', async () => {
    const world = exchange();
    const { exit, positionId } = await selling(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    const more = exit.quantity.plus('0.2');
    expect(await amend(world, exit, { quantity: more })).toMatchObject({ ok: true });
    expect(reserved(world.position(positionId))).toBe(more.toFixed());
    await heard(world, exit, {
      status: 'partially_filled',
      cumulativeQuantity: d('0.1'),
      fills: [newFill('60000', '0.1', { tradeId: '77' })],
    });
    expect(reserved(world.position(positionId))).toBe(more.minus('0.1').toFixed());
  });

  it('makes way for a full exit: no heir, and everything is sold', async () => {
    const world = exchange();
    const { exit, positionId } = await selling(world);
    await amend(world, exit, { limitPrice: d('61000') });
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'out' });
    await world.pump();
    await world.pass(3);
    expect(world.order(exit.orderId)).toMatchObject({
      status: 'cancelled',
      replacedBy: null,
      amendment: { outcome: 'withdrawn' },
    });
    expect(world.position(positionId)).toMatchObject({ status: 'closed' });
    expect(world.position(positionId).exitQuantity.toFixed()).toBe('1');
  });

  it('is the only kind: what a close or a level has made is left alone', async () => {
    const world = exchange();
    const { positionId } = await world.openPosition({}, { quantity: d('1') });
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'out' });
    const [exit] = world.exitsOf(positionId);
    if (exit === undefined) throw new Error('no exit');
    expect(await amend(world, exit, { quantity: d('0.1') })).toMatchObject({
      ok: false,
      error: { code: 'not_amendable' },
    });
  });
});

describe('what is refused', () => {
  it.each<[string, AmendChange, string, string]>([
    ['a price that the type does not take', { stopPrice: d('1') }, 'price_forbidden', 'stop_price'],
    ['too fine a quantity', { quantity: d('0.123456789') }, 'over_precise', 'quantity'],
    [
      'less than the least',
      { quantity: d('0.00001'), limitPrice: d('41000') },
      'below_min_notional',
      'quantity',
    ],
    ['an entry below its own stop', { limitPrice: d('38000') }, 'stop_wrong_side', 'protection.stop_loss'],
  ])('%s changes nothing', async (_what, change, code, field) => {
    const world = demo();
    const order = await resting(world, { protection: { stopLoss: { price: d('39000') } } });
    const { commits } = world.ledger;
    expect(await amend(world, order, change)).toMatchObject({ ok: false, error: { code, field } });
    expect(world.ledger.commits).toBe(commits);
  });

  it('what has ended, what is being amended, what is being cancelled, and what is not ours', async () => {
    const world = demo();
    const order = await resting(world);
    const of = (userId: string) =>
      world.useCases.amendOrder({
        userId,
        orderId: order.orderId,
        change: { quantity: d('2') },
        idempotencyKey: null,
      });
    expect(await of('user-2')).toMatchObject({ ok: false, error: { code: 'not_found' } });
    await amend(world, order, { limitPrice: d('41000') });
    expect(await of(USER)).toMatchObject({ ok: false, error: { code: 'amend_under_way' } });
    await world.pump();
    const { orderId } = heirOf(world, order);
    expect(await of(USER)).toMatchObject({
      ok: false,
      error: { code: 'already_final', facts: { replaced_by: orderId } },
    });
    await world.useCases.cancelOrder({ userId: USER, orderId });
    expect(await amend(world, world.order(orderId), { quantity: d('2') })).toMatchObject({
      ok: false,
      error: { code: 'not_amendable', facts: { status: 'cancelling' } },
    });
  });

  it('a new entry of a paused wallet; less of it passes', async () => {
    const world = exchange();
    const order = await resting(world);
    world.account({ pausedAt: world.now, pauseReason: null });
    expect(await amend(world, order, { limitPrice: d('41000') })).toMatchObject({
      ok: false,
      error: { code: 'wallet_paused' },
    });
    expect(await amend(world, order, { quantity: d('0.5') })).toMatchObject({ ok: true });
  });
});

describe('a cancel', () => {
  it('that comes during an amendment leaves no heir', async () => {
    const world = exchange();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    const cancelled = await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId });
    expect(cancelled).toMatchObject({
      ok: true,
      value: { status: 'cancelling', cancelWanted: { cause: 'api' } },
    });
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'cancelled',
      replacedBy: null,
      amendment: { outcome: 'withdrawn' },
    });
    expect(world.position(order.positionId).status).toBe('closed');
    expect(world.venue.placed).toHaveLength(1);
  });

  it('that comes while less is asked for in its place, too', async () => {
    const world = exchange();
    const order = await resting(world);
    world.venue.amendFaults = ['lost_after'];
    await amend(world, order, { quantity: d('0.4') });
    await world.pump();
    await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId });
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'cancelled',
      amendment: { outcome: 'withdrawn' },
    });
  });

  it('of an order that was replaced names the one that took its place', async () => {
    const world = exchange();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    await world.pump();
    expect(await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId })).toMatchObject({
      ok: false,
      error: { code: 'already_final', facts: { replaced_by: heirOf(world, order).orderId } },
    });
  });
});

describe("in the exchange's own app", () => {
  it('an order that was lessened there says that it was not us', async () => {
    const world = exchange();
    const order = await resting(world);
    await world.venue.inTheApp(clientId(order), d('0.7'));
    await world.pump();
    const now = world.order(order.orderId);
    expect(now.quantity.toFixed()).toBe('0.7');
    expect(now.statusHistory.at(-1)).toMatchObject({
      status: 'open',
      cause: 'venue',
      reason: 'amended at the exchange, not by this system: quantity 1 to 0.7',
    });
  });

  it('an exit that was lessened there frees what it held; the rest can be sold', async () => {
    const world = exchange();
    const { positionId } = await world.openPosition({}, { quantity: d('1') });
    const sell = { side: 'sell', positionId, limitPrice: d('60000'), idempotencyKey: 'exit-1' } as const;
    const exit = await resting(world, sell);
    await world.venue.inTheApp(clientId(exit), d('0.7'));
    await world.pump();
    expect(reserved(world.position(positionId))).toBe('0.7');
  });

  it('an order that was cancelled there says so too; one that we cancel does not', async () => {
    const world = exchange();
    const order = await resting(world);
    await world.venue.inTheApp(clientId(order), null);
    await world.pump();
    expect(world.order(order.orderId).statusHistory.at(-1)).toMatchObject({
      status: 'cancelled',
      cause: 'venue',
      reason: 'cancelled at the exchange, not by this system',
    });
    const own = await resting(world, { idempotencyKey: 'key-2' });
    await world.useCases.cancelOrder({ userId: USER, orderId: own.orderId });
    await world.pump();
    expect(world.order(own.orderId).statusHistory.at(-1)).toMatchObject({
      status: 'cancelled',
      reason: 'venue: cancelled',
    });
  });
});

describe('when something goes wrong', () => {
  it('a message that is lost is made up for within seconds', async () => {
    const world = exchange();
    const order = await resting(world);
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await amend(world, order, { quantity: d('0.4') });
    await world.pump();
    world.outbox.fate = () => 'deliver';
    await world.pass(4);
    expect(world.order(order.orderId)).toMatchObject({ amendment: { outcome: 'done' } });
  });

  it('a late fill of the old order still belongs to the position, leaves the heir live, and is alarmed', async () => {
    const world = exchange();
    const order = await resting(world);
    await amend(world, order, { limitPrice: d('41000') });
    await world.pump();
    const there = await world.venue.orderStatus({ clientId: clientId(order) } as OrderSought);
    if (there.kind !== 'found') throw new Error('not there');
    const filled = newFill('40000', '0.2', { at: world.now });
    await world.useCases.applyExecution({ ...there.report, cumulativeQuantity: d('0.2'), fills: [filled] });
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: true });
    expect(world.position(order.positionId).entryQuantity.toFixed()).toBe('0.2');
    expect(heirOf(world, order).status).toBe('open');
    expect(world.errors()).toContain('FILL_AFTER_REPLACEMENT');
  });

  it.each(['before', 'after'] as const)(
    'a process that dies %s any call leaves one order in the end',
    async (when) => {
      const changes: readonly AmendChange[] = [{ limitPrice: d('41000') }, { quantity: d('0.4') }];
      for (const change of changes) {
        for (let at = 1; at < 40; at++) {
          const world = exchange();
          const order = await resting(world);
          const doomed = dying(world.ports, { at, when });
          world.workers = makeUseCases(doomed.ports, { monitorEnabled: true });
          const command = { userId: USER, orderId: order.orderId, change, idempotencyKey: 'a' };
          // The API and whoever works after it, as one process that dies once.
          const asked = await world.workers.amendOrder(command).catch((error: unknown) => String(error));
          await world.pump(false);
          world.workers = world.useCases;
          const died = doomed.calls() >= at;
          await world.useCases.amendOrder(command);
          await world.pass(40);
          const orders = [...world.ledger.orderItems.values()];
          // An entry of which the venue never heard has failed, like any other entry; nothing of it is there then.
          const failed = orders.filter((one) => one.status === 'failed');
          const live = orders.filter((one) => one.status === 'open');
          expect([at, asked !== null, live.length + failed.length]).toEqual([at, true, 1]);
          expect(await world.venue.openOrders(null)).toHaveLength(live.length);
          for (const one of [...live, ...failed]) {
            expect(one.limitPrice?.toFixed()).toBe((change.limitPrice ?? bid.limitPrice).toFixed());
            expect(one.quantity.toFixed()).toBe((change.quantity ?? bid.quantity).toFixed());
          }
          if (!died) break;
        }
      }
    },
  );
});
