/**
 * One distance of trailing stops over one source's bars (rebuild.ts): where a stop is due, and how far its peak came.
 *
 * Pure. From the bar that gave a stop its peak on, all stops of one side and distance go the same way, whenever they
 * were armed: each such bar is followed once.
 */
import type { Extremes } from './extremes.ts';
import { stopOf } from './rules.ts';
import type { Distance, TrailingLevel, Units } from './types.ts';

export interface Trailed {
  /** Best price at the end, or when it was reached; null = it has not begun to trail. */
  readonly peak: Units | null;
  /** Bar in which it was reached, at which stop and by which price; null = it was not. */
  readonly due: { readonly at: number; readonly level: Units; readonly price: Units } | null;
}

/** What is known of bars that gave a peak: in `round` they were followed, to `dueAt` (-1: none) with the peak of `peakAt`. */
export interface Followed {
  readonly round: Int32Array;
  readonly dueAt: Int32Array;
  readonly peakAt: Int32Array;
}

export const nothingFollowed = (bars: number): Followed => ({
  round: new Int32Array(bars),
  dueAt: new Int32Array(bars),
  peakAt: new Int32Array(bars),
});

/** The part of the bars that one side looks at. */
interface Side {
  along(bar: number): Units;
  against(bar: number): Units;
  /** First bars from `from` on: that go beyond a peak, that come to an activation, that come down to a stop. */
  beyond(from: number, peak: Units): number;
  reaching(from: number, activation: Units): number;
  downTo(from: number, stop: Units): number;
}

const sideOf = (side: TrailingLevel['side'], bars: Extremes): Side =>
  side === 'long'
    ? {
        along: bars.high,
        against: bars.low,
        beyond: (from, peak) => bars.firstAtLeast(from, peak + 1),
        reaching: bars.firstAtLeast,
        downTo: bars.firstAtMost,
      }
    : {
        along: bars.low,
        against: bars.high,
        beyond: (from, peak) => bars.firstAtMost(from, peak - 1),
        reaching: bars.firstAtMost,
        downTo: bars.firstAtLeast,
      };

/**
 * Follows levels of one side and distance from a bar on. `round` has to be another for each side, distance and source,
 * and greater than 0; `steps.taken` grows with the work.
 */
export function trailOver(
  bars: Extremes,
  { side, distance }: { readonly side: TrailingLevel['side']; readonly distance: Distance },
  known: Followed,
  round: number,
  steps: { taken: number },
): (level: Pick<TrailingLevel, 'peak' | 'activation'>, from: number) => Trailed {
  const look = sideOf(side, bars);
  const path: number[] = [];

  /** Where a stop with this peak is due, and who raises the peak before (in the same bar the stop comes first). */
  function next(from: number, peak: Units): { readonly dueAt: number; readonly raisedAt: number } {
    steps.taken += 1;
    const raisedAt = look.beyond(from, peak);
    const dueAt = look.downTo(from, stopOf(side, peak, distance));
    return dueAt !== -1 && (raisedAt === -1 || dueAt <= raisedAt)
      ? { dueAt, raisedAt: -1 }
      : { dueAt: -1, raisedAt };
  }

  /** From the bar that gave the peak. */
  function follow(first: number): Trailed {
    let at = first;
    let dueAt = -1;
    path.length = 0;
    while (known.round[at] !== round) {
      path.push(at);
      const found = next(at + 1, look.along(at));
      if (found.raisedAt === -1) {
        dueAt = found.dueAt;
        break;
      }
      at = found.raisedAt;
    }
    if (known.round[at] === round) {
      dueAt = known.dueAt[at] ?? -1;
      at = known.peakAt[at] ?? at;
    }
    for (const bar of path) {
      known.round[bar] = round;
      known.dueAt[bar] = dueAt;
      known.peakAt[bar] = at;
    }
    return reached(look.along(at), dueAt);
  }

  const reached = (peak: Units, at: number): Trailed => ({
    peak,
    due: at === -1 ? null : { at, level: stopOf(side, peak, distance), price: look.against(at) },
  });

  return ({ peak, activation }, from) => {
    if (from >= bars.count) return { peak, due: null };
    if (peak === null) {
      const begun = activation === null ? from : look.reaching(from, activation);
      return begun === -1 ? { peak, due: null } : follow(begun);
    }
    const { dueAt, raisedAt } = next(from, peak);
    return raisedAt === -1 ? reached(peak, dueAt) : follow(raisedAt);
  };
}
