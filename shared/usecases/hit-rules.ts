/**
 * What a hit means for the position as it stands now (design sections 9 to 11). Pure.
 *
 * - A hit of an older level set counts when the present one is reached by its price too: a change of another
 *   level, or of the stop to a tighter one, must not lose a stop that was reached meanwhile.
 * - A hit older than 30 s has to be confirmed by the current price; a younger one stands by itself.
 * - So has one that a rebuild found in bars of about the time of the arming, of a level that was armed while no tick was
 *   known: the bars may be from before the level. (The index itself dates such a level by its first tick: `datedAt`.)
 * - So has one by a tick of a standby's that may have been applied before.
 */

import { hitStands, levelsOf, parseMember } from '../domain/levels.ts';
import { type Decimal, decimal } from '../domain/money/decimal.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import { CLOCKS_APART_MS, stopOf } from '../domain/triggers/rules.ts';
import type { Hit, Level, TickOrigin, Units } from '../domain/triggers/types.ts';
import { decimalToUnits, unitsToDecimal } from '../domain/triggers/units.ts';
import type { Position, TriggerFacts } from '../domain/types.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';
import { priceBySource } from './arm-levels.ts';

/** After this the current price must confirm a hit. */
export const HIT_VALID_MS = 30_000;
/** On a source without quotes a price older than this confirms nothing. */
export const PRICE_VALID_MS = 60_000;

const STOPS = ['stop_loss', 'break_even'];

/** The price at which a level is due, given the peak that the hit has seen; null = not yet trailing. */
function dueAt(level: Level, peak: Units | null): { readonly at: Units; readonly falls: boolean } | null {
  if (level.kind === 'fixed') return { at: level.price, falls: level.direction === 'falls' };
  if (peak === null) return null;
  return { at: stopOf(level.side, peak, level.distance), falls: level.side === 'long' };
}

function reaches(price: number, due: { readonly at: number; readonly falls: boolean } | null): boolean {
  if (due === null) return false;
  return due.falls ? price <= due.at : price >= due.at;
}

/** The present level that this hit is about; null when it is stale. */
export function levelOfHit(p: Position, hit: Hit, spec: SymbolSpec): Level | null {
  const { levelName } = parseMember(hit.member);
  const isStop = STOPS.includes(levelName);
  const level = levelsOf(p, spec).find((candidate) => {
    const name = parseMember(candidate.member).levelName;
    return name === levelName || (isStop && STOPS.includes(name));
  });
  if (level === undefined) return null;
  if (hitStands(p, hit, spec)) return level;
  const isSameKind = (level.kind === 'trailing') === (levelName === 'trailing_stop');
  return isSameKind && level.source === hit.source && reaches(hit.price, dueAt(level, hit.peak))
    ? level
    : null;
}

/** Whether the price shown now is also past the level that was hit. */
export function isConfirmed(
  hit: Hit,
  level: Level,
  price: CachedPrice | null,
  spec: SymbolSpec,
  now: number,
): boolean {
  if (price === null || now - price.at > PRICE_VALID_MS) return false;
  const due = dueAt(level, hit.peak);
  const current = decimalToUnits(priceBySource(price, hit.source), spec.unitExponent, 'half_even');
  return current.ok && reaches(current.value, due);
}

/**
 * Does it not stand by itself? Where no tick was known at the arming (no price yet, or the index was away) only the times
 * of two machines say what came before it and what after: a tick that is clearly later stands like any other, and so does one
 * that came after a rebuild had read of the level (date-levels.ts).
 */
export const needsPrice = (hit: Hit, { armedAt, laterThan }: ArmedFrom, now: number): boolean =>
  now - hit.tick.at > HIT_VALID_MS ||
  (hit.armedTick === -1 &&
    hit.tick.at <= armedAt + CLOCKS_APART_MS &&
    hit.tick.id <= (laterThan ?? Number.POSITIVE_INFINITY)) ||
  mayRepeat(hit, armedAt);

/** Since when ticks count for a level, as far as it is known. */
export interface ArmedFrom {
  readonly armedAt: number;
  readonly laterThan?: number | undefined;
}

/** Of a position's level. */
export const armedFrom = (p: Position, { member, armedAt }: Level): ArmedFrom => ({
  armedAt,
  laterThan: p.armings[parseMember(member).levelName]?.laterThan,
});

/**
 * A tick that may have been applied before is new to a fixed level that was there: it would have been reached then. To a
 * later level it is an old price, and a trailing stop may hold a peak from after it.
 */
const mayRepeat = ({ tick, peak }: Hit, armedAt: number): boolean =>
  tick.unproven === true && (peak !== null || tick.at <= armedAt);

const sizeOf = (text: string): Decimal | null => (text === '' ? null : decimal(text));

/** Everything a decision has to record about the price that made it. */
export function triggerFacts(hit: Hit, spec: SymbolSpec, now: number): TriggerFacts {
  const price = (units: Units): Decimal => unitsToDecimal(units, spec.unitExponent);
  return {
    levelName: parseMember(hit.member).levelName,
    cause: hit.cause,
    source: hit.source,
    level: price(hit.level),
    price: price(hit.price),
    peak: hit.peak === null ? null : price(hit.peak),
    bid: price(hit.tick.bid),
    ask: price(hit.tick.ask),
    last: price(hit.tick.last),
    bidSize: sizeOf(hit.tick.bidSize),
    askSize: sizeOf(hit.tick.askSize),
    tickId: hit.tick.id,
    armedTickId: hit.armedTick,
    tickAt: hit.tick.at,
    recordedAt: hit.tick.recordedAt,
    origin: hit.tick.origin ?? null,
    ageMs: Math.max(0, now - hit.tick.at),
  };
}

/** The facts of a trigger as a timeline entry shows them. */
export function factsText(trigger: TriggerFacts): Readonly<Record<string, string>> {
  return {
    level_name: trigger.levelName,
    cause: trigger.cause,
    source: trigger.source,
    level: trigger.level.toFixed(),
    price: trigger.price.toFixed(),
    ...(trigger.peak !== null && { peak: trigger.peak.toFixed() }),
    tick_id: String(trigger.tickId),
    armed_tick_id: String(trigger.armedTickId),
    tick_at: String(trigger.tickAt),
    ...(trigger.recordedAt !== 0 && { recorded_at: String(trigger.recordedAt) }),
    ...(trigger.ageMs !== null && { price_age_ms: String(trigger.ageMs) }),
    ...originText(trigger.origin),
  };
}

/** `unchecked`: neither a book nor a second source stood beside the price (design section 11). */
function originText(origin: TickOrigin | null): Readonly<Record<string, string>> {
  if (origin === null) return {};
  return {
    price_source: origin.feed,
    ...(origin.converted && { converted: 'true' }),
    ...(!origin.checked && { unchecked: 'true' }),
  };
}
