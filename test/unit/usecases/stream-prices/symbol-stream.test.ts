import { describe, expect, it } from 'vitest';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import type { FeedTick } from '../../../../shared/ports/feed.ts';
import type { PriceBatchResult } from '../../../../shared/ports/trigger-index.ts';
import { Background } from '../../../../shared/usecases/stream-prices/background.ts';
import { SendTurns } from '../../../../shared/usecases/stream-prices/send-turns.ts';
import type { StreamSettings } from '../../../../shared/usecases/stream-prices/settings.ts';
import type { LateTicks } from '../../../../shared/usecases/stream-prices/standby-feed.ts';
import type { Writer } from '../../../../shared/usecases/stream-prices/symbol-context.ts';
import { SymbolStream } from '../../../../shared/usecases/stream-prices/symbol-stream.ts';
import { Tally } from '../../../../shared/usecases/stream-prices/tally.ts';
import { applied, feedTick, NOTHING_NEAR, settings, until, World } from './support.ts';

const PRICE = 600_000_000;

function begin(more: Partial<StreamSettings> = {}, writer: Partial<Writer> = {}) {
  const world = new World();
  const tally = new Tally();
  let batches = 0;
  const stream = new SymbolStream('BTC/USDT', -1, {
    source: 'test',
    ports: world.ports,
    settings: settings(more),
    tally,
    background: new Background(world.ports.log, () => expect.unreachable()),
    turns: new SendTurns(1),
    shareOfWaiting: () => settings(more).mostWaiting,
    writer: {
      token: 'me',
      fence: () => 1,
      nextBatch: () => ++batches,
      refused: async () => false,
      ...writer,
    },
  });
  return { world, tally, stream };
}

const lateTicks = (ticks: readonly FeedTick[]): LateTicks =>
  Object.assign(ticks, { lastId: ticks.at(-1)?.tick.id ?? -1 });

const gate = () => {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
};

describe('ticks of one symbol', () => {
  it('go out at once after a silence, then in batches, in order, with the newest shown', async () => {
    const { world, stream } = begin({ flushMs: 40 });
    void stream.accept(feedTick(1, PRICE));
    await until(() => world.batches.length === 1);
    for (let id = 2; id <= 6; id++) void stream.accept(feedTick(id, PRICE + id));
    expect(world.batches).toHaveLength(1);
    await until(() => world.batches.length === 2);
    expect(world.batches[1]).toMatchObject({ batch: 2, fence: 1, leaseToken: 'me', shard: 0 });
    expect(world.batches[1]?.display).toMatchObject({
      tickId: 6,
      bid: '60000.0006',
      source: 'test',
      quoted: true,
    });
    expect(world.sentIds()).toEqual([1, 2, 3, 4, 5, 6]);
    await stream.finish(100);
  });

  it('are refused when they repeat, are not positive or crossed, and are counted', async () => {
    const { world, tally, stream } = begin();
    void stream.accept(feedTick(5, PRICE));
    void stream.accept(feedTick(5, PRICE));
    void stream.accept(feedTick(4, PRICE));
    void stream.accept(feedTick(6, 0));
    void stream.accept(feedTick(7, PRICE, { last: -1 as Units }));
    void stream.accept(feedTick(8, PRICE, { ask: (PRICE - 1) as Units }));
    await stream.finish(200);
    expect(world.sentIds()).toEqual([5]);
    expect(tally.dropped).toMatchObject({ duplicates: 1, out_of_order: 1, not_positive: 2, crossed: 1 });
    expect(tally.errors).toBe(3);
  });

  it('that reach the nearest level do not wait for the batch', async () => {
    const { world, stream } = begin({ flushMs: 60_000 });
    const falls = { ...NOTHING_NEAR.falls, bid: (PRICE - 50) as Units };
    world.answer = () => applied({ nearest: { ...NOTHING_NEAR, falls } });
    void stream.accept(feedTick(1, PRICE));
    await until(() => world.batches.length === 1 && world.inFlight === 0);
    void stream.accept(feedTick(2, PRICE - 49));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(world.batches).toHaveLength(1);
    void stream.accept(feedTick(3, PRICE - 50));
    await until(() => world.batches.length === 2);
    expect(world.batches[1]?.ticks.map(({ id }) => id)).toEqual([2, 3]);
    stream.abandon();
  });

  it('are never in two calls at once; a level reached meanwhile goes out with the answer', async () => {
    const { world, stream } = begin({ flushMs: 60_000 });
    const first = gate();
    const falls = { ...NOTHING_NEAR.falls, bid: (PRICE - 50) as Units };
    world.answer = async () => {
      await first.closed;
      return applied({ nearest: { ...NOTHING_NEAR, falls } });
    };
    void stream.accept(feedTick(1, PRICE));
    for (let id = 2; id < 20; id++) void stream.accept(feedTick(id, PRICE - id * 10));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.batches).toHaveLength(1);
    first.open();
    await until(() => world.sentIds().length === 19);
    expect(world.mostInFlight).toBe(1);
    stream.abandon();
  });

  it('of a batch without an answer go again, unchanged and under the same number, before any later one', async () => {
    const { world, tally, stream } = begin();
    let failures = 3;
    world.answer = () => {
      if (failures-- > 0) throw new Error('no answer');
      return applied();
    };
    for (let id = 1; id <= 3; id++) void stream.accept(feedTick(id, PRICE));
    await stream.finish(10_000);
    const firsts = world.batches.slice(0, 4);
    expect(new Set(firsts.map(({ batch }) => batch))).toEqual(new Set([1]));
    expect(new Set(firsts.map(({ ticks }) => JSON.stringify(ticks))).size).toBe(1);
    expect(world.sentIds()).toEqual([1, 2, 3]);
    expect(tally.errors).toBe(3);
    expect(world.logged.filter((code) => code === 'price_batch_failed')).toHaveLength(1);
  });

  it('are reduced when the cache is away for long, and none that decides is lost', async () => {
    const { world, tally, stream } = begin({ reduceAbove: 500 });
    let away = true;
    world.answer = () => {
      if (away) throw new Error('away');
      return applied();
    };
    for (let id = 1; id <= 20_000; id++) {
      void stream.accept(feedTick(id, PRICE + Math.round(5000 * Math.sin(id / 700)) + ((id * 37) % 101)));
    }
    void stream.accept(feedTick(20_001, PRICE - 900_000));
    void stream.accept(feedTick(20_002, PRICE));
    expect(stream.pending().length).toBeLessThan(1500);
    away = false;
    await stream.finish(2000);
    expect(stream.pending()).toEqual([]);
    expect(tally.reduced).toBeGreaterThan(18_000);
    expect(world.sentIds()).toContain(20_001);
    const ids = world.sentIds();
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  it('ask a source that can wait to wait, and let it go on when there is room', async () => {
    const { world, stream } = begin({ batchTicks: 10, flushMs: 60_000 });
    const first = gate();
    world.answer = async () => {
      await first.closed;
      return applied();
    };
    let went = 0;
    const source = (async () => {
      for (let id = 1; id <= 100; id++) {
        await stream.accept(feedTick(id, PRICE));
        went = id;
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(went).toBeLessThan(25);
    first.open();
    await source;
    await stream.finish(300);
    expect(world.sentIds()).toHaveLength(100);
  });

  it('ask all that come meanwhile by one promise: a live source never waits, and must not fill the memory', async () => {
    const { world, stream } = begin({ batchTicks: 10, flushMs: 60_000 });
    const first = gate();
    world.answer = async () => {
      await first.closed;
      return applied();
    };
    const asked = Array.from({ length: 100 }, (_, nth) => stream.accept(feedTick(nth + 1, PRICE)));
    const waits = asked.filter((one) => one !== undefined);
    expect(waits.length).toBeGreaterThan(50);
    expect(new Set(waits).size).toBeLessThanOrEqual(2);
    first.open();
    await Promise.all(waits);
    await stream.finish(300);
    expect(world.sentIds()).toHaveLength(100);
  });

  it('wake the evaluator when the script says so, unless wake-ups are off', async () => {
    for (const wakeUps of [true, false]) {
      const { world, stream } = begin({ wakeUps });
      world.answer = () => applied({ hits: 1, wake: true });
      void stream.accept(feedTick(1, PRICE));
      await stream.finish(100);
      expect(world.messages.map(({ kind }) => kind)).toEqual(wakeUps ? ['wake'] : []);
    }
  });
});

describe('an empty index', () => {
  it('is asked to be rebuilt once, from bars without the refused ticks, which then go out in order', async () => {
    const { world, stream } = begin({ rebuildRepeatMs: 60_000 });
    void stream.accept(feedTick(1, PRICE));
    await until(() => world.batches.length === 1 && world.inFlight === 0);
    let built = false;
    world.answer = (): PriceBatchResult => (built ? applied() : { outcome: 'rebuild' });
    void stream.accept(feedTick(2, PRICE + 700));
    void stream.accept(feedTick(3, PRICE - 700));
    await until(() => world.batches.length > 4);
    void stream.accept(feedTick(4, PRICE));
    const { length } = world.batches;
    await until(() => world.batches.length > length);
    // What is taken in meanwhile may have come before a level that is armed now: each try says how far that goes.
    expect(world.batches.at(-1)).toMatchObject({ ticks: [{ id: 2 }, { id: 3 }], newestTick: 4 });
    expect(world.messages).toMatchObject([{ kind: 'rebuild', symbol: 'BTC/USDT' }]);
    const highest = Math.max(...(world.writtenBars.at(-1) ?? []).map(({ high }) => high.bid));
    expect(highest).toBe(PRICE);
    expect(world.rows.at(-1)?.high.bid).toBe(PRICE);
    built = true;
    await stream.finish(500);
    expect(world.sentIds()).toEqual([1, 2, 3, 4]);
    expect(world.messages).toHaveLength(1);
    const bars = stream.book.bars();
    expect(Math.max(...bars.map(({ high }) => high.bid))).toBe(PRICE + 700);
  });

  it('is asked for again while it stays empty, and only after what a rebuild reads was written', async () => {
    const { world, stream } = begin({ rebuildRepeatMs: 30 });
    void stream.accept(feedTick(1, PRICE));
    await until(() => stream.pending().length === 0);
    world.answer = () => ({ outcome: 'rebuild' });
    world.tapeFails = true;
    void stream.accept(feedTick(2, PRICE + 1));
    await until(() => world.logged.includes('index_rebuild_not_asked'));
    expect(world.messages).toEqual([]);
    world.tapeFails = false;
    await until(() => world.messages.length >= 3);
    stream.abandon();
  });
});

describe('a writer', () => {
  it('that is refused and has lost the lease sends nothing more', async () => {
    let asked = 0;
    const { world, stream } = begin(
      {},
      {
        refused: async () => {
          asked += 1;
          stream.abandon();
          return false;
        },
      },
    );
    world.answer = () => ({ outcome: 'not_leader' });
    void stream.accept(feedTick(1, PRICE));
    await until(() => asked === 1);
    void stream.accept(feedTick(2, PRICE));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(world.batches).toHaveLength(1);
  });

  it('that holds the lease under a new fence goes on with the same batch', async () => {
    let fence = 1;
    const { world, stream } = begin(
      {},
      {
        fence: () => fence,
        refused: async () => {
          fence = 2;
          return true;
        },
      },
    );
    world.answer = (batch) => (batch.fence === 2 ? applied() : { outcome: 'not_leader' });
    void stream.accept(feedTick(1, PRICE));
    await until(() => stream.pending().length === 0);
    expect(world.batches.map(({ fence: f, batch }) => [f, batch])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    stream.abandon();
  });

  it('goes on with the bars that its predecessor left for the second it starts in', async () => {
    const { world, stream } = begin({ flushMs: 5 });
    const at = Date.now();
    const low = { bid: 1, ask: 1, last: 1, mid: 1 } as Record<'bid' | 'ask' | 'last' | 'mid', Units>;
    const second = Math.floor(at / 1000);
    world.cached = [{ second, low, high: low, close: low, firstTick: 1, lastTick: 1, count: 4 }];
    void stream.accept(feedTick(2, PRICE, { at }));
    await until(() => stream.pending().length === 0);
    expect(world.batches[0]?.bars).toMatchObject([
      { second, low: { bid: 1 }, high: { bid: PRICE }, count: 5 },
    ]);
    expect(world.batches[0]?.heldBars).toBe('others');
    stream.abandon();
  });

  it('leaves its bars once where the index is away for longer: each asking costs the cache little', async () => {
    const { world, stream } = begin({ rebuildRepeatMs: 10 });
    void stream.accept(feedTick(1, PRICE));
    await until(() => world.batches.length === 1 && stream.pending().length === 0);
    world.answer = () => ({ outcome: 'rebuild' });
    world.areBarsLeft = true;
    void stream.accept(feedTick(2, PRICE));
    await until(() => world.messages.length > 1);
    expect(world.writtenBars).toEqual([]);
    world.areBarsLeft = false;
    await until(() => world.writtenBars.length > 0);
    stream.abandon();
  });

  it('takes nothing from who builds the index now, where it has only what others have left', async () => {
    const { world, stream } = begin({ rebuildRepeatMs: 10 });
    const low = { bid: 1, ask: 1, last: 1, mid: 1 } as Record<'bid' | 'ask' | 'last' | 'mid', Units>;
    world.cached = [
      {
        second: Math.floor(world.ports.clock.now() / 1000),
        low,
        high: low,
        close: low,
        firstTick: 1,
        lastTick: 3,
        count: 3,
      },
    ];
    world.areAnyBarsLeft = true;
    world.answer = () => ({ outcome: 'rebuild' });
    void stream.accept(feedTick(5, PRICE));
    await until(() => world.messages.length > 1);
    expect(world.batches[0]?.heldBars).toBe('others');
    expect(world.writtenBars).toEqual([]);
    stream.abandon();
  });

  it('says whose bars of before a batch it has: an index that was built without them is to be built again', async () => {
    const { world, stream } = begin();
    void stream.accept(feedTick(1, PRICE));
    await until(() => world.batches.length === 1 && stream.pending().length === 0);
    void stream.accept(feedTick(2, PRICE));
    await until(() => world.batches.length === 2);
    expect(world.batches.map(({ heldBars }) => heldBars)).toEqual(['none', 'own']);
    stream.abandon();
  });
});

describe('ticks from before the lease', () => {
  const AT = 1_790_000_000_000;
  const late = (n: number, bid: number, mark: readonly [number, number] = [n, 5]) =>
    feedTick(AT * 1000 + n, bid, { at: AT + n * 100, mark });
  const standing = late(3, PRICE).tick;

  it('are sent after the symbol is claimed, without those that were applied, before live ones', async () => {
    const { world, tally, stream } = begin();
    world.claimed = () => ({ outcome: 'claimed', standing });
    stream.acceptLate(lateTicks([1, 2, 3, 4, 5].map((n) => late(n, PRICE - n))));
    void stream.accept(feedTick(AT * 1000 + 9, PRICE));
    await stream.finish(300);
    expect(world.claims).toEqual([{ symbol: 'BTC/USDT', leaseToken: 'me', fence: 1 }]);
    expect(world.batches[0]?.lateTick).toBe(AT * 1000 + 5);
    expect(world.sentIds()).toEqual([4, 5, 9].map((n) => AT * 1000 + n));
    expect(world.batches[0]?.ticks[0]?.unproven).toBeUndefined();
    expect(tally.lateKnown).toBe(3);
  });

  it('come behind all bars of the writer before, also those that it has left until it was ended', async () => {
    const { world, stream } = begin();
    const low = { bid: 1, ask: 1, last: 1, mid: 1 } as Record<'bid' | 'ask' | 'last' | 'mid', Units>;
    const bar = { second: AT / 1000, low, high: low, close: low, firstTick: 1, lastTick: 1, count: 1 };
    world.claimed = () => {
      // Its last batch came through just before.
      world.cached = [bar];
      return { outcome: 'claimed', standing };
    };
    world.answer = () => ({ outcome: 'rebuild' });
    stream.acceptLate(lateTicks([late(4, PRICE)]));
    await until(() => world.writtenBars.length > 0);
    expect(world.batches[0]?.heldBars).toBe('others');
    expect(world.writtenBars[0]).toEqual([bar]);
    stream.abandon();
  });

  it('are claimed again until the cache answers, and not sent before', async () => {
    const { world, stream } = begin();
    let asked = 0;
    world.claimed = () => {
      asked += 1;
      if (asked < 3) throw new Error('away');
      return { outcome: 'claimed', standing };
    };
    stream.acceptLate(lateTicks([late(4, PRICE)]));
    await until(() => world.batches.length === 1);
    expect(asked).toBe(3);
    await stream.finish(100);
  });

  it('are nobody’s to send where another one has taken over', async () => {
    const { world, stream } = begin({}, { refused: async () => false });
    world.claimed = () => ({ outcome: 'not_leader' });
    stream.acceptLate(lateTicks([late(4, PRICE)]));
    await until(() => world.claims.length > 1);
    stream.abandon();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.batches).toEqual([]);
  });

  it('all of which were applied send nothing, and live ones go on', async () => {
    const { world, stream } = begin();
    world.claimed = () => ({ outcome: 'claimed', standing: late(9, PRICE).tick });
    stream.acceptLate(lateTicks([late(4, PRICE), late(5, PRICE)]));
    await until(() => world.claims.length === 1);
    void stream.accept(feedTick(AT * 1000 + 9, PRICE));
    await until(() => world.batches.length === 1);
    expect(world.sentIds()).toEqual([AT * 1000 + 9]);
    expect(world.batches[0]?.batch).toBe(1);
    await stream.finish(100);
  });

  it('all of which were applied leave nothing that others have left: nothing is built again for it', async () => {
    for (const isEmptied of [false, true]) {
      const { world, stream } = begin();
      const low = { bid: 1, ask: 1, last: 1, mid: 1 } as Record<'bid' | 'ask' | 'last' | 'mid', Units>;
      const bar = { second: AT / 1000, low, high: low, close: low, firstTick: 1, lastTick: 3, count: 3 };
      world.cached = [bar];
      world.areAnyBarsLeft = !isEmptied;
      world.claimed = () => ({ outcome: 'claimed', standing: late(9, PRICE).tick });
      stream.acceptLate(lateTicks([late(4, PRICE)]));
      await until(() => world.claims.length === 1 && stream.pending().length === 0);
      await stream.finish(100);
      await stream.leaveBars();
      // Where the cache was emptied meanwhile, this writer may be the last one who has them.
      expect(world.writtenBars).toEqual(isEmptied ? [[bar]] : []);
    }
  });

  it('are followed by live ones that lag behind the writer before: what it had applied is not told again', async () => {
    const { world, tally, stream } = begin();
    world.claimed = () => ({ outcome: 'claimed', standing: late(9, PRICE).tick });
    stream.acceptLate(lateTicks([late(4, PRICE), late(5, PRICE)]));
    const live = (n: number, bid: number, mark: readonly [number, number]) =>
      feedTick(AT * 1000 + n, bid, { mark });
    // The standing price is after this low: told once more, it would be a fall from the peak.
    void stream.accept(live(20, PRICE * 0.9, [8, 5]));
    // Another source's, without numbers.
    void stream.accept(feedTick(AT * 1000 + 21, PRICE));
    void stream.accept(live(22, PRICE, [9, 5]));
    void stream.accept(live(23, PRICE - 1, [10, 4]));
    void stream.accept(live(24, PRICE - 2, [10, 6]));
    await stream.finish(300);
    expect(world.sentIds()).toEqual([21, 23, 24].map((n) => AT * 1000 + n));
    expect(world.batches[0]?.ticks[1]).toMatchObject({ last: PRICE, mark: [10, 5] });
    expect(world.batches[0]?.ticks.some(({ unproven }) => unproven)).toBe(false);
    expect(tally.lateKnown).toBe(4);
  });

  it('are followed by live ones that count whatever their numbers, once none can lag so far', async () => {
    const { world, stream } = begin();
    world.claimed = () => ({ outcome: 'claimed', standing: late(9, PRICE).tick });
    stream.acceptLate(lateTicks([late(4, PRICE)]));
    // A venue that has begun its numbers anew.
    void stream.accept(feedTick(AT * 1000 + 20, PRICE, { mark: [1, 1], at: Date.now() + 5_001 }));
    await stream.finish(300);
    expect(world.sentIds()).toEqual([AT * 1000 + 20]);
  });

  it('are not reduced: which of them count is told tick by tick; live ones behind them are', async () => {
    const { world, tally, stream } = begin({ reduceAbove: 20 });
    let answer = (): void => undefined;
    world.claimed = async () => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { outcome: 'claimed', standing: late(1, PRICE).tick };
    };
    stream.acceptLate(
      lateTicks(Array.from({ length: 100 }, (_, i) => late(i, PRICE + (i === 0 ? -500 : i)))),
    );
    for (let i = 0; i < 300; i++) void stream.accept(feedTick(AT * 1000 + 100 + i, PRICE + 100 + i));
    await until(() => world.claims.length === 1);
    answer();
    await stream.finish(300);
    const sent = world.sentIds().map((id) => id - AT * 1000);
    expect(sent.slice(0, 98)).toEqual(Array.from({ length: 98 }, (_, i) => i + 2));
    expect(sent.at(-1)).toBe(399);
    expect(tally.reduced).toBeGreaterThan(100);
  });

  it('wait for a rebuild like any other, and say that they are not proven', async () => {
    const { world, stream } = begin();
    world.claimed = () => ({ outcome: 'rebuild' });
    let built = false;
    world.answer = () => (built ? applied() : { outcome: 'rebuild' });
    stream.acceptLate(lateTicks([late(4, PRICE), late(5, PRICE - 1)]));
    await until(() => world.messages.length === 1);
    built = true;
    await stream.finish(300);
    expect(world.sentIds()).toEqual([AT * 1000 + 4, AT * 1000 + 5]);
    expect(world.batches.at(-1)?.ticks.every(({ unproven }) => unproven === true)).toBe(true);
  });

  it('are judged at their own time: one that is away from its book is held, and the next one speaks', async () => {
    const { world, tally, stream } = begin();
    world.claimed = () => ({ outcome: 'claimed', standing });
    const wrong = feedTick(AT * 1000 + 5, PRICE, {
      at: AT + 500,
      mark: [5, 6],
      last: (PRICE * 0.9) as Units,
    });
    stream.acceptLate(
      lateTicks([late(4, PRICE), { ...wrong, printed: 'trade' }, late(6, PRICE), late(7, PRICE, [7, 7])]),
    );
    await stream.finish(300);
    expect(tally.outliersHeld).toBe(1);
    expect(world.sentIds()).not.toContain(AT * 1000 + 5);
    expect(world.sentIds()).toContain(AT * 1000 + 7);
  });
});
