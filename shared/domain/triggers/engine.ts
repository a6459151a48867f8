/**
 * The trigger engine: levels of one symbol and the ticks that reach them (design section 10).
 *
 * Pure and in memory: used by the replay, the fault runs and as the reference for the index. Entry points: `arm`,
 * `applyTicks`. A tick strictly between the nearest levels costs eight comparisons; any other costs O(log n) per
 * level or peak that moves.
 */
import type { Armed, TriggerModel, Versioned } from './model.ts';
import { PeakBook, type Trailing } from './peak-book.ts';
import { betterPeak, carriedPeak, checkLevel, datedAt, hitKey, priceOf, SOURCES } from './rules.ts';
import { SortedMap } from './sorted-map.ts';
import type {
  FixedLevel,
  Hit,
  HitCause,
  Level,
  Nearest,
  PriceSource,
  Tick,
  TrailingLevel,
  Units,
} from './types.ts';

/** An armed level; `peak` only until it joins a peak book. */
interface Entry extends Trailing {
  readonly level: Level;
}

/** Trailing levels of one side, in prices mirrored for a short. */
interface Book {
  readonly side: 'long' | 'short';
  readonly sign: 1 | -1;
  readonly peaks: PeakBook<Entry>;
  /** Not yet activated, by mirrored activation price. */
  readonly pending: SortedMap<Set<Entry>>;
}

/** All levels of one price source. */
interface Lane {
  readonly source: PriceSource;
  readonly falls: SortedMap<Set<Entry>>;
  readonly rises: SortedMap<Set<Entry>>;
  readonly books: readonly [Book, Book];
  /** A price strictly between the two changes nothing in this lane. */
  low: number;
  high: number;
}

const book = (side: 'long' | 'short'): Book => ({
  side,
  sign: side === 'long' ? 1 : -1,
  peaks: new PeakBook(),
  pending: new SortedMap(),
});

const lane = (source: PriceSource): Lane => ({
  source,
  falls: new SortedMap(),
  rises: new SortedMap(),
  books: [book('long'), book('short')],
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
});

export class TriggerEngine implements TriggerModel {
  private readonly lanes: Readonly<Record<PriceSource, Lane>> = {
    bid: lane('bid'),
    ask: lane('ask'),
    last: lane('last'),
    mid: lane('mid'),
  };
  private readonly entries = new Map<string, Entry>();
  /** Levels armed at a tick that has not come yet, by its id. */
  private readonly waiting = new SortedMap<Set<Entry>>();
  private readonly unsettled = new Map<string, Set<number>>();
  private standing: Tick | null = null;

  arm(levels: readonly Level[], remove: readonly Versioned[] = []): Armed {
    levels.forEach(checkLevel);
    for (const { member, version } of remove) {
      const entry = this.entries.get(member);
      if (entry !== undefined && entry.level.version <= version) this.detach(entry);
    }
    const hits = levels.flatMap((level) => this.armOne(level));
    for (const source of SOURCES) rebound(this.lanes[source]);
    return { armedTick: this.standing?.id ?? -1, hits };
  }

  applyTicks(ticks: readonly Tick[], newest = ticks.at(-1)?.id ?? -1): Hit[] {
    const hits: Hit[] = [];
    const { bid, ask, last, mid } = this.lanes;
    for (const tick of ticks) {
      if (this.standing === null) this.date(tick, newest);
      else if (tick.id <= this.standing.id) continue;
      this.standing = tick;
      const middle = Math.floor((tick.bid + tick.ask) / 2);
      if (
        tick.bid > bid.low &&
        tick.bid < bid.high &&
        tick.ask > ask.low &&
        tick.ask < ask.high &&
        tick.last > last.low &&
        tick.last < last.high &&
        middle > mid.low &&
        middle < mid.high &&
        this.waiting.size === 0
      ) {
        continue;
      }
      for (const hit of this.decide(tick)) hits.push(hit);
    }
    return hits;
  }

  settle(hits: readonly Versioned[]): void {
    for (const { member, version } of hits) {
      const versions = this.unsettled.get(member);
      versions?.delete(version);
      if (versions?.size === 0) this.unsettled.delete(member);
    }
  }

  nearest(): Nearest {
    const side = (pick: (l: Lane) => number): Nearest['falls'] => {
      const at = (source: PriceSource): Units | null => {
        const price = pick(this.lanes[source]);
        return this.standing !== null && Number.isFinite(price) && price > 0 ? (price as Units) : null;
      };
      return { bid: at('bid'), ask: at('ask'), last: at('last'), mid: at('mid') };
    };
    return { falls: side((l) => l.low), rises: side((l) => l.high) };
  }

  levels(): Level[] {
    return [...this.entries.values()].map((entry) => this.asItStands(entry));
  }

  private armOne(given: Level): Hit[] {
    const old = this.entries.get(given.member);
    const known = old === undefined ? null : this.asItStands(old);
    if (known !== null && known.version > given.version) return [];
    for (const version of this.unsettled.get(given.member) ?? []) if (version >= given.version) return [];
    if (old !== undefined) this.detach(old);
    return this.place({ bag: null, level: this.successor(given, known) }, this.standing, 'armed');
  }

  /** The level to arm, given the one that it replaces or repeats. */
  private successor(given: Level, old: Level | null): Level {
    if (old !== null && old.version === given.version) {
      return old.kind === 'trailing' && given.kind === 'trailing'
        ? { ...old, peak: betterPeak(old.side, old.peak, given.peak) }
        : old;
    }
    const armedTick = given.armedTick === -1 ? (this.standing?.id ?? -1) : given.armedTick;
    return given.kind === 'trailing'
      ? { ...given, armedTick, peak: carriedPeak(given, old) }
      : { ...given, armedTick };
  }

  /** Puts a level where its next tick will find it, or answers the hit that it already is at this tick. */
  private place(entry: Entry, tick: Tick | null, cause: HitCause): Hit[] {
    const { level } = entry;
    if (tick === null || tick.id < level.armedTick) {
      file(this.waiting, level.armedTick, entry);
      this.entries.set(level.member, entry);
      return [];
    }
    return level.kind === 'fixed'
      ? this.placeFixed(entry, level, tick, cause)
      : this.placeTrailing(entry, level, tick, cause);
  }

  private placeFixed(entry: Entry, level: FixedLevel, tick: Tick, cause: HitCause): Hit[] {
    const price = priceOf(tick, level.source);
    if (level.direction === 'falls' ? price <= level.price : price >= level.price) {
      return [this.strike(entry, level.price, null, tick, cause)];
    }
    file(this.lanes[level.source][level.direction], level.price, entry);
    this.entries.set(level.member, entry);
    return [];
  }

  private placeTrailing(entry: Entry, level: TrailingLevel, tick: Tick, cause: HitCause): Hit[] {
    const { sign, peaks, pending } = this.bookOf(level);
    const price = sign * priceOf(tick, level.source);
    this.entries.set(level.member, entry);
    if (level.peak === null && level.activation !== null && price < sign * level.activation) {
      file(pending, sign * level.activation, entry);
      return [];
    }
    const peak = level.peak === null ? price : Math.max(price, sign * level.peak);
    peaks.join(entry, level.distance, peak);
    return [...this.takeDue(this.lanes[level.source], tick, cause)];
  }

  /** The first tick of all: levels armed before any was known get the tick from which on they count. */
  private date(first: Tick, newest: number): void {
    const undated = this.waiting.get(-1) ?? [];
    this.waiting.delete(-1);
    for (const { level, ...entry } of undated) {
      const dated = { ...entry, level: { ...level, armedTick: datedAt(level, first, newest) } };
      file(this.waiting, dated.level.armedTick, dated);
      this.entries.set(level.member, dated);
    }
  }

  /** One tick: peaks and activations first, then the levels that count from now on, then what is due. */
  private decide(tick: Tick): Hit[] {
    for (const source of SOURCES) this.raise(this.lanes[source], priceOf(tick, source));
    const hits: Hit[] = [];
    for (let next = this.waiting.firstKey(); next !== undefined && next <= tick.id; ) {
      const woken = this.waiting.first() ?? [];
      this.waiting.delete(next);
      for (const entry of woken) hits.push(...this.place(entry, tick, 'tick'));
      next = this.waiting.firstKey();
    }
    for (const source of SOURCES) {
      hits.push(...this.takeDue(this.lanes[source], tick, 'tick'));
      rebound(this.lanes[source]);
    }
    return hits.length < 2 ? hits : hits.sort(inOrder);
  }

  private raise(of: Lane, price: number): void {
    for (const { sign, peaks, pending } of of.books) {
      peaks.raise(sign * price);
      for (let next = pending.firstKey(); next !== undefined && next <= sign * price; ) {
        for (const entry of pending.first() ?? []) {
          if (entry.level.kind === 'trailing') peaks.join(entry, entry.level.distance, sign * price);
        }
        pending.delete(next);
        next = pending.firstKey();
      }
    }
  }

  private *takeDue(of: Lane, tick: Tick, cause: HitCause): Generator<Hit> {
    const price = priceOf(tick, of.source);
    for (let next = of.falls.lastKey(); next !== undefined && next >= price; next = of.falls.lastKey()) {
      for (const entry of of.falls.last() ?? []) {
        yield this.strike(entry, next as Units, null, tick, cause);
      }
      of.falls.delete(next);
    }
    for (let next = of.rises.firstKey(); next !== undefined && next <= price; next = of.rises.firstKey()) {
      for (const entry of of.rises.first() ?? []) {
        yield this.strike(entry, next as Units, null, tick, cause);
      }
      of.rises.delete(next);
    }
    for (const { sign, peaks } of of.books) {
      for (const { entry, stop, peak } of peaks.takeDue(sign * price)) {
        yield this.strike(entry, (sign * stop) as Units, (sign * peak) as Units, tick, cause);
      }
    }
  }

  private strike(entry: Entry, level: Units, peak: Units | null, tick: Tick, cause: HitCause): Hit {
    const { member, version, source, armedTick } = entry.level;
    this.entries.delete(member);
    const versions = this.unsettled.get(member) ?? new Set();
    this.unsettled.set(member, versions.add(version));
    const found = tick.id > armedTick ? cause : 'armed';
    return {
      member,
      version,
      cause: found,
      source,
      level,
      price: priceOf(tick, source),
      peak,
      armedTick,
      tick,
    };
  }

  private detach(entry: Entry): void {
    const { level } = entry;
    this.entries.delete(level.member);
    unfile(this.waiting, level.armedTick, entry);
    if (level.kind === 'fixed') {
      unfile(this.lanes[level.source][level.direction], level.price, entry);
      return;
    }
    const { sign, peaks, pending } = this.bookOf(level);
    peaks.leave(entry);
    if (level.activation !== null) unfile(pending, sign * level.activation, entry);
  }

  private bookOf(level: TrailingLevel): Book {
    return this.lanes[level.source].books[level.side === 'long' ? 0 : 1];
  }

  /** The level with the peak that it has reached. */
  private asItStands(entry: Entry): Level {
    const { level } = entry;
    if (level.kind === 'fixed') return level;
    const { sign, peaks } = this.bookOf(level);
    const peak = peaks.peakOf(entry);
    return peak === null ? level : { ...level, peak: (sign * peak) as Units };
  }
}

const inOrder = (a: Hit, b: Hit): number =>
  hitKey(a.member, a.version) < hitKey(b.member, b.version) ? -1 : 1;

function file(map: SortedMap<Set<Entry>>, key: number, entry: Entry): void {
  map.getOrAdd(key, () => new Set()).add(entry);
}

function unfile(map: SortedMap<Set<Entry>>, key: number, entry: Entry): void {
  const filed = map.get(key);
  filed?.delete(entry);
  if (filed?.size === 0) map.delete(key);
}

/** Finds the nearest levels of a lane anew: what is due, or moves a peak, or activates. */
function rebound(of: Lane): void {
  const [long, short] = of.books;
  of.low = Math.max(
    of.falls.lastKey() ?? Number.NEGATIVE_INFINITY,
    long.peaks.highestStop() ?? Number.NEGATIVE_INFINITY,
    -(short.pending.firstKey() ?? Number.POSITIVE_INFINITY),
    -(short.peaks.lowestPeak() ?? Number.POSITIVE_INFINITY) - 1,
  );
  of.high = Math.min(
    of.rises.firstKey() ?? Number.POSITIVE_INFINITY,
    -(short.peaks.highestStop() ?? Number.NEGATIVE_INFINITY),
    long.pending.firstKey() ?? Number.POSITIVE_INFINITY,
    (long.peaks.lowestPeak() ?? Number.POSITIVE_INFINITY) + 1,
  );
}
