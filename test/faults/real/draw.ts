/** Seeded choices: the same seed makes the same plan. What the real parts make of it differs from run to run. */
import { type Random, seededRandom, seedFrom } from '../../../shared/feeds/prng.ts';

const WHOLE = 2 ** 32;

export class Draw {
  readonly #random: Random;

  /** `purpose` keeps the parts of one run apart: a bot that draws more often moves nobody else's plan. */
  constructor(seed: number, purpose: string) {
    this.#random = seededRandom(seedFrom(`${seed}:${purpose}`));
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor((this.#random() / WHOLE) * (high - low + 1));
  }

  /** True in `percent` of 100 draws. */
  chance(percent: number): boolean {
    return this.#random() / WHOLE < percent / 100;
  }

  /** @throws for an empty list */
  pick<T>(list: readonly T[]): T {
    const found = list[this.between(0, list.length - 1)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** One of several things, each as likely as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, what: T])[]): T {
    let left = this.between(
      1,
      choices.reduce((all, [weight]) => all + weight, 0),
    );
    for (const [weight, what] of choices) {
      left -= weight;
      if (left <= 0) return what;
    }
    throw new Error('nothing to choose from');
  }
}
