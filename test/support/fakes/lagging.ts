/**
 * What an eventually consistent index shows: each item as it is, or as it was a moment ago.
 *
 * As harsh as the real one may be: items lag independently of each other, and a later read may show an older state
 * than the one before it (another replica answered).
 */

export interface IndexLag {
  /** Epoch ms, or any clock that the reads and writes share. */
  readonly now: () => number;
  /** How far behind one item is in one read, ms. Asked for each item that was written lately. */
  readonly ms: () => number;
  /** The most that `ms` counts for: what is older than this is seen by everybody. */
  readonly mostMs: number;
}

interface Earlier<T> {
  /** It stood until then. */
  readonly until: number;
  /** Undefined: there was none yet. */
  readonly item: T | undefined;
}

export class Lagging<T> {
  private readonly current: ReadonlyMap<string, T>;
  private readonly lag: IndexLag | null;
  private readonly earlier = new Map<string, Earlier<T>[]>();

  constructor(current: ReadonlyMap<string, T>, lag: IndexLag | null) {
    this.current = current;
    this.lag = lag;
  }

  /** To be called before an item is written. */
  writing(id: string): void {
    if (this.lag === null) return;
    const now = this.lag.now();
    const { mostMs } = this.lag;
    const kept = (this.earlier.get(id) ?? []).filter(({ until }) => until > now - mostMs);
    this.earlier.set(id, [...kept, { until: now, item: this.current.get(id) }]);
  }

  /** The items as this read sees them. */
  read(): T[] {
    if (this.lag === null || this.earlier.size === 0) return [...this.current.values()];
    const { now, ms, mostMs } = this.lag;
    const items: T[] = [];
    for (const [id, item] of this.current) {
      const known = this.earlier.get(id);
      if (known === undefined) {
        items.push(item);
        continue;
      }
      const at = now() - Math.min(Math.max(ms(), 0), mostMs);
      const stood = known.find(({ until }) => until > at);
      const seen = stood === undefined ? item : stood.item;
      if (seen !== undefined) items.push(seen);
    }
    return items;
  }
}
