/**
 * Trailing levels of one side and price source, held by peak (design section 10).
 *
 * All levels with one peak form a group, and within it all with one distance form a bag. A new high merges the
 * groups it passes (the smaller into the larger) and moves one peak: no level is rewritten, so the cost of a new
 * high depends neither on the number of levels nor of distances. A group's first stop to come due is that of its
 * smallest distance.
 *
 * The book speaks of longs. A short is its mirror image: the engine passes negated prices in and out.
 */
import { stopOf } from './rules.ts';
import { SortedMap } from './sorted-map.ts';
import type { Distance, Units } from './types.ts';

/** What the book keeps of a level: where it lies. */
export interface Trailing {
  bag: Bag | null;
}

interface Bag {
  group: Group;
  readonly distance: Distance;
  readonly members: Set<Trailing>;
}

interface Group {
  peak: number;
  /** Highest stop of the group; NaN until first computed. */
  stop: number;
  /** Bags by distance: basis points, or whole units above UNITS_FROM. */
  readonly bags: SortedMap<Bag>;
}

/** Keys of distances in units start here; a bag key below is a distance in basis points. */
const UNITS_FROM = 10_000;

const bagKey = (d: Distance): number => ('bp' in d ? d.bp : UNITS_FROM + d.units);

/** The stop in mirrored prices: a negative peak belongs to a short. */
function mirroredStop(peak: number, distance: Distance): number {
  return peak >= 0 ? stopOf('long', peak as Units, distance) : -stopOf('short', -peak as Units, distance);
}

export class PeakBook<E extends Trailing> {
  private readonly groups = new SortedMap<Group>();
  private readonly byStop = new SortedMap<Set<Group>>();

  /** The lowest peak; undefined when the book is empty. */
  lowestPeak(): number | undefined {
    return this.groups.firstKey();
  }

  /** The highest stop; undefined when the book is empty. */
  highestStop(): number | undefined {
    return this.byStop.lastKey();
  }

  peakOf(entry: E): number | null {
    return entry.bag?.group.peak ?? null;
  }

  join(entry: E, distance: Distance, peak: number): void {
    const group = this.groups.getOrAdd(peak, () => ({ peak, stop: Number.NaN, bags: new SortedMap() }));
    const bag = group.bags.getOrAdd(bagKey(distance), () => ({ group, distance, members: new Set() }));
    bag.members.add(entry);
    entry.bag = bag;
    this.restop(group);
  }

  leave(entry: E): void {
    const { bag } = entry;
    if (bag === null) return;
    entry.bag = null;
    bag.members.delete(entry);
    if (bag.members.size === 0) this.dropBag(bag);
  }

  /** A price: every lower peak becomes this one. */
  raise(price: number): void {
    let top = this.groups.first();
    if (top === undefined || top.peak >= price) return;
    let lower = this.takeLowest();
    while (lower !== null) {
      top = this.groups.first();
      if (top === undefined || top.peak > price) {
        lower.peak = price;
        const moved = lower;
        this.groups.getOrAdd(price, () => moved);
        this.restop(moved);
        return;
      }
      // The group above is passed (or met) as well: one of the two takes in the other.
      const upper = this.takeLowest();
      if (upper === null) return;
      lower = this.merge(lower, upper);
      lower.peak = Math.max(upper.peak, price);
    }
  }

  /** Takes out all levels whose stop is at or above this price, with their stop and peak. */
  *takeDue(price: number): Generator<{ entry: E; stop: number; peak: number }> {
    for (;;) {
      const stop = this.byStop.lastKey();
      if (stop === undefined || stop < price) return;
      for (const group of [...(this.byStop.last() ?? [])]) {
        const bag = [...firstBags(group)].find((b) => mirroredStop(group.peak, b.distance) === stop);
        if (bag === undefined) throw new Error('a group without the stop it is filed under');
        for (const entry of bag.members) {
          entry.bag = null;
          yield { entry: entry as E, stop, peak: group.peak };
        }
        bag.members.clear();
        this.dropBag(bag);
      }
    }
  }

  private dropBag(bag: Bag): void {
    const { group } = bag;
    group.bags.delete(bagKey(bag.distance));
    if (group.bags.size > 0) {
      this.restop(group);
    } else {
      this.unfile(group);
      this.groups.delete(group.peak);
    }
  }

  private takeLowest(): Group | null {
    const group = this.groups.first();
    if (group === undefined) return null;
    this.groups.delete(group.peak);
    this.unfile(group);
    return group;
  }

  private merge(a: Group, b: Group): Group {
    const [small, large] = a.bags.size <= b.bags.size ? [a, b] : [b, a];
    for (const bag of small.bags.values()) {
      const key = bagKey(bag.distance);
      const other = large.bags.get(key);
      if (other === undefined || other.members.size < bag.members.size) {
        // The larger bag stays as it is, and takes in the smaller one's members.
        if (other !== undefined) {
          pour(other, bag);
          large.bags.delete(key);
        }
        bag.group = large;
        large.bags.getOrAdd(key, () => bag);
      } else {
        pour(bag, other);
      }
    }
    large.peak = Math.max(a.peak, b.peak);
    return large;
  }

  /** Files a group under its highest stop anew. */
  private restop(group: Group): void {
    let stop = Number.NEGATIVE_INFINITY;
    for (const bag of firstBags(group)) stop = Math.max(stop, mirroredStop(group.peak, bag.distance));
    if (stop === group.stop) return;
    this.unfile(group);
    group.stop = stop;
    this.byStop.getOrAdd(stop, () => new Set()).add(group);
  }

  private unfile(group: Group): void {
    if (Number.isNaN(group.stop)) return;
    const filed = this.byStop.get(group.stop);
    filed?.delete(group);
    if (filed?.size === 0) this.byStop.delete(group.stop);
    group.stop = Number.NaN;
  }
}

/** The bags that can come due first: the smallest distance in basis points and the smallest in units. */
function* firstBags(group: Group): Generator<Bag> {
  const lowest = group.bags.firstKey();
  const bp = group.bags.first();
  if (lowest !== undefined && lowest < UNITS_FROM && bp !== undefined) yield bp;
  const key = group.bags.ceilingKey(UNITS_FROM);
  const units = key === undefined ? undefined : group.bags.get(key);
  if (units !== undefined) yield units;
}

function pour(from: Bag, into: Bag): void {
  for (const entry of from.members) {
    entry.bag = into;
    into.members.add(entry);
  }
  from.members.clear();
}
