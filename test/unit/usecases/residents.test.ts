/** Resident protection through the use cases: placed, grown, tightened, first right, taken over, refused (design section 9). */
import { describe, expect, it } from 'vitest';
import { sum } from '../../../shared/domain/money/decimal.ts';
import type { Order, Protection } from '../../../shared/domain/types.ts';
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
