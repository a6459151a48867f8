/** The cache away for a minute at 2,000 ticks a second (in made-up time): nothing that could decide is lost. */
import { describe, expect, it } from 'vitest';
import { foldTicks } from '../../../../shared/domain/triggers/bars.ts';
import { TriggerEngine } from '../../../../shared/domain/triggers/engine.ts';
import type { Level, Tick, Units } from '../../../../shared/domain/triggers/types.ts';
import { Background } from '../../../../shared/usecases/stream-prices/background.ts';
import { SendTurns } from '../../../../shared/usecases/stream-prices/send-turns.ts';
import { SymbolStream } from '../../../../shared/usecases/stream-prices/symbol-stream.ts';
import { Tally } from '../../../../shared/usecases/stream-prices/tally.ts';
import { applied, feedTick, settings, until, World } from './support.ts';

const PER_SECOND = 2_000;
const SECONDS = 60;
const START = Date.UTC(2026, 0, 5);
/** What waits is the extremes of each second and the swings: far below the ticks that came. */
const MOST_WAITING = 4_000;

/** A seeded walk with prints far out, each by a single tick. */
function ticksOf(seconds: number, perSecond: number): readonly Tick[] {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let price = 600_000_000;
  return Array.from({ length: perSecond * seconds }, (_, i) => {
    price += Math.floor((random() - 0.5) * 20_000);
    const spike = i % 9_973 === 5_000 ? Math.floor((random() - 0.5) * 4_000_000) : 0;
    return feedTick(i + 2, price + spike, { at: START + Math.floor((i * 1_000) / perSecond) }).tick;
  });
}

const fixed = (i: number, direction: 'falls' | 'rises', price: number): Level => ({
  ...{ kind: 'fixed', member: `${i}|${direction}`, version: 1, source: 'bid', armedTick: 1, armedAt: START },
  ...{ direction, price: price as Units },
});
const trailing = (i: number, bp: number, side: 'long' | 'short'): Level => ({
  ...{ kind: 'trailing', member: `${i}|${side}`, version: 1, source: 'last', armedTick: 1, armedAt: START },
  ...{ side, distance: { bp }, activation: null, peak: null },
});

/** Stops at every height and distance: what they decide over these ticks, and where the others' peaks stand. */
function decided(ticks: readonly Tick[]) {
  const engine = new TriggerEngine();
  engine.applyTicks([feedTick(1, 600_000_000, { at: START }).tick]);
  const levels = Array.from({ length: 400 }, (_, i) => [
    fixed(i, 'falls', 600_000_000 - i * 40_000),
    fixed(i, 'rises', 600_000_100 + i * 40_000),
    trailing(i, 1 + i, 'long'),
    trailing(i, 1 + i, 'short'),
  ]).flat();
  const hits = [...engine.arm(levels).hits, ...engine.applyTicks(ticks)];
  const left = [...engine.levels()].sort((a, b) => (a.member < b.member ? -1 : 1));
  return { hit: hits.map(({ member }) => member).sort(), left };
}

/** What came while the cache was away, and what then arrived. */
async function awayFor(seconds: number, perSecond: number, share: number) {
  const world = new World();
  const tally = new Tally();
  let batches = 0;
  const stream = new SymbolStream('BTC/USDT', -1, {
    ...{ source: 'test', ports: world.ports, settings: settings(), tally },
    background: new Background(world.ports.log, () => expect.unreachable()),
    turns: new SendTurns(1),
    shareOfWaiting: () => share,
    writer: { token: 'me', fence: () => 1, nextBatch: () => ++batches, refused: async () => false },
  });
  const first = feedTick(1, 600_000_000, { at: START });
  void stream.accept(first);
  await until(() => world.batches.length === 1);
  let away = true;
  world.answer = () => {
    if (away) throw new Error('the cache is away');
    return applied();
  };
  const ticks = ticksOf(seconds, perSecond);
  const before = world.batches.length;
  let most = 0;
  for (const [i, tick] of ticks.entries()) {
    void stream.accept(feedTick(tick.id, tick.bid, tick));
    most = Math.max(most, stream.pending().length);
    if (i % perSecond !== 0) continue;
    // The process goes on meanwhile: calls fail and are made again.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(world.batches.length).toBeGreaterThan(before);
  away = false;
  await until(() => stream.pending().length === 0);
  const failed = new Set(world.batches.slice(before).map(({ batch }) => batch));
  const sent = new Map(
    world.batches.filter(({ batch }) => failed.has(batch)).map((one) => [one.batch, one.ticks]),
  );
  const arrived = [...sent.values()].flat();
  expect(arrived.map(({ id }) => id)).toEqual([...arrived.map(({ id }) => id)].sort((a, b) => a - b));
  expect(tally.applied + tally.reduced).toBe(ticks.length + 1);
  await stream.finish(100);
  return { world, tally, most, ticks: [first.tick, ...ticks], arrived: [first.tick, ...arrived] };
}

const barsOf = (ticks: readonly Tick[]) => {
  const { complete, open } = foldTicks(null, ticks);
  return [...complete, open].map((bar) => bar && { ...bar, count: 0 });
};

describe('the cache away for a minute at 2,000 ticks a second', () => {
  it('costs no level, no peak and no bar, and little memory', async () => {
    const { most, ticks, arrived, tally } = await awayFor(SECONDS, PER_SECOND, 120_000);
    expect(most).toBeLessThan(MOST_WAITING);
    expect(decided(arrived.slice(1))).toEqual(decided(ticks.slice(1)));
    expect(barsOf(arrived)).toEqual(barsOf(ticks));
    expect(tally.shortened).toBe(0);
  });
});

describe('the cache away for nine minutes while many symbols share the room', () => {
  const SHARE = 240;
  /** Of the call that is under way. */
  const HEAD = 250;

  it('costs no level, no peak and no extreme of a minute; what gives way are older seconds, and that is told', async () => {
    const { world, most, ticks, arrived, tally } = await awayFor(540, 40, SHARE);
    expect(most).toBeLessThanOrEqual(HEAD + SHARE + 1);
    expect(decided(arrived.slice(1))).toEqual(decided(ticks.slice(1)));
    const minutes = (of: readonly Tick[]) =>
      [...Map.groupBy(of, ({ at }) => Math.floor(at / 60_000))].map(([minute, all]) => {
        const bids = all.map(({ bid }) => bid);
        return [minute, Math.min(...bids), Math.max(...bids), bids.at(-1)];
      });
    expect(minutes(arrived)).toEqual(minutes(ticks));
    // The newest seconds are whole.
    expect(barsOf(arrived).slice(-2)).toEqual(barsOf(ticks).slice(-2));
    expect(tally.shortened).toBe(1);
    expect(world.logged.filter((code) => code === 'bars_shortened')).toHaveLength(1);
  });
});
