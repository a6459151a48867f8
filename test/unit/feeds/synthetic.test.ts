import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { parseUnits, unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import { createSyntheticFeed, SYNTHETIC_DEFAULT_SYMBOLS } from '../../../shared/feeds/synthetic.ts';
import { syntheticPath } from '../../../shared/feeds/synthetic-path.ts';
import type { FeedTick } from '../../../shared/ports/feed.ts';

const registry = symbolRegistry();
const anySymbol = fc.constantFrom(...registry.all());
const take = (
  spec: typeof registry extends { all(): readonly (infer S)[] } ? S : never,
  seed: number,
  n: number,
) => {
  const path = syntheticPath(spec, seed);
  return Array.from({ length: n }, () => path.next());
};

describe('a synthetic path', () => {
  it('is the same for the same seed and symbol, and another one for another seed', () => {
    fc.assert(
      fc.property(anySymbol, fc.nat(), (spec, seed) => {
        expect(take(spec, seed, 200)).toEqual(take(spec, seed, 200));
        expect(take(spec, seed, 200)).not.toEqual(take(spec, seed + 1, 200));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps bid below ask by a tick at least, last between, all on the tick grid, sizes on the step grid', () => {
    fc.assert(
      fc.property(anySymbol, fc.nat(), (spec, seed) => {
        for (const { bid, ask, last, bidSize, askSize } of take(spec, seed, 300)) {
          const price = (units: typeof bid) => unitsToDecimal(units, spec.unitExponent);
          expect(bid).toBeGreaterThan(0);
          expect(price(ask).minus(price(bid)).gte(spec.tickSize)).toBe(true);
          expect(last).toBeGreaterThanOrEqual(bid);
          expect(last).toBeLessThanOrEqual(ask);
          for (const units of [bid, ask, last]) expect(price(units).mod(spec.tickSize).isZero()).toBe(true);
          for (const size of [bidSize, askSize]) {
            expect(decimal(size).gt(0) && decimal(size).mod(spec.stepSize).isZero()).toBe(true);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('moves: an hour of ticks has jumps and a range that stops can be hit in', () => {
    const spec = registry.get('BTC/USDT');
    if (spec === null) throw new Error('BTC/USDT is not in the registry');
    const prices = take(spec, 7, 36_000).map(({ last }) => last);
    const steps = prices.slice(1).map((price, i) => Math.abs(price / (prices[i] ?? price) - 1));
    expect(Math.max(...steps)).toBeGreaterThan(0.002);
    expect(Math.max(...prices) / Math.min(...prices)).toBeGreaterThan(1.01);
    expect(Math.max(...prices) / Math.min(...prices)).toBeLessThan(16);
  });
});

describe('the synthetic feed', () => {
  const collect = async (
    seconds: number,
    options: { startAfter?: number; more?: readonly string[] } = {},
  ) => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    try {
      const ticks: FeedTick[] = [];
      const clock = { now: () => Date.now() };
      const { startAfter = 0 } = options;
      const feed = createSyntheticFeed({ registry, clock, seed: 3, startAfter });
      const refused = feed.subscribe(options.more ?? []);
      await feed.start({
        onTick: (tick) => void ticks.push(tick),
        onEnd: () => expect.unreachable(),
        onError: (error) => expect.unreachable(error.message),
        onSkipped: () => expect.unreachable(),
      });
      await vi.advanceTimersByTimeAsync(seconds * 1000);
      await feed.stop();
      const sent = ticks.length;
      await vi.advanceTimersByTimeAsync(1000);
      expect(ticks).toHaveLength(sent);
      return { ticks, feed, refused };
    } finally {
      vi.useRealTimers();
    }
  };

  it('sends about ten ticks a second for each default symbol, ids growing by one from the clock', async () => {
    const { ticks, feed } = await collect(3);
    for (const symbol of SYNTHETIC_DEFAULT_SYMBOLS) {
      const count = ticks.filter(({ spec }) => spec.symbol === symbol).length;
      expect(count).toBeGreaterThanOrEqual(29);
      expect(count).toBeLessThanOrEqual(32);
    }
    expect(ticks.map(({ tick }) => tick.id)).toEqual(ticks.map((_, i) => 1_700_000_000_000_000 + i));
    expect(feed.stats()).toMatchObject({ connected: false, messagesReceived: ticks.length });
  });

  it('writes texts that are exactly its units', async () => {
    const { ticks } = await collect(1);
    for (const { spec, tick, bid, ask, last } of ticks) {
      for (const [text, units] of [
        [bid, tick.bid],
        [ask, tick.ask],
        [last, tick.last],
      ] as const) {
        expect(parseUnits(text, spec.unitExponent)).toEqual({ ok: true, value: { units, rounded: false } });
      }
    }
  });

  it('starts above what is known, also when the clock went back', async () => {
    const { ticks } = await collect(1, { startAfter: 1_900_000_000_000_000 });
    expect(ticks[0]?.tick.id).toBe(1_900_000_000_000_001);
  });

  it('streams more symbols on demand and answers what it does not know', async () => {
    const { ticks, refused } = await collect(1, { more: ['XRP/USDT', 'NOPE/USDT'] });
    expect(refused.unknown).toEqual(['NOPE/USDT']);
    expect(ticks.some(({ spec }) => spec.symbol === 'XRP/USDT')).toBe(true);
  });
});
