/** What a trigger model can do: the engine and its naive counterpart are driven and compared through this. */
import type { Hit, Level, Nearest, Tick } from './types.ts';

export interface Armed {
  /** The standing tick's id; -1 = no price seen yet. */
  readonly armedTick: number;
  /** Levels that the standing price had already reached. */
  readonly hits: readonly Hit[];
}

/** A level or a hit, by name and version. */
export interface Versioned {
  readonly member: string;
  readonly version: number;
}

export interface TriggerModel {
  /**
   * Removes, then arms. Each armed level is tested at once against the standing tick; `armedTick` -1 means: armed
   * at the standing tick, or where there is none yet at the one that `datedAt` says. When the standing tick is older than the arming, that test waits for the first tick at
   * or after it (cause `armed` when it is that very tick), and earlier ones do not count.
   * - A level is ignored while a newer version of it is armed, or a hit of the same or a newer one is unsettled.
   * - A newer version replaces an older one; see `carriedPeak` for its peak.
   * - The same version again changes nothing, except that a better peak tightens a trailing stop.
   * - `remove` takes out a level of that version or older; hits stay.
   * Throws InvalidLevelError before anything changed.
   */
  arm(levels: readonly Level[], remove?: readonly Versioned[]): Armed;
  /**
   * Applies ticks in order and answers the hits in order (within one tick by member and version). Ticks at or
   * below the last applied id are skipped. Within one tick peaks and activations move first, then what is due
   * becomes a hit and leaves the levels. `newest`: the id of the newest tick that was known when these were sent,
   * if that is not the last of them.
   */
  applyTicks(ticks: readonly Tick[], newest?: number): Hit[];
  /** A hit has been dealt with. */
  settle(hits: readonly Versioned[]): void;
  nearest(): Nearest;
  /** Levels now armed, with the peaks they have reached, in no particular order. */
  levels(): Level[];
}
