import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldTicks } from '../../../../shared/domain/triggers/bars.ts';
import { NaiveTriggers } from '../../../../shared/domain/triggers/naive.ts';
import type { Level, Tick } from '../../../../shared/domain/triggers/types.ts';
import { reduceTicks } from '../../../../shared/usecases/stream-prices/reduce-ticks.ts';
import { aTick, byMember, levelsAt } from '../../../support/trigger-histories.ts';

interface Situation {
  readonly before: readonly Tick[];
  readonly levels: readonly Level[];
  readonly queue: readonly Tick[];
}

/** Ticks that walk and jump around one price; levels are armed at the standing tick, then the queue comes. */
const situations = (scale: number): fc.Arbitrary<Situation> => {
  const grain = Math.max(1, Math.floor(scale / 100));
  const move = fc.record({
    step: fc.integer({ min: -4, max: 4 }),
    jump: fc.constantFrom(0, 0, 0, 0, 0, 0, -15, 15),
    spread: fc.integer({ min: 0, max: 3 }),
    last: fc.integer({ min: -1, max: 3 }),
  });
  const levels = fc.array(levelsAt(scale), { minLength: 1, maxLength: 12 });
  const moves = fc.array(move, { minLength: 12, maxLength: 120 });
  return fc
    .record({ moves, levels, cut: fc.integer({ min: 1, max: 10 }) })
    .map(({ moves: all, levels: drawn, cut }) => {
      let at = scale;
      const ticks = all.map(({ step, jump, spread, last }, i) => {
        at = Math.min(scale + 60 * grain, Math.max(scale - 60 * grain, at + (step + jump) * grain));
        return aTick(100 + i, at, at + spread * grain, at + last * grain);
      });
      const named = drawn.map(
        (level, i): Level => ({ ...level, member: `${i}|x`, armedTick: -1, armedAt: 0 }),
      );
      return { before: ticks.slice(0, cut), levels: named, queue: ticks.slice(cut) };
    });
};

const outcome = ({ before, levels }: Situation, queue: readonly Tick[]) => {
  const model = new NaiveTriggers();
  model.applyTicks(before);
  const hits = [...model.arm(levels).hits, ...model.applyTicks(queue)];
  return {
    hit: hits.map(({ member }) => member).sort(),
    left: model.levels().sort(byMember),
  };
};

describe('reducing a queue of ticks', () => {
  it.each([200, 6_012_345])(
    'hits the same levels and leaves the same peaks as all ticks, at %d units',
    (scale) => {
      fc.assert(
        fc.property(situations(scale), (situation) => {
          const queue = situation.queue.map((tick) => ({ tick }));
          const kept = reduceTicks(queue, Number.POSITIVE_INFINITY).map(({ tick }) => tick);
          expect(outcome(situation, kept)).toEqual(outcome(situation, situation.queue));
        }),
        { numRuns: 3000 },
      );
    },
  );

  it('keeps every bar as it is from where they are to be exact', () => {
    fc.assert(
      fc.property(situations(200), ({ queue }) => {
        const bars = (ticks: readonly Tick[]) => {
          const { complete, open } = foldTicks(null, ticks);
          return [...complete, open].map((bar) => ({ ...bar, count: 0 }));
        };
        const kept = reduceTicks(
          queue.map((tick) => ({ tick })),
          0,
        ).map(({ tick }) => tick);
        expect(bars(kept)).toEqual(bars(queue));
      }),
      { numRuns: 1000 },
    );
  });

  it('makes a long random queue short, and keeps its order', () => {
    let at = 5_000_000;
    let seed = 1;
    const queue = Array.from({ length: 20_000 }, (_, i) => {
      seed = (seed * 48_271) % 2_147_483_647;
      at += (seed % 201) - 100;
      return { tick: { ...aTick(i, at, at + 100, at + 50), at: 1_000_000 + i } };
    });
    const kept = reduceTicks(queue, Number.POSITIVE_INFINITY);
    expect(kept.length).toBeLessThan(400);
    expect(kept.map(({ tick }) => tick.id)).toEqual(kept.map(({ tick }) => tick.id).sort((a, b) => a - b));
    expect(reduceTicks(queue, 0).length).toBeLessThan(400 + 20 * 12);
  });
});
