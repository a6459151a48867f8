/**
 * Which messages of one stream are too old to count, by their own times. Pure.
 *
 * A time in the future moves the stream no further than [2 s] ahead of our clock, and a stream that brought nothing
 * acceptable for [5 s], or as long as it is told, begins anew: one wrong time never silences a source for long.
 */
const MOST_AHEAD_MS = 2_000;
const RESTART_AFTER_MS = 5_000;

export class TimeOrder {
  readonly #toleranceMs: number;
  readonly #restartMs: number;
  #newest = Number.NEGATIVE_INFINITY;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** How far a message may lie behind the newest one and still count; after how long a pause whatever comes does. */
  constructor(toleranceMs: number, restartMs = RESTART_AFTER_MS) {
    this.#toleranceMs = toleranceMs;
    this.#restartMs = restartMs;
  }

  isLate(at: number, now: number): boolean {
    return at < this.#newest - this.#toleranceMs && now - this.#takenAt < this.#restartMs;
  }

  take(at: number, now: number): void {
    const known = now - this.#takenAt < this.#restartMs ? this.#newest : Number.NEGATIVE_INFINITY;
    this.#newest = Math.max(known, Math.min(at, now + MOST_AHEAD_MS));
    this.#takenAt = now;
  }
}
