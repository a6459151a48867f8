/** A close that is stuck says so on the position's timeline, paced; so does a client's call that was refused. */
import { describe, expect, it } from 'vitest';
import { ALARM_PACE_MS } from '../../../shared/usecases/tell-alarms.ts';
import { MOST_TOLD_AN_HOUR } from '../../../shared/usecases/tell-refusal.ts';
import { makeReadTimeline } from '../../../shared/usecases/views/read-timeline.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';
import { d } from '../domain/builders.ts';

const told = async (world: World, positionId: string, kind: string) =>
  (await world.ledger.actions(positionId)).filter((action) => action.kind === kind);

const timeline = async (world: World, positionId: string) => {
  const query = { from: null, to: null, limit: 200, after: null };
  const page = await makeReadTimeline(world.ports)(USER, positionId, query);
  return page?.body['items'] as readonly Record<string, unknown>[];
};

describe('an alarm of an exit plan', () => {
  it('is on the timeline once in a quarter of an hour, and in the log at each step', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const position = world.position(positionId);
    // A close that has failed four times, and whose market stays away.
    world.ledger.positionItems.set(positionId, {
      ...position,
      status: 'closing',
      flatten: {
        ...{ cause: 'manual', price: null, trigger: null, at: world.now, step: 4 },
        ...{ retryAt: world.now + 10 * ALARM_PACE_MS, shortage: null, limit: null },
      },
    });
    for (let i = 0; i < 40; i++) {
      await world.useCases.advance({ positionId });
      world.now += 30_000;
    }
    const alarms = await told(world, positionId, 'alarm');
    expect(alarms.map(({ at, facts }) => [at - (alarms[0]?.at ?? 0), facts])).toEqual([
      [0, { why: 'exits_unfinished', message: '4 exits ended unfinished' }],
      [ALARM_PACE_MS, { why: 'exits_unfinished', message: '4 exits ended unfinished' }],
    ]);
    expect(world.logs.filter(({ code }) => code === 'EXIT_PLAN_ALARM')).toHaveLength(40);
    expect(world.metrics.filter((values) => values['exits_stuck_total'] === 1)).toHaveLength(40);
    expect(await timeline(world, positionId)).toContainEqual(
      expect.objectContaining({
        action: 'alarm',
        reason: 'exits_unfinished',
        refused: false,
        details: { message: '4 exits ended unfinished' },
      }),
    );
  });

  it('that cannot be told holds nothing up', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    world.ledger.positionItems.set(positionId, {
      ...world.position(positionId),
      status: 'closing',
      flatten: {
        ...{ cause: 'manual', price: null, trigger: null, at: world.now, step: 4 },
        ...{ retryAt: null, shortage: null, limit: null },
      },
    });
    world.ledger.actionsBetween = () => Promise.reject(new Error('the ledger is away'));
    await world.useCases.advance({ positionId });
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
    expect(world.logs.map(({ code }) => code)).toContain('ALARM_NOT_TOLD');
  });
});

describe('a call that is refused', () => {
  it('is on the timeline of its position, with its reason and field', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const change = { stopLoss: { price: d(51_000) } };
    await world.useCases.changeProtection({ userId: USER, positionId, change });
    const close = { userId: USER, positionId, idempotencyKey: null };
    await world.useCases.closePosition({ ...close, quantity: d('0.6') });
    expect(await timeline(world, positionId)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ action: 'protection_refused', refused: true, reason: 'stop_wrong_side' },
          details: expect.objectContaining({ field: 'protection.stop_loss' }),
        }),
        expect.objectContaining({ action: 'close_refused', refused: true, reason: 'not_enough_free' }),
      ]),
    );
  });

  it('is told to nobody but its owner, and nobody else can have it told', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const before = (await world.ledger.actions(positionId)).length;
    const stranger = { userId: 'user-2', positionId, quantity: null, idempotencyKey: null };
    expect(await world.useCases.closePosition(stranger)).toMatchObject({ ok: false });
    expect(await world.useCases.changeProtection({ userId: 'user-2', positionId, change: {} })).toMatchObject(
      {
        ok: false,
      },
    );
    expect(await world.ledger.actions(positionId)).toHaveLength(before);
  });

  it('is told once a minute', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const close = { userId: USER, positionId, idempotencyKey: null, quantity: d('0.6') };
    for (let i = 0; i < 30; i++) {
      await world.useCases.closePosition(close);
      world.now += 4_000;
    }
    expect(await told(world, positionId, 'close_refused')).toHaveLength(2);
  });

  it('cannot fill the table, however many come and however many at a time', async () => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const close = { userId: USER, positionId, idempotencyKey: null };
    let calls = 0;
    // Several functions at once, over an hour, each call with another message.
    for (let round = 0; round < 59; round++) {
      await Promise.all(
        [1, 2, 3, 4, 5].map((i) => {
          calls += 1;
          const useCases = makeUseCases(world.ports, { monitorEnabled: true });
          return useCases.closePosition({ ...close, quantity: d(i).plus(round) });
        }),
      );
      world.now += 60_000;
    }
    expect(calls).toBe(295);
    expect(await told(world, positionId, 'close_refused')).toHaveLength(MOST_TOLD_AN_HOUR);
    world.now += 60_000;
    await world.useCases.closePosition({ ...close, quantity: d(7) });
    expect(await told(world, positionId, 'close_refused')).toHaveLength(MOST_TOLD_AN_HOUR + 1);
    expect(world.errors()).toEqual([]);
  });
});
