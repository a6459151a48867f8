/** What every cache does: prices and bars, leases, keys that are let through once, counters. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Decimal, decimalText } from '../../shared/domain/money/decimal.ts';
import { barOf, mergeBars } from '../../shared/domain/triggers/bars.ts';
import type { Bar } from '../../shared/domain/triggers/types.ts';
import type { CachedPrice, Counters, Leases, PriceCache } from '../../shared/ports/trigger-index.ts';
import { displayOf } from '../support/index-model.ts';
import { aTick } from '../support/trigger-histories.ts';

export interface OpenCache {
  /** Empty at the first test; the tests of one cache have names of their own. */
  readonly prices: PriceCache;
  readonly leases: Leases;
  readonly counters: Counters;
  /** As the streamer writes the last price of a batch. */
  show(price: CachedPrice): Promise<void>;
  /** Lets time go by for what has a time to live. */
  pass(ms: number): Promise<void>;
  /** The cache loses everything. */
  flush(): Promise<void>;
}

const barAt = (second: number, id: number, price: number): Bar =>
  barOf({ ...aTick(id, price, price + 1), at: second * 1000 });

export function describePrices(name: string, open: () => Promise<OpenCache>): void {
  describe(name, () => {
    let cache: OpenCache;
    let prices: PriceCache;
    beforeEach(async () => {
      cache = await open();
      ({ prices } = cache);
      await cache.flush();
    });

    const display: CachedPrice = {
      ...{ symbol: 'BTC/USDT', bid: '50000.01', ask: '50000.04', last: '50000.02', bidSize: '1.5' },
      ...{ askSize: '', source: 'synthetic', quoted: true, tickId: 1, at: 1_700_000_000_123, recordedAt: 0 },
    };

    it('shows the last price, and nothing of a symbol that has none', async () => {
      await cache.show(display);
      expect(await prices.price('BTC/USDT')).toEqual(display);
      expect(await prices.price('ETH/USDT')).toBeNull();
      expect(await prices.prices(['BTC/USDT', 'ETH/USDT', 'BTC/USDT'])).toEqual(
        new Map([['BTC/USDT', display]]),
      );
      const next = { ...display, bid: '49000', quoted: false, tickId: 2 };
      await cache.show(next);
      expect(await prices.price('BTC/USDT')).toEqual(next);
      await cache.flush();
      expect(await prices.price('BTC/USDT')).toBeNull();
      expect(await prices.prices(['BTC/USDT'])).toEqual(new Map());
    });

    it('keeps one-second bars for two hours, oldest first', async () => {
      await prices.writeBars('BNB/USDT', [barAt(10_000, 2, 101), barAt(9_000, 1, 100)], 'writer');
      expect(await prices.areBarsLeft('BNB/USDT', 'writer')).toBe(true);
      expect(await prices.areBarsLeft('BNB/USDT', 'writ')).toBe(false);
      expect(await prices.areBarsLeft('NONE/USDT', 'writer')).toBe(false);
      expect(await prices.areBarsLeft('BNB/USDT', null)).toBe(true);
      expect(await prices.areBarsLeft('NONE/USDT', null)).toBe(false);
      await prices.writeBars('BNB/USDT', [], 'writer');
      expect(await prices.bars('BNB/USDT', 0)).toEqual([barAt(9_000, 1, 100), barAt(10_000, 2, 101)]);
      await prices.writeBars('BNB/USDT', [barAt(17_000, 3, 102)], 'writer');
      expect(await prices.bars('BNB/USDT', 0)).toEqual([barAt(10_000, 2, 101), barAt(17_000, 3, 102)]);
      expect(await prices.bars('BNB/USDT', 10_001)).toEqual([barAt(17_000, 3, 102)]);
      expect(await prices.bars('ETH/USDT', 0)).toEqual([]);
    });

    it('counts two hours from the newest bar of a call: an old one alone drops nothing', async () => {
      await prices.writeBars('BNB/USDT', [barAt(17_000, 3, 102)], 'writer');
      await prices.writeBars('BNB/USDT', [barAt(9_799, 1, 100)], 'writer');
      expect((await prices.bars('BNB/USDT', 0)).map((bar) => bar.second)).toEqual([9_799, 17_000]);
      await prices.writeBars('BNB/USDT', [barAt(17_000, 4, 103)], 'writer');
      expect((await prices.bars('BNB/USDT', 0)).map((bar) => bar.second)).toEqual([17_000]);
      await prices.writeBars('BNB/USDT', [barAt(24_200, 5, 104)], 'writer');
      expect((await prices.bars('BNB/USDT', 0)).map((bar) => bar.second)).toEqual([17_000, 24_200]);
    });

    it('puts two writers’ parts of one second together', async () => {
      const first = mergeBars(barAt(50, 1, 100), barAt(50, 2, 90));
      const second = mergeBars(barAt(50, 3, 95), barAt(50, 4, 120));
      for (const bar of [first, second, first, second]) await prices.writeBars('ADA/USDT', [bar], 'writer');
      expect(await prices.bars('ADA/USDT', 0)).toEqual([mergeBars(first, second)]);
      await Promise.all(
        [51, 51, 52].map((at, i) => prices.writeBars('ADA/USDT', [barAt(at, 10 + i, 90 + i)], 'writer')),
      );
      expect(await prices.bars('ADA/USDT', 51)).toEqual([
        mergeBars(barAt(51, 10, 90), barAt(51, 11, 91)),
        barAt(52, 12, 92),
      ]);
    });

    it('remembers which symbols are wanted', async () => {
      await prices.want(['ETH/USDT', 'BTC/USDT']);
      await prices.want(['ETH/USDT', 'ADA/USDT']);
      await prices.want([]);
      expect(await prices.wanted()).toEqual(['ADA/USDT', 'BTC/USDT', 'ETH/USDT']);
      await cache.flush();
      expect(await prices.wanted()).toEqual([]);
    });

    it('tells when each was last wanted', async () => {
      const since = async () => [...(await prices.wantedSince())].sort();
      expect(await since()).toEqual([]);
      await prices.want(['ETH/USDT', 'BTC/USDT']);
      const [[, btc = 0] = [], [, eth = 0] = []] = await since();
      expect(btc).toBe(eth);
      await cache.pass(20);
      await prices.want(['BTC/USDT']);
      const [[, later = 0] = [], [, still = 0] = []] = await since();
      expect(still).toBe(eth);
      expect(later).toBeGreaterThanOrEqual(btc + 19);
    });

    it('shows what a price was when it was written, whatever is done to it later', async () => {
      const given = displayOf('BTC/USDT', aTick(1, 100));
      await cache.show(given);
      Object.assign(given, { bid: '1' });
      expect(await prices.price('BTC/USDT')).toEqual(displayOf('BTC/USDT', aTick(1, 100)));
    });
  });
}

export function describeLeases(name: string, open: () => Promise<OpenCache>): void {
  describe(name, () => {
    let cache: OpenCache;
    let leases: Leases;
    beforeEach(async () => {
      cache = await open();
      ({ leases } = cache);
      await cache.flush();
    });
    const fenceOf = async (lease: string, token: string, ttlMs = 10_000): Promise<number> => {
      const held = await leases.hold(lease, token, ttlMs);
      if (!held.held) throw new Error('not held');
      return held.fence;
    };

    it('gives a lease to one holder at a time, each with a higher fence', async () => {
      const first = await fenceOf('feed:0', 'a');
      expect(await fenceOf('feed:0', 'a')).toBe(first);
      expect(await leases.hold('feed:0', 'b', 10_000)).toEqual({ held: false });
      expect(await leases.hold('feed:1', 'b', 10_000)).toMatchObject({ held: true });
      await leases.release('feed:0', 'b');
      expect(await leases.hold('feed:0', 'b', 10_000)).toEqual({ held: false });
      await leases.release('feed:0', 'a');
      const second = await fenceOf('feed:0', 'b', 30);
      expect(second).toBeGreaterThan(first);
      await cache.pass(60);
      const third = await fenceOf('feed:0', 'a');
      expect(third).toBeGreaterThan(second);
      // Longer than the changes of hands within one millisecond.
      await cache.pass(5);
      await cache.flush();
      expect(await fenceOf('feed:0', 'b')).toBeGreaterThan(third);
    });

    it('takes a holder whose lease has run out for another: its fence grows too', async () => {
      const first = await fenceOf('feed:0', 'a', 30);
      await cache.pass(60);
      expect(await fenceOf('feed:0', 'a', 200)).toBeGreaterThan(first);
      await leases.release('feed:0', 'a');
      await leases.release('feed:0', 'a');
      expect(await fenceOf('feed:0', 'b')).toBeGreaterThan(first);
    });

    it('tells the last fence that was another one’s, also to a holder whose first answer was lost', async () => {
      const own = await leases.hold('feed:0', 'a', 30);
      expect(own).toMatchObject({ held: true, otherFence: 0 });
      await cache.pass(60);
      // Nobody came between.
      const again = await leases.hold('feed:0', 'a', 30);
      expect(again).toMatchObject({ held: true, otherFence: 0 });
      await cache.pass(60);
      const second = await fenceOf('feed:0', 'b', 30);
      await cache.pass(60);
      const third = { held: true, fence: expect.any(Number), otherFence: second };
      expect(await leases.hold('feed:0', 'a', 30)).toEqual(third);
      expect(await leases.hold('feed:0', 'a', 30)).toEqual(third);
      await cache.pass(60);
      expect(await leases.hold('feed:0', 'a', 30)).toEqual(third);
      await cache.flush();
      expect(await leases.hold('feed:0', 'a', 30)).toMatchObject({ held: true, otherFence: 0 });
    });

    it('renews a lease from now on', async () => {
      const first = await fenceOf('feed:0', 'a', 1000);
      await cache.pass(700);
      expect(await fenceOf('feed:0', 'a', 1000)).toBe(first);
      await cache.pass(700);
      expect(await leases.hold('feed:0', 'b', 1000)).toEqual({ held: false });
    });

    it('gives a lease to one of many that ask at once', async () => {
      const asked = await Promise.all(
        Array.from({ length: 8 }, (_, i) => leases.hold('feed:0', `t${i}`, 10_000)),
      );
      expect(asked.filter(({ held }) => held)).toHaveLength(1);
    });

    it('lets a key through once, until its time is over', async () => {
      const both = await Promise.all([1, 2].map(() => leases.once('sweep:0:1', 10_000)));
      expect(both.filter(Boolean)).toHaveLength(1);
      expect(await leases.once('sweep:0:2', 600)).toBe(true);
      expect(await leases.once('sweep:0:2', 600)).toBe(false);
      await cache.pass(700);
      expect(await leases.once('sweep:0:2', 10_000)).toBe(true);
      expect(await leases.once('sweep:0:1', 10_000)).toBe(false);
      // Leases have names of their own.
      expect(await leases.hold('sweep:0:1', 'a', 10_000)).toMatchObject({ held: true });
      await cache.flush();
      expect(await leases.once('sweep:0:1', 10_000)).toBe(true);
    });
  });
}

export function describeCounters(name: string, open: () => Promise<OpenCache>): void {
  describe(name, () => {
    let cache: OpenCache;
    let counters: Counters;
    beforeEach(async () => {
      cache = await open();
      ({ counters } = cache);
      await cache.flush();
    });
    const read = async (counter: string): Promise<string | null> =>
      (await counters.read([counter]))[counter] ?? null;

    it('counts', async () => {
      await counters.add({ 'om:checks_total': 2, 'om:errors': 1 });
      await counters.add({ 'om:checks_total': 3, 'om:errors': 0 });
      await counters.set({ 'ws:connected': '1' }, 60_000);
      await counters.set({ 'om:is_running': 'true' });
      expect(await counters.read(['om:checks_total', 'om:errors', 'ws:connected', 'om:never'])).toEqual({
        ...{ 'om:checks_total': '5', 'om:errors': '1', 'ws:connected': '1', 'om:never': null },
      });
      await counters.set({ 'om:checks_total': '7' });
      await counters.add({ 'om:checks_total': -9 });
      expect(await read('om:checks_total')).toBe('-2');
    });

    it('adds decimal text without losing a digit that money has', async () => {
      for (const by of ['0.1', '0.2', '-1.75', '12345.67890123']) await counters.add({ pnl: by });
      expect(await read('pnl')).toBe('12344.22890123');
      await counters.add({ pnl: '-12344.22890123' });
      expect(await read('pnl')).toBe('0');
      await counters.add({ pnl: '-0.5' });
      await counters.add({ pnl: '0.25' });
      expect(await read('pnl')).toBe('-0.25');
      await counters.add({ count: 3 });
      await counters.add({ count: '0.000000000000000001' });
      expect(await read('count')).toBe('3.000000000000000001');
    });

    it('adds up any amounts as decimals do', async () => {
      const amounts = fc
        .tuple(fc.bigInt(-(10n ** 28n), 10n ** 28n), fc.integer({ min: -18, max: 0 }))
        .map(([digits, exponent]) => new Decimal(`${digits}e${exponent}`));
      let running = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(amounts, { minLength: 1, maxLength: 6 }), async (all) => {
          running += 1;
          for (const amount of all) await counters.add({ [`sum:${running}`]: decimalText(amount) });
          // Wide enough for 30 digits before and 18 after the point.
          const Wide = Decimal.clone({ precision: 60 });
          const sum = all.reduce((a, b) => a.plus(b), new Wide(0));
          expect(await read(`sum:${running}`)).toBe(sum.toFixed());
        }),
        { numRuns: 60 },
      );
    });

    it('refuses to count on from what is no whole number', async () => {
      await counters.add({ pnl: '0.5' });
      await expect(counters.add({ pnl: 1 })).rejects.toThrow();
      await expect(counters.add({ other: 1.5 })).rejects.toThrow();
      await counters.set({ word: 'true' });
      await expect(counters.add({ word: 1 })).rejects.toThrow();
      await expect(counters.add({ word: '1.5' })).rejects.toThrow();
      expect([await read('pnl'), await read('other'), await read('word')]).toEqual(['0.5', null, 'true']);
    });

    it('forgets what was set for a while, and keeps what was set again without one', async () => {
      await counters.set({ a: '1', b: '1', c: '1' }, 600);
      await counters.set({ b: '2' });
      await counters.add({ c: 1 });
      expect(await read('c')).toBe('2');
      await cache.pass(700);
      expect([await read('a'), await read('b'), await read('c')]).toEqual([null, '2', null]);
      await counters.add({ a: 3 });
      expect(await read('a')).toBe('3');
    });

    it('adds up what many add at once', async () => {
      await Promise.all(Array.from({ length: 20 }, (_, i) => counters.add({ n: i, m: '0.25' })));
      expect([await read('n'), await read('m')]).toEqual(['190', '5']);
    });
  });
}
