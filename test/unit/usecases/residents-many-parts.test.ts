/** Many parts that wait for one resident order: more than a transaction of the store takes. */
import { describe, expect, it } from 'vitest';
import { sum } from '../../../shared/domain/money/decimal.ts';
import { isFinal } from '../../../shared/domain/orders.ts';
import type { ResidentMode } from '../../../shared/domain/types.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const PARTS = 130;

/** So many sells are placed before the resident order's cancel is on its way. */
async function withParts(limitPrice: number) {
  const world = new World({ exchange: {} });
  const { positionId } = await world.openPosition({ stopLoss: { price: d(49_000) }, resident: 'stop' });
  const over = { side: 'sell', type: 'limit', limitPrice: d(limitPrice), positionId } as const;
  for (let n = 0; n < PARTS; n++) {
    const command = world.command({ ...over, quantity: d('0.002'), idempotencyKey: `sell ${n}` });
    expect((await world.useCases.placeOrder(command)).ok).toBe(true);
  }
  return { world, positionId };
}

describe('many parts that wait for the resident order', () => {
  it.each<ResidentMode>(['stop', 'none'])('are all sent once it has given way (%s)', async (resident) => {
    const { world, positionId } = await withParts(51_000);
    expect(
      (await world.useCases.changeProtection({ userId: USER, positionId, change: { resident } })).ok,
    ).toBe(true);
    await world.pump();
    await world.pass(12);
    const p = world.position(positionId);
    expect(p.liveExits.filter(({ waits }) => waits !== null)).toEqual([]);
    const sells = world.exitsOf(positionId).filter((one) => one.type === 'limit');
    expect(new Set(sells.map(({ status }) => status))).toEqual(new Set(['open']));
    expect(sum(p.liveExits.map(({ reserved }) => reserved)).lessThanOrEqualTo(p.quantity)).toBe(true);
    const rests = world.exitsOf(positionId).filter((one) => one.type === 'stop_loss' && !isFinal(one.status));
    expect(rests.map(({ quantity }) => quantity.toFixed())).toEqual(resident === 'stop' ? ['0.24'] : []);
    // Nothing was put back at the venue between two of its transactions.
    expect(world.venue.placed.filter(({ type }) => type === 'stop_loss')).toHaveLength(
      resident === 'stop' ? 2 : 1,
    );
  });
});
