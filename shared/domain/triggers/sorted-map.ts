/**
 * A map in key order, for the engine's levels: runs of sorted keys, so that a million levels cost O(log n) to find
 * and a short move to insert or remove.
 */
interface Run<V> {
  readonly keys: number[];
  readonly values: V[];
}

const RUN = 256;

export class SortedMap<V> {
  private readonly runs: Run<V>[] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(key: number): V | undefined {
    const run = this.runs[this.runOf(key)];
    if (run === undefined) return undefined;
    const at = lowerBound(run.keys, key);
    return run.keys[at] === key ? run.values[at] : undefined;
  }

  /** The value of this key; made and stored when it is new. */
  getOrAdd(key: number, make: () => V): V {
    const index = Math.min(this.runOf(key), this.runs.length - 1);
    const run = this.runs[index];
    if (run === undefined) {
      const value = make();
      this.runs.push({ keys: [key], values: [value] });
      this.count = 1;
      return value;
    }
    const at = lowerBound(run.keys, key);
    const found = run.values[at];
    if (run.keys[at] === key && found !== undefined) return found;
    const value = make();
    run.keys.splice(at, 0, key);
    run.values.splice(at, 0, value);
    this.count += 1;
    if (run.keys.length > 2 * RUN) {
      this.runs.splice(index + 1, 0, { keys: run.keys.splice(RUN), values: run.values.splice(RUN) });
    }
    return value;
  }

  delete(key: number): void {
    const index = this.runOf(key);
    const run = this.runs[index];
    if (run === undefined) return;
    const at = lowerBound(run.keys, key);
    if (run.keys[at] !== key) return;
    run.keys.splice(at, 1);
    run.values.splice(at, 1);
    this.count -= 1;
    if (run.keys.length === 0) this.runs.splice(index, 1);
  }

  /** The lowest key, or undefined. */
  firstKey(): number | undefined {
    return this.runs[0]?.keys[0];
  }

  /** The highest key, or undefined. */
  lastKey(): number | undefined {
    return this.runs.at(-1)?.keys.at(-1);
  }

  first(): V | undefined {
    return this.runs[0]?.values[0];
  }

  last(): V | undefined {
    return this.runs.at(-1)?.values.at(-1);
  }

  /** The lowest key at or above this one, or undefined. */
  ceilingKey(key: number): number | undefined {
    const run = this.runs[this.runOf(key)];
    return run?.keys[lowerBound(run.keys, key)];
  }

  *values(): IterableIterator<V> {
    for (const run of this.runs) yield* run.values;
  }

  /** Index of the first run whose last key is at or above the key; the number of runs when there is none. */
  private runOf(key: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.runs[middle]?.keys.at(-1);
      if (last !== undefined && last < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lowerBound(keys: readonly number[], key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = keys[middle];
    if (at !== undefined && at < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
