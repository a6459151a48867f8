/**
 * Lows and highs of one source's bars, and where a price is first reached after a bar: O(log n) each, so that a hundred
 * thousand levels can be replayed over days of bars (rebuild.ts).
 *
 * Pure. Two trees over the bars: each node has the lowest low (the highest high) of those below it.
 */
import type { Bar, PriceSource, Units } from './types.ts';

export interface Extremes {
  readonly count: number;
  low(bar: number): Units;
  high(bar: number): Units;
  /** The first bar from `from` on whose low is at or below `price`; -1 = none. */
  firstAtMost(from: number, price: number): number;
  /** The first bar from `from` on whose high is at or above `price`; -1 = none. */
  firstAtLeast(from: number, price: number): number;
}

/** A tree of `values` in which each node has the least of its two: index 1 is the root, the values begin at `size`. */
function leastTree(values: readonly number[], size: number): Float64Array {
  const tree = new Float64Array(2 * size).fill(Number.POSITIVE_INFINITY);
  tree.set(values, size);
  for (let node = size - 1; node >= 1; node--) {
    tree[node] = Math.min(tree[2 * node] ?? 0, tree[2 * node + 1] ?? 0);
  }
  return tree;
}

/** The first value from `from` on that is at most `bound`. */
function firstWithin(tree: Float64Array, size: number, from: number, bound: number): number {
  if (from >= size) return -1;
  const isWithin = (node: number): boolean => (tree[node] ?? Number.POSITIVE_INFINITY) <= bound;
  let node = from + size;
  while (!isWithin(node)) {
    // To the next subtree on the right, as large as one can be there.
    while (node % 2 === 1) node = (node - 1) / 2;
    if (node === 0) return -1;
    node += 1;
  }
  while (node < size) node = isWithin(2 * node) ? 2 * node : 2 * node + 1;
  return node - size;
}

export function extremesOf(bars: readonly Bar[], source: PriceSource): Extremes {
  let size = 1;
  while (size < bars.length) size *= 2;
  const lows = leastTree(
    bars.map((bar) => bar.low[source]),
    size,
  );
  // The highest is the least of the negated.
  const highs = leastTree(
    bars.map((bar) => -bar.high[source]),
    size,
  );
  const valueAt = (tree: Float64Array, bar: number): number => {
    const value = bar < bars.length ? tree[size + bar] : undefined;
    if (value === undefined) throw new RangeError(`no bar ${bar} of ${bars.length}`);
    return value;
  };
  return {
    count: bars.length,
    low: (bar) => valueAt(lows, bar) as Units,
    high: (bar) => -valueAt(highs, bar) as Units,
    firstAtMost: (from, price) => firstWithin(lows, size, from, price),
    firstAtLeast: (from, price) => firstWithin(highs, size, from, -price),
  };
}
