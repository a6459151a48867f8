/** Long waits that double: [60 s] to [15 min], for what a quick reconnect would only make worse. Pure. */
const FIRST_MS = 60_000;
const LONGEST_MS = 15 * 60_000;

export class CoolDown {
  readonly #first: number;
  readonly #longest: number;
  #waits = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(firstMs = FIRST_MS, longestMs = LONGEST_MS) {
    this.#first = firstMs;
    this.#longest = longestMs;
  }

  /** Begins one at `now` (running time); answers how long it is. While one lasts it is not made longer. */
  begin(now: number): number {
    if (now < this.#until) return this.#until - now;
    // Two processes that put each other out in turn live one wait each: only who lived longer than any starts anew.
    if (now - this.#until > 2 * this.#longest) this.#waits = 0;
    const wait = Math.min(this.#longest, this.#first * 2 ** Math.min(this.#waits, 20));
    this.#waits += 1;
    this.#until = now + wait;
    return wait;
  }

  /** Ms that are left; 0 = go ahead. */
  left(now: number): number {
    return Math.max(0, this.#until - now);
  }

  /** What it was for is over. */
  forget(): void {
    this.#waits = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
