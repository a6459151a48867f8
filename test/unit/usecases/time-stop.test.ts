/** The time stop (design section 9): closed at its time, within two seconds by sweeps alone, without a price and once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_SECONDS } from '../../../shared/domain/time-stop.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import { makeReadPositions } from '../../../shared/usecases/views/read-positions.ts';
import { makeReadTimeline } from '../../../shared/usecases/views/read-timeline.ts';
import { BTC, START, USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const lasting = (maxSeconds: number): Partial<Protection> => ({ timeStop: { maxSeconds } });
const ending = (at: number): Partial<Protection> => ({ timeStop: { until: at } });

const claimsOf = async (world: World, positionId: string) =>
  (await world.ledger.actions(positionId)).filter(({ kind }) => kind === 'close_requested');

describe('a time stop', () => {
  it('closes within two seconds of its time and never before, by sweeps alone', async () => {
    const stops = fc.oneof(
      fc.integer({ min: 1, max: 200 }).map((seconds) => ({ maxSeconds: seconds })),
      fc.integer({ min: 1_000, max: 200_000 }).map((ms) => ({ until: START + ms })),
    );
    await fc.assert(
      fc.asyncProperty(stops, async (timeStop) => {
        const world = new World();
        const { positionId, openedAt } = await world.openPosition({ timeStop });
        const due = 'until' in timeStop ? timeStop.until : (openedAt ?? 0) + timeStop.maxSeconds * 1000;
        while (world.position(positionId).flatten === null && world.now < due + 10_000) await world.pass(1);
        const { flatten, status, exitCause } = world.position(positionId);
        expect({ status, exitCause }).toEqual({ status: 'closed', exitCause: 'time_stop' });
        expect(flatten?.at).toBeGreaterThanOrEqual(due);
        expect((flatten?.at ?? 0) - due).toBeLessThanOrEqual(2_000);
        expect(world.exitsOf(positionId)).toHaveLength(1);
        expect(await claimsOf(world, positionId)).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });

  it('waits for no price and for no cache', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(lasting(30));
    world.prices.shown.clear();
    world.prices.price = () => Promise.reject(new Error('the cache is away'));
    world.now += 30_000;
    await world.useCases.advance({ positionId });
    expect(world.position(positionId)).toMatchObject({
      status: 'closing',
      flatten: { cause: 'time_stop', price: null },
    });
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it('is one claim, whoever else comes and however often', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(lasting(30));
    world.now += 30_000;
    const command = { userId: USER, positionId, quantity: null, idempotencyKey: 'close-1' };
    await Promise.all([
      world.useCases.advance({ positionId }),
      world.useCases.advance({ positionId }),
      world.useCases.closePosition(command),
    ]);
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
    expect(await claimsOf(world, positionId)).toHaveLength(1);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('counts from the first fill; a time holds for an entry that still waits, too', async () => {
    const world = new World();
    world.tick('50000');
    const resting = { type: 'limit', limitPrice: d(40_000) } as const;
    const counted = await world.place({ ...resting, protection: lasting(30) });
    const timed = await world.place({
      ...resting,
      idempotencyKey: 'key-2',
      protection: ending(START + 30_000),
    });
    await world.pump();
    await world.pass(60);
    expect(world.position(counted.positionId)).toMatchObject({ status: 'opening', flatten: null });
    expect(world.position(timed.positionId)).toMatchObject({ status: 'closed', exitCause: 'time_stop' });
    expect(world.order(timed.orderId).status).toBe('cancelled');
  });

  it('is changed and taken away without a price, and leaves the levels as they are', async () => {
    const world = new World();
    const { positionId } = await world.openPosition({ ...lasting(30), stopLoss: { price: d(49_000) } });
    const { levelsVersion, armedVersion } = world.position(positionId);
    world.prices.shown.clear();
    const change = (change: Partial<Protection>) =>
      world.useCases.changeProtection({ userId: USER, positionId, change });
    expect(await change(lasting(90))).toMatchObject({ ok: true });
    expect(world.position(positionId)).toMatchObject({ levelsVersion, armedVersion });
    await world.pass(60);
    expect(world.position(positionId).status).toBe('open');
    expect(await change({ timeStop: null })).toMatchObject({ ok: true });
    await world.pass(120);
    expect(world.position(positionId)).toMatchObject({ status: 'open', protection: { timeStop: null } });
    const told = (await world.ledger.actions(positionId)).filter(({ kind }) => kind === 'protection_changed');
    expect(told.map(({ facts }) => facts['time_stop'])).toEqual(['after 90 s', 'none']);
  });

  it.each([
    [{ until: START - 1 }, 'time_stop_past', 'until'],
    [{ until: START + MOST_SECONDS * 1000 + 1 }, 'time_stop_out_of_range', 'until'],
    [{ maxSeconds: 0 }, 'time_stop_out_of_range', 'max_seconds'],
    [{ maxSeconds: MOST_SECONDS + 1 }, 'time_stop_out_of_range', 'max_seconds'],
  ] as const)('refuses %o, by its field', async (timeStop, code, name) => {
    const world = new World();
    world.tick('50000');
    const field = `protection.time_stop.${name}`;
    expect(await world.useCases.placeOrder(world.command({ protection: { timeStop } }))).toMatchObject({
      ok: false,
      error: { code, field },
    });
    const { positionId } = await world.openPosition({}, { idempotencyKey: 'key-2' });
    const changed = await world.useCases.changeProtection({ userId: USER, positionId, change: { timeStop } });
    expect(changed).toMatchObject({ ok: false, error: { code, field } });
    expect(world.position(positionId).protection.timeStop).toBeNull();
  });

  it('refuses a time that is over since the entry', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    world.now += 60_000;
    const change = lasting(60);
    expect(await world.useCases.changeProtection({ userId: USER, positionId, change })).toMatchObject({
      ok: false,
      error: { code: 'time_stop_past', field: 'protection.time_stop.max_seconds' },
    });
  });

  it('is in the position and on its timeline', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(lasting(30));
    const read = async () =>
      (await makeReadPositions(world.ports).get(USER, positionId))?.risk_management.time_stop;
    const due = new Date(START + 30_000).toISOString();
    expect(await read()).toEqual({ enabled: true, max_seconds: 30, until: null, due_at: due });
    world.tick('50000');
    await world.pass(33);
    expect(await read()).toEqual({ enabled: true, max_seconds: 30, until: null, due_at: null });
    const query = { from: null, to: null, limit: 50, after: null };
    const timeline = await makeReadTimeline(world.ports)(USER, positionId, query);
    expect(timeline?.body['items']).toContainEqual(
      expect.objectContaining({
        action: 'close_requested',
        cause: 'time_stop',
        details: expect.objectContaining({ time_stop_at: due }),
      }),
    );
    expect(world.prices.shown.has(BTC)).toBe(true);
  });
});
