/** How long a process that died waits before it is started again: at once, then 0.2 s doubling to 5 s. */
const FIRST_MS = 200;
const LONGEST_MS = 5_000;
/** Who lived this long is well again. */
const HEALTHY_AFTER_MS = 10_000;

export class BackOff {
  #failures = 0;

  /** The wait before the next start, given how long the last run lived. */
  nextMs(livedMs: number): number {
    if (livedMs >= HEALTHY_AFTER_MS) this.#failures = 0;
    this.#failures += 1;
    return this.#failures === 1 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.#failures - 2));
  }
}
