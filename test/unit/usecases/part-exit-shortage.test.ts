/**
 * A part exit that the exchange refused for want of coins is owed until one order has taken its place or it was decided
 * that none does, whoever dies between, however often it is taken up.
 */
import { describe, expect, it } from 'vitest';
import { owesOnlyFigures } from '../../../shared/domain/due.ts';
import { Decimal, sum } from '../../../shared/domain/money/decimal.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { VenueUnavailableError } from '../../../shared/ports/venue.ts';
import { type CrashPlan, dying } from '../../support/fakes/crash.ts';
import { holding } from '../../support/fakes/short-account.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);

/** 0.5 are held, the account has 0.2 of them, and 0.3 are to be closed: the order of it is on its queue. */
async function closingPart(coins = '0.2') {
  const world = new World({ exchange: {} });
  // No comparison here: nobody books what is gone.
  world.outbox.fate = ({ queue }) => (queue === 'reconcile' ? 'drop' : 'deliver');
  const { positionId } = await world.openPosition();
  const account = holding(world, coins);
  const closed = await world.useCases.closePosition({
    ...{ userId: USER, positionId, idempotencyKey: 'part', quantity: d('0.3') },
  });
  if (!closed.ok) throw new Error(closed.error.message);
  return { world, positionId, account };
}

const exits = (world: World, positionId: string): readonly string[] =>
  world.exitsOf(positionId).map(({ status, quantity }) => `${status} ${quantity.toFixed()}`);
const refusedOf = (world: World, positionId: string): Order => {
  const refused = world.exitsOf(positionId).find(({ status }) => status === 'rejected');
  if (refused === undefined) throw new Error('none was refused');
  return refused;
};
const owed = async (world: World): Promise<readonly string[]> =>
  (await world.ledger.due(0, world.now + 3_600_000, 10))
    .map(({ id }) => id)
    .filter((id) => !isForFigures(world, id));

/** What a position keeps of the tape is nobody's exit. */
function isForFigures(world: World, id: string): boolean {
  const position = world.ledger.positionItems.get(id);
  return position !== undefined && owesOnlyFigures(position, world.now);
}

/** Works the queue by a process that dies at one call; answers whether it did. What it was given is lost. */
async function workDying(world: World, plan: CrashPlan): Promise<boolean> {
  const doomed = dying(world.ports, plan);
  world.workers = makeUseCases(doomed.ports, { monitorEnabled: true });
  for (const sent of world.outbox.take()) await world.deliver(sent);
  world.workers = world.useCases;
  return doomed.calls() >= plan.at;
}

async function check(world: World, positionId: string): Promise<void> {
  expect(exits(world, positionId).toSorted()).toEqual(['filled 0.2', 'rejected 0.3']);
  expect(world.venue.placed.filter(({ side }) => side === 'sell')).toHaveLength(1);
  const instead = world.exitsOf(positionId).find(({ status }) => status === 'filled');
  const refused = refusedOf(world, positionId);
  expect([refused.replacedBy, instead?.replaces]).toEqual([instead?.orderId, refused.orderId]);
  const position = world.position(positionId);
  expect(position).toMatchObject({ status: 'open', liveExits: [] });
  expect(position.quantity.toFixed()).toBe('0.3');
  expect(await owed(world)).not.toContain(refused.orderId);
}

describe('a part exit that was refused for want of coins', () => {
  for (const when of ['before', 'after'] as const) {
    it(`has one order in its place, though the process dies ${when} any of its calls`, async () => {
      let dead = 0;
      for (let at = 1; at < 60; at++) {
        const { world, positionId } = await closingPart();
        const died = await workDying(world, { at, when });
        await world.pass(60);
        await check(world, positionId);
        if (!died) break;
        dead += 1;
      }
      expect(dead).toBeGreaterThan(8);
    });
  }

  it('is due work from the refusal on, and the sweep takes it up', async () => {
    const { world, positionId, account } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new Error('killed'));
    for (const sent of world.outbox.take()) await world.deliver(sent);
    const refused = refusedOf(world, positionId);
    expect([refused.replacedBy, account.looks]).toEqual([null, 0]);
    expect(refused.dueAt).toBe(refused.updatedAt + 2_000);
    world.venue.balances = balances;
    await world.pass(4);
    await check(world, positionId);
  });

  it('waits, further and further apart, while the account cannot be asked', async () => {
    const { world, positionId } = await closingPart();
    const balances = world.venue.balances;
    let asked = 0;
    world.venue.balances = async () => {
      asked += 1;
      throw new VenueUnavailableError('away');
    };
    await world.pass(120);
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(12);
    expect(exits(world, positionId)).toEqual(['rejected 0.3']);
    world.venue.balances = balances;
    await world.pass(61);
    await check(world, positionId);
  });

  it('has one, however often it is taken up, also at once', async () => {
    const { world, positionId } = await closingPart();
    world.outbox.fate = ({ queue }) => (queue === 'reconcile' ? 'drop' : 'double');
    await world.pump();
    const pointer = { orderId: refusedOf(world, positionId).orderId };
    await Promise.all([world.useCases.advance(pointer), world.useCases.advance(pointer)]);
    await world.pass(10);
    await check(world, positionId);
  });

  it('and is taken up by two at once, has one', async () => {
    const { world, positionId } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new Error('killed'));
    for (const sent of world.outbox.take()) await world.deliver(sent);
    world.venue.balances = balances;
    const pointer = { orderId: refusedOf(world, positionId).orderId };
    await Promise.all([world.useCases.advance(pointer), world.useCases.advance(pointer)]);
    await world.pass(10);
    await check(world, positionId);
  });

  it('is made once more, whole, where the coins are there when the account is asked', async () => {
    const { world, positionId, account } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new Error('killed'));
    for (const sent of world.outbox.take()) await world.deliver(sent);
    account.free = d('0.5');
    world.venue.balances = balances;
    await world.pass(10);
    expect(exits(world, positionId).toSorted()).toEqual(['filled 0.3', 'rejected 0.3']);
    expect(sum(world.exitsOf(positionId).map((o) => o.filledQuantity)).toFixed()).toBe('0.3');
  });

  it.each([
    ['nothing is there', '0'],
    ['what is there is below the minimum', '0.00001'],
  ])('is decided, and owed no more, where %s', async (_, coins) => {
    const { world, positionId, account } = await closingPart(coins);
    await world.pass(20);
    expect(exits(world, positionId)).toEqual(['rejected 0.3']);
    expect(account.looks).toBe(1);
    expect(await owed(world)).toEqual([]);
    const actions = await world.ledger.actions(positionId);
    expect(actions.filter(({ kind }) => kind === 'exit_short_of_funds')).toHaveLength(1);
  });

  it('is owed no more once its position is being closed: that sells what is there', async () => {
    const { world, positionId } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new VenueUnavailableError('away'));
    for (const sent of world.outbox.take()) await world.deliver(sent);
    const { orderId } = refusedOf(world, positionId);
    const closed = await world.useCases.closePosition({
      ...{ userId: USER, positionId, idempotencyKey: 'whole', quantity: null },
    });
    expect(closed.ok).toBe(true);
    world.venue.balances = balances;
    await world.pass(20);
    expect(await owed(world)).not.toContain(orderId);
    expect(world.order(orderId).replacedBy).toBeNull();
    expect(world.position(positionId).exitQuantity.toFixed()).toBe('0.2');
  });

  it('is owed no more once its position is closed, though its wallet was deleted since', async () => {
    const { world, positionId, account } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new VenueUnavailableError('away'));
    for (const sent of world.outbox.take()) await world.deliver(sent);
    const { orderId } = refusedOf(world, positionId);
    // The coins are there again and all of them are sold, before anybody looks at the refused order.
    world.venue.balances = balances;
    account.free = d('0.5');
    const closed = await world.useCases.closePosition({
      ...{ userId: USER, positionId, idempotencyKey: 'whole', quantity: null },
    });
    expect(closed.ok).toBe(true);
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
    const deleted = await world.useCases.wallets.delete({ userId: USER, walletId: WALLET });
    expect(deleted.ok).toBe(true);
    world.venue.unusable = 'the wallet is deleted';
    expect(await owed(world)).toEqual([orderId]);

    await world.pass(10);
    expect(await owed(world)).toEqual([]);
    expect(world.order(orderId)).toMatchObject({ status: 'rejected', shortSince: null, replacedBy: null });
    expect(account.looks).toBe(0);
    expect(world.logs.map(({ code }) => code)).not.toContain('WALLET_UNUSABLE');
  });

  it('does not ask the account for a position that was closed without a full exit', async () => {
    const { world, positionId, account } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new VenueUnavailableError('away'));
    for (const sent of world.outbox.take()) await world.deliver(sent);
    const { orderId } = refusedOf(world, positionId);
    world.venue.balances = balances;
    account.free = d('0.5');
    const rest = await world.useCases.closePosition({
      ...{ userId: USER, positionId, idempotencyKey: 'rest', quantity: d('0.5') },
    });
    expect(rest.ok).toBe(true);
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', flatten: null });
    await world.pass(10);
    expect([world.order(orderId).shortSince, account.looks]).toEqual([null, 0]);
    expect(await owed(world)).toEqual([]);
  });

  it('has none where its cancel was wanted before the refusal came', async () => {
    const { world, positionId } = await closingPart();
    const place = world.venue.placeOrder.bind(world.venue);
    world.venue.placeOrder = async (request) => {
      const answer = await place(request);
      const [{ orderId } = { orderId: '' }] = world.exitsOf(positionId);
      expect((await world.useCases.cancelOrder({ userId: USER, orderId })).ok).toBe(true);
      return answer;
    };
    await world.pass(120);
    expect(exits(world, positionId)).toEqual(['rejected 0.3']);
    expect(await owed(world)).toEqual([]);
  });

  it('has none where its cancel is wanted while one is owed, and no cancel says that nothing was left', async () => {
    const { world, positionId } = await closingPart();
    const balances = world.venue.balances;
    world.venue.balances = async () => Promise.reject(new VenueUnavailableError('away'));
    await world.pass(4);
    const { orderId } = refusedOf(world, positionId);
    const command = { userId: USER, orderId, idempotencyKey: 'cancel' };
    const cancelled = await world.useCases.cancelOrder(command);
    expect(cancelled).toMatchObject({ ok: true, value: { status: 'rejected', shortSince: null } });
    world.venue.balances = balances;
    await world.pass(120);
    expect(exits(world, positionId)).toEqual(['rejected 0.3']);
    expect(await owed(world)).toEqual([]);
    expect(world.order(orderId).statusHistory.at(-1)).toMatchObject({ status: 'rejected', cause: 'api' });
    expect((await world.useCases.cancelOrder(command)).ok).toBe(true);
    const late = await world.useCases.cancelOrder({ userId: USER, orderId });
    expect(late).toMatchObject({ ok: false, error: { code: 'already_final' } });
  });
});
