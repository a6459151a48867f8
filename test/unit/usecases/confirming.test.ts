/** The confirmation delay of a stop (design section 9): a wick does not sell, a lasting price does, and never without limit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Protection } from '../../../shared/domain/types.ts';
import { makeReadPositions } from '../../../shared/usecases/views/read-positions.ts';
import { makeReadTimeline } from '../../../shared/usecases/views/read-timeline.ts';
import { Crashed, dying } from '../../support/fakes/crash.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';
import { d } from '../domain/builders.ts';

const STOP = { stopLoss: { price: d(49_000) } };
const waiting = (seconds: number, more: Partial<Protection> = {}): Partial<Protection> => ({
  ...STOP,
  confirmSeconds: seconds,
  ...more,
});

/** A price, a whole second later, and what it sets off. */
async function tick(world: World, price: string, afterMs = 1_000): Promise<void> {
  world.now += afterMs;
  world.tick(price);
  await world.pump();
}

const kinds = async (world: World, positionId: string): Promise<readonly string[]> =>
  (await world.ledger.actions(positionId)).map(({ kind }) => kind);

const windows = (world: World, positionId: string): readonly string[] =>
  world.position(positionId).confirming.map(({ trigger }) => trigger.levelName);

const change = (world: World, positionId: string, protection: Partial<Protection>) =>
  world.useCases.changeProtection({ userId: USER, positionId, change: protection });

describe('a stop with a confirmation delay', () => {
  it('sells what stays beyond it for the whole time, at the price of that moment', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    expect(world.position(positionId).status).toBe('open');
    expect(windows(world, positionId)).toEqual(['stop_loss']);
    await world.pass(3);
    await tick(world, '48900', 100);
    expect(world.position(positionId).status).toBe('open');
    await world.pass(3);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(world.exitsOf(positionId)).toHaveLength(1);
    // The order has no trigger of its own: only then the demo venue fills at the reaching tick's price.
    expect(world.exitsOf(positionId)[0]?.exit?.trigger).toBeNull();
    expect(world.position(positionId).flatten).toMatchObject({
      price: d(48_900),
      trigger: { levelName: 'stop_loss', level: d(49_000), price: d(48_990) },
    });
    expect(await kinds(world, positionId)).toEqual(
      expect.arrayContaining(['stop_confirming', 'exit_claimed']),
    );
  });

  it('does not sell at a wick, and counts anew from the next one', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    await world.pass(3);
    await tick(world, '49000.01', 100);
    expect(windows(world, positionId)).toEqual([]);
    await world.pass(10);
    expect(world.position(positionId).status).toBe('open');
    await tick(world, '48990');
    await world.pass(4);
    expect(world.position(positionId).status).toBe('open');
    await world.pass(2);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('is beyond its level while the price stands on it', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(3));
    await tick(world, '48990');
    await tick(world, '49000');
    await world.pass(4);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('sees in the tape what came back before the index heard of the window', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    for (const price of ['48990', '49010', '48980']) {
      world.now += 1_000;
      world.tick(price);
    }
    await world.pump();
    await world.pass(4);
    expect(await kinds(world, positionId)).toContain('stop_not_confirmed');
    expect(world.position(positionId).status).toBe('open');
    // Still beyond: waits once more, and sells then.
    await world.pass(7);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('asks the tape where the index heard of the window when that was over, and the price good again', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    for (const [price, afterMs] of [
      ['48990', 1_000],
      ['49010', 1_000],
      ['48980', 1_000],
      ['49020', 5_000],
    ] as const) {
      world.now += afterMs;
      world.tick(price);
    }
    await world.pump();
    await world.pass(4);
    expect(await kinds(world, positionId)).toContain('stop_not_confirmed');
    expect(world.position(positionId)).toMatchObject({ status: 'open', flatten: null });
  });

  it('asks the tape also where the price that is back after its time reached an index that had heard of it', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    for (const price of ['48990', '49010', '48980']) {
      world.now += 1_000;
      world.tick(price);
    }
    await world.pump();
    expect(windows(world, positionId)).toEqual(['stop_loss']);
    await tick(world, '49020', 3_500);
    expect(world.position(positionId)).toMatchObject({ status: 'open', flatten: null, confirming: [] });
    expect(await kinds(world, positionId)).toContain('stop_not_confirmed');
  });

  it('is decided at once where the price is back after its time, and had not been before', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    await tick(world, '49020', 5_500);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it('is not ended by a price that had come back before it was reached', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    world.now += 1_000;
    world.tick('49010');
    // Whoever takes the hit dies; the window ends by its time, and the stop is reached once more.
    world.outbox.take();
    const taken = await world.index.takeHits(BTC, 25, world.now, 20_000);
    expect(taken.map(({ member }) => member)).toEqual([`${positionId}|confirm_return:stop_loss`]);
    await world.pass(5);
    expect(windows(world, positionId)).toEqual([]);
    await tick(world, '48980');
    const { since } = world.position(positionId).confirming[0] ?? {};
    expect(since).toBe(world.now);
    await tick(world, '48970', 15_000);
    await world.useCases.evaluateHits(BTC);
    expect(world.position(positionId).confirming[0]?.since).toBe(since);
  });

  it('counts a price beyond the bound once where nothing shown confirms it any more', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(300));
    await tick(world, '48990');
    world.now += 1_000;
    world.tick('48400');
    world.outbox.take();
    // Neither hits nor prices come through for longer than either counts.
    world.now += 70_000;
    world.prices.shown.delete(BTC);
    const { version } = world.position(positionId);
    await world.useCases.evaluateHits(BTC);
    await world.useCases.evaluateHits(BTC);
    expect(world.position(positionId).version - version).toBeLessThanOrEqual(2);
    expect(world.position(positionId).flatten).toBeNull();
    await tick(world, '48399');
    expect(world.position(positionId).flatten?.cause).toBe('stop_loss');
  });

  it('is out of the index once it has sold, whether it could be counted or not', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    world.counters.add = () => Promise.reject(new Error('away'));
    world.now += 5_000;
    world.outbox.take();
    await world.useCases.advance({ positionId });
    expect(world.position(positionId).flatten?.cause).toBe('stop_loss');
    expect(await world.index.levels('BTC/USDT')).toEqual([]);
  });

  it('sells at once beyond the bound, reached at once or later', async () => {
    for (const prices of [['48509'], ['48990', '48511', '48510']]) {
      const world = new World();
      const { positionId } = await world.openPosition(waiting(60));
      for (const price of prices) await tick(world, price);
      expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
      const [exit] = world.exitsOf(positionId);
      expect(exit?.exit?.trigger?.price).toEqual(d(prices.at(-1) ?? ''));
    }
  });

  it('is closed in its time by sweeps alone, with every message lost', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    world.outbox.fate = (sent) => (sent.queue === 'triggers' ? 'deliver' : 'drop');
    await tick(world, '48990');
    world.outbox.fate = (sent) =>
      sent.queue === 'exits' && 'positionId' in sent.message ? 'deliver' : 'drop';
    await world.pass(4);
    expect(world.position(positionId).status).toBe('open');
    world.outbox.fate = () => 'deliver';
    await world.pass(4);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('survives a flush: what came back before it still counts, what did not sells', async () => {
    for (const isBack of [true, false]) {
      const world = new World();
      const { positionId } = await world.openPosition(waiting(6));
      await tick(world, '48990');
      world.now += 1_000;
      world.tick(isBack ? '49010' : '48980');
      world.outbox.take();
      world.index.flush();
      await tick(world, '48985');
      await world.pass(6);
      expect(world.position(positionId).status).toBe(isBack ? 'open' : 'closed');
    }
  });

  it('waits for the rebuild of a lost index, for five seconds at the most', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    world.index.flush();
    world.now += 6_000;
    await world.useCases.advance({ positionId });
    expect(world.position(positionId).flatten).toBeNull();
    world.prices.bars = () => Promise.reject(new Error('the cache is away'));
    await expect(world.useCases.advance({ positionId })).resolves.toBeUndefined();
    world.now += 5_000;
    await world.useCases.advance({ positionId });
    expect(world.position(positionId).flatten).toMatchObject({ cause: 'stop_loss' });
    expect(world.errors()).toContain('CONFIRMED_UNSEEN');
  });

  it('decided half a minute late asks the present price as well', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    world.now += 40_000;
    world.tick('49500');
    world.outbox.take();
    await world.useCases.advance({ positionId });
    expect(world.position(positionId)).toMatchObject({ flatten: null, confirming: [] });
    await tick(world, '48990');
    await world.pass(7);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('never keeps anybody else waiting', async () => {
    const closing = async (end: (world: World, positionId: string) => Promise<unknown>, cause: string) => {
      const world = new World();
      const takeProfits = [{ price: d(51_000), share: d(1) }];
      const protection = waiting(60, { takeProfits, timeStop: { maxSeconds: 20 } });
      const { positionId } = await world.openPosition(protection);
      await tick(world, '48990');
      expect(windows(world, positionId)).toEqual(['stop_loss']);
      await end(world, positionId);
      expect(world.position(positionId)).toMatchObject({ exitCause: cause, confirming: [] });
      await world.pump();
      expect(world.exitsOf(positionId)).toHaveLength(1);
    };
    await closing(
      (world, positionId) =>
        world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'a' }),
      'manual',
    );
    await closing((world) => world.pass(25), 'time_stop');
    await closing((world) => tick(world, '51000'), 'take_profit');
  });

  it('gives each stop its own window; a trailing one goes on from the peak that it had', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const { positionId } = await world.openPosition(waiting(10, { trailingStop, confirmMaxPercent: d(5) }));
    await tick(world, '50400');
    await tick(world, '49896');
    expect(windows(world, positionId)).toEqual(['trailing_stop']);
    await world.pass(3);
    await tick(world, '49000', 100);
    expect(windows(world, positionId)).toEqual(['trailing_stop', 'stop_loss']);
    await tick(world, '49900');
    expect(windows(world, positionId)).toEqual([]);
    expect(world.position(positionId).armings['trailing_stop']?.peak).toEqual(d(50_400));
    await tick(world, '49896');
    await world.pass(11);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('waits with the break-even stop that has taken the place of the stop loss', async () => {
    const world = new World();
    const breakEven = { activationProfitPercent: d('1'), offsetPercent: d('0') };
    const { positionId } = await world.openPosition(waiting(5, { breakEven }));
    await tick(world, '50600');
    await tick(world, '50000');
    expect(windows(world, positionId)).toEqual(['break_even']);
    await world.pass(6);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'break_even' });
  });

  it('forgets the window of a stop that is moved or taken away', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    await tick(world, '48990');
    expect(await change(world, positionId, { stopLoss: { price: d(48_500) } })).toMatchObject({ ok: true });
    await world.pass(10);
    expect(world.position(positionId)).toMatchObject({ status: 'open', confirming: [] });
    await tick(world, '48400');
    await world.pass(6);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('ends by the rule as it stands: a shorter delay counts at once, the window stays', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(100));
    await tick(world, '48990');
    await world.pass(5);
    // The stop is beyond the price: its rule is changed alone.
    expect(await change(world, positionId, { confirmSeconds: 3 })).toMatchObject({ ok: true });
    await world.pass(2);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it.each(['begins', 'ends'] as const)(
    'is sold once, whatever the process that %s its window could still do',
    async (step) => {
      let completed = 0;
      let interrupted = 0;
      for (let at = 1; completed < 2; at++) {
        const world = new World();
        const { positionId } = await world.openPosition(waiting(5));
        world.now += 1_000;
        world.tick('48990');
        if (step === 'ends') {
          await world.pump();
          world.now += 5_000;
        }
        world.outbox.take();
        const call = Math.ceil(at / 2);
        const doomed = dying(world.ports, { at: call, when: at % 2 === 0 ? 'after' : 'before' });
        const { evaluateHits, advance } = makeUseCases(doomed.ports, { monitorEnabled: true });
        try {
          await (step === 'begins' ? evaluateHits(BTC) : advance({ positionId }));
          if (doomed.calls() < call) completed += 1;
          else interrupted += 1;
        } catch (error) {
          if (!(error instanceof Crashed)) throw error;
          interrupted += 1;
        }
        await world.pass(15);
        expect(world.position(positionId), `died at ${at}`).toMatchObject({
          status: 'closed',
          exitCause: 'stop_loss',
        });
        expect(world.exitsOf(positionId)).toHaveLength(1);
      }
      expect(interrupted).toBeGreaterThan(8);
    },
  );

  it('rests nowhere meanwhile, where the venue would sell it at its first touch', async () => {
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition(waiting(5, { resident: 'stop' }));
    const resident = async () =>
      (await makeReadPositions(world.ports).get(USER, positionId))?.risk_management.resident;
    await world.pass(3);
    expect(world.exitsOf(positionId)).toEqual([]);
    expect(await resident()).toMatchObject({ asked: 'stop', rests_as: null, waits_for: 'confirm_seconds' });
    await change(world, positionId, { confirmSeconds: 0 });
    await world.pass(3);
    expect(await resident()).toMatchObject({ rests_as: 'stop', waits_for: null });
    await change(world, positionId, { confirmSeconds: 5 });
    await world.pass(3);
    expect(world.exitsOf(positionId).map(({ status }) => status)).toEqual(['cancelled']);
    expect(await resident()).toMatchObject({ rests_as: null, waits_for: 'confirm_seconds' });
  });

  it('is refused by its field', async () => {
    const world = new World();
    world.tick('50000');
    for (const [protection, code, field] of [
      [{ confirmSeconds: 301 }, 'confirm_out_of_range', 'confirm_seconds'],
      [{ confirmSeconds: -1 }, 'confirm_out_of_range', 'confirm_seconds'],
      [{ confirmMaxPercent: d(100) }, 'percent_out_of_range', 'confirm_max_percent'],
      [{ confirmMaxPercent: d('0.001') }, 'percent_out_of_range', 'confirm_max_percent'],
    ] as const) {
      const error = { code, field: `protection.${field}` };
      const placed = await world.useCases.placeOrder(
        world.command({ protection: { ...STOP, ...protection } }),
      );
      expect(placed).toMatchObject({ ok: false, error });
    }
    const { positionId } = await world.openPosition(STOP, { idempotencyKey: 'key-2' });
    expect(await change(world, positionId, { confirmSeconds: 301 })).toMatchObject({
      ok: false,
      error: { code: 'confirm_out_of_range' },
    });
  });

  it('shows what waits, and tells how it ended', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(waiting(5));
    const read = async () =>
      (await makeReadPositions(world.ports).get(USER, positionId))?.risk_management.confirmation;
    expect(await read()).toEqual({ seconds: 5, max_percent: '1', waiting: [] });
    await tick(world, '48990');
    const since = world.now;
    expect(await read()).toEqual({
      seconds: 5,
      max_percent: '1',
      waiting: [
        {
          level_name: 'stop_loss',
          level: '49000',
          price: '48990',
          since: new Date(since).toISOString(),
          until: new Date(since + 5_000).toISOString(),
          sells_at_once_at: '48510',
        },
      ],
    });
    await tick(world, '49010');
    await tick(world, '48990');
    await world.pass(7);
    const query = { from: null, to: null, limit: 50, after: null };
    const timeline = await makeReadTimeline(world.ports)(USER, positionId, query);
    expect(timeline?.body['items']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          action: 'stop_confirming',
          rule: 'stop_loss',
          level: '49000',
          price: '48990',
        }),
        expect.objectContaining({
          ...{ action: 'stop_not_confirmed', rule: 'stop_loss', refused: true, reason: 'price_came_back' },
          price: '49010',
        }),
        expect.objectContaining({
          ...{ action: 'exit_claimed', rule: 'stop_loss', cause: 'stop_loss' },
          details: expect.objectContaining({ confirmation: 'confirmed' }),
        }),
      ]),
    );
    expect(world.prices.shown.has(BTC)).toBe(true);
  });
});

/** The rule in a few words: reached, and no later tick back before the time is over. Null: it was never confirmed. */
function confirmedAt(ticks: readonly { readonly at: number; readonly price: number }[], seconds: number) {
  let since: number | null = null;
  for (const { at, price } of ticks) {
    if (since !== null && at >= since + seconds * 1000) break;
    if (price > 49_000) since = null;
    else since ??= at;
  }
  return since === null ? null : since + seconds * 1000;
}

it('a stop that waits sells when a walk over all ticks says so, within two seconds, whatever the path', async () => {
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 50, max: 2_500 }),
      price: fc.constantFrom(48_900, 48_999, 49_000, 49_001),
    }),
    { minLength: 5, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 6 }), async (path, seconds) => {
      const world = new World();
      const { positionId } = await world.openPosition(waiting(seconds));
      const ticks: { at: number; price: number }[] = [];
      const until = async (at: number) => {
        while (Math.floor(world.now / 1000) < Math.floor(at / 1000)) await world.pass(1);
        world.now = Math.max(world.now, at);
      };
      for (const { afterMs, price } of path) {
        await until((ticks.at(-1)?.at ?? world.now) + afterMs);
        world.tick(String(price));
        ticks.push({ at: world.now, price });
        await world.pump();
      }
      await world.pass(seconds + 3);
      const expected = confirmedAt(ticks, seconds);
      const { flatten } = world.position(positionId);
      if (expected === null) {
        expect(flatten).toBeNull();
        return;
      }
      expect(flatten?.at).toBeGreaterThanOrEqual(expected);
      expect((flatten?.at ?? 0) - expected).toBeLessThanOrEqual(2_000);
      expect(world.exitsOf(positionId)).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
});
