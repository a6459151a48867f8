import { describe, expect, it, vi } from 'vitest';
import type { Lease } from '../../../../shared/ports/trigger-index.ts';
import { FatalFeedError } from '../../../../shared/usecases/stream-prices/ports.ts';
import { Streamer } from '../../../../shared/usecases/stream-prices/streamer.ts';
import { applied, feedTick, settings, TestFeed, until, World } from './support.ts';

const PRICE = 600_000_000;

describe('the streamer', () => {
  it('opens the feed behind what the tape knows, follows the demand, and shows its figures', async () => {
    const world = new World();
    world.lastTicks.set('BTC/USDT', 41);
    world.wanted = ['ETH/USDT', 'NOPE/USDT'];
    world.live = ['SOL/USDT'];
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers !== undefined && world.values.has('ws:stats'));
    const [feed] = world.feeds;
    expect(feed?.known).toEqual(new Map([['BTC/USDT', 41]]));
    await until(() => feed?.subscribed.has('SOL/USDT') === true);
    expect([...(feed?.subscribed ?? [])]).toEqual(['ETH/USDT', 'NOPE/USDT', 'SOL/USDT']);
    void feed?.handlers?.onTick(feedTick(41, PRICE));
    void feed?.handlers?.onTick(feedTick(42, PRICE));
    await until(() => world.values.has('ws:latency_ms') && world.metrics.length > 1);
    expect(world.sentIds()).toEqual([42]);
    expect(world.values.get('ws:connected')).toBe('1');
    expect(JSON.parse(world.values.get('ws:stats') ?? '')).toMatchObject({
      messages_received: 5,
      trades_processed: 3,
      quotes_processed: 2,
      last_message_time: '2023-11-14T22:13:20.000Z',
      connected: true,
      authenticated: true,
      is_running: true,
      failed_subscriptions: [{ symbol: 'NOPE/USDT', reason: 'test has no such symbol' }],
      trust: { outliers_held: 0, outliers_dropped: 0, duplicates: 1, out_of_order: 0, fallbacks: 0 },
    });
    expect(world.added.get('ws:messages_total')).toBe(5);
    expect(world.added.get('ws:errors_total')).toBe(1);
    expect(world.metrics[0]).toMatchObject({ ws_connected: 1 });
    await until(() => world.metrics.some((values) => values['ws_latency_ms'] !== undefined));
    expect(world.logged.filter((code) => code === 'symbol_not_in_feed')).toHaveLength(1);
    streamer.stop();
    await running;
  });

  it('is well while it follows its source, or sees that another one writes', async () => {
    const world = new World();
    world.holder = 'another';
    const streamer = new Streamer(world.ports, settings());
    expect(streamer.isWell()).toBe(false);
    const running = streamer.run();
    await until(() => streamer.isWell());
    expect(world.feeds).toHaveLength(0);
    world.holder = null;
    await until(() => world.feeds[0]?.handlers != null);
    await until(() => streamer.isWell());
    // Nothing is known of the lease any more.
    const later = performance.now() + 31_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    expect(streamer.isWell()).toBe(false);
    clock.mockRestore();
    streamer.stop();
    await running;
  });

  it('stays well while its source is away, for however long: a new process could only wait for it as well', async () => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    const [feed] = world.feeds;
    if (feed === undefined) throw new Error('no feed was opened');
    const connected = feed.stats();
    vi.spyOn(feed, 'stats').mockReturnValue({ ...connected, connected: false });
    await until(() => world.values.get('ws:connected') === '0');
    expect(streamer.isWell()).toBe(true);
    streamer.stop();
    await running;
  });

  it('is not well while it has the lease and its source cannot be opened', async () => {
    const world = new World();
    const streamer = new Streamer(
      {
        ...world.ports,
        openFeed: () => {
          throw new Error('no such source');
        },
      },
      settings(),
    );
    const running = streamer.run();
    await until(() => world.logged.includes('streamer_term_failed'));
    for (let look = 0; look < 20; look++) {
      expect(streamer.isWell()).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    streamer.stop();
    await running;
  });

  it('tells what is wrong with the input up to a hundred times a minute, and goes on telling it', async () => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    const told = (): number => world.logged.filter((code) => code === 'feed_input_skipped').length;
    const skip = (times: number): void => {
      for (let n = 0; n < times; n++) world.feeds[0]?.handlers?.onSkipped({ where: 'here', reason: 'bad' });
    };
    skip(150);
    expect(told()).toBe(100);
    const later = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    skip(1);
    clock.mockRestore();
    expect(told()).toBe(101);
    streamer.stop();
    await running;
  });

  it('at the stop sends what waits, saves the open minute and gives the lease back', async () => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings({ flushMs: 60_000, tapeMs: 60_000 }));
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    for (let id = 1; id <= 3; id++) void world.feeds[0]?.handlers?.onTick(feedTick(id, PRICE - id));
    streamer.stop();
    await running;
    expect(world.feeds[0]?.stopped).toBe(true);
    expect(world.sentIds()).toEqual([1, 2, 3]);
    expect(world.rows.at(-1)).toMatchObject({ low: { bid: PRICE - 3 }, lastTick: 3, count: 3 });
    expect(world.released).toEqual(['feed:0']);
    expect(world.holder).toBeNull();
  });

  it.each([
    ['a live feed: keeps their prices in the tape', false, 2],
    ['a recording: leaves them to be read again', true, undefined],
  ])('that cannot send at the stop, with %s', async (_, resumable, lastTick) => {
    const world = new World();
    world.answer = () => {
      throw new Error('away');
    };
    const streamer = new Streamer(world.ports, settings({ resumable, stopMs: 50 }));
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    for (let id = 1; id <= 2; id++) void world.feeds[0]?.handlers?.onTick(feedTick(id, PRICE));
    streamer.stop();
    await running;
    expect(world.logged).toContain('ticks_not_applied_at_stop');
    expect(world.rows.at(-1)?.lastTick).toBe(lastTick);
  });

  it('stands by while another one writes, takes over, and stands back when the lease is in other hands', async () => {
    const world = new World();
    world.holder = 'other';
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(world.feeds).toEqual([]);
    expect(world.values.size).toBe(0);
    world.holder = null;
    await until(() => world.feeds[0]?.handlers != null);
    world.holder = 'other';
    await until(() => world.feeds[0]?.stopped === true);
    expect(world.logged).toContain('streamer_lost_lease');
    streamer.stop();
    await running;
    expect(world.feeds).toHaveLength(1);
  });

  it('keeps writing while the cache does not answer its lease, and its loops do not die of failures', async () => {
    const world = new World();
    let away = false;
    const { hold } = world.ports.leases;
    const leases = {
      ...world.ports.leases,
      hold: async (...args: Parameters<typeof hold>): Promise<Lease> => {
        if (away) throw new Error('away');
        return hold(...args);
      },
    };
    const streamer = new Streamer({ ...world.ports, leases }, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    away = true;
    await until(() => world.logged.filter((code) => code === 'streamer_task_failed').length >= 2);
    void world.feeds[0]?.handlers?.onTick(feedTick(1, PRICE));
    await until(() => world.sentIds().length === 1);
    expect(world.feeds[0]?.stopped).toBe(false);
    away = false;
    const failures = world.logged.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(world.logged.length).toBeLessThanOrEqual(failures + 1);
    streamer.stop();
    await running;
  });

  it('begins anew when another one has written while it stood still, though the lease is free again', async () => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    // Another one has had the lease, has numbered its ticks far above ours, and is gone.
    world.lastTicks.set('BTC/USDT', 9_000);
    world.otherFence = 2;
    world.fence = 3;
    await until(() => world.feeds.length === 2);
    expect(world.feeds[0]?.stopped).toBe(true);
    expect(world.feeds[1]?.known).toEqual(new Map([['BTC/USDT', 9_000]]));
    expect(world.logged).toContain('streamer_lost_lease');
    streamer.stop();
    await running;
  });

  it.each(['its lease is lost', 'it stops'])('leaves what only it may know when %s', async (why) => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings({ tapeMs: 60_000 }));
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    void world.feeds[0]?.handlers?.onTick(feedTick(1, PRICE));
    await until(() => world.sentIds().length === 1);
    // Applied, though its answer comes when the term is over.
    const answer = Promise.withResolvers<void>();
    world.answer = () => answer.promise.then(() => applied());
    void world.feeds[0]?.handlers?.onTick(feedTick(2, PRICE - 7));
    await until(() => world.sentIds().length === 2);
    expect(world.writtenBars).toEqual([]);
    if (why === 'it stops') streamer.stop();
    else world.holder = 'another';
    await until(() => world.feeds[0]?.stopped === true);
    answer.resolve();
    await until(() => world.writtenBars.length === 1 && world.rows.length > 0);
    const lows = (bars: readonly { low: { bid: number } }[] | undefined) => bars?.map(({ low }) => low.bid);
    expect(Math.min(...(lows(world.writtenBars[0]) ?? []))).toBe(PRICE - 7);
    expect(Math.min(...(lows(world.rows) ?? []))).toBe(PRICE - 7);
    streamer.stop();
    await running;
  });

  it('leaves nothing twice: each batch has written its bars', async () => {
    const world = new World();
    world.areBarsLeft = true;
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    void world.feeds[0]?.handlers?.onTick(feedTick(1, PRICE));
    await until(() => world.sentIds().length === 1);
    streamer.stop();
    await running;
    expect(world.rows.length).toBeGreaterThan(0);
    expect(world.writtenBars).toEqual([]);
  });

  it('goes on under a new fence where nobody else has had the lease', async () => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    world.fence = 3;
    await new Promise((resolve) => setTimeout(resolve, 60));
    void world.feeds[0]?.handlers?.onTick(feedTick(1, PRICE));
    await until(() => world.sentIds().length === 1);
    expect(world.batches[0]?.fence).toBe(3);
    expect(world.feeds).toHaveLength(1);
    streamer.stop();
    await running;
  });

  it('lets a symbol whose calls hang or fail delay no other one', async () => {
    const world = new World();
    const settle: (() => void)[] = [];
    world.answer = async ({ symbol }) => {
      if (symbol === 'BTC/USDT') await new Promise<void>((resolve) => settle.push(resolve));
      if (symbol === 'SOL/USDT') throw new Error('broken');
      return applied();
    };
    const streamer = new Streamer(world.ports, settings({ stopMs: 50 }));
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    const told = (symbol: string, id: number): void => {
      const tick = feedTick(id, PRICE);
      void world.feeds[0]?.handlers?.onTick({ ...tick, spec: { ...tick.spec, symbol } });
    };
    for (let id = 1; id <= 30; id += 3) {
      told('BTC/USDT', id);
      told('SOL/USDT', id + 1);
      told('ETH/USDT', id + 2);
      const newest = (): number =>
        Math.max(
          0,
          ...world.batches.flatMap(({ symbol, ticks }) =>
            symbol === 'ETH/USDT' ? ticks.map(({ id: of }) => of) : [],
          ),
        );
      await until(() => newest() === id + 2);
    }
    expect(world.batches.filter(({ symbol }) => symbol === 'BTC/USDT')).toHaveLength(1);
    world.answer = () => applied();
    for (const resolve of settle) resolve();
    // What waited comes in order, each tick once.
    const sent = (of: string): number[] => [
      ...new Set(
        world.batches.flatMap(({ symbol, ticks }) => (symbol === of ? ticks.map(({ id }) => id) : [])),
      ),
    ];
    await until(() => sent('BTC/USDT').length === 10 && sent('SOL/USDT').length === 10);
    expect(sent('BTC/USDT')).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
    expect(sent('SOL/USDT')).toEqual([2, 5, 8, 11, 14, 17, 20, 23, 26, 29]);
    streamer.stop();
    await running;
  });

  it('numbers the batches of a later term above those of an earlier one', async () => {
    const world = new World();
    const streamer = new Streamer(world.ports, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.handlers != null);
    void world.feeds[0]?.handlers?.onTick(feedTick(1, PRICE));
    await until(() => world.batches.length === 1);
    world.holder = 'other';
    await until(() => world.feeds[0]?.stopped === true);
    world.holder = null;
    world.fence = 2;
    await until(() => world.feeds[1]?.handlers != null);
    world.answer = () => applied();
    void world.feeds[1]?.handlers?.onTick(feedTick(2, PRICE));
    await until(() => world.batches.length === 2);
    expect(world.batches.map(({ batch, fence }) => [batch, fence])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    streamer.stop();
    await running;
  });

  it('ends when the feed can never go on, after sending what it had', async () => {
    const world = new World();
    const running = new Streamer(world.ports, settings()).run();
    const ended = expect(running).rejects.toThrow(new FatalFeedError('line 7: qty is no decimal'));
    await until(() => world.feeds[0]?.handlers != null);
    void world.feeds[0]?.handlers?.onTick(feedTick(1, PRICE));
    world.feeds[0]?.handlers?.onError(new Error('line 7: qty is no decimal'));
    await ended;
    expect(world.sentIds()).toEqual([1]);
    expect(world.holder).toBeNull();
  });

  it('lets symbols leave that nobody needs, ends their pipelines, and goes on behind their last tick', async () => {
    const world = new World();
    world.wanted = ['BTC/USDT', 'ETH/USDT'];
    world.armed = ['ETH/USDT'];
    const streamer = new Streamer(
      world.ports,
      settings({ leaveMs: 60, idleMs: 40, fixedSymbols: ['SOL/USDT'] }),
    );
    const running = streamer.run();
    await until(() => world.feeds[0]?.subscribed.size === 3);
    const [feed] = world.feeds;
    void feed?.handlers?.onTick(feedTick(7, PRICE));
    await until(() => world.sentIds().length === 1);
    world.wanted = [];
    await until(() => feed?.subscribed.has('BTC/USDT') === false);
    expect([...(feed?.subscribed ?? [])].sort()).toEqual(['ETH/USDT', 'SOL/USDT']);
    await until(() => world.rows.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    world.wanted = ['BTC/USDT'];
    await until(() => feed?.subscribed.has('BTC/USDT') === true);
    void feed?.handlers?.onTick(feedTick(7, PRICE));
    void feed?.handlers?.onTick(feedTick(8, PRICE));
    await until(() => world.sentIds().length === 2);
    expect(world.sentIds()).toEqual([7, 8]);
    expect(feed?.subscribed.has('ETH/USDT')).toBe(true);
    streamer.stop();
    await running;
  });
});

describe('a standby with a source that it may follow', () => {
  const AT = 1_790_000_000_000;

  function begin(more: Parameters<typeof settings>[0] = {}) {
    const world = new World();
    world.holder = 'other';
    world.wanted = ['BTC/USDT', 'NOPE/USDT'];
    world.lastTicks.set('BTC/USDT', 41);
    const source = new TestFeed(new Map());
    const opened: TestFeed[] = [];
    const openStandby = () => {
      opened.push(source);
      return { feed: source, gives: () => true };
    };
    const streamer = new Streamer({ ...world.ports, openStandby }, settings(more));
    return { world, source, opened, streamer, running: streamer.run() };
  }

  it('writes nothing, then what it kept and the writer before had not applied, then what follows', async () => {
    const { world, source, opened, streamer, running } = begin();
    await until(() => source.subscribed.has('BTC/USDT'));
    const tick = (n: number) => feedTick(n, PRICE + n, { at: Date.now(), mark: [n, 1] });
    const began = Date.now();
    for (const n of [1, 2, 3]) void source.handlers?.onTick(tick(n));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([world.batches, world.claims, world.rows, [...world.values]]).toEqual([[], [], [], []]);
    world.claimed = () => ({ outcome: 'claimed', standing: tick(2).tick });
    world.fence = 9;
    world.holder = null;
    await until(() => world.batches.length > 0);
    void source.handlers?.onTick(tick(4));
    await until(() => world.sentIds().length === 2);
    expect(world.claims).toMatchObject([{ symbol: 'BTC/USDT', fence: 9, leaseToken: 'me' }]);
    const bids = world.batches.flatMap(({ ticks }) => ticks.map(({ bid }) => bid - PRICE));
    expect(bids).toEqual([3, 4]);
    const [late = 0, live = 0] = world.sentIds();
    expect(late).toBeGreaterThanOrEqual(began * 1000);
    expect(live).toBeGreaterThan(late);
    expect(world.opened[0]?.get('BTC/USDT')).toBe(late);
    expect(opened).toHaveLength(1);
    await until(() => world.values.has('ws:stats'));
    expect(JSON.parse(world.values.get('ws:stats') ?? '')).toMatchObject({
      messages_received: 0,
      standby: { kept: 3, applied_before: 2, dropped: 0 },
    });
    streamer.stop();
    await running;
    expect(source.stopped).toBe(true);
  });

  it('says how many ticks did not fit', async () => {
    const { world, source, streamer, running } = begin({ standbyTicksOfSymbol: 2 });
    await until(() => source.subscribed.size > 0);
    for (const n of [1, 2, 3, 4, 5]) void source.handlers?.onTick(feedTick(n, PRICE, { at: AT }));
    world.holder = null;
    await until(() => world.values.has('ws:stats'));
    expect(world.logged).toContain('standby_ticks_dropped');
    expect(JSON.parse(world.values.get('ws:stats') ?? '').standby.dropped).toBe(3);
    streamer.stop();
    await running;
  });

  it('closes its source at the stop, and opens it anew after a term that lost the lease', async () => {
    const { world, source, opened, streamer, running } = begin();
    await until(() => source.subscribed.size > 0);
    world.holder = null;
    await until(() => world.logged.includes('feed_started'));
    world.holder = 'other';
    await until(() => source.stopped && opened.length === 2);
    streamer.stop();
    await running;
    expect(world.holder).toBe('other');
  });

  it('whose source cannot go on opens another one, and is a writer without it', async () => {
    const { world, source, opened, streamer, running } = begin();
    await until(() => source.subscribed.size > 0);
    source.handlers?.onError(new Error('gone'));
    await until(() => opened.length > 1);
    expect(world.logged).toContain('standby_feed_failed');
    source.handlers?.onError(new Error('gone'));
    world.holder = null;
    await until(() => world.feeds[0]?.handlers != null);
    streamer.stop();
    await running;
  });
});
