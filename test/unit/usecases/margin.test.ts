/** Positions on margin through the whole system in memory: their liquidation is a level like any other, and comes once. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { possibleMembers } from '../../../shared/usecases/arm-levels.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { BTC, WALLET, World } from '../../support/fakes/world.ts';
import { newPosition } from '../domain/builders.ts';

const d = (text: string) => new Decimal(text);
const SHORT = {
  side: 'sell',
  positionSide: 'short',
  leverage: 10,
} as const satisfies Partial<PlaceOrderCommand>;

function lendingWorld(): World {
  const world = new World();
  const wallet = world.wallets.items.get(WALLET);
  if (wallet?.demo == null) throw new Error('no demo wallet');
  world.wallets.items.set(WALLET, { ...wallet, demo: { ...wallet.demo, maxLeverage: 10 } });
  return world;
}
async function at(world: World, ...prices: readonly string[]): Promise<void> {
  for (const price of prices) {
    world.now += 1_000;
    world.tick(price);
    await world.pump();
  }
}
const levels = async (world: World) =>
  (await world.index.levels(BTC)).map(({ member }) => member.slice(member.indexOf('|') + 1)).toSorted();
const actionsOf = (world: World, { positionId }: Position) =>
  (world.ledger.actionItems.get(positionId) ?? []).map(({ kind }) => kind);

describe('a position on margin', () => {
  it('has its liquidation armed without being asked for, and nothing left of it at the end', async () => {
    const world = lendingWorld();
    const position = await world.openPosition({}, SHORT);
    expect(await levels(world)).toEqual(['liquidation']);
    await at(world, '54671.95');
    expect(world.position(position.positionId).status).toBe('open');
    await at(world, '54671.96');
    const gone = world.position(position.positionId);
    expect(gone).toMatchObject({ status: 'liquidated', exitCause: 'liquidation', side: 'short' });
    // 0.5 x (50,000 - 54,671.96) - 25 - 27.33598
    expect(gone.realizedPnl.toFixed()).toBe('-2388.31598');
    expect(gone.flatten?.trigger).toMatchObject({ levelName: 'liquidation', tickId: world.tickId });
    expect(await levels(world)).toEqual([]);
    expect(actionsOf(world, gone)).toEqual(expect.arrayContaining(['exit_claimed', 'closed']));
    const [exit] = world.venue.placed.slice(-1);
    const margin = { positionId: gone.positionId, side: 'short', leverage: 10 };
    expect(world.venue.placed[0]?.margin).toEqual({ ...margin, closes: false });
    expect(exit).toMatchObject({ side: 'buy', margin: { ...margin, closes: true } });
    expect(world.errors()).toEqual([]);
    await at(world, '54000');
    await world.pass(7);
    expect(await world.ledger.due(0, world.now + 600_000, 10)).toEqual([]);
  });

  it('keeps its liquidation when all else is taken away, and closes by whatever comes first', async () => {
    const world = lendingWorld();
    const { positionId } = await world.openPosition({ stopLoss: { price: d('52000') } }, SHORT);
    expect(await levels(world)).toEqual(['liquidation', 'stop_loss']);
    const change = { stopLoss: null };
    await world.useCases.changeProtection({ userId: 'user-1', positionId, change });
    await world.pump();
    expect(await levels(world)).toEqual(['liquidation']);
    await at(world, '53000');
    expect(world.position(positionId).status).toBe('open');
    await world.useCases.changeProtection({
      ...{ userId: 'user-1', positionId, change: { stopLoss: { price: d('54000') } } },
    });
    await world.pump();
    await at(world, '56000');
    // A jump over both: either closes the whole, once.
    expect(world.exitsOf(positionId)).toHaveLength(1);
    expect(['closed', 'liquidated']).toContain(world.position(positionId).status);
  });

  it('does not wait for a stop that is to be confirmed', async () => {
    const world = lendingWorld();
    const delayed = { stopLoss: { price: d('54000') }, confirmSeconds: 60, confirmMaxPercent: d('3') };
    const { positionId } = await world.openPosition(delayed, SHORT);
    await at(world, '54100');
    expect(world.position(positionId)).toMatchObject({ status: 'open', confirming: [{}] });
    await at(world, '54680');
    expect(world.position(positionId)).toMatchObject({ status: 'liquidated', confirming: [] });
  });

  it('is found by the rebuild when the price was beyond it while the index was away', async () => {
    const world = lendingWorld();
    const { positionId } = await world.openPosition({}, { leverage: 10 });
    await at(world, '49000');
    world.index.flush();
    await at(world, '45000', '45500', '45500');
    await world.pass(5);
    const gone = world.position(positionId);
    expect(gone).toMatchObject({ status: 'liquidated', flatten: { trigger: { cause: 'rebuilt' } } });
    expect(gone.flatten?.trigger?.level.toFixed()).toBe('45271.63');
  });

  it('is not liquidated by a price from before the fill that moved it there', async () => {
    const world = lendingWorld();
    world.tick('45000');
    const order = await world.place({ ...SHORT, type: 'limit', limitPrice: d('50000'), quantity: d('1') });
    await world.pump();
    const clientId = world.venue.placed[0]?.clientId ?? '';
    await world.venue.trade(clientId, d('0.1'), d('50000'));
    await world.pump();
    await at(world, '49999', '46000');
    // Far beyond where the liquidation comes to lie with the next fill: 45,500 x 11 / 10 / 1.006.
    await world.venue.trade(clientId, d('0.9'), d('45000'));
    await world.pump();
    world.index.flush();
    await at(world, '46000', '46001');
    await world.pass(5);
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', flatten: null });
    expect(await levels(world)).toEqual(['liquidation']);
    await at(world, '49751.49');
    expect(world.position(order.positionId)).toMatchObject({ status: 'liquidated' });
  });

  it('leaves the index whole, though no arming of it is noted: a fill has just moved it', () => {
    const p = newPosition('sell', {}, { leverage: 10, maintenanceRate: d('0.005'), feeRate: d('0.001') });
    expect(possibleMembers(p)).toContain(`${p.positionId}|liquidation`);
    expect(possibleMembers(newPosition())).not.toContain(`${p.positionId}|liquidation`);
  });

  it('that is closed by hand in the moment of its liquidation is closed once', async () => {
    const world = lendingWorld();
    const { positionId } = await world.openPosition({}, SHORT);
    world.tick('54700');
    const close = { userId: 'user-1', positionId, quantity: null, idempotencyKey: 'out' };
    const closing = world.useCases.closePosition(close);
    await Promise.all([closing, world.pump()]);
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
    const { status, quantity, exitQuantity } = world.position(positionId);
    expect(['closed', 'liquidated']).toContain(status);
    expect([quantity.toFixed(), exitQuantity.toFixed()]).toEqual(['0', '0.5']);
  });
});
