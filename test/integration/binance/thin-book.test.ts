/** A market exit that the exchange ends half-way is finished by the ladder: the real client and the simulator. */
import { afterEach, describe, expect, it } from 'vitest';
import { Decimal, sum } from '../../../shared/domain/money/decimal.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { startWorldBench, type WorldBench } from './world-bench.ts';

const d = (text: string) => new Decimal(text);
const DEEP = { spreadTicks: 1, levels: 20, levelNotional: '100000', stepTicks: 1 };
/** 0.01 BTC in all, at 49,000. */
const THIN = { ...DEEP, levels: 1, levelNotional: '490' };

let at: WorldBench;
afterEach(() => at.bench.stop());

/** 0.04 less the fee in base: 0.03996 are held. */
async function bought(): Promise<Position> {
  const { world, useCases } = at;
  const protection = { stopLoss: { price: d('49000') } };
  const placed = await useCases.placeOrder(world.command({ quantity: d('0.04'), protection }));
  if (!placed.ok) throw new Error(placed.error.message);
  await world.pump();
  return world.position(placed.value.order.positionId);
}

const exits = (positionId: string) =>
  at.world.exitsOf(positionId).toSorted((a, b) => a.createdAt - b.createdAt);
const reasons = (): readonly unknown[] =>
  at.bench.simulator.exchange.books(1001).orders.flatMap(({ expiryReason }) => expiryReason ?? []);

/** All of it once, by orders of its own, with the stop's cause. */
function expectSold(positionId: string): void {
  const p = at.world.position(positionId);
  expect(p).toMatchObject({ status: 'closed', exitCause: 'stop_loss', liveExits: [], dust: null });
  expect(p.exitQuantity.toFixed()).toBe('0.03996');
  expect(sum(exits(positionId).map(({ filledQuantity }) => filledQuantity)).toFixed()).toBe('0.03996');
}

describe('a stop whose market exit ends half-way', () => {
  it('on a thin book goes on in smaller parts, until all is sold', async () => {
    at = await startWorldBench({ exchange: { book: DEEP } });
    const { world, bench, price } = at;
    const { positionId } = await bought();
    bench.simulator.exchange.setBook('BTCUSDT', THIN);
    price('48999');
    await world.pump();
    const [first] = exits(positionId);
    expect(first).toMatchObject({ status: 'expired' });
    expect(first?.filledQuantity.greaterThan(0)).toBe(true);
    expect(first?.filledQuantity.lessThan('0.03996')).toBe(true);
    expect(world.position(positionId).status).toBe('closing');
    // Each new price brings the same thin book again.
    for (let second = 0; second < 60; second += 1) {
      price(second % 2 === 0 ? '48998' : '48999');
      await world.pass(1);
    }
    expect(exits(positionId).length).toBeGreaterThan(2);
    expectSold(positionId);
  });

  it('by the price range rule goes on where the range is by then', async () => {
    const priceRanges = { BTCUSDT: { askLimitMultDown: '0.9999' } };
    // 0.01 BTC each 4.80 below the one before: the third level is outside.
    const book = { spreadTicks: 1, levels: 20, levelNotional: '490', stepTicks: 240 };
    at = await startWorldBench({ exchange: { book: DEEP, priceRanges } });
    const { world, bench, price } = at;
    const { positionId } = await bought();
    bench.simulator.exchange.setBook('BTCUSDT', book);
    price('48999');
    await world.pump();
    const [first] = exits(positionId);
    expect(first).toMatchObject({ status: 'expired' });
    expect(first?.filledQuantity.greaterThan(0)).toBe(true);
    expect(reasons()).toContain('EXECUTION_RULE_PRICE_RANGE_EXCEEDED');
    for (let second = 0; second < 30; second += 1) {
      price(second % 2 === 0 ? '48990' : '48995');
      await world.pass(1);
    }
    expectSold(positionId);
  });
});
