/** Hits that do nothing are on the position's timeline, with the price that was not acted upon, and do not flood it. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);
const stop = (price: string) => ({ stopLoss: { price: d(price) } });
const told = async (world: World, positionId: string, kind: string) =>
  (await world.ledger.actions(positionId)).filter((action) => action.kind === kind);

/** Reaches the stop, and moves it away before anybody has looked at the hit. */
async function staleHit(world: World, positionId: string, price: string, next: string): Promise<void> {
  world.tick(price);
  world.outbox.take();
  world.tick('50000');
  world.outbox.take();
  await world.useCases.changeProtection({ userId: USER, positionId, change: stop(next) });
  world.now += 2_000;
  await world.pass(1);
}

describe('a hit that comes twice', () => {
  /** What the evaluators are given once more, as after one that died before it could say that it was done. */
  async function twice(protection: Partial<Protection>, price: string) {
    const world = new World();
    const { positionId } = await world.openPosition(protection);
    world.tick(price);
    const hits = await world.index.takeHits(BTC, 25, world.now, 2_000);
    const again = world.index.takeHits.bind(world.index);
    let left = 2;
    world.index.takeHits = async (...of) => {
      left -= 1;
      return left < 0 ? again(...of) : hits;
    };
    await world.pump();
    return (await told(world, positionId, 'hit_dropped')).map(({ facts }) => facts['why']);
  }

  it('is dropped as one whose level has done its work', async () => {
    const takeProfits = ['51000', '60000'].map((price) => ({ price: d(price), share: d('0.5') }));
    expect(await twice({ takeProfits }, '51000')).toEqual(['rung_claimed']);
    const breakEven = { activationProfitPercent: d('1'), offsetPercent: d('0') };
    expect(await twice({ breakEven }, '50500')).toEqual(['already_active']);
  });
});

describe('a hit that does nothing', () => {
  it('says why, of which level, and at which price', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    await staleHit(world, positionId, '48900', '48000');
    expect(world.position(positionId).status).toBe('open');
    const [dropped, ...others] = await told(world, positionId, 'hit_dropped');
    expect(others).toEqual([]);
    expect(dropped?.facts).toMatchObject({
      ...{ why: 'stale', level_name: 'stop_loss', level: '49000', price: '48900', source: 'bid' },
      ...{ cause: 'tick', position_status: 'open' },
    });
    expect(Number(dropped?.facts['hit_version'])).toBeLessThan(Number(dropped?.facts['levels_version']));
    expect(dropped?.facts['tick_id']).toMatch(/^\d+$/);
    expect(Number(dropped?.facts['price_age_ms'])).toBeGreaterThanOrEqual(2_000);
  });

  it('because the position is closing already names the cause that was first', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const { positionId } = await world.openPosition({ ...stop('49000'), trailingStop });
    world.tick('40000');
    await world.pump();
    const [dropped] = await told(world, positionId, 'hit_dropped');
    expect(dropped?.facts).toMatchObject({ why: 'already_closing', price: '40000' });
    expect(dropped?.facts['closing_cause']).toBe(world.position(positionId).exitCause);
  });

  it('is told once a minute however often it comes, and again after that', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const begin = world.now;
    for (let i = 0; i < 8; i++)
      await staleHit(world, positionId, `${48_950 - i * 100}`, `${48_900 - i * 100}`);
    expect(world.now - begin).toBeLessThan(60_000);
    expect(await told(world, positionId, 'hit_dropped')).toHaveLength(1);
    world.now += 60_000;
    await staleHit(world, positionId, '48150', '48000');
    expect(await told(world, positionId, 'hit_dropped')).toHaveLength(2);
  });

  it('for want of a confirming price is told once a minute too, and its level is armed anew each time', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const refuse = async (): Promise<void> => {
      world.tick('48900');
      world.outbox.take();
      world.now += 31_000;
      world.tick('50000');
      await world.pass(1);
    };
    await refuse();
    const { levelsVersion } = world.position(positionId);
    expect(await told(world, positionId, 'hit_refused')).toHaveLength(1);
    await refuse();
    expect(world.position(positionId).levelsVersion).toBeGreaterThan(levelsVersion);
    expect(await told(world, positionId, 'hit_refused')).toHaveLength(1);
    await refuse();
    expect(await told(world, positionId, 'hit_refused')).toHaveLength(2);
    // What was not said has changed nothing: the stop still fires.
    world.tick('48990');
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });
});
