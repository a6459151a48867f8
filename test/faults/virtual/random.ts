/**
 * Chance from a seed. Each part of a run has a generator of its own (`fork`), so that a draw more in one part does
 * not change what another part draws.
 */
import { seededRandom, seedFrom } from '../../../shared/feeds/prng.ts';

export class Chance {
  readonly #name: string;
  readonly #next: () => number;

  constructor(name: string) {
    this.#name = name;
    this.#next = seededRandom(seedFrom(name));
  }

  fork(name: string): Chance {
    return new Chance(`${this.#name}/${name}`);
  }

  /** 0 <= x < 1. */
  unit(): number {
    return this.#next() / 2 ** 32;
  }

  /** Whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  happens(probability: number): boolean {
    return probability > 0 && this.unit() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[Math.floor(this.unit() * from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** One of the keys, by weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let rest = this.unit() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    return this.pick(entries)[0];
  }
}
