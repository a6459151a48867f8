import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barOf, extremesOf, foldTicks, mergeBars } from '../../../../shared/domain/triggers/bars.ts';
import { TriggerEngine } from '../../../../shared/domain/triggers/engine.ts';
import { replayBars, replayInSlices } from '../../../../shared/domain/triggers/rebuild.ts';
import { hitKey, priceOf, SOURCES } from '../../../../shared/domain/triggers/rules.ts';
import type { Level, Tick, TrailingLevel, Units } from '../../../../shared/domain/triggers/types.ts';
import { aTick, levelsAt } from '../../../support/trigger-histories.ts';
import { plainReplay } from './plain-replay.ts';

const units = (n: number): Units => n as Units;
const at = (ms: number, tick: Tick): Tick => ({ ...tick, at: ms });

/** Ticks around 100 with ids and times that grow, several to a second. */
const ticks = fc
  .array(
    fc.record({
      after: fc.constantFrom(0, 100, 400, 900, 2500),
      bid: fc.integer({ min: 85, max: 115 }),
      spread: fc.integer({ min: 0, max: 3 }),
      last: fc.integer({ min: -1, max: 1 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((moves) => {
    let now = 5_000;
    return moves.map((m, i) => {
      now += m.after;
      return at(now, aTick(i + 1, m.bid, m.bid + m.spread, m.bid + m.last));
    });
  });

const barsOf = (all: readonly Tick[]) => {
  const { complete, open } = foldTicks(null, all);
  return open === null ? complete : [...complete, open];
};

const peakOf = (level: Level | undefined) => (level?.kind === 'trailing' ? level.peak : null);

describe('one-second bars', () => {
  it('hold the extremes and the close of their ticks, per source', () => {
    fc.assert(
      fc.property(ticks, (all) => {
        for (const bar of barsOf(all)) {
          const mine = all.filter((t) => Math.floor(t.at / 1000) === bar.second);
          expect(bar).toMatchObject({
            count: mine.length,
            firstTick: mine[0]?.id,
            lastTick: mine.at(-1)?.id,
          });
          for (const source of SOURCES) {
            const prices = mine.map((t) => priceOf(t, source));
            expect(bar.low[source]).toBe(Math.min(...prices));
            expect(bar.high[source]).toBe(Math.max(...prices));
            expect(bar.close[source]).toBe(prices.at(-1));
          }
        }
      }),
    );
  });

  it('are the same whether the ticks come at once or one by one', () => {
    fc.assert(
      fc.property(ticks, (all) => {
        let open: ReturnType<typeof foldTicks>['open'] = null;
        const complete = all.flatMap((tick) => {
          const step = foldTicks(open, [tick]);
          open = step.open;
          return [...step.complete];
        });
        expect(open === null ? complete : [...complete, open]).toEqual(barsOf(all));
      }),
    );
  });

  it('keep a tick in the open second when the clock went back', () => {
    const { complete, open } = foldTicks(null, [at(9_100, aTick(1, 100)), at(8_900, aTick(2, 90))]);
    expect(complete).toEqual([]);
    expect(open).toMatchObject({ second: 9, low: { bid: 90 }, close: { bid: 90 }, count: 2 });
  });

  it('merge two parts of a second, in any order and also twice', () => {
    const a = barOf(at(9_100, aTick(1, 100, 104)));
    const b = barOf(at(9_800, aTick(2, 90, 110)));
    const both = mergeBars(a, b);
    expect(both).toMatchObject({
      second: 9,
      low: { bid: 90, ask: 104, mid: 100 },
      high: { bid: 100, ask: 110, mid: 102 },
      close: { bid: 90 },
      firstTick: 1,
      lastTick: 2,
    });
    expect(mergeBars(b, a)).toEqual(both);
    expect(mergeBars(mergeBars(both, a), b)).toEqual(both);
  });

  it('tell their extremes', () => {
    const bars = barsOf([at(1_000, aTick(1, 100)), at(2_000, aTick(2, 90)), at(3_000, aTick(3, 120))]);
    expect(extremesOf(bars, 'bid')).toEqual({ low: 90, high: 120 });
    expect(extremesOf([], 'bid')).toBeNull();
  });
});

describe('levels replayed over bars', () => {
  const trailing: TrailingLevel = {
    member: 'p|trailing',
    version: 1,
    source: 'bid',
    armedTick: 0,
    armedAt: 999,
    kind: 'trailing',
    side: 'long',
    distance: { units: units(10) },
    activation: null,
    peak: units(100),
  };

  it('test a low against the peak of the bars before it, not of its own', () => {
    const up = [at(1_000, aTick(1, 95)), at(1_500, aTick(2, 120))];
    expect(replayBars([trailing], barsOf(up))).toMatchObject({ hits: [], levels: [{ peak: 120 }] });
    const down = [...up, at(2_000, aTick(3, 121)), at(2_900, aTick(4, 110))];
    expect(replayBars([trailing], barsOf(down)).hits).toMatchObject([
      { cause: 'rebuilt', level: 110, price: 110, peak: 120, tick: { id: 4, bid: 110, at: 2999 } },
    ]);
  });

  it('leave out the second of the arming', () => {
    const bars = barsOf([at(1_200, aTick(1, 80)), at(2_000, aTick(2, 100))]);
    expect(replayBars([{ ...trailing, armedAt: 1_900, armedTick: 1 }], bars).hits).toEqual([]);
    expect(replayBars([{ ...trailing, armedAt: 900 }], bars).hits).toHaveLength(1);
  });

  it('take the second of the arming when all its ticks came later', () => {
    const bars = barsOf([at(900, aTick(1, 100)), at(1_950, aTick(2, 80)), at(2_000, aTick(3, 100))]);
    expect(replayBars([{ ...trailing, armedAt: 1_900, armedTick: 1 }], bars).hits).toHaveLength(1);
    // Never armed before: only the time tells.
    expect(replayBars([{ ...trailing, armedAt: 1_900, armedTick: -1 }], bars).hits).toEqual([]);
  });

  it('of a take-over leave out what a standby had from before the arming: its ids are times', () => {
    const S = 1_790_000_000;
    const kept = (ms: number, price: number) => at(S * 1000 + ms, aTick((S * 1000 + ms) * 1000, price));
    // The writer before began an hour earlier: its ids say that time.
    const before = at(S * 1000 - 500, aTick((S - 3_600) * 1_000_000 + 77, 100));
    const armed = { ...trailing, peak: null, armedTick: before.id, armedAt: S * 1000 + 3_500 };
    const fixed: Level = {
      ...{ member: 'p|stop_loss', version: 1, source: 'bid', armedTick: before.id, armedAt: armed.armedAt },
      ...{ kind: 'fixed', direction: 'falls', price: units(90) },
    };
    const amid = [before, kept(1_000, 80), kept(2_000, 130), kept(3_200, 80), kept(4_100, 100)];
    expect(replayBars([fixed, armed], barsOf(amid))).toMatchObject({ hits: [], levels: [{}, { peak: 100 }] });
    const after = [...amid, kept(5_000, 89)];
    expect(replayBars([fixed, armed], barsOf(after)).hits).toHaveLength(2);
    // Who was armed before it counts all of it.
    const older = { ...fixed, armedAt: S * 1000 - 400 };
    expect(replayBars([older], barsOf(amid)).hits).toMatchObject([{ tick: { at: S * 1000 + 1_999 } }]);
    // A writer's later bars have ids of an earlier time: no clock takes them away.
    const later = at(S * 1000 + 6_000, aTick((S + 1) * 1_000_000, 80));
    const wrongClock = { ...fixed, armedAt: S * 1000 + 99_000 };
    expect(replayBars([wrongClock], barsOf([before, later])).hits).toHaveLength(1);
  });

  it('count ticks, however wrong the clock was that told when they were armed', () => {
    const bars = barsOf([at(1_000, aTick(1, 80)), at(2_000, aTick(2, 100)), at(3_000, aTick(3, 80))]);
    const fixed: Level = {
      ...{ member: 'p|stop_loss', version: 1, source: 'bid', armedTick: 2, armedAt: 2_500 },
      ...{ kind: 'fixed', direction: 'falls', price: units(90) },
    };
    for (const armedAt of [0, 2_500, 33_000]) {
      expect(replayBars([{ ...fixed, armedAt }], bars).hits, `armed at ${armedAt}`).toMatchObject([
        { tick: { id: 3 } },
      ]);
      expect(replayBars([{ ...fixed, armedAt }], bars.slice(0, 2)).hits, `armed at ${armedAt}`).toEqual([]);
    }
  });

  it('activate in the bar that reaches the activation, and take its high as the peak', () => {
    const level = { ...trailing, peak: null, activation: units(110) };
    const bars = barsOf([at(1_000, aTick(1, 90)), at(2_000, aTick(2, 112)), at(2_100, aTick(3, 108))]);
    expect(replayBars([level], bars.slice(0, 1)).levels).toEqual([level]);
    expect(replayBars([level], bars).levels).toMatchObject([{ peak: 112 }]);
  });

  it('never claim what the engine did not see, and never miss what whole bars show', () => {
    let rebuilt = 0;
    let seen = 0;
    fc.assert(
      fc.property(ticks, fc.array(levelsAt(100), { minLength: 1, maxLength: 5 }), (all, drawn) => {
        const levels = drawn.map(
          (level, i): Level => ({ ...level, member: `${i}`, armedTick: 0, armedAt: 4_999 }),
        );
        const engine = new TriggerEngine();
        engine.arm(levels);
        const hits = new Map(engine.applyTicks(all).map((h) => [hitKey(h.member, h.version), h]));
        const left = new Map(engine.levels().map((l) => [l.member, l]));
        const bars = barsOf(all);
        const found = replayBars(levels, bars);
        expect(found.hits.length + found.levels.length).toBe(levels.length);
        for (const hit of found.hits) {
          const live = hits.get(hitKey(hit.member, hit.version));
          expect(live).toBeDefined();
          // In the same bar or earlier: inside a bar the engine knows more.
          expect(live?.tick.id).toBeLessThanOrEqual(hit.tick.id);
          if (live?.peak === null) expect(hit.level).toBe(live.level);
        }
        for (const level of found.levels) {
          const live = left.get(level.member);
          if (live !== undefined) {
            expect(level).toEqual(live);
            continue;
          }
          // Missed: only a trailing level, whose peak lies in the bar of the hit itself.
          const hit = hits.get(hitKey(level.member, level.version));
          expect(level.kind).toBe('trailing');
          const bar = bars.find((b) => (hit?.tick.id ?? 0) <= b.lastTick);
          const before = bars.filter((b) => b.second < (bar?.second ?? 0));
          expect(
            replayBars(
              levels.filter((l) => l.member === level.member),
              before,
            ).levels[0],
          ).not.toMatchObject({
            peak: hit?.peak,
          });
        }
        rebuilt += found.hits.length;
        seen += hits.size;
      }),
      { numRuns: 2_000 },
    );
    expect(rebuilt).toBeGreaterThan(seen / 2);
  });

  it('come to what a plain pass over all bars comes to, in the same order', () => {
    let reached = 0;
    let raised = 0;
    fc.assert(
      fc.property(ticks, fc.array(levelsAt(100), { maxLength: 30 }), fc.nat(12), (all, drawn, span) => {
        const levels = drawn.map(
          (level, i): Level => ({
            ...{ ...level, member: `${i}`, armedAt: 5_000 + (i % (span + 1)) * 1_000 },
            armedTick: i % 3 === 0 ? -1 : i % (span + 1),
          }),
        );
        const bars = barsOf(all);
        const found = replayBars(levels, bars);
        expect(found).toEqual(plainReplay(levels, bars));
        reached += found.hits.length;
        raised += found.levels.filter(
          (level) => peakOf(level) !== peakOf(levels[Number(level.member)]),
        ).length;
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(reached, raised)).toBeGreaterThan(1_000);
  });

  it('are replayed in slices that come to the same', () => {
    const bars = Array.from({ length: 2_000 }, (_, i) =>
      barsOf([at(i * 1_000, aTick(i + 1, 1_000 + ((i * 37) % 101) + i))]),
    ).flat();
    const levels = Array.from(
      { length: 400 },
      (_, i): Level => ({ ...trailing, member: `${i}`, armedTick: i, distance: { units: units(500 + i) } }),
    );
    const slices = replayInSlices(levels, bars);
    let yields = 0;
    let last = slices.next();
    for (; last.done !== true; last = slices.next()) yields += 1;
    expect(last.value).toEqual(replayBars(levels, bars));
    expect(last.value.levels.length).toBeGreaterThan(0);
    expect(yields).toBeGreaterThan(1);
  });
});
