/**
 * Which messages of one stream are too old to count, by their own times. Pure.
 *
 * A time in the future moves the stream no further than [2 s] ahead of our clock, and a stream that brought nothing
 * acceptable for [5 s] begins anew: one wrong time never silences a source for long.
 */
const MOST_AHEAD_MS = 2_000;
const RESTART_AFTER_MS = 5_000;

export class TimeOrder {
  readonly #toleranceMs: number;
  #newest = Number.NEGATIVE_INFINITY;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** How far a message may lie behind the newest one and still count. */
  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs;
  }

  isLate(at: number, now: number): boolean {
    return at < this.#newest - this.#toleranceMs && now - this.#takenAt < RESTART_AFTER_MS;
  }

  take(at: number, now: number): void {
    const known = now - this.#takenAt < RESTART_AFTER_MS ? this.#newest : Number.NEGATIVE_INFINITY;
    this.#newest = Math.max(known, Math.min(at, now + MOST_AHEAD_MS));
    this.#takenAt = now;
  }
}
