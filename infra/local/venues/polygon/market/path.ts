/**
 * The price of a made-up market at any moment, past or future: sums of seeded noise, a pure function of time.
 *
 * Always true: the same seed, symbol and time give the same price on every machine (only sums, products and integer
 * mixing, no transcendental functions). So history needs no store, and it meets the live prices without a step.
 */
import { seededRandom, seedFrom } from '../../../../../shared/feeds/prng.ts';
import type { SimSymbol } from './symbols.ts';

/** Length of a swing in ms, and how far it goes at volatility 1, as a fraction of the start price. */
const SWINGS: readonly (readonly [periodMs: number, size: number])[] = [
  [21_600_000, 0.03],
  [3_600_000, 0.01],
  [600_000, 0.003],
  [60_000, 0.001],
  [5_000, 0.0002],
  [500, 0.00005],
];
const FULL = 2 ** 31;

/** Noise between -1 and 1: random values at whole periods, a smooth curve between them. */
function swing(seed: number, periodMs: number): (time: number) => number {
  const valueAt = (index: number): number => seededRandom(seed + index)() / FULL - 1;
  let index = Number.NaN;
  let [from, to] = [0, 0];
  return (time) => {
    const at = Math.floor(time / periodMs);
    if (at !== index) {
      index = at;
      from = valueAt(at);
      to = valueAt(at + 1);
    }
    const x = time / periodMs - at;
    return from + (to - from) * x * x * (3 - 2 * x);
  };
}

/** Answers the price at a time in epoch ms, in whole units (at least 1). */
export function pricePath({ name, start, volatility }: SimSymbol, seed: number): (time: number) => number {
  const swings = SWINGS.map(([periodMs, size]) => ({
    size: size * volatility * start,
    at: swing(seedFrom(`${seed}:${name}:${periodMs}`), periodMs),
  }));
  return (time) => {
    let price = start;
    for (const { size, at } of swings) price += size * at(time);
    return Math.max(1, Math.round(price));
  };
}
