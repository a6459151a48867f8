/**
 * The trigger engine's rules on single levels, shared by the engine, the rebuild and the index (design section 10).
 */
import type { Distance, Level, PriceSource, Tick, Units } from './types.ts';
import { UNITS_LIMIT } from './units.ts';

export const SOURCES = ['bid', 'ask', 'last', 'mid'] as const satisfies readonly PriceSource[];

/** Half of bid plus ask, rounded down to a whole unit. */
export const midOf = (bid: Units, ask: Units): Units => Math.floor((bid + ask) / 2) as Units;

/** The price of a tick that a level with this source is compared with. */
export const priceOf = (tick: Tick, source: PriceSource): Units =>
  source === 'mid' ? midOf(tick.bid, tick.ask) : tick[source];

/** Two machines' clocks are never further apart than this; where no tick is known, times say no more than that. */
export const CLOCKS_APART_MS = 60_000;

/**
 * The tick at which a level counts as armed that was armed while no tick was known (no price yet, or the index was
 * lost): where `first`, the first of all, is clearly later by the clocks, that one; else the newest that its writer had
 * taken in when it sent `first` (`newest`). Those between may be from before the arming, and waited to be written; that
 * last one is the standing price, and all that follow came later.
 */
export const datedAt = ({ armedAt }: Pick<Level, 'armedAt'>, first: Tick, newest: number): number =>
  first.at > armedAt + CLOCKS_APART_MS ? first.id : Math.max(first.id, newest);

/** What one price moves away from its peak before the stop is due, in whole units, rounded up. */
function slack(peak: number, distance: Distance): number {
  if ('units' in distance) return distance.units;
  const product = peak * distance.bp;
  const rest = product % 10_000;
  return (product - rest) / 10_000 + (rest > 0 ? 1 : 0);
}

/**
 * The stop of a trailing level: for a long the highest price that is due (price x 10,000 <= peak x (10,000 - bp),
 * or price <= peak - distance), for a short the lowest. It may lie at or below zero: then nothing reaches it.
 */
export const stopOf = (side: 'long' | 'short', peak: Units, distance: Distance): Units =>
  (side === 'long' ? peak - slack(peak, distance) : peak + slack(peak, distance)) as Units;

/** The better of two peaks for a side; null = not known. */
export function betterPeak(side: 'long' | 'short', a: Units | null, b: Units | null): Units | null {
  if (a === null || b === null) return a ?? b;
  return side === 'long' ? (Math.max(a, b) as Units) : (Math.min(a, b) as Units);
}

const isSameDistance = (a: Distance, b: Distance): boolean =>
  'bp' in a ? 'bp' in b && a.bp === b.bp : 'units' in b && a.units === b.units;

/**
 * The peak with which `next` goes on when it replaces `old`. A newer version of the same protection (same side,
 * source and activation, and either the same distance or the same arming time) keeps what trailing has reached: a
 * stop only ever tightens. The time alone does not tell: it may have been noted later than the index took the level
 * in. So does one that comes with a peak: it goes on from where the old one was known to be, and that may be a moment
 * ago. Anything else starts from its own facts.
 */
export function carriedPeak(next: Level, old: Level | null): Units | null {
  if (next.kind !== 'trailing') return null;
  const goesOn =
    old?.kind === 'trailing' &&
    old.side === next.side &&
    old.source === next.source &&
    (next.peak !== null ||
      (old.activation === next.activation &&
        (old.armedAt === next.armedAt || isSameDistance(old.distance, next.distance))));
  return goesOn ? betterPeak(next.side, next.peak, old.peak) : next.peak;
}

/** A hit's own key: one member may have hits of several versions. Also the order of hits within one tick. */
export const hitKey = (member: string, version: number): string => `${member}@${version}`;

/** A level that cannot be armed: the caller's mistake, found before anything changed. */
export class InvalidLevelError extends Error {
  override readonly name = 'InvalidLevelError';
  readonly member: string;
  constructor(member: string, problem: string) {
    super(`level ${member}: ${problem}`);
    this.member = member;
  }
}

const isCount = (value: number, from: number): boolean => Number.isSafeInteger(value) && value >= from;
const isPrice = (value: number): boolean => isCount(value, 1) && value < UNITS_LIMIT;
const isDistance = (d: Distance): boolean =>
  'bp' in d ? isCount(d.bp, 1) && d.bp < 10_000 : isPrice(d.units);

/** Throws InvalidLevelError for a level that the engine could not decide on, for instance a distance of zero. */
export function checkLevel(level: Level): void {
  const refuse = (problem: string): never => {
    throw new InvalidLevelError(level.member, problem);
  };
  if (level.member === '') refuse('has no member');
  if (!isCount(level.version, 0)) refuse('version is not a whole number');
  if (!isCount(level.armedTick, -1)) refuse('armedTick is not a tick id');
  if (!isCount(level.armedAt, 0)) refuse('armedAt is not a time');
  if (level.kind === 'fixed') {
    if (!isPrice(level.price)) refuse('price is out of range');
    return;
  }
  if (!isDistance(level.distance)) refuse('distance is out of range (1 to 9999 bp, or at least one unit)');
  if (level.activation !== null && !isPrice(level.activation)) refuse('activation is out of range');
  if (level.peak !== null && !isPrice(level.peak)) refuse('peak is out of range');
}
