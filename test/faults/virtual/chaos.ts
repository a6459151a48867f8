/**
 * How bad a run's storm is, and what strikes each call. Everything is drawn from the seed; after the storm nothing
 * strikes any more.
 */
import type { Chance } from './random.ts';

/** Chances per call, request or message. */
export interface Weather {
  /** Of a call that stays instant; the others take 1 to 12 ms, and a few up to `slowMs`. */
  readonly instant: number;
  readonly slow: number;
  readonly slowMs: number;
  /** The service refuses: nothing happened. */
  readonly errorBefore: number;
  /** It happened, and the answer got lost. */
  readonly errorAfter: number;
  /** A write that somebody else's is in the way of. */
  readonly conflict: number;
  /** A write that the client repeated, because the first answer got lost. */
  readonly repeated: number;
  readonly killBefore: number;
  readonly killAfter: number;
  /** The process stands still for 40 s after this call. */
  readonly freeze: number;
  readonly message: {
    readonly lost: number;
    readonly doubled: number;
    readonly late: number;
    readonly lateMs: number;
    readonly redelivered: number;
  };
  readonly request: {
    readonly refused: number;
    readonly lostBefore: number;
    readonly lostAfter: number;
    readonly errorBefore: number;
    readonly errorAfter: number;
    /** -1007, and the venue executes it up to 10 s later. */
    readonly executedLate: number;
    readonly slow: number;
    readonly slowMs: number;
    readonly rateLimited: number;
  };
  readonly event: {
    readonly dropped: number;
    readonly doubled: number;
    readonly late: number;
    readonly lateMs: number;
  };
  /** Of a local machine's clock, ms either way. */
  readonly skewMs: number;
}

export type Strike =
  | 'none'
  | 'error_before'
  | 'error_after'
  | 'conflict'
  | 'repeated'
  | 'kill_before'
  | 'kill_after'
  | 'freeze';

const CALM_MS = 0;

export class Chaos {
  readonly weather: Weather;
  readonly counts: Record<string, number> = {};
  isOver = false;
  readonly #calls: Chance;

  constructor(weather: Weather, chance: Chance) {
    this.weather = weather;
    this.#calls = chance.fork('calls');
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** One way of a call, ms. */
  travelMs(): number {
    if (this.isOver) return CALM_MS;
    const { instant, slow, slowMs } = this.weather;
    const x = this.#calls.unit();
    if (x < instant) return 0;
    if (x < 1 - slow) return this.#calls.between(1, 12);
    return this.#calls.between(20, slowMs);
  }

  /** What strikes a call. `isWrite`: only a write meets others, or is repeated. */
  strike(isWrite: boolean): Strike {
    if (this.isOver) return 'none';
    const w = this.weather;
    let x = this.#calls.unit();
    const isNext = (p: number): boolean => {
      x -= p;
      return x < 0;
    };
    let found: Strike = 'none';
    if (isNext(w.errorBefore)) found = 'error_before';
    else if (isNext(w.errorAfter)) found = 'error_after';
    else if (isNext(w.killBefore)) found = 'kill_before';
    else if (isNext(w.killAfter)) found = 'kill_after';
    else if (isNext(w.freeze)) found = 'freeze';
    else if (isWrite && isNext(w.conflict)) found = 'conflict';
    else if (isWrite && isNext(w.repeated)) found = 'repeated';
    if (found !== 'none') this.count(`call_${found}`);
    return found;
  }
}
