/**
 * How many of a symbol's ticks wait while the cache is slow or away: bounded, however long that takes. Pure.
 *
 * Always true: what decides on levels is kept (reduce-ticks.ts), and the extremes of each minute that bars are kept for. What
 * gives way when there is no room are whole seconds, the oldest first: their bars are then those of what is left.
 */
import type { Tick } from '../../domain/triggers/types.ts';
import { reduceTicks } from './reduce-ticks.ts';

export interface Waiting<T> {
  readonly kept: readonly T[];
  /** Of the newest so many ms each second's bar is as all ticks would make it. */
  readonly exactMs: number;
}

/** `lastAt`: of the newest tick; `barsMs`: for so long bars are exact where there is room; `share`: ticks it may have. */
export function reduceWaiting<T extends { readonly tick: Tick }>(
  queue: readonly T[],
  { lastAt, barsMs, share }: { readonly lastAt: number; readonly barsMs: number; readonly share: number },
): Waiting<T> {
  const barsFrom = lastAt - barsMs;
  let exactMs = barsMs;
  let kept: readonly T[] = reduceTicks(queue, barsFrom);
  // Half of it: else the next ticks would have it done again at once.
  while (kept.length > share / 2 && exactMs > 0) {
    exactMs = exactMs > 2_000 ? Math.floor(exactMs / 2) : 0;
    kept = reduceTicks(kept, lastAt - exactMs, barsFrom);
  }
  return { kept, exactMs };
}
