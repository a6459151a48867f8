/**
 * Whole numbers that were seen, side by side in one piece of memory: a fraction of what a Set of them takes, which keeps each
 * as an object. Zero or more, below 2^53. It only grows.
 */
const FIRST_PLACES = 16;
const FREE = -1;
const HIGH = 2 ** 32;
/** Odd, and with bits all over: numbers in a row come to lie far apart. */
const [SPREAD_LOW, SPREAD_HIGH] = [0x9e3779b1, 0x85ebca6b];

export class NumberSet {
  #places = new Float64Array(FIRST_PLACES).fill(FREE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(number: number): boolean {
    return this.#places[this.#placeOf(number)] === number;
  }

  add(number: number): void {
    const place = this.#placeOf(number);
    if (this.#places[place] === number) return;
    this.#places[place] = number;
    this.#size += 1;
    // Half of the places stay free, so that the next free one is near.
    if (this.#size * 2 > this.#places.length) this.#grow();
  }

  /** Where it lies, or the free place where it would. */
  #placeOf(number: number): number {
    const places = this.#places;
    const last = places.length - 1;
    let mixed = Math.imul(number | 0, SPREAD_LOW) ^ Math.imul((number / HIGH) | 0, SPREAD_HIGH);
    mixed ^= mixed >>> 15;
    let place = mixed & last;
    for (let found = places[place]; found !== number && found !== FREE; found = places[place]) {
      place = (place + 1) & last;
    }
    return place;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Float64Array(before.length * 2).fill(FREE);
    for (const number of before) if (number !== FREE) this.#places[this.#placeOf(number)] = number;
  }
}
