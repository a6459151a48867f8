/** A full exit whose coins are not all there follows the usual ladder, and what comes meanwhile is sold at once. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { holding } from '../../support/fakes/short-account.ts';
import { USER, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

/** A limit buy of 0.5 of which 0.2 have filled, at an exchange that has only so much of them. */
async function partlyBought(coins: string) {
  const world = new World({ exchange: {} });
  // No comparison here: nobody books what is gone.
  world.outbox.fate = ({ queue }) => (queue === 'reconcile' ? 'drop' : 'deliver');
  world.tick('50000');
  const entry = await world.place({ type: 'limit', limitPrice: d('49000') });
  await world.pump();
  const clientId = `mq${entry.orderId}-1`;
  await world.venue.trade(clientId, d('0.2'), d('49000'));
  await world.pump();
  const { positionId } = entry;
  const close = async () => {
    const closed = await world.useCases.closePosition({
      ...{ userId: USER, positionId, idempotencyKey: 'close', quantity: null },
    });
    if (!closed.ok) throw new Error(closed.error.message);
  };
  return { world, positionId, clientId, close, account: holding(world, coins) };
}

const sold = (world: World, positionId: string): string => world.position(positionId).exitQuantity.toFixed();

describe('a full exit that lacks coins', () => {
  it('tries the whole after 1, 2 and 4 s, then every 30 s', async () => {
    const { world, positionId, close } = await partlyBought('0');
    await close();
    const at: number[] = [];
    const begun = world.now;
    for (let second = 0; second < 80; second++) {
      const before = world.exitsOf(positionId).length;
      await world.pass(1);
      for (let n = before; n < world.exitsOf(positionId).length; n++) at.push((world.now - begun) / 1_000);
    }
    // Each is found by the first sweep that it is half a second late for.
    expect(at).toEqual([3, 6, 11, 42, 73]);
  });

  it('sells what a late fill of its entry brings at once', async () => {
    const { world, positionId, clientId, close, account } = await partlyBought('0');
    const cancel = world.venue.cancelOrder.bind(world.venue);
    // The entry is not cancelled yet.
    world.venue.cancelOrder = async () => ({ kind: 'unknown', message: 'away' });
    await close();
    await world.pass(12);
    expect(sold(world, positionId)).toBe('0');
    expect(world.position(positionId).flatten?.step).toBeGreaterThan(3);
    account.free = d('0.1');
    await world.venue.trade(clientId, d('0.1'), d('49000'));
    await world.pump();
    expect(sold(world, positionId)).toBe('0.1');
    world.venue.cancelOrder = cancel;
  });

  it('sells coins once that the account showed before the report of their fill was booked', async () => {
    const { world, positionId, clientId, close, account } = await partlyBought('0.1');
    world.venue.cancelOrder = async () => ({ kind: 'unknown', message: 'away' });
    await world.venue.trade(clientId, d('0.1'), d('49000'));
    const late = world.outbox.take();
    world.now += 200;
    await close();
    await world.pump();
    expect(account.looks).toBe(1);
    for (const sent of late) await world.deliver(sent);
    await world.pump();
    expect(world.position(positionId).quantity.toFixed()).toBe('0.2');
    const exits = world.exitsOf(positionId).map(({ status, quantity }) => `${status} ${quantity.toFixed()}`);
    expect(exits.toSorted()).toEqual(['filled 0.1', 'rejected 0.2']);
    expect(world.position(positionId).flatten?.shortage?.free.toFixed()).toBe('0');
  });
});
