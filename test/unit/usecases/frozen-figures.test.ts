/**
 * What the tape showed of a position is kept with it (design section 8): its final statistics after the close, and the
 * extremes of the minute it opened in. What is kept is what a read right before would have answered.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelsOf } from '../../../shared/domain/levels.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { mergeBars } from '../../../shared/domain/triggers/bars.ts';
import type { Bar } from '../../../shared/domain/triggers/types.ts';
import { TAPE_AWAITED_MS } from '../../../shared/usecases/freeze-figures.ts';
import { replayTape } from '../../../shared/usecases/replay-tape.ts';
import { makeReadPositions, type PositionDetail } from '../../../shared/usecases/views/read-positions.ts';
import { BTC, START, USER, World } from '../../support/fakes/world.ts';
import { BTC as SPEC } from '../domain/builders.ts';
import { plainReplay } from '../domain/triggers/plain-replay.ts';

const d = (text: string | number) => new Decimal(text);
const TRAILING = { trailingStop: { distance: { percent: d(20) }, activationPrice: null } };

/** All that is made of the tape; `frozen_at` tells whether it still is. */
const figuresOf = ({ current, risk_management, statistics }: PositionDetail) => ({
  high: current.high_water_mark,
  low: current.low_water_mark,
  drawdown: current.max_drawdown_percent,
  risk: current.risk_level,
  held: current.time_held_minutes,
  trailing: risk_management.trailing_stop,
  statistics: { ...statistics, frozen_at: null },
});

async function read(world: World, positionId: string): Promise<PositionDetail> {
  const found = await makeReadPositions(world.ports).get(USER, positionId);
  if (found === null) throw new Error('no position');
  return found;
}

/** One tick in each second; the shown price and the sweeps go on with it. */
async function walk(world: World, prices: readonly number[]): Promise<void> {
  for (const price of prices) {
    world.now = Math.floor(world.now / 1000) * 1000 + 1_400;
    world.tick(d(price).toFixed());
    await world.pump();
  }
}

async function close(world: World, positionId: string): Promise<void> {
  const command = { userId: USER, positionId, quantity: null, idempotencyKey: 'close-1' };
  const closed = await world.useCases.closePosition(command);
  if (!closed.ok) throw new Error(closed.error.code);
  await world.pump();
  expect(world.position(positionId).status).toBe('closed');
}

/** Every second of the tape is gone, and so are its minutes. */
function loseTape(world: World): void {
  world.prices.tape.set(BTC, []);
  world.tape.rows.clear();
}

/** Minutes as the streamer writes them. */
async function writeMinutes(world: World): Promise<void> {
  for (const [minute, bars] of Map.groupBy(secondsOf(world), ({ second }) => Math.floor(second / 60))) {
    const [first, ...others] = bars;
    if (first === undefined) continue;
    const { second: _, ...row } = others.reduce((a, b) => mergeBars(a, b), first);
    await world.tape.merge(BTC, { minute, ...row });
  }
}

const secondsOf = (world: World): readonly Bar[] => world.prices.tape.get(BTC) ?? [];

const path = fc.array(fc.integer({ min: 45_000, max: 55_000 }), { minLength: 1, maxLength: 90 });

describe('the figures of a closed position', () => {
  it('are kept as a read right before would have answered them, and stay when the tape has ended', async () => {
    await fc.assert(
      fc.asyncProperty(path, path, async (before, after) => {
        const world = new World();
        const { positionId } = await world.openPosition(TRAILING);
        await walk(world, before);
        await close(world, positionId);
        await walk(world, after.slice(0, 3));
        const derived = await read(world, positionId);
        expect(derived.statistics.frozen_at).toBeNull();
        await world.pass(8);
        const frozen = await read(world, positionId);
        expect(frozen.statistics.frozen_at).not.toBeNull();
        expect(figuresOf(frozen)).toEqual(figuresOf(derived));
        // By every tick: whole seconds after the entry's, and the two trades.
        const fills = derived.fills.map(({ price }) => Number(price));
        const seen = [...fills, ...before.slice(0, -1)];
        expect(Number(frozen.current.high_water_mark)).toBe(Math.max(...seen));
        expect(Number(frozen.current.low_water_mark)).toBe(Math.min(...seen));
        expect(Number(frozen.statistics.max_favorable_excursion)).toBe(Math.max(...seen) - 50_000);
        loseTape(world);
        world.now += 8 * 86_400_000;
        expect(figuresOf(await read(world, positionId))).toEqual(figuresOf(derived));
        expect(await world.ledger.due(0, world.now, 10)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('are written once, however often they are asked for, and by the queue that no exit waits in', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(TRAILING);
    await walk(world, [50_100, 50_200]);
    await close(world, positionId);
    await walk(world, [50_300]);
    world.now += 7_000;
    await world.useCases.redriveDue(0);
    expect(world.outbox.queue).toMatchObject([{ queue: 'submit', message: { positionId } }]);
    await Promise.all([world.useCases.advance({ positionId }), world.useCases.advance({ positionId })]);
    const { version, frozen } = world.position(positionId);
    expect(frozen).not.toBeNull();
    await world.pump();
    await world.useCases.advance({ positionId });
    expect(world.position(positionId)).toMatchObject({ version, frozen });
  });

  it('wait for the tape to go on, and not for ever', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(TRAILING);
    await walk(world, [50_100, 50_200]);
    await close(world, positionId);
    // No price has come since: the second of the close may still be on its way.
    const last = secondsOf(world).at(-1)?.second ?? 0;
    world.prices.tape.set(
      BTC,
      secondsOf(world).filter(({ second }) => second < last),
    );
    await world.pass(120);
    expect(world.position(positionId).frozen).toBeNull();
    expect((await read(world, positionId)).statistics.frozen_at).toBeNull();
    await world.pass(TAPE_AWAITED_MS / 1000);
    expect(world.position(positionId).frozen).toMatchObject({ highWaterMark: d(50_200) });
  });

  it('of a symbol that is no longer known are those of its fills, and are owed no longer', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(TRAILING);
    await walk(world, [50_100, 50_200]);
    await close(world, positionId);
    world.symbols.find = async () => null;
    await world.pass(60);
    // It may be back in a moment.
    expect(world.position(positionId).frozen).toBeNull();
    await world.pass(TAPE_AWAITED_MS / 1000 + 60);
    const { frozen, dueAt } = world.position(positionId);
    expect(frozen).toMatchObject({ priceMovesCount: 0, highWaterMark: d(50_200) });
    expect(dueAt).toBeNull();
    expect(world.logs.map(({ code }) => code)).not.toContain('DELIVERY_FAILED');
  });

  it('are none of a position that never held anything', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place({ type: 'limit', limitPrice: d(40_000) });
    await world.pump();
    await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId });
    await world.pump();
    await world.pass(10);
    expect(world.position(order.positionId)).toMatchObject({ status: 'closed', frozen: null, dueAt: null });
  });
});

describe('the minute of the entry', () => {
  /** A position that opened at the 20th second of a minute and has been held for some. */
  async function held(prices: readonly number[]) {
    const world = new World();
    world.now = START + 5_000;
    world.tick('99000');
    world.now = START + 20_000;
    world.tick('50000');
    const { positionId } = await world.openPosition(TRAILING);
    await walk(world, prices);
    await world.pass(70);
    await walk(world, [50_000]);
    await world.pass(70);
    return { world, position: world.position(positionId) };
  }

  it('is known after its seconds are gone, and without what was before the entry', async () => {
    await fc.assert(
      fc.asyncProperty(path, async (prices) => {
        const { world, position } = await held(prices);
        expect(position.entryMinute).not.toBeNull();
        const exact = figuresOf(await read(world, position.positionId));
        await writeMinutes(world);
        world.prices.tape.set(BTC, []);
        const coarse = figuresOf(await read(world, position.positionId));
        for (const name of ['high', 'low', 'held'] as const) expect(coarse[name]).toEqual(exact[name]);
        expect(coarse.trailing.peak).toEqual(exact.trailing.peak);
        expect(coarse.statistics.max_adverse_excursion).toEqual(exact.statistics.max_adverse_excursion);
      }),
      { numRuns: 20 },
    );
  });

  it('raises the peak of a trailing stop that is rebuilt from minutes, as its seconds would have', async () => {
    await fc.assert(
      fc.asyncProperty(path, async (prices) => {
        const { world, position } = await held(prices);
        const levels = levelsOf(position, SPEC);
        expect(levels).toHaveLength(1);
        const exact = plainReplay(levels, secondsOf(world)).levels;
        await writeMinutes(world);
        const minutes = (await world.tape.since(BTC, 0)).map(({ minute, ...row }) => ({
          second: minute * 60,
          ...row,
        }));
        const entryMinutes = new Map([[position.positionId, position.entryMinute?.bars ?? []]]);
        const seconds = [
          { ...(minutes.at(-1) ?? fail()), second: Math.floor(world.now / 1000) + 60, firstTick: 1e9 },
        ];
        const rebuilt = replayTape(levels, { seconds, minutes, entryMinutes }).levels;
        expect(rebuilt).toEqual(exact);
      }),
      { numRuns: 20 },
    );
  });
});

function fail(): never {
  throw new Error('there are no minutes');
}
