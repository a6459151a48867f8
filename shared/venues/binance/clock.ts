/**
 * The venue's time on this machine (design section 6): local wall clock + measured offset.
 *
 * Always true:
 * - `venueTime` is never the raw local clock: without a measurement it throws VenueUnavailableError;
 * - the offset is that of the quickest of a few round trips, taken at its midpoint;
 * - it is measured anew each [5 min], after the venue found a timestamp wrong, and when the wall clock has moved against
 *   the monotonic one (set by hand, or the process was frozen).
 */
import type { Log } from '../../ports/runtime.ts';
import { VenueUnavailableError } from '../../ports/venue.ts';

export interface ClockSettings {
  /** Measured anew after this. */
  readonly maxAgeMs: number;
  /** An offset that cannot be measured anew is used up to this age. */
  readonly maxTrustMs: number;
  readonly samples: number;
  /** The two local clocks may drift apart by this. */
  readonly maxJumpMs: number;
}

export const DEFAULT_CLOCK: ClockSettings = {
  maxAgeMs: 5 * 60_000,
  maxTrustMs: 30 * 60_000,
  samples: 3,
  maxJumpMs: 250,
};

export interface ServerClockPorts {
  /** One GET /api/v3/time: the venue's answer, epoch ms. Throws VenueUnavailableError. */
  readonly readTime: () => Promise<number>;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Never goes back, ms. */
  readonly monotonic: () => number;
  readonly log: Log;
}

interface Measured {
  readonly offset: number;
  /** Half of the round trip: how wrong the offset may be. */
  readonly errorMs: number;
  readonly wall: number;
  readonly monotonic: number;
}

export interface ServerClock {
  /** Venue time, epoch ms. Measures first where it has to. Throws VenueUnavailableError. */
  venueTime(): Promise<number>;
  /** Venue time as well as it is known, without asking; the local clock before the first measurement. */
  estimate(): number;
  /** The venue's own answer, now. Throws VenueUnavailableError. */
  read(): Promise<number>;
  /** The venue found a timestamp wrong: the next `venueTime` measures first. */
  distrust(): void;
  /** For health; null before the first measurement. */
  offset(): { readonly offsetMs: number; readonly errorMs: number; readonly ageMs: number } | null;
}

export function createServerClock(
  ports: ServerClockPorts,
  settings: ClockSettings = DEFAULT_CLOCK,
): ServerClock {
  const { readTime, now, monotonic, log } = ports;
  let measured: Measured | null = null;
  let isDistrusted = false;
  let running: Promise<void> | null = null;

  const ageOf = (m: Measured): number => Math.max(monotonic() - m.monotonic, now() - m.wall);

  /** Between two readings both clocks have to tell the same time span. */
  const hasJumped = (m: Measured): boolean =>
    Math.abs(now() - m.wall - (monotonic() - m.monotonic)) > settings.maxJumpMs;

  async function sample(): Promise<Measured> {
    const wall = now();
    const started = monotonic();
    const serverTime = await readTime();
    const ended = monotonic();
    const errorMs = (ended - started) / 2;
    // The wall clock is read once: a jump during the round trip is found by `hasJumped`.
    return { offset: serverTime - (wall + errorMs), errorMs, wall, monotonic: started };
  }

  async function measure(): Promise<void> {
    const samples: Measured[] = [];
    let failure: unknown = null;
    for (let i = 0; i < settings.samples; i += 1) {
      try {
        samples.push(await sample());
      } catch (error) {
        failure = error;
        // Where the venue cannot be reached it is not asked again at once.
        break;
      }
    }
    const best = samples.sort((a, b) => a.errorMs - b.errorMs)[0];
    if (best === undefined) throw failure;
    const moved = measured === null ? null : Math.round(best.offset - measured.offset);
    measured = best;
    isDistrusted = false;
    log.info('VENUE_CLOCK_MEASURED', {
      offsetMs: Math.round(best.offset),
      errorMs: Math.round(best.errorMs),
      movedMs: moved,
    });
  }

  /** One measurement at a time serves all who wait for it. */
  const measureOnce = (): Promise<void> => {
    running ??= measure().finally(() => {
      running = null;
    });
    return running;
  };

  async function current(): Promise<Measured> {
    const before = measured;
    const isSound = before !== null && !isDistrusted && !hasJumped(before);
    if (isSound && ageOf(before) <= settings.maxAgeMs) return before;
    try {
      await measureOnce();
    } catch (error) {
      if (!(error instanceof VenueUnavailableError)) throw error;
      if (!isSound || ageOf(before) > settings.maxTrustMs) throw error;
      log.warn('VENUE_CLOCK_OLD', { ageMs: Math.round(ageOf(before)), error: error.message });
      return before;
    }
    if (measured === null) throw new VenueUnavailableError('the venue clock was not measured');
    return measured;
  }

  return {
    async venueTime() {
      const { offset } = await current();
      return Math.round(now() + offset);
    },
    estimate: () => Math.round(now() + (measured?.offset ?? 0)),
    read: readTime,
    distrust: () => {
      isDistrusted = true;
    },
    offset: () =>
      measured === null
        ? null
        : { offsetMs: measured.offset, errorMs: measured.errorMs, ageMs: ageOf(measured) },
  };
}
