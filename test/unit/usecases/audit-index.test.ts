/** The trigger index against the ledger: levels of nobody go, levels that went come back (design section 10). */
import { describe, expect, it } from 'vitest';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';

const STOP = { stopLoss: { price: decimal('49000') } };
const audit = (world: World) => world.useCases.reconcile.auditIndex();
const membersOf = async (world: World) => (await world.index.levels(BTC)).map(({ member }) => member).sort();

/** Two positions at 50,000 and an order that rests, all of them armed a while ago. */
async function watched() {
  const world = new World();
  const { positionId } = await world.openPosition(STOP);
  const closed = await world.openPosition(STOP, { idempotencyKey: 'closed' });
  await world.place({ type: 'limit', limitPrice: decimal('40000'), idempotencyKey: 'rests' });
  await world.pump();
  await world.pass(60);
  return { world, positionId, closedId: closed.positionId, before: await membersOf(world) };
}

describe('the audit of the index', () => {
  it('finds nothing where all is as it is noted, and looks once in five minutes', async () => {
    const { world, before } = await watched();
    expect(before).toHaveLength(3);
    expect(await audit(world)).toEqual({ symbols: 1, strays: 0, missing: 0 });
    expect(await audit(world)).toEqual({ symbols: 0, strays: 0, missing: 0 });
    await world.pass(301);
    expect(await audit(world)).toEqual({ symbols: 1, strays: 0, missing: 0 });
    expect(await membersOf(world)).toEqual(before);
  });

  it('arms again what is gone, which acts then', async () => {
    const { world, positionId, before } = await watched();
    const lost = before.map((member) => ({ member, version: 1_000 }));
    await world.index.arm(BTC, [], lost, world.now);
    expect(await membersOf(world)).toEqual([]);
    expect(await audit(world)).toEqual({ symbols: 1, strays: 0, missing: 3 });
    expect(await membersOf(world)).toEqual(before);
    world.tick('48990');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('goes on with the peak that a trailing stop had come to', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: decimal('1') }, activationPrice: null };
    const { positionId } = await world.openPosition({ trailingStop });
    for (const price of ['52000', '51600']) {
      await world.pass(20);
      world.tick(price);
      await world.pump();
    }
    await world.pass(20);
    await world.index.arm(BTC, [], [{ member: `${positionId}|trailing_stop`, version: 1_000 }], world.now);
    expect(await audit(world)).toEqual({ symbols: 1, strays: 0, missing: 1 });
    world.tick('51480.01');
    await world.pump();
    expect(world.position(positionId).status).toBe('open');
    world.tick('51480');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('takes out what belongs to a position that is closed', async () => {
    const { world, closedId, before } = await watched();
    const levels = await world.index.levels(BTC);
    await world.useCases.closePosition({
      ...{ userId: USER, positionId: closedId, quantity: null, idempotencyKey: 'close' },
    });
    await world.pump();
    const stray = levels.filter(({ member }) => member.startsWith(closedId));
    await world.index.arm(BTC, stray, [], world.now);
    // What was written a moment ago is on its way.
    expect(await audit(world)).toMatchObject({ strays: 0 });
    await world.pass(301);
    expect(await audit(world)).toEqual({ symbols: 1, strays: 1, missing: 0 });
    expect(await membersOf(world)).toEqual(before.filter((member) => !member.startsWith(closedId)));
  });

  it('leaves an index alone that is to be built anew', async () => {
    const { world } = await watched();
    world.index.flush();
    expect(await audit(world)).toEqual({ symbols: 1, strays: 0, missing: 0 });
  });
});
