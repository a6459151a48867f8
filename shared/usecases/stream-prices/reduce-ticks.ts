/**
 * What may be left out of a queue of ticks that waits for the cache (design section 10).
 *
 * Pure. Always true of what is kept, in the order it came, for levels armed before the first of them:
 * - the same levels become hits as with all ticks (a level may be reached by a later tick of the same move);
 * - trailing stops that are not reached end at the same peak;
 * - from `exactFrom` on, each second's first, low, high and last price of every source is kept, so its bar is the same;
 * - before that, from `minutesFrom` on, those of each minute.
 *
 * Why it is enough: a fixed level asks for the lowest or highest price of all. A long's trailing stop asks for a
 * price that is low against the highest one before it: per new high only the lowest price until the next new
 * high counts, and of these only those that fell further (as a share, or in units) than every one from a higher
 * peak. A peak from before the queue is answered by the lowest price of all. Shorts are mirrored.
 */
import { priceOf, SOURCES } from '../../domain/triggers/rules.ts';
import type { Tick } from '../../domain/triggers/types.ts';

/** Of ticks that nothing but levels is to be told of. */
const NO_SPAN = -1;

/** A peak, and the worst price before the next peak. */
interface Swing {
  peak: number;
  peakAt: number;
  worst: number;
  worstAt: number;
}

/** Answers the kept ones; times are epoch ms. */
export function reduceTicks<T extends { readonly tick: Tick }>(
  queue: readonly T[],
  exactFrom: number,
  minutesFrom = exactFrom,
): T[] {
  const spanOf = (at: number): number => {
    if (at >= exactFrom) return Math.floor(at / 1000);
    // Below any second's number.
    return at >= minutesFrom ? -2 - Math.floor(at / 60_000) : NO_SPAN;
  };
  const keep = new Set<number>([0, queue.length - 1]);
  for (const source of SOURCES) {
    const prices = queue.map(({ tick }) => priceOf(tick, source));
    for (const side of ['long', 'short'] as const) keepSwings(prices, side, keep);
    keepSpans(queue, prices, spanOf, keep);
  }
  return queue.filter((_, i) => keep.has(i));
}

function keepSwings(prices: readonly number[], side: 'long' | 'short', keep: Set<number>): void {
  const better = (a: number, b: number): boolean => (side === 'long' ? a > b : a < b);
  const swings: Swing[] = [];
  let worst: Swing | null = null;
  for (const [i, price] of prices.entries()) {
    let swing = swings.at(-1);
    if (swing === undefined || better(price, swing.peak)) {
      swing = { peak: price, peakAt: i, worst: price, worstAt: i };
      swings.push(swing);
    } else if (better(swing.worst, price)) {
      swing.worst = price;
      swing.worstAt = i;
    }
    if (worst === null || better(worst.worst, swing.worst)) worst = swing;
  }
  if (worst !== null) keep.add(worst.worstAt);
  keepDeepest(swings, keep);
}

/** From the best peak backwards: a swing counts when it went further than all with a better peak. */
function keepDeepest(swings: readonly Swing[], keep: Set<number>): void {
  const best = swings.at(-1);
  if (best !== undefined) keep.add(best.peakAt);
  let furthest = 0;
  let deepest = 0;
  for (const { peak, peakAt, worst, worstAt } of swings.toReversed()) {
    const distance = Math.abs(peak - worst);
    const share = distance / peak;
    // Shares are compared as doubles: near equality both are kept.
    if (distance === 0 || (distance <= furthest && share < deepest - 1e-9)) continue;
    furthest = Math.max(furthest, distance);
    deepest = Math.max(deepest, share);
    keep.add(peakAt);
    keep.add(worstAt);
  }
}

/** First, last, lowest and highest of each span. */
function keepSpans(
  queue: readonly { readonly tick: Tick }[],
  prices: readonly number[],
  spanOf: (at: number) => number,
  keep: Set<number>,
): void {
  let span = NO_SPAN;
  let low = 0;
  let high = 0;
  for (const [i, { tick }] of queue.entries()) {
    const now = spanOf(tick.at);
    if (now === NO_SPAN) continue;
    if (now !== span) {
      keep
        .add(low)
        .add(high)
        .add(Math.max(0, i - 1))
        .add(i);
      span = now;
      low = i;
      high = i;
    }
    if ((prices[i] ?? 0) < (prices[low] ?? 0)) low = i;
    if ((prices[i] ?? 0) > (prices[high] ?? 0)) high = i;
  }
  keep.add(low).add(high);
}
