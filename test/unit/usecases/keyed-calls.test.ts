/** Commands under a key: made once, whoever repeats them, however many at once, and whatever others do meanwhile. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { RiskLimits } from '../../../shared/domain/risk/limits.ts';
import { BTC, USER, WALLET, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);
const TEN = Array.from({ length: 10 }, (_, n) => n);
const bid = { type: 'limit', limitPrice: d('40000'), quantity: d('1') } as const;
const stop = (price: string) => ({ stopLoss: { price: d(price) } });

type Answer = { readonly ok: boolean };
const accepted = (answers: readonly Answer[]): number => answers.filter(({ ok }) => ok).length;

function started(): World {
  const world = new World();
  world.tick('50000');
  return world;
}

const close = (world: World, positionId: string, key: string | null, quantity: string | null = null) =>
  world.useCases.closePosition({
    userId: USER,
    positionId,
    idempotencyKey: key,
    quantity: quantity === null ? null : d(quantity),
  });
const protect = (world: World, positionId: string, price: string, key: string | null) =>
  world.useCases.changeProtection({ userId: USER, positionId, change: stop(price), idempotencyKey: key });
const amend = (world: World, orderId: string, price: string, key: string | null) =>
  world.useCases.amendOrder({ userId: USER, orderId, change: { limitPrice: d(price) }, idempotencyKey: key });
const cancel = (world: World, orderId: string, key: string | null) =>
  world.useCases.cancelOrder({ userId: USER, orderId, idempotencyKey: key });

describe('ten at once', () => {
  it('creates make one order', async () => {
    const world = started();
    const answers = await Promise.all(TEN.map(() => world.useCases.placeOrder(world.command(bid))));
    expect(accepted(answers)).toBe(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    await world.pump();
    expect(world.venue.placed).toHaveLength(1);
  });

  it('part closes make one exit', async () => {
    const world = started();
    const { positionId } = await world.openPosition({}, { quantity: d('1') });
    const answers = await Promise.all(TEN.map(() => close(world, positionId, 'part', '0.1')));
    expect(accepted(answers)).toBe(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.ok && answer.value.order?.orderId)).size).toBe(1);
    await world.pump();
    expect(world.position(positionId).quantity.toFixed()).toBe('0.9');
  });

  it('whole closes make one exit', async () => {
    const world = started();
    const { positionId } = await world.openPosition();
    const answers = await Promise.all(TEN.map(() => close(world, positionId, 'all')));
    expect(accepted(answers)).toBe(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it('amendments make one heir', async () => {
    const world = started();
    const order = await world.place(bid);
    await world.pump();
    const answers = await Promise.all(TEN.map(() => amend(world, order.orderId, '41000', 'a')));
    expect(accepted(answers)).toBe(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    await world.pump();
    expect(world.venue.placed).toHaveLength(2);
    expect(world.ledger.orderItems.size).toBe(2);
  });

  it('changes of protection are one line of the timeline', async () => {
    const world = started();
    const { positionId } = await world.openPosition(stop('49000'));
    expect(accepted(await Promise.all(TEN.map(() => protect(world, positionId, '48000', 'p'))))).toBe(10);
    const changes = (await world.ledger.actions(positionId)).filter(
      ({ kind }) => kind === 'protection_changed',
    );
    expect(changes).toHaveLength(1);
  });
});

describe('a repeat', () => {
  it('of a whole close shows the exit that it made, also after the position has closed', async () => {
    const world = started();
    const { positionId } = await world.openPosition();
    const first = await close(world, positionId, 'all');
    await world.pump();
    expect(await close(world, positionId, 'all')).toMatchObject({
      ok: true,
      value: {
        repeated: true,
        position: { status: 'closed' },
        order: { orderId: first.ok ? first.value.order?.orderId : 'none', status: 'filled' },
      },
    });
    expect(await close(world, positionId, null)).toMatchObject({ ok: false, error: { code: 'not_open' } });
  });

  it('of a change of protection does not undo what others have changed since', async () => {
    const world = started();
    const { positionId } = await world.openPosition(stop('49000'));
    await protect(world, positionId, '48000', 'p');
    await protect(world, positionId, '47000', null);
    expect(await protect(world, positionId, '48000', 'p')).toMatchObject({ ok: true });
    expect(world.position(positionId).protection.stopLoss?.price.toFixed()).toBe('47000');
  });

  it('of one that had nothing to change does not either', async () => {
    const world = started();
    const { positionId } = await world.openPosition(stop('49000'));
    await protect(world, positionId, '49000', 'p');
    await protect(world, positionId, '47000', null);
    await protect(world, positionId, '49000', 'p');
    expect(world.position(positionId).protection.stopLoss?.price.toFixed()).toBe('47000');
  });

  it('of an amendment answers the order as it stands, whatever became of it', async () => {
    const world = started();
    const order = await world.place(bid);
    await world.pump();
    await amend(world, order.orderId, '41000', 'a');
    await world.pump();
    expect(await amend(world, order.orderId, '41000', 'a')).toMatchObject({
      ok: true,
      value: { repeated: true, order: { status: 'cancelled', amendment: { outcome: 'replaced' } } },
    });
    expect(world.venue.placed).toHaveLength(2);
  });

  it('of a cancel is none, also where its order has ended in another way', async () => {
    const world = started();
    const order = await world.place(bid);
    await world.pump();
    const { orderId } = order;
    expect(await cancel(world, orderId, 'c')).toMatchObject({ ok: true, value: { status: 'cancelling' } });
    await world.venue.trade(`mq${orderId}-1`, d('1'), d('40000'));
    await world.pump();
    expect(await cancel(world, orderId, 'c')).toMatchObject({ ok: true, value: { status: 'filled' } });
    expect(await cancel(world, orderId, 'c2')).toMatchObject({ ok: false, error: { code: 'already_final' } });
  });
});

describe('what the same call has made while this one was looked at is its answer, and no refusal', () => {
  type Read = 'risk' | 'position';
  /** Another call gets through just before the first read of this kind. */
  function justBefore(world: World, read: Read, other: () => Promise<unknown>): void {
    const { ledger } = world;
    const real = ledger[read].bind(ledger);
    ledger[read] = async (id: string): Promise<never> => {
      ledger[read] = real as never;
      await other();
      return (await real(id)) as never;
    };
  }
  const limited = (world: World, limits: Partial<RiskLimits>) =>
    world.useCases.wallets.setLimits({ userId: USER, walletId: WALLET, limits });
  const repeated = { ok: true, value: { repeated: true } };

  it('of a create whose order has taken the last room of the limits', async () => {
    const world = started();
    await limited(world, { maxOpenPositions: 1 });
    const create = () => world.useCases.placeOrder(world.command(bid));
    justBefore(world, 'risk', create);
    expect(await create()).toMatchObject(repeated);
    expect(world.ledger.orderItems.size).toBe(1);
    expect(await world.useCases.placeOrder(world.command({ ...bid, idempotencyKey: 'b' }))).toMatchObject({
      error: { code: 'risk_limit' },
    });
  });

  it('of a sell whose order has closed the position', async () => {
    const world = started();
    const { positionId } = await world.openPosition({}, { quantity: d('1') });
    const sell = world.command({ side: 'sell', positionId, quantity: d('1'), idempotencyKey: 's' });
    justBefore(world, 'position', async () => {
      await world.useCases.placeOrder(sell);
      await world.pump();
    });
    expect(await world.useCases.placeOrder(sell)).toMatchObject(repeated);
    expect(world.position(positionId).status).toBe('closed');
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it('of an amendment that has taken the last room of the limits', async () => {
    const world = started();
    await limited(world, { maxTotalExposure: d('90000') });
    const { orderId } = await world.place(bid);
    await world.pump();
    const more = (key: string) =>
      world.useCases.amendOrder({ userId: USER, orderId, change: { quantity: d('2') }, idempotencyKey: key });
    justBefore(world, 'risk', () => more('a'));
    expect(await more('a')).toMatchObject(repeated);
    expect(await more('b')).toMatchObject({ ok: false });
    await world.pump();
    expect(world.venue.placed).toHaveLength(2);
  });
});

describe('another body under a used key', () => {
  it('is refused and changes nothing', async () => {
    const world = started();
    const { positionId } = await world.openPosition(stop('49000'), { quantity: d('1') });
    const resting = await world.place({ ...bid, idempotencyKey: 'bid' });
    await world.pump();
    await close(world, positionId, 'part', '0.1');
    await protect(world, positionId, '48000', 'p');
    await amend(world, resting.orderId, '41000', 'a');
    await world.pump();
    const items = () => [world.position(positionId), ...world.ledger.orderItems.values()];
    const [before, { commits }] = [items(), world.ledger];
    const answers = [
      await close(world, positionId, 'part', '0.2'),
      await close(world, positionId, 'part'),
      await protect(world, positionId, '47000', 'p'),
      // One key is for one operation.
      await protect(world, positionId, '47000', 'part'),
      await amend(world, resting.orderId, '42000', 'a'),
      await cancel(world, resting.orderId, 'a'),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        ok: false,
        error: { code: 'idempotency_mismatch', field: 'Idempotency-Key' },
      });
    }
    expect(items()).toEqual(before);
    // The position's timeline has them: once each of a close and of a change of protection.
    expect(world.ledger.commits).toBe(commits + 2);
  });
});

describe('cancelling all of a wallet', () => {
  const all = (
    world: World,
    over: { symbol?: string; side?: 'buy' | 'sell'; key?: string; userId?: string } = {},
  ) =>
    world.useCases.cancelAll({
      userId: over.userId ?? USER,
      walletId: WALLET,
      symbol: over.symbol ?? null,
      side: over.side ?? null,
      idempotencyKey: over.key ?? null,
    });
  const bids = async (world: World, count: number, from = 0): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      world.now += 1;
      ids.push((await world.place({ ...bid, idempotencyKey: `bid-${from + n}` })).orderId);
    }
    await world.pump();
    return ids;
  };

  it('finds who took the place of an amended order, though the index does not name it yet', async () => {
    const world = started();
    const [id] = await bids(world, 1);
    const lagging = [world.order(id ?? '')];
    await world.useCases.amendOrder({
      ...{ userId: USER, orderId: id ?? '', idempotencyKey: null },
      change: { limitPrice: d('41000') },
    });
    await world.pump();
    const heirId = world.order(id ?? '').replacedBy ?? 'none';
    expect(world.order(heirId).status).toBe('open');
    world.ledger.liveOrdersOfWallet = async () => lagging;
    await all(world);
    await world.pump();
    expect(world.order(heirId).status).toBe('cancelled');
  });

  it('cancels each that a client placed, and leaves the exits of a plan and of a level', async () => {
    const world = started();
    const { positionId } = await world.openPosition({}, { quantity: d('1'), idempotencyKey: 'held' });
    const ids = await bids(world, 3);
    const sell = { side: 'sell', type: 'limit', positionId, limitPrice: d('60000') } as const;
    const exit = await world.place({ ...sell, quantity: d('0.4'), idempotencyKey: 'exit' });
    await world.pump();
    world.outbox.fate = (sent) => (sent.queue === 'exits' ? 'drop' : 'deliver');
    await close(world, positionId, 'part', '0.1');
    world.outbox.fate = () => 'deliver';
    const answer = await all(world);
    if (!answer.ok) throw new Error(answer.error.message);
    expect(answer.value.orders.map((order) => order.orderId).sort()).toEqual([...ids, exit.orderId].sort());
    expect(answer.value.refused).toEqual([]);
    await world.pump();
    for (const id of [...ids, exit.orderId]) expect(world.order(id).status).toBe('cancelled');
    await world.pass(3);
    expect(world.position(positionId).quantity.toFixed()).toBe('0.9');
  });

  it('takes a symbol in any format, or a side; an unknown symbol and a foreign wallet are refused', async () => {
    const world = started();
    await bids(world, 2);
    expect(await all(world, { side: 'sell' })).toMatchObject({ ok: true, value: { orders: [] } });
    expect(await all(world, { symbol: 'ETHUSDT' })).toMatchObject({ ok: true, value: { orders: [] } });
    expect(await all(world, { symbol: 'NOPE' })).toMatchObject({
      ok: false,
      error: { code: 'unknown_symbol' },
    });
    expect(await all(world, { userId: 'user-2' })).toMatchObject({ ok: false, error: { code: 'not_found' } });
    const both = await all(world, { symbol: BTC.replace('/', ''), side: 'buy' });
    expect(both.ok && both.value.orders).toHaveLength(2);
  });

  it('has no cap', async () => {
    const world = started();
    const ids = await bids(world, 300);
    await all(world);
    await world.pump();
    expect(ids.filter((id) => world.order(id).status !== 'cancelled')).toEqual([]);
  });

  it('under a key is about the orders of its first call: what came since stays', async () => {
    const world = started();
    const ids = await bids(world, 2);
    const first = await all(world, { key: 'stop' });
    expect(first).toMatchObject({ ok: true, value: { repeated: false } });
    await world.pump();
    const [later] = await bids(world, 1, 10);
    const again = await all(world, { key: 'stop' });
    if (!again.ok) throw new Error(again.error.message);
    expect(again.value.repeated).toBe(true);
    expect(again.value.orders.map((order) => [order.orderId, order.status]).sort()).toEqual(
      ids.map((id) => [id, 'cancelled']).sort(),
    );
    expect(world.order(later ?? '').status).toBe('open');
    expect(await all(world, { key: 'stop', side: 'sell' })).toMatchObject({
      ok: false,
      error: { code: 'idempotency_mismatch' },
    });
  });

  it('whose first call died half way is finished by its repeat', async () => {
    const world = started();
    const ids = await bids(world, 3);
    const commit = world.ledger.commit.bind(world.ledger);
    let commits = 0;
    world.ledger.commit = async (change) => {
      commits += 1;
      if (commits > 1) throw new Error('died');
      return commit(change);
    };
    await expect(all(world, { key: 'stop' })).rejects.toThrow('died');
    world.ledger.commit = commit;
    await all(world, { key: 'stop' });
    await world.pump();
    for (const id of ids) expect(world.order(id).status).toBe('cancelled');
  });

  it('takes with it what has taken an order’s place meanwhile', async () => {
    const world = started();
    const [id = ''] = await bids(world, 1);
    await amend(world, id, '41000', 'a');
    // The list was read before the old order was settled.
    const orders = world.ledger.orders.bind(world.ledger);
    let isFirst = true;
    world.ledger.orders = async (wanted) => {
      const read = await orders(wanted);
      if (isFirst) {
        isFirst = false;
        await world.pump();
      }
      return read;
    };
    const answer = await all(world);
    const heirId = world.order(id).replacedBy ?? '';
    expect(answer.ok && answer.value.orders.map((order) => order.orderId)).toEqual([id, heirId]);
    await world.pump();
    expect(world.order(heirId).status).toBe('cancelled');
  });

  it('says which could not be cancelled, and why', async () => {
    const world = started();
    const [first = '', second = ''] = await bids(world, 2);
    const orders = world.ledger.orders.bind(world.ledger);
    let isFirst = true;
    world.ledger.orders = async (wanted) => {
      const read = await orders(wanted);
      if (isFirst) {
        isFirst = false;
        await world.venue.trade(`mq${first}-1`, d('1'), d('40000'));
        await world.pump();
      }
      return read;
    };
    const answer = await all(world);
    expect(answer).toMatchObject({
      ok: true,
      value: {
        orders: [
          { orderId: first, status: 'filled' },
          { orderId: second, status: 'cancelling' },
        ],
        refused: [{ orderId: first, refusal: { code: 'already_final' } }],
      },
    });
  });
});
