import { dueShard, type Item } from '../../../shared/adapters/dynamodb/items.ts';
import type { Change, DueItem } from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';
import { itemSize, MAX_ITEM_BYTES } from './item-size.ts';
import { type IndexLag, Lagging } from './lagging.ts';

/** One put of a transaction. `name` is what a conflict names, and no two of a transaction have the same. */
export interface Write {
  readonly name: string;
  /** Its condition does not hold. */
  readonly isStale: boolean;
  readonly put: () => void;
}

/** How something is written and read in the real store. */
export interface Codec<T> {
  readonly toItem: (value: T) => Item;
  readonly fromItem: (item: Item, path: string) => T;
}

/**
 * The value as a store gives it back: unchangeable, and with a codec exactly as the real one would read it. Throws
 * what the real one throws for what cannot be kept, for instance an item that is too large.
 */
export function kept<T>(value: T, codec: Codec<T> | null, before?: T): T {
  if (codec === null) return frozen(value, before);
  const item = codec.toItem(value);
  const size = itemSize(item);
  if (size > MAX_ITEM_BYTES) {
    throw new Error(`ValidationException: item size of ${size} bytes has exceeded the maximum allowed size`);
  }
  return frozen(codec.fromItem(item, item['pk']?.S ?? ''));
}

const MAX_ITEMS = 100;

/** What is refused as a whole, before any condition is looked at. */
export function checkTransaction(writes: readonly Write[]): void {
  if (writes.length > MAX_ITEMS) {
    throw new Error(`a transaction of ${writes.length} items; at most ${MAX_ITEMS}`);
  }
  if (writes.length < 2) return;
  const seen = new Set<string>();
  for (const { name } of writes) {
    if (seen.has(name)) throw new Error(`a transaction that writes ${name} twice`);
    seen.add(name);
  }
}

interface Kept {
  readonly version: number;
  readonly dueAt: number | null;
  readonly dueTries: number;
}

interface ShelfOptions<T> {
  readonly kind: DueItem['kind'];
  readonly idOf: (item: T) => string;
  readonly codec: Codec<T> | null;
  readonly lag: IndexLag | null;
  readonly shards: number;
}

/** Items of one kind by id: conditional writes, and the indexes over them. */
export class Shelf<T extends Kept> {
  readonly items = new Map<string, T>();
  private readonly options: ShelfOptions<T>;
  private readonly index: Lagging<T>;
  private readonly shardOf = new Map<string, string>();

  constructor(options: ShelfOptions<T>) {
    this.options = options;
    this.index = new Lagging(this.items, options.lag);
  }

  /** The order of the answer is not that of the ids; doubles and missing ones are left out. */
  many(ids: readonly string[]): readonly T[] {
    return [...new Set(ids)].sort().flatMap((id) => this.items.get(id) ?? []);
  }

  write({ before, after }: Change<T>): Write {
    const { idOf, kind, codec } = this.options;
    const id = idOf(after);
    if (before !== null && idOf(before) !== id) {
      throw new Error(`a change from ${idOf(before)} to ${id} is not one item's`);
    }
    const stored = this.items.get(id);
    const isStale = before === null ? stored !== undefined : stored?.version !== before.version;
    const next = kept({ ...after, version: (before?.version ?? 0) + 1 }, codec, stored);
    return { name: `${kind} ${id}`, isStale, put: () => this.put(id, next) };
  }

  /** Items as an index shows them now, in the order of their ids. */
  indexed(isIn: (item: T) => boolean): readonly T[] {
    const { idOf } = this.options;
    const found = this.index.read().filter(isIn);
    return found.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  }

  due(shard: number, now: number, limit: number): DueItem[] {
    const { kind, idOf } = this.options;
    const found: DueItem[] = [];
    for (const item of this.index.read()) {
      const { dueAt } = item;
      const id = idOf(item);
      if (dueAt !== null && dueAt <= now && this.isIn(shard, id)) found.push({ kind, id, dueAt });
    }
    return found.sort((a, b) => a.dueAt - b.dueAt).slice(0, limit);
  }

  /** Leaves the version alone: whoever read the item before may still write it. */
  moveDue(id: string, from: number, to: number): boolean {
    const item = this.items.get(id);
    if (item === undefined || item.dueAt !== from) return false;
    this.put(id, frozen({ ...item, dueAt: to, dueTries: item.dueTries + 1 }, item));
    return true;
  }

  private put(id: string, item: T): void {
    this.index.writing(id);
    this.items.set(id, item);
  }

  private isIn(shard: number, id: string): boolean {
    const { shards } = this.options;
    if (shards === 1) return shard === 0;
    const known = this.shardOf.get(id) ?? dueShard(id, shards);
    this.shardOf.set(id, known);
    return known === String(shard);
  }
}
