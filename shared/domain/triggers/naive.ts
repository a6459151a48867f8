/**
 * The trigger engine, obviously right and slow: a list of levels and loops, in the words of the rules. The engine
 * and the index are tested against it.
 */
import type { Armed, TriggerModel, Versioned } from './model.ts';
import { checkLevel, datedAt } from './rules.ts';
import type { Hit, HitCause, Level, Nearest, PriceSource, Tick, TrailingLevel, Units } from './types.ts';

const price = (tick: Tick, source: PriceSource): number =>
  source === 'mid' ? Math.floor((tick.bid + tick.ask) / 2) : tick[source];

/** Is the stop due at this price? In whole numbers without limit. */
function trailingDue(level: TrailingLevel, at: number): boolean {
  if (level.peak === null) return false;
  if ('units' in level.distance) {
    const { units } = level.distance;
    return level.side === 'long' ? at <= level.peak - units : at >= level.peak + units;
  }
  const left = BigInt(at) * 10_000n;
  const bp = BigInt(level.distance.bp);
  return level.side === 'long'
    ? left <= BigInt(level.peak) * (10_000n - bp)
    : left >= BigInt(level.peak) * (10_000n + bp);
}

/** The price at which it becomes due: found by the definition, near where it must be. */
function trailingStop(level: TrailingLevel): Units {
  const peak = level.peak ?? 0;
  const guess =
    'units' in level.distance ? level.distance.units : Math.round((peak / 10_000) * level.distance.bp);
  const step = level.side === 'long' ? -1 : 1;
  let stop = peak + step * (guess - 2);
  while (!trailingDue(level, stop)) stop += step;
  return stop as Units;
}

export class NaiveTriggers implements TriggerModel {
  private armed: Level[] = [];
  private unsettled: Versioned[] = [];
  private standing: Tick | null = null;

  arm(levels: readonly Level[], remove: readonly Versioned[] = []): Armed {
    levels.forEach(checkLevel);
    this.armed = this.armed.filter(
      (l) => !remove.some((r) => r.member === l.member && r.version >= l.version),
    );
    const standing = this.standing;
    const hits: Hit[] = [];
    for (const given of levels) {
      const old = this.armed.find((l) => l.member === given.member);
      if (old !== undefined && old.version > given.version) continue;
      if (this.unsettled.some((h) => h.member === given.member && h.version >= given.version)) continue;
      let next = given.armedTick === -1 ? { ...given, armedTick: standing?.id ?? -1 } : given;
      if (old?.version === given.version) next = old;
      if (given.kind === 'trailing' && old?.kind === 'trailing' && next.kind === 'trailing') {
        const goesOn =
          old.version === given.version ||
          (old.side === given.side &&
            old.source === given.source &&
            (given.peak !== null ||
              (old.activation === given.activation &&
                (old.armedAt === given.armedAt ||
                  JSON.stringify(old.distance) === JSON.stringify(given.distance)))));
        const peaks = [given.peak, old.peak].filter((p) => p !== null);
        if (goesOn && peaks.length > 0) {
          next = { ...next, peak: (next.side === 'long' ? Math.max(...peaks) : Math.min(...peaks)) as Units };
        }
      }
      this.armed = this.armed.filter((l) => l.member !== given.member);
      this.armed.push(next);
      if (standing !== null && standing.id >= next.armedTick)
        hits.push(...this.test(next, standing, 'armed'));
    }
    return { armedTick: standing?.id ?? -1, hits };
  }

  applyTicks(ticks: readonly Tick[], newest = ticks.at(-1)?.id ?? -1): Hit[] {
    const all: Hit[] = [];
    for (const tick of ticks) {
      if (this.standing !== null && tick.id <= this.standing.id) continue;
      if (this.standing === null) {
        this.armed = this.armed.map((l) =>
          l.armedTick === -1 ? { ...l, armedTick: datedAt(l, tick, newest) } : l,
        );
      }
      this.standing = tick;
      const hits: Hit[] = [];
      for (const level of [...this.armed]) {
        if (tick.id >= level.armedTick) hits.push(...this.test(level, tick, 'tick'));
      }
      const key = (h: Hit): string => `${h.member}@${h.version}`;
      all.push(...hits.sort((a, b) => (key(a) < key(b) ? -1 : 1)));
    }
    return all;
  }

  settle(hits: readonly Versioned[]): void {
    this.unsettled = this.unsettled.filter(
      (u) => !hits.some((h) => h.member === u.member && h.version === u.version),
    );
  }

  nearest(): Nearest {
    const falls: Record<PriceSource, Units | null> = { bid: null, ask: null, last: null, mid: null };
    const rises: Record<PriceSource, Units | null> = { bid: null, ask: null, last: null, mid: null };
    const below = (s: PriceSource, p: number): void => {
      if (p > 0) falls[s] = Math.max(falls[s] ?? 0, p) as Units;
    };
    const above = (s: PriceSource, p: number): void => {
      rises[s] = Math.min(rises[s] ?? Number.POSITIVE_INFINITY, p) as Units;
    };
    for (const level of this.armed) {
      if (this.standing === null || level.armedTick > this.standing.id) continue;
      if (level.kind === 'fixed') {
        (level.direction === 'falls' ? below : above)(level.source, level.price);
      } else if (level.peak === null) {
        if (level.activation !== null)
          (level.side === 'long' ? above : below)(level.source, level.activation);
      } else {
        (level.side === 'long' ? below : above)(level.source, trailingStop(level));
        if (level.side === 'long') above(level.source, level.peak + 1);
        else below(level.source, level.peak - 1);
      }
    }
    return { falls, rises };
  }

  levels(): Level[] {
    return [...this.armed];
  }

  /** One tick on one level: the peak first, then the test. A level that is due leaves the list. */
  private test(level: Level, tick: Tick, cause: HitCause): Hit[] {
    const at = price(tick, level.source);
    const now = level.kind === 'trailing' ? raised(level, at) : level;
    this.armed = this.armed.map((l) => (l === level ? now : l));
    const due =
      now.kind === 'trailing'
        ? trailingDue(now, at)
        : now.direction === 'falls'
          ? at <= now.price
          : at >= now.price;
    if (!due) return [];
    this.armed = this.armed.filter((l) => l !== now);
    this.unsettled.push({ member: now.member, version: now.version });
    return [
      {
        member: now.member,
        version: now.version,
        cause: tick.id > now.armedTick ? cause : 'armed',
        source: now.source,
        level: now.kind === 'trailing' ? trailingStop(now) : now.price,
        price: at as Units,
        peak: now.kind === 'trailing' ? now.peak : null,
        armedTick: now.armedTick,
        tick,
      },
    ];
  }
}

function raised(level: TrailingLevel, at: number): TrailingLevel {
  const isHigh = (than: number): boolean => (level.side === 'long' ? at >= than : at <= than);
  if (level.peak !== null) return isHigh(level.peak) ? { ...level, peak: at as Units } : level;
  return level.activation === null || isHigh(level.activation) ? { ...level, peak: at as Units } : level;
}
