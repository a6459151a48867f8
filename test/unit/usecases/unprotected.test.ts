/** Unprotected seconds of a position as the running system writes, shows and measures them (design sections 9, 18). */
import { describe, expect, it } from 'vitest';
import { makeMeasurePositions } from '../../../shared/usecases/measure-positions.ts';
import { makeReadPositions } from '../../../shared/usecases/views/read-positions.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const STOP = { stopLoss: { price: d(49_000) } };

async function shown(world: World, positionId: string) {
  const view = await makeReadPositions(world.ports).get(USER, positionId);
  const { unprotected_seconds, unprotected_since, unknown_seconds } = view?.risk_management ?? {};
  return { unprotected_seconds, unprotected_since, unknown_seconds };
}

const nothing = { unprotected_seconds: 0, unprotected_since: null, unknown_seconds: 0 };

describe('a position without protection', () => {
  it('counts while the index is lost at its entry, is alarmed, and stops when its levels are noted', async () => {
    const world = new World();
    world.tick('50000');
    world.index.flush();
    const { positionId } = await world.place({ protection: STOP });
    // Nobody rebuilds the index.
    const rebuildSymbol = world.workers.rebuildSymbol;
    world.workers = { ...world.workers, rebuildSymbol: () => Promise.reject(new Error('away')) };
    await world.pump();
    const since = new Date(world.now).toISOString();
    await world.pass(10);
    expect(await shown(world, positionId)).toEqual({
      unprotected_seconds: 10,
      unprotected_since: since,
      unknown_seconds: 0,
    });
    const measure = makeMeasurePositions(world.ports);
    expect(await measure()).toMatchObject({ unprotected: 0 });
    await world.pass(20);
    expect(await measure()).toMatchObject({ unprotected: 1, longestUnprotectedSeconds: 30 });
    expect(world.logs).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'POSITIONS_UNPROTECTED' }),
    );
    world.workers = { ...world.workers, rebuildSymbol };
    await world.pass(70);
    const after = await shown(world, positionId);
    expect(after.unprotected_since).toBeNull();
    await world.pass(20);
    expect(await shown(world, positionId)).toEqual(after);
    expect(await measure()).toMatchObject({ unprotected: 0, longestUnprotectedSeconds: 0 });
    expect(world.counters.values.get('positions:unprotected')).toBe('0');
  });

  it('is told of those that there was time for, and each minute begins with others', async () => {
    const world = new World();
    const { positionId } = await world.openPosition({ stopLoss: { price: d('35000') } });
    const { unprotected } = world.position(positionId);
    const bare = {
      ...world.position(positionId),
      unprotected: { ...unprotected, since: world.now - 40_000 },
    };
    const looked: string[] = [];
    const symbols = ['A/USDT', 'B/USDT', 'C/USDT', 'D/USDT', 'E/USDT'];
    const ledger = Object.assign(Object.create(world.ledger), {
      liveSymbols: async () => symbols,
      livePositionIds: async (symbol: string) => {
        looked.push(symbol);
        return [positionId];
      },
      liveOrderIds: async () => [],
      // There is time for one symbol.
      positions: async () => {
        world.now += 21_000;
        return [bare];
      },
    });
    const measure = makeMeasurePositions({ ...world.ports, ledger });
    const firsts = new Set<string>();
    for (let minute = 0; minute < 12; minute++) {
      world.now += 39_000;
      looked.length = 0;
      const measured = await measure();
      expect(measured).toEqual({
        isWhole: false,
        unprotected: 1,
        longestUnprotectedSeconds: expect.any(Number),
      });
      firsts.add(looked[0] ?? '');
    }
    expect([...firsts].sort()).toEqual(symbols);
    // Sums of a part are no figure.
    expect(world.counters.values.has('om:positions_open')).toBe(false);
  });

  it('counts from the fill that it holds something by again', async () => {
    const world = new World();
    const { positionId } = await world.openPosition({ stopLoss: { price: d('35000') } });
    const add = { idempotencyKey: 'add', positionId, positionEffect: 'open' } as const;
    const order = await world.place({ ...add, type: 'limit', limitPrice: d('40000') });
    await world.pump();
    await world.place({ idempotencyKey: 'sell', side: 'sell', positionId, quantity: d('0.5') });
    await world.pump();
    const { ms } = world.position(positionId).unprotected;
    await world.venue.trade(`mq${order.orderId}-1`, d('0.5'), d('40000'));
    // Its news takes three seconds.
    world.now += 3_000;
    await world.pump();
    expect(world.position(positionId).unprotected.ms - ms).toBe(3_000);
  });

  it('counts nothing in the ordinary course of things', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const { positionId } = await world.openPosition({ ...STOP, trailingStop });
    await world.pass(70);
    await world.useCases.changeProtection({
      userId: USER,
      positionId,
      change: { stopLoss: { price: d(49_200) } },
    });
    await world.pump();
    world.tick('49300');
    await world.pump();
    await world.pass(5);
    expect(world.position(positionId).status).toBe('closed');
    expect(await shown(world, positionId)).toEqual(nothing);
  });

  it('counts a close whose step nobody takes, also where a sweep puts it off at last', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(STOP);
    world.venue.faults = ['lost_before'];
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'a' });
    // No message comes, and no sweep.
    world.outbox.take();
    const dueAt = world.position(positionId).dueAt ?? 0;
    world.now = dueAt + 9_000;
    const seen = await shown(world, positionId);
    expect(seen).toMatchObject({
      unprotected_seconds: 7,
      unprotected_since: new Date(dueAt + 2_000).toISOString(),
    });
    await world.useCases.sweep({ shard: 0, second: Math.floor(world.now / 1000) });
    world.outbox.take();
    expect(world.position(positionId).dueAt).toBeGreaterThan(world.now);
    expect(await shown(world, positionId)).toMatchObject({ unprotected_seconds: 7, unprotected_since: null });
    await world.pass(40);
    expect(world.position(positionId).status).toBe('closed');
    expect(await shown(world, positionId)).toMatchObject({ unprotected_seconds: 7 });
  });

  it('counts apart how long it is not known what became of its resident order', async () => {
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition({ ...STOP, resident: 'stop' });
    await world.pass(3);
    world.venue.faults = ['lost_before'];
    const change = { stopLoss: { price: d(48_500) } };
    await world.useCases.changeProtection({ userId: USER, positionId, change });
    await world.pass(8);
    const { unknown_seconds: live, ...bare } = await shown(world, positionId);
    expect(live).toBeGreaterThan(2);
    expect(bare).toMatchObject({ unprotected_seconds: 0, unprotected_since: null });
    await world.pass(60);
    const { unknown_seconds: known } = await shown(world, positionId);
    expect(known).toBeGreaterThan(live ?? 0);
    await world.pass(30);
    expect(await shown(world, positionId)).toMatchObject({ unknown_seconds: known });
    expect(world.prices.shown.has(BTC)).toBe(true);
  });
});
