import { describe, expect, it } from 'vitest';
import { Tape } from '../../../infra/replay/tape.ts';
import type { Tick, Units } from '../../../shared/domain/triggers/types.ts';
import { unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import { seededRandom } from '../../../shared/feeds/prng.ts';
import { specOf } from '../../support/replay-comparison.ts';

const spec = specOf('BTC/USDT');

function ticksOf(seed: number): readonly Tick[] {
  const random = seededRandom(seed);
  let at = 1_770_000_000_000;
  return Array.from({ length: 3_000 }, (_, id) => {
    // Several in one second, and seconds and minutes without any.
    at += random() % 4 === 0 ? random() % 90_000 : random() % 900;
    const bid = (600_000_000 + (random() % 1_000_000)) as Units;
    const ask = (bid + 100) as Units;
    return { id, bid, ask, last: bid, at, bidSize: '', askSize: '', recordedAt: at };
  });
}

describe('the tape of a replay', () => {
  it('has the extremes of every span, in few bars that neither overlap nor leave it', () => {
    const ticks = ticksOf(5);
    const tape = new Tape(spec, new Set(['bid', 'mid']));
    for (const tick of ticks) tape.add(tick);
    const random = seededRandom(9);
    const second = (tick: Tick | undefined) => Math.floor((tick?.at ?? 0) / 1000);
    for (let trial = 0; trial < 200; trial += 1) {
      const [a, b] = [second(ticks[random() % 3_000]), second(ticks[random() % 3_000])];
      const [from, to] = [Math.min(a, b), trial % 10 === 0 ? Number.POSITIVE_INFINITY : Math.max(a, b)];
      const bars = tape.bars('bid', from, to);
      const inside = ticks.filter((tick) => second(tick) >= from && second(tick) < to);
      const prices = inside.map(({ bid }) => bid);
      const lows = bars.map(({ low }) => low.toNumber());
      const highs = bars.map(({ high }) => high.toNumber());
      if (inside.length === 0) {
        expect(bars).toEqual([]);
        continue;
      }
      expect(Math.min(...lows)).toBe(
        unitsToDecimal(Math.min(...prices) as Units, spec.unitExponent).toNumber(),
      );
      expect(Math.max(...highs)).toBe(
        unitsToDecimal(Math.max(...prices) as Units, spec.unitExponent).toNumber(),
      );
      expect(bars.length).toBeLessThan(2 * 120 + (to - from) / 3_600);
      let end = from;
      for (const bar of bars) {
        expect(bar.second).toBeGreaterThanOrEqual(end);
        end = bar.second + (bar.seconds ?? 1);
        expect(end).toBeLessThanOrEqual(to);
      }
    }
    expect(() => tape.bars('ask', 0, 1)).toThrow(/does not keep ask/);
  });
});
