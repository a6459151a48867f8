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
  /** Of a local machine's clock, always; ms either way. */
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
  /** Until then whatever may have kept somebody from working is no wonder (docs/faults.md), epoch ms. */
  disturbedUntil = 0;
  /** When the last sweep began, epoch ms. */
  sweptAt = 0;
  readonly #calls: Chance;
  readonly #ofRead: readonly Share[];
  readonly #ofWrite: readonly Share[];
  readonly #ofClaim: readonly Share[];

  constructor(weather: Weather, chance: Chance) {
    this.weather = weather;
    this.#ofRead = sharesOf(ofRead(weather));
    this.#ofWrite = sharesOf(ofWrite(weather));
    this.#ofClaim = sharesOf(ofWrite({ ...weather, freeze: CLAIM_FREEZES * weather.freeze }));
    this.#calls = chance.fork('calls');
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Something has struck, and may be felt until then. */
  disturb(until: number): void {
    if (until > this.disturbedUntil) this.disturbedUntil = until;
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

  /** What strikes a call. Only a write meets others, or is repeated; a claim is a write that is followed by a request. */
  strike(kind: 'read' | 'write' | 'claim'): Strike {
    if (this.isOver) return 'none';
    const x = this.#calls.unit();
    for (const { strike, below } of this.#shares(kind)) {
      if (x >= below) continue;
      this.count(`call_${strike}`);
      return strike;
    }
    return 'none';
  }

  #shares(kind: 'read' | 'write' | 'claim'): readonly Share[] {
    if (kind === 'read') return this.#ofRead;
    return kind === 'claim' ? this.#ofClaim : this.#ofWrite;
  }
}

/** A process that stands still between claim and request does the most harm: so many times as often as elsewhere. */
const CLAIM_FREEZES = 10;

/** A strike, and the draws that mean it: all that are below, and not below the ones before it. */
interface Share {
  readonly strike: Strike;
  readonly below: number;
}

function sharesOf(chances: readonly (readonly [Strike, number])[]): readonly Share[] {
  let below = 0;
  return chances.map(([strike, chance]) => {
    below += chance;
    return { strike, below };
  });
}

const ofRead = (w: Weather): readonly (readonly [Strike, number])[] => [
  ['error_before', w.errorBefore],
  ['error_after', w.errorAfter],
  ['kill_before', w.killBefore],
  ['kill_after', w.killAfter],
  ['freeze', w.freeze],
];

const ofWrite = (w: Weather): readonly (readonly [Strike, number])[] => [
  ...ofRead(w),
  ['conflict', w.conflict],
  ['repeated', w.repeated],
];
