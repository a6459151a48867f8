/** What every trigger index does: the same decisions as the naive model, and what only a cache has to bear. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { foldTicks } from '../../shared/domain/triggers/bars.ts';
import { NaiveTriggers } from '../../shared/domain/triggers/naive.ts';
import { InvalidLevelError } from '../../shared/domain/triggers/rules.ts';
import type {
  Bar,
  FixedLevel,
  Hit,
  Level,
  Tick,
  TrailingLevel,
  Units,
} from '../../shared/domain/triggers/types.ts';
import type { PriceBatch, TriggerIndex } from '../../shared/ports/trigger-index.ts';
import { aBatch, asIndexTells, build, runOnIndex } from '../support/index-model.ts';
import { aTick, histories, run } from '../support/trigger-histories.ts';

const units = (n: number): Units => n as Units;
export const aStop = (price: number, more: Partial<FixedLevel> = {}): FixedLevel => ({
  member: 'p|stop',
  version: 1,
  source: 'bid',
  armedTick: -1,
  armedAt: 1000,
  kind: 'fixed',
  direction: 'falls',
  price: units(price),
  ...more,
});
export const aTrailing = (more: Partial<TrailingLevel> = {}): TrailingLevel => ({
  member: 'p|trailing',
  version: 1,
  source: 'bid',
  armedTick: -1,
  armedAt: 1000,
  kind: 'trailing',
  side: 'long',
  distance: { bp: 200 },
  activation: null,
  peak: null,
  ...more,
});
const NONE = { bid: null, ask: null, last: null, mid: null };

export interface OpenIndex {
  /** With two shards where `shards` is 2. */
  readonly index: TriggerIndex;
  /** The cache loses everything. */
  flush(): Promise<void>;
  /** `PriceCache.writeBars` of the same cache. */
  readonly writeBars: (symbol: string, bars: readonly Bar[], writer: string) => Promise<void>;
}

let running = 0;
const names = (): number => {
  running += 1;
  return running;
};

export function describeTriggerIndex(
  name: string,
  open: (options: { readonly shards: number }) => Promise<OpenIndex>,
  size: { readonly histories: number },
): void {
  describe(name, () => {
    let index: TriggerIndex;
    let flush: OpenIndex['flush'];
    let writeBars: OpenIndex['writeBars'];
    beforeEach(async () => {
      ({ index, flush, writeBars } = await open({ shards: 1 }));
    });

    /** A symbol of its own for each test, ready to be armed. */
    const aSymbol = async (): Promise<string> => {
      const symbol = `T${names()}/USDT`;
      await build(index, symbol);
      return symbol;
    };
    /** By a rebuild of its own, which begins and does not end. */
    const load = async (symbol: string, ...given: [readonly Level[], readonly Hit[], number]) => {
      await index.beginRebuild(symbol, `load-${given[2]}`);
      expect(await index.loadRebuilt(symbol, `load-${given[2]}`, ...given)).toEqual({ outcome: 'loaded' });
    };
    const apply = (symbol: string, batch: number, ...ticks: ReturnType<typeof aTick>[]) =>
      index.applyBatch(aBatch(symbol, batch, ticks, 1000 + batch));

    it(`decides as the naive model does over ${size.histories} random histories`, async () => {
      let hits = 0;
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          const symbol = `T${names()}/USDT`;
          const expected = asIndexTells(run(new NaiveTriggers(), history), history);
          expect(await runOnIndex(index, symbol, history)).toEqual(expected);
          for (const seen of expected) hits += seen.hits.length;
        }),
        { numRuns: size.histories, endOnFailure: true },
      );
      expect(hits).toBeGreaterThan(size.histories / 2);
    }, 120_000);

    it('is not decided on while the epoch is missing, and nothing is written', async () => {
      const symbol = `NEW${names()}/USDT`;
      expect(await index.isBuilt(symbol)).toBe(false);
      expect(await apply(symbol, 1, aTick(1, 100))).toEqual({ outcome: 'rebuild' });
      expect(await index.arm(symbol, [aStop(95)], [], 1)).toEqual({ outcome: 'rebuild' });
      expect(await index.levels(symbol)).toEqual([]);
    });

    it('gives a hit its tick back with where the price came from', async () => {
      const symbol = await aSymbol();
      await index.arm(symbol, [aStop(90)], [], 2);
      await apply(symbol, 1, aTick(1, 100));
      const origin = { feed: 'polygon', converted: true, checked: false };
      const tick = { ...aTick(2, 89), origin };
      await apply(symbol, 2, tick);
      expect(await index.takeHits(symbol, 10, 3000, 2000)).toMatchObject([{ tick }]);
    });

    it('asks to be rebuilt after a flush, takes levels, peaks and hits, and goes on', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      await index.arm(symbol, [aStop(90), aTrailing()], [], 2);
      await flush();
      expect(await apply(symbol, 2, aTick(2, 101))).toEqual({ outcome: 'rebuild' });

      const lost = aStop(97, { member: 'q|stop', armedTick: 1 });
      const found: Hit = {
        ...{ member: lost.member, version: 1, cause: 'rebuilt', source: 'bid', level: lost.price },
        ...{ price: units(96), peak: null, armedTick: 1, tick: aTick(2, 96) },
      };
      const levels = [aStop(90, { armedTick: 1 }), aTrailing({ armedTick: 1, peak: units(120) })];
      await index.beginRebuild(symbol, 'e2');
      expect(await index.loadRebuilt(symbol, 'e2', levels, [found], 3000)).toEqual({ outcome: 'loaded' });
      expect(await index.isBuilt(symbol)).toBe(false);
      expect(await index.arm(symbol, [aStop(90)], [], 3001)).toEqual({ outcome: 'rebuild' });
      expect(await index.finishRebuild(symbol, 'e2', 3002)).toEqual({ outcome: 'finished', wake: true });
      expect(await index.symbolsWithHits(0, 3002)).toEqual([symbol]);
      expect(await index.takeHits(symbol, 10, 3002, 2000)).toEqual([found]);

      // The refused batch comes again. 117 is 2 % below the peak that the rebuild found, rounded down.
      expect(await apply(symbol, 2, aTick(2, 118))).toMatchObject({
        hits: 0,
        nearest: { falls: { bid: 117 } },
      });
      expect(await apply(symbol, 3, aTick(3, 117))).toMatchObject({ outcome: 'applied', hits: 1 });
      expect(await index.takeHits(symbol, 1, 9999, 2000)).toMatchObject([
        { member: 'p|trailing', cause: 'tick', level: 117, peak: 120 },
      ]);
      expect(await index.levels(symbol)).toEqual([levels[0]]);
    });

    it('lets levels wait that were armed later than the first tick after a rebuild', async () => {
      const symbol = await aSymbol();
      const levels = [
        aStop(95, { armedTick: 7 }),
        aStop(95, { member: 'q|stop', armedTick: 3 }),
        aTrailing({ armedTick: 7, peak: units(200) }),
      ];
      await load(symbol, levels, [], 1);
      expect(await apply(symbol, 1, aTick(5, 90))).toMatchObject({ hits: 1, nearest: { falls: NONE } });
      expect(await index.levels(symbol)).toHaveLength(2);
      expect(await apply(symbol, 2, aTick(6, 90))).toMatchObject({ hits: 0 });
      expect(await apply(symbol, 3, aTick(8, 90))).toMatchObject({ hits: 2 });
    });

    it('keeps the better peak when two rebuilds load the same levels', async () => {
      const symbol = await aSymbol();
      await load(symbol, [aTrailing({ armedTick: 1, peak: units(100) })], [], 1);
      await apply(symbol, 1, aTick(2, 130));
      await load(symbol, [aTrailing({ armedTick: 1, peak: units(110) })], [], 2);
      expect(await index.levels(symbol)).toMatchObject([{ peak: 130 }]);
      await load(symbol, [aTrailing({ armedTick: 1, peak: units(131) })], [], 3);
      expect(await index.levels(symbol)).toMatchObject([{ peak: 131 }]);
    });

    it('keeps a peak when its version is armed again, even as something else', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      await index.arm(symbol, [aTrailing({ distance: { units: units(5) } })], [], 1);
      await apply(symbol, 2, aTick(2, 110), aTick(3, 107));
      await index.arm(symbol, [aTrailing()], [], 2);
      await index.arm(symbol, [aStop(50, { member: 'p|trailing' })], [], 3);
      expect(await index.levels(symbol)).toMatchObject([
        { kind: 'trailing', distance: { units: 5 }, peak: 110 },
      ]);
    });

    it('goes on from the better peak when a changed trailing stop comes with one', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      await index.arm(symbol, [aTrailing({ activation: units(105) })], [], 1);
      await apply(symbol, 2, aTick(2, 120), aTick(3, 119));
      // What was known of it is a moment old; and that it was to begin somewhere does not matter any more.
      const changed = { armedAt: 2000, distance: { bp: 100 }, activation: units(150) } as const;
      await index.arm(symbol, [aTrailing({ ...changed, version: 2, peak: units(118) })], [], 2);
      expect(await index.levels(symbol)).toMatchObject([{ peak: 120, distance: { bp: 100 } }]);
      await index.arm(symbol, [aTrailing({ ...changed, version: 3, peak: units(130) })], [], 3);
      expect(await index.takeHits(symbol, 10, 5000, 2000)).toMatchObject([
        { version: 3, peak: 130, level: 128 },
      ]);
      await index.arm(symbol, [aTrailing({ ...changed, version: 4 })], [], 4);
      expect(await index.levels(symbol)).toMatchObject([{ version: 4, peak: null }]);
    });

    it('refuses a writer whose lease somebody else has taken', async () => {
      const symbol = await aSymbol();
      const from = (leaseToken: string, fence: number, batch: number, id: number) =>
        index.applyBatch({ ...aBatch(symbol, batch, [aTick(id, 100)], 1), leaseToken, fence });
      expect(await from('old', 5, 1, 1)).toMatchObject({ outcome: 'applied' });
      expect(await from('new', 6, 1, 2)).toMatchObject({ outcome: 'applied' });
      expect(await from('old', 5, 2, 3)).toEqual({ outcome: 'not_leader' });
      expect(await from('other', 6, 2, 3)).toEqual({ outcome: 'not_leader' });
      expect(await from('new', 6, 2, 3)).toMatchObject({ outcome: 'applied' });
      expect(await from('old', 7, 1, 4)).toMatchObject({ outcome: 'applied' });
    });

    describe('with a new writer', () => {
      const claim = (symbol: string, fence: number, leaseToken = `w${fence}`) =>
        index.claim({ symbol, leaseToken, fence });
      const write = (symbol: string, fence: number, batch: number, ...ticks: ReturnType<typeof aTick>[]) =>
        index.applyBatch({ ...aBatch(symbol, batch, ticks, 1), leaseToken: `w${fence}`, fence });

      const writeLate = (
        symbol: string,
        fence: number,
        batch: number,
        lateTick: number,
        ...ticks: ReturnType<typeof aTick>[]
      ) => index.applyBatch({ ...aBatch(symbol, batch, ticks, 1), leaseToken: `w${fence}`, fence, lateTick });

      it('says how far the one before has come, and takes nothing of it any more', async () => {
        const symbol = await aSymbol();
        expect(await claim(`NEW${names()}/USDT`, 5)).toEqual({ outcome: 'rebuild' });
        expect(await claim(symbol, 5)).toEqual({ outcome: 'claimed', standing: null });
        const mark = [70, 9] as const;
        const tick = { ...aTick(2, 101), mark, unproven: true } as const;
        await write(symbol, 5, 1, aTick(1, 100), tick);
        const known = { outcome: 'claimed', standing: tick };
        expect(await claim(symbol, 6)).toEqual(known);
        expect(await write(symbol, 5, 2, aTick(3, 102))).toEqual({ outcome: 'not_leader' });
        expect(await claim(symbol, 5)).toEqual({ outcome: 'not_leader' });
        expect(await claim(symbol, 6, 'other')).toEqual({ outcome: 'not_leader' });
        expect(await write(symbol, 6, 1, aTick(4, 103))).toMatchObject({ outcome: 'applied' });
        // Its answer was lost; what was written since stays.
        expect(await claim(symbol, 6)).toEqual({ outcome: 'claimed', standing: aTick(4, 103) });
        expect(await write(symbol, 6, 1, aTick(5, 104))).toMatchObject({ outcome: 'applied', hits: 0 });
        expect(await claim(symbol, 6)).toEqual({ outcome: 'claimed', standing: aTick(4, 103) });
      });

      /** Ticks of 1, 2 ... seconds: ids are times, as a standby's. */
      const late = (second: number, price: number) => aTick(second * 1_000_000, price);
      const LATE = late(16, 0).id;
      const members = async (symbol: string) =>
        (await index.takeHits(symbol, 99, 9_000_000, 1)).map(({ member, cause, tick }) => [
          member,
          cause,
          tick.id / 1_000_000,
        ]);

      it('lets levels that were armed while nobody wrote count late ticks of their own time on', async () => {
        const symbol = await aSymbol();
        await write(symbol, 5, 1, aTick(1, 100));
        const before = aStop(90, { member: 'before|stop', armedAt: 1_000 });
        const amid = aStop(90, { member: 'amid|stop', armedAt: 12_500 });
        const low = aStop(80, { member: 'low|stop', armedAt: 12_500 });
        const ahead = aStop(95, { member: 'ahead|stop', armedAt: 99_000 });
        const trailing = aTrailing({ armedAt: 12_500, distance: { bp: 1000 } });
        const own = aTrailing({ member: 'own|trailing', armedAt: 1_000, distance: { bp: 1000 } });
        const waiting = aStop(89, { member: 'next|order', armedTick: 2, armedAt: 1_000 });
        await index.arm(symbol, [before, amid, low, ahead, trailing, own, waiting], [], 2);
        await claim(symbol, 6);
        await writeLate(symbol, 6, 1, LATE, late(11, 120), late(12, 89));
        expect(await members(symbol)).toEqual([
          ['before|stop', 'tick', 12],
          ['next|order', 'tick', 12],
          ['own|trailing', 'tick', 12],
        ]);
        await writeLate(symbol, 6, 2, LATE, late(13, 101), late(14, 79), late(16, 100));
        const rest = await members(symbol);
        expect(rest.filter(([, , at]) => at === 14)).toEqual([
          ['amid|stop', 'tick', 14],
          ['low|stop', 'tick', 14],
          ['p|trailing', 'tick', 14],
        ]);
        // Its clock is far ahead: it is armed at the last of them, and lives.
        expect(await index.levels(symbol)).toMatchObject([
          { member: 'ahead|stop', armedTick: late(16, 0).id },
        ]);
        await writeLate(symbol, 6, 3, LATE, late(17, 95));
        expect(await members(symbol)).toContainEqual(['ahead|stop', 'tick', 17]);
      });

      it('lets them do so also where the cache was lost meanwhile', async () => {
        const symbol = await aSymbol();
        await write(symbol, 5, 1, aTick(1, 100));
        await flush();
        expect(await claim(symbol, 6)).toEqual({ outcome: 'rebuild' });
        const levels = [
          aStop(90, { member: 'before|stop', armedTick: 1, armedAt: 1_000 }),
          aStop(90, { member: 'amid|stop', armedTick: 1, armedAt: 12_500 }),
          aTrailing({ armedTick: 1, armedAt: 12_500, distance: { bp: 1000 } }),
          aTrailing({ member: 'peak|trailing', armedTick: 1, armedAt: 12_500, peak: units(102) }),
        ];
        await load(symbol, levels, [], 3);
        await index.finishRebuild(symbol, 'load-3', 4);
        await writeLate(symbol, 6, 1, LATE, late(11, 120), late(12, 89));
        expect(await members(symbol)).toEqual([['before|stop', 'tick', 12]]);
        await writeLate(symbol, 6, 2, LATE, late(13, 101), late(14, 100));
        expect(await members(symbol)).toEqual([]);
        await writeLate(symbol, 6, 3, LATE, late(15, 91), late(16, 90));
        expect((await members(symbol)).toSorted()).toEqual([
          ['amid|stop', 'tick', 16],
          ['peak|trailing', 'tick', 15],
          ['p|trailing', 'tick', 16],
        ]);
      });

      it('holds back what is armed between two batches of late ticks as well', async () => {
        const symbol = await aSymbol();
        await write(symbol, 5, 1, aTick(1, 100));
        await claim(symbol, 6);
        await writeLate(symbol, 6, 1, LATE, late(11, 100));
        await index.arm(symbol, [aStop(90, { armedAt: 13_500 })], [], 3);
        await writeLate(symbol, 6, 2, LATE, late(12, 100), late(13, 80));
        await index.arm(symbol, [aStop(75, { member: 'q|stop', armedAt: 14_500 })], [], 3);
        await index.arm(symbol, [aStop(79, { member: 'r|stop', armedAt: 12_500 })], [], 3);
        await writeLate(symbol, 6, 3, LATE, late(14, 70), late(15, 74));
        expect((await members(symbol)).toSorted()).toEqual([
          ['p|stop', 'tick', 14],
          ['q|stop', 'tick', 15],
          ['r|stop', 'tick', 14],
        ]);
      });

      it('changes nothing for levels that are armed when the late ones are through', async () => {
        const symbol = await aSymbol();
        await write(symbol, 5, 1, aTick(1, 100));
        await claim(symbol, 6);
        await writeLate(symbol, 6, 1, late(12, 0).id, late(11, 100), late(12, 99));
        await index.arm(symbol, [aStop(98, { armedAt: 90_000 })], [], 3);
        expect(await writeLate(symbol, 6, 2, late(12, 0).id, late(13, 97))).toMatchObject({ hits: 1 });
      });
    });

    it('takes a doubled batch once, and says again that there are hits', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      await index.arm(symbol, [aStop(95)], [], 1);
      expect(await apply(symbol, 2, aTick(2, 94))).toMatchObject({ hits: 1, wake: true });
      expect(await apply(symbol, 2, aTick(2, 94))).toMatchObject({ hits: 0, wake: true });
      const late = await index.applyBatch(aBatch(symbol, 1, [aTick(1, 100)], 1002));
      expect(late).toMatchObject({ hits: 0, wake: true, nearest: { falls: NONE } });
      expect(await index.takeHits(symbol, 10, 5000, 2000)).toHaveLength(1);
      expect(await apply(symbol, 2, aTick(2, 94))).toMatchObject({ hits: 0, wake: false });
    });

    it('wakes somebody when visible hits go from none to some, and only then', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      const stops = [95, 94, 93, 92].map((price) => aStop(price, { member: `p${price}|stop` }));
      expect(await index.arm(symbol, stops, [], 1)).toEqual({
        ...{ outcome: 'armed', armedTick: 1, hits: 0, wake: false },
      });
      expect(await apply(symbol, 2, aTick(2, 95))).toMatchObject({ hits: 1, wake: true });
      expect(await apply(symbol, 3, aTick(3, 94))).toMatchObject({ hits: 1, wake: false });
      expect(await index.takeHits(symbol, 10, 2000, 2000)).toHaveLength(2);
      expect(await apply(symbol, 4, aTick(4, 93))).toMatchObject({ hits: 1, wake: true });
      const late = aStop(99, { member: 'late|stop' });
      expect(await index.arm(symbol, [late], [], 1005)).toMatchObject({ hits: 1, wake: false });
      await index.takeHits(symbol, 10, 2001, 2000);
      expect(await index.arm(symbol, [{ ...late, version: 2 }], [], 2002)).toMatchObject({ wake: true });
    });

    it('shows a hit again whose taker died, and not one that is settled', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      await index.arm(symbol, [aStop(95), aStop(95, { member: 'q|stop' })], [], 1);
      await apply(symbol, 2, aTick(2, 90));
      expect(await index.symbolsWithHits(0, 2000)).toContain(symbol);
      const taken = await index.takeHits(symbol, 10, 2000, 2000);
      expect(taken.map((h) => h.member)).toEqual(['p|stop', 'q|stop']);
      expect(taken[0]).toEqual({
        ...{ member: 'p|stop', version: 1, cause: 'tick', source: 'bid', level: 95, price: 90 },
        ...{ peak: null, armedTick: 1, tick: aTick(2, 90) },
      });
      expect(await index.takeHits(symbol, 10, 3999, 2000)).toEqual([]);
      expect(await index.symbolsWithHits(0, 3999)).not.toContain(symbol);
      await index.settleHits(symbol, [
        { member: 'p|stop', version: 1 },
        { member: 'q|stop', version: 2 },
      ]);
      const again = await index.takeHits(symbol, 10, 4000, 2000);
      expect(again.map((h) => h.member)).toEqual(['q|stop']);
      expect(await index.takeHits(symbol, 1, 9000, 2000)).toHaveLength(1);
    });

    it('refuses an impossible level and arms none of its call', async () => {
      const symbol = await aSymbol();
      const wrong = aTrailing({ distance: { bp: 0 } });
      await expect(index.arm(symbol, [aStop(95), wrong], [], 1)).rejects.toThrow(InvalidLevelError);
      await expect(load(symbol, [aStop(95), wrong], [], 1)).rejects.toThrow(InvalidLevelError);
      expect(await index.levels(symbol)).toEqual([]);
    });

    it('applies a batch of more ticks than one command takes', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 5000));
      await index.arm(symbol, [aStop(4000), aTrailing({ distance: { units: units(5) } })], [], 1);
      const up = Array.from({ length: 1100 }, (_, i) => aTick(2 + i, 5000 + i));
      expect(await apply(symbol, 2, ...up, aTick(2000, 3900))).toMatchObject({ hits: 2, wake: true });
      const hits = await index.takeHits(symbol, 10, 9000, 1000);
      expect(hits).toMatchObject([{ level: 4000 }, { level: 6094, peak: 6099, tick: { id: 2000 } }]);
    });

    it('hands hits out by the time they are visible at, then by name', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      const stops = ['c', 'a', 'b'].map((owner) => aStop(95, { member: `${owner}|stop` }));
      await index.arm(symbol, [...stops, aStop(90, { member: 'first|stop', version: 10 })], [], 1);
      await apply(symbol, 2, aTick(2, 94));
      await apply(symbol, 3, aTick(3, 89));
      const members = async (limit: number, now: number, hide: number) =>
        (await index.takeHits(symbol, limit, now, hide)).map((hit) => hit.member);
      expect(await members(2, 2000, 5000)).toEqual(['a|stop', 'b|stop']);
      expect(await members(1, 2000, 1000)).toEqual(['c|stop']);
      expect(await members(10, 2000, 4000)).toEqual(['first|stop']);
      expect(await members(10, 9000, 1)).toEqual(['c|stop', 'first|stop', 'a|stop', 'b|stop']);
      expect(await members(10, 9000, 1)).toEqual([]);
    });

    it('hands hits of one moment out in the order of their ticks, those of one tick by name', async () => {
      const symbol = await aSymbol();
      await apply(symbol, 1, aTick(1, 100));
      const stops = [
        aStop(95, { member: 'y|stop' }),
        aStop(95, { member: 'z|stop' }),
        aStop(90, { member: 'a|stop' }),
        aStop(80, { member: 'x|stop' }),
      ];
      await index.arm(symbol, stops, [], 1);
      // Many ticks are sent in several commands, all of the same moment.
      const quiet = (from: number) => Array.from({ length: 1100 }, (_, i) => aTick(from + i, 99));
      const ticks = [aTick(10, 94), aTick(11, 89), ...quiet(100), aTick(2000, 79)];
      expect(await apply(symbol, 2, ...ticks)).toMatchObject({ hits: 4 });
      const members = async (limit: number, now: number) =>
        (await index.takeHits(symbol, limit, now, 2000)).map((hit) => hit.member);
      expect(await members(10, 1001)).toEqual([]);
      expect(await members(3, 1002)).toEqual(['y|stop', 'z|stop', 'a|stop']);
      expect(await members(10, 1003)).toEqual(['x|stop']);
      // Nobody has settled them.
      expect(await members(10, 3001)).toEqual([]);
      expect(await members(10, 3003)).toEqual(['y|stop', 'z|stop', 'a|stop', 'x|stop']);
    });

    it('follows trailing stops that come back with peaks of their own, in whatever order', async () => {
      const symbol = `T${names()}/USDT`;
      const long = (name: string, peak: number) =>
        aTrailing({ member: `${name}|t`, armedTick: 1, distance: { bp: 1000 }, peak: units(peak) });
      const short = (name: string, peak: number): TrailingLevel => ({
        ...long(name, peak),
        side: 'short',
        source: 'ask',
      });
      await index.beginRebuild(symbol, 'e');
      const levels = [long('b', 1100), short('x', 900), long('a', 1200), long('c', 1000), short('y', 1000)];
      await index.loadRebuilt(symbol, 'e', levels, [], 5);
      await index.finishRebuild(symbol, 'e', 6);
      const found = async (): Promise<readonly unknown[]> => {
        const hits = await index.takeHits(symbol, 10, 9000, 1000);
        await index.settleHits(symbol, hits);
        return hits.map(({ member, level, peak, cause }) => [member, level, peak, cause]).sort();
      };
      // Stops at 990, 990 of a short, 1080, 900, 1100 of a short.
      await apply(symbol, 1, aTick(2, 1050));
      expect(await found()).toEqual([
        ['a|t', 1080, 1200, 'tick'],
        ['x|t', 990, 900, 'tick'],
      ]);
      // One that comes later with a better peak than all others, and one with none.
      await index.arm(symbol, [long('late', 1130), long('now', 1050)], [], 7);
      await apply(symbol, 2, aTick(3, 1120), aTick(4, 1018));
      // c and now have followed to 1120, b too: 1008. late still has its own: 1017.
      expect(await found()).toEqual([['y|t', 1100, 1000, 'tick']]);
      await apply(symbol, 3, aTick(5, 1017));
      expect(await found()).toEqual([['late|t', 1017, 1130, 'tick']]);
      await apply(symbol, 4, aTick(6, 1008));
      const followed = ['b|t', 'c|t', 'now|t'].map((member) => [member, 1008, 1120, 'tick']);
      expect(await found()).toEqual(followed);
      expect(await index.levels(symbol)).toEqual([]);
    });

    it('does not arm what a rebuild has found hit, before that is settled', async () => {
      const symbol = `T${names()}/USDT`;
      const hit = (version: number): Hit => ({
        ...{ member: 'p|stop', version, cause: 'rebuilt', source: 'bid', level: units(95) },
        ...{ price: units(94), peak: null, armedTick: 1, tick: aTick(2, 94) },
      });
      await index.beginRebuild(symbol, 'e');
      await index.loadRebuilt(symbol, 'e', [aStop(95, { armedTick: 1 })], [hit(1)], 5);
      await index.loadRebuilt(symbol, 'e', [aStop(95, { armedTick: 1 })], [hit(1)], 900);
      expect(await index.levels(symbol)).toEqual([]);
      await index.finishRebuild(symbol, 'e', 6);
      // The second loader did not make it visible anew: it is visible since the first.
      expect(await index.takeHits(symbol, 10, 6, 100)).toEqual([hit(1)]);
      await index.arm(symbol, [aStop(95, { armedTick: 1 })], [], 7);
      expect(await index.levels(symbol)).toEqual([]);
      await apply(symbol, 1, aTick(3, 90));
      expect(await index.takeHits(symbol, 10, 106, 100)).toEqual([hit(1)]);
      await load(symbol, [], [hit(1)], 107);
      expect(await index.takeHits(symbol, 10, 107, 100)).toEqual([]);
      await index.settleHits(symbol, [hit(1)]);
      expect(await index.arm(symbol, [aStop(80)], [], 8)).toMatchObject({ hits: 0 });
      expect(await index.levels(symbol)).toHaveLength(1);
      // A hit that a later rebuild brings takes its level out.
      await load(symbol, [], [hit(2)], 200);
      expect(await index.levels(symbol)).toEqual([]);
    });

    it('takes nothing from a rebuild that another has overtaken, or whose token the cache has lost', async () => {
      const symbol = `T${names()}/USDT`;
      const [ghost, found] = [aStop(90, { member: 'ghost|stop', armedTick: 1 }), aStop(95)];
      const hit: Hit = {
        ...{ member: 'ghost|tp', version: 1, cause: 'rebuilt', source: 'bid', level: units(95) },
        ...{ price: units(94), peak: null, armedTick: 1, tick: aTick(2, 94) },
      };
      const lost = { outcome: 'lost' };
      await index.beginRebuild(symbol, 'one');
      await index.beginRebuild(symbol, 'two');
      expect(await index.loadRebuilt(symbol, 'one', [ghost], [hit], 1)).toEqual(lost);
      expect(await index.loadRebuilt(symbol, 'two', [found], [], 2)).toEqual({ outcome: 'loaded' });
      expect(await index.loadRebuilt(symbol, 'one', [ghost], [hit], 3)).toEqual(lost);
      await index.finishRebuild(symbol, 'two', 4);
      // It is over for both of them: whoever thaws now has read what was long ago.
      expect(await index.loadRebuilt(symbol, 'one', [ghost], [hit], 5)).toEqual(lost);
      expect(await index.loadRebuilt(symbol, 'two', [ghost], [hit], 6)).toEqual(lost);
      expect(await index.levels(symbol)).toEqual([found]);
      expect(await index.takeHits(symbol, 10, 7, 100)).toEqual([]);

      await index.beginRebuild(symbol, 'three');
      await flush();
      expect(await index.loadRebuilt(symbol, 'three', [ghost], [hit], 8)).toEqual(lost);
      expect(await index.hasLevels(symbol)).toBe(false);
      expect(await index.takeHits(symbol, 10, 9, 100)).toEqual([]);
    });

    it('is not built where the cache was lost after a rebuild began, or another one has begun', async () => {
      const symbol = `T${names()}/USDT`;
      await index.beginRebuild(symbol, 'one');
      await index.loadRebuilt(symbol, 'one', [aStop(90, { armedTick: 1 })], [], 1);
      await flush();
      expect(await index.finishRebuild(symbol, 'one', 2)).toEqual({ outcome: 'lost' });
      expect(await index.isBuilt(symbol)).toBe(false);
      expect(await index.arm(symbol, [aStop(90)], [], 3)).toEqual({ outcome: 'rebuild' });

      await index.beginRebuild(symbol, 'two');
      await index.beginRebuild(symbol, 'three');
      expect(await index.finishRebuild(symbol, 'two', 4)).toEqual({ outcome: 'lost' });
      await index.loadRebuilt(symbol, 'three', [aStop(90, { armedTick: 1 })], [], 5);
      expect(await index.finishRebuild(symbol, 'three', 6)).toEqual({ outcome: 'finished', wake: false });
      expect(await index.levels(symbol)).toHaveLength(1);
      // Once: a doubled finish says nothing of what is there.
      expect(await index.finishRebuild(symbol, 'three', 7)).toEqual({ outcome: 'lost' });
    });

    describe('that somebody has built before the writer has left its bars', () => {
      const barsOf = (tick: Tick): readonly Bar[] => {
        const { open: bar } = foldTicks(null, [tick]);
        return bar === null ? [] : [bar];
      };
      type Held = PriceBatch['heldBars'];
      const write = (symbol: string, batch: number, tick: Tick, heldBars: Held) =>
        index.applyBatch({ ...aBatch(symbol, batch, [tick], 1000 + batch), bars: barsOf(tick), heldBars });
      const applied = { outcome: 'applied' };

      it('takes nothing of a writer that has any, until they are there and it is built again', async () => {
        const symbol = await aSymbol();
        expect(await write(symbol, 1, aTick(1, 100), 'none')).toMatchObject(applied);
        expect(await write(symbol, 2, aTick(2, 90), 'own')).toMatchObject(applied);
        await flush();
        await load(symbol, [aStop(95, { armedTick: 1 })], [], 5);
        await index.finishRebuild(symbol, 'load-5', 6);
        expect(await write(symbol, 3, aTick(3, 100), 'own')).toEqual({ outcome: 'rebuild' });
        expect(await index.levels(symbol)).toEqual([aStop(95, { armedTick: 1 })]);

        // Who is about to build it has not read them either.
        await index.beginRebuild(symbol, 'blind');
        await writeBars(symbol, barsOf(aTick(2, 90)), 'writer');
        expect(await index.finishRebuild(symbol, 'blind', 7)).toEqual({ outcome: 'lost' });
        expect(await index.isBuilt(symbol)).toBe(false);
        expect(await write(symbol, 3, aTick(3, 100), 'own')).toEqual({ outcome: 'rebuild' });

        const found: Hit = {
          ...{ member: 'p|stop', version: 1, cause: 'rebuilt', source: 'bid', level: units(95) },
          ...{ price: units(90), peak: null, armedTick: 1, tick: aTick(2, 90) },
        };
        await load(symbol, [], [found], 8);
        await index.finishRebuild(symbol, 'load-8', 9);
        expect(await index.levels(symbol)).toEqual([]);
        expect(await write(symbol, 3, aTick(3, 100), 'own')).toMatchObject(applied);
        expect(await index.takeHits(symbol, 10, 2000, 1)).toEqual([found]);
      });

      it('goes on where they are there already: nothing is built twice', async () => {
        const symbol = await aSymbol();
        await writeBars(symbol, barsOf(aTick(1, 100)), 'writer');
        await index.beginRebuild(symbol, 'sighted');
        await writeBars(symbol, barsOf(aTick(1, 100)), 'writer');
        expect(await index.finishRebuild(symbol, 'sighted', 2)).toMatchObject({ outcome: 'finished' });
        expect(await write(symbol, 1, aTick(2, 101), 'own')).toMatchObject(applied);
        await writeBars(symbol, barsOf(aTick(2, 101)), 'writer');
        expect(await index.isBuilt(symbol)).toBe(true);
      });

      it('misses the bars of its own writer where another one has left some, and knows each for itself', async () => {
        const symbol = await aSymbol();
        expect(await write(symbol, 1, aTick(1, 100), 'none')).toMatchObject(applied);
        await flush();
        await index.beginRebuild(symbol, 'blind');
        // Thawed late: it knows less than who writes now.
        await writeBars(symbol, barsOf(aTick(1, 100)), 'before');
        await load(symbol, [aStop(95, { armedTick: 1 })], [], 5);
        await index.finishRebuild(symbol, 'load-5', 6);
        expect(await write(symbol, 2, aTick(3, 100), 'own')).toEqual({ outcome: 'rebuild' });
        await writeBars(symbol, barsOf(aTick(2, 90)), 'writer');
        expect(await index.isBuilt(symbol)).toBe(false);

        // Both have left theirs: neither takes from the other what is built now.
        await load(symbol, [aStop(85, { armedTick: 1 })], [], 8);
        await index.finishRebuild(symbol, 'load-8', 9);
        await writeBars(symbol, barsOf(aTick(1, 100)), 'before');
        await writeBars(symbol, barsOf(aTick(2, 90)), 'writer');
        expect(await index.isBuilt(symbol)).toBe(true);
        expect(await write(symbol, 2, aTick(3, 100), 'own')).toMatchObject(applied);
      });

      it('goes on with a writer that has only what others have left, wherever anybody has', async () => {
        const symbol = await aSymbol();
        expect(await write(symbol, 1, aTick(1, 100), 'others')).toEqual({ outcome: 'rebuild' });
        await writeBars(symbol, barsOf(aTick(1, 100)), 'before');
        await load(symbol, [], [], 5);
        await index.finishRebuild(symbol, 'load-5', 6);
        expect(await write(symbol, 1, aTick(2, 100), 'others')).toMatchObject(applied);
        expect(await write(symbol, 2, aTick(3, 100), 'own')).toMatchObject(applied);
      });

      it('remembers the last four that left some', async () => {
        const symbol = await aSymbol();
        for (const writer of ['a', 'b', 'c', 'd', 'e'])
          await writeBars(symbol, barsOf(aTick(1, 100)), writer);
        await load(symbol, [], [], 5);
        await index.finishRebuild(symbol, 'load-5', 6);
        await writeBars(symbol, barsOf(aTick(1, 100)), 'e');
        expect(await index.isBuilt(symbol)).toBe(true);
        await writeBars(symbol, barsOf(aTick(1, 100)), 'a');
        expect(await index.isBuilt(symbol)).toBe(false);
      });

      it('goes on with a writer that has none', async () => {
        const symbol = await aSymbol();
        expect(await write(symbol, 1, aTick(1, 100), 'none')).toMatchObject(applied);
      });
    });

    it('shows hits of a rebuild that is under way, and its levels', async () => {
      const symbol = `T${names()}/USDT`;
      await index.beginRebuild(symbol, 'e');
      await index.loadRebuilt(symbol, 'e', [aStop(90, { armedTick: 1 })], [], 1);
      expect(await index.levels(symbol)).toEqual([aStop(90, { armedTick: 1 })]);
      expect(await index.isBuilt(symbol)).toBe(false);
      expect(await index.symbolsWithHits(0, 99)).not.toContain(symbol);
      expect(await index.finishRebuild(symbol, 'e', 2)).toEqual({ outcome: 'finished', wake: false });
      expect(await index.isBuilt(symbol)).toBe(true);
    });

    it('knows the shard of a symbol', async () => {
      ({ index } = await open({ shards: 2 }));
      const hit = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const symbol = await aSymbol();
          await apply(symbol, 1, aTick(1, 100));
          await index.arm(symbol, [aStop(100)], [], 1);
          return symbol;
        }),
      );
      const shards = await Promise.all([0, 1, 2].map((shard) => index.symbolsWithHits(shard, 9000)));
      const ours = shards.map((symbols) => symbols.filter((symbol) => hit.includes(symbol)));
      expect(ours.flat().toSorted()).toEqual(hit.toSorted());
      expect(ours.map((symbols) => symbols.length > 0)).toEqual([true, true, false]);
      for (const symbols of shards) expect(symbols).toEqual(symbols.toSorted());
    });
  });
}
