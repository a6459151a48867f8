/**
 * Levels: what the trigger engine has to watch for a position (design sections 9, 10).
 *
 * A member is `${ownerId}|${name}`. Names: stop_loss, break_even (the stop after activation), take_profit:N,
 * trailing_stop, break_even_trigger, liquidation (of a position on margin, always); of a stop that waits to be
 * confirmed, in its place, confirm_return:NAME and confirm_bound:NAME. Orders' own: see order-levels.ts.
 */
import { confirmationText, openWindows, windowLevelName, windowPlaces } from './confirmation.ts';
import { liquidationPrice } from './margin.ts';
import type { Decimal } from './money/decimal.ts';
import { breakEvenTrigger, stopPrice } from './protection.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import { stopOf } from './triggers/rules.ts';
import type {
  Distance,
  FixedLevel,
  Hit,
  Level,
  PriceSource,
  TrailingLevel,
  Units,
} from './triggers/types.ts';
import { decimalToUnits } from './triggers/units.ts';
import type { Arming, ConfirmWindow, ExitCause, Position } from './types.ts';

/** Exact for prices on the tick; a price that cannot be held is a bug of whoever let it in. */
export function toUnits(price: Decimal, spec: SymbolSpec, rounding: 'up' | 'down'): Units {
  const units = decimalToUnits(price, spec.unitExponent, rounding);
  if (!units.ok) throw new Error(`${price.toFixed()} is no price of ${spec.symbol}: ${units.error.code}`);
  return units.value;
}

/** Price that closes: bid for a long, ask for a short, unless chosen otherwise. */
function sourceOf(p: Position): PriceSource {
  if (p.protection.triggerPrice !== 'bid_ask') return p.protection.triggerPrice;
  return p.side === 'long' ? 'bid' : 'ask';
}

/** Stops that were reached and wait to be confirmed; [] while the position is closing or holds nothing. */
export const windowsOf = (p: Position): readonly ConfirmWindow[] =>
  p.confirming.length === 0 ? [] : openWindows(p, stopPrice(p), sourceOf(p));

/** Has this position levels at all: held, not closing, protected or on margin? */
export const wantsLevels = (p: Position): boolean =>
  (p.status === 'opening' || p.status === 'open') &&
  p.flatten === null &&
  p.quantity.greaterThan(0) &&
  (p.margin !== null ||
    p.protection.stopLoss !== null ||
    p.breakEvenStop !== null ||
    p.protection.takeProfits.some((_, i) => !p.claimedRungs.includes(i)) ||
    p.protection.trailingStop !== null ||
    (p.protection.breakEven !== null && p.breakEvenActivatedAt === null));

/** Its stops as the index is to hold them, as text; two that read the same are the same. '' = none. */
export function stopsText(p: Position): string {
  if (!wantsLevels(p)) return '';
  const stop = stopPrice(p);
  const { trailingStop } = p.protection;
  const trails = trailingStop === null ? [] : [`trailing ${JSON.stringify(trailingStop)}`];
  const waits = windowsOf(p).map(({ trigger }) => `${trigger.levelName} reached at ${trigger.tickId}`);
  const bound = waits.length === 0 ? [] : [confirmationText(p.protection)];
  const fixed = stop === null ? [] : [`${stop.levelName} ${stop.price.toFixed()}`];
  const all = [...fixed, ...trails, ...waits, ...bound];
  return all.length === 0 ? '' : [sourceOf(p), ...all].join('; ');
}

/** The levels to be armed now, at the position's level version; [] when it holds nothing or is closing. */
export function levelsOf(p: Position, spec: SymbolSpec): readonly Level[] {
  if (!wantsLevels(p)) return [];
  const levels: Level[] = [];
  const isLong = p.side === 'long';
  const facts = (name: string) => ({
    member: `${p.positionId}|${name}`,
    version: p.levelsVersion,
    source: sourceOf(p),
    armedTick: p.armings[name]?.tick ?? -1,
    armedAt: p.armings[name]?.at ?? p.updatedAt,
  });
  // Rounding, should a price be finer than the unit, always triggers earlier.
  const against = (name: string, price: Decimal): FixedLevel => {
    const units = toUnits(price, spec, isLong ? 'up' : 'down');
    return { kind: 'fixed', direction: isLong ? 'falls' : 'rises', price: units, ...facts(name) };
  };
  const inFavour = (name: string, price: Decimal): FixedLevel => {
    const units = toUnits(price, spec, isLong ? 'down' : 'up');
    return { kind: 'fixed', direction: isLong ? 'rises' : 'falls', price: units, ...facts(name) };
  };

  const windows = windowsOf(p);
  const waits = (name: string): boolean => windows.some(({ trigger }) => trigger.levelName === name);
  const stop = stopPrice(p);
  if (stop !== null && !waits(stop.levelName)) levels.push(against(stop.levelName, stop.price));
  for (const [i, { price }] of p.protection.takeProfits.entries()) {
    if (!p.claimedRungs.includes(i)) levels.push(inFavour(`take_profit:${i}`, price));
  }
  const trailing = trailingLevel(p, spec);
  if (trailing !== null && !waits('trailing_stop')) levels.push({ ...trailing, ...facts('trailing_stop') });
  for (const window of windows) levels.push(...windowLevels(window, p, spec, facts));
  const liquidation = liquidationPrice(p, spec);
  if (liquidation !== null) levels.push(against('liquidation', liquidation));
  const trigger = breakEvenTrigger(p, spec);
  if (trigger !== null) levels.push(inFavour('break_even_trigger', trigger));
  return levels;
}

/**
 * What ends a window before its time; both count from the tick that opened it, and one whose hit nothing confirmed from
 * where its refusal says. Older armings of the name are of earlier windows.
 */
function windowLevels(
  window: ConfirmWindow,
  p: Position,
  spec: SymbolSpec,
  facts: (name: string) => Omit<FixedLevel, 'kind' | 'direction' | 'price'>,
): readonly FixedLevel[] {
  const { tickId, levelName } = window.trigger;
  const places = windowPlaces(window.trigger.level, p, spec);
  return (['return', 'bound'] as const).map((end) => {
    const from = facts(windowLevelName(end, levelName));
    const isOfThis = from.armedTick > tickId;
    const since = isOfThis ? {} : { armedTick: tickId, armedAt: window.since };
    return { kind: 'fixed', ...from, ...since, ...places[end] };
  });
}

function trailingLevel(p: Position, spec: SymbolSpec) {
  if (p.protection.trailingStop === null) return null;
  const { distance, activationPrice } = p.protection.trailingStop;
  const isLong = p.side === 'long';
  const peak = p.armings['trailing_stop']?.peak ?? null;
  const far: Distance =
    'percent' in distance
      ? { bp: distance.percent.times(100).toNumber() } // not money: whole basis points
      : { units: toUnits(distance.amount, spec, 'down') };
  return {
    kind: 'trailing',
    side: p.side,
    distance: far,
    activation: activationPrice && toUnits(activationPrice, spec, isLong ? 'down' : 'up'),
    peak: peak && toUnits(peak, spec, isLong ? 'up' : 'down'),
  } as const satisfies Omit<TrailingLevel, 'member' | 'version' | 'source' | 'armedTick' | 'armedAt'>;
}

/**
 * Notes that the index holds this version of the levels. An arming already known is kept: it is when the level
 * was first armed. News of an older version changes nothing; the newer one is still to be armed.
 */
export function confirmArmed(
  p: Position,
  version: number,
  armings: Readonly<Record<string, Arming>>,
  now: number,
): Position {
  if (version !== p.levelsVersion || p.armedVersion === version) return p;
  return {
    ...p,
    armedVersion: version,
    armings: { ...armings, ...p.armings },
    unprotected: { ...p.unprotected, armed: stopsText(p) },
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/** Takes a member apart. Throws on text that no member has. */
export function parseMember(member: string): { readonly ownerId: string; readonly levelName: string } {
  const at = member.indexOf('|');
  if (at <= 0 || at === member.length - 1)
    throw new Error(`not a level: ${JSON.stringify(member.slice(0, 80))}`);
  return { ownerId: member.slice(0, at), levelName: member.slice(at + 1) };
}

/** The rung of a take-profit level; null for any other. */
export function rungOf(levelName: string): number | null {
  const match = /^take_profit:(\d{1,4})$/.exec(levelName);
  return match?.[1] === undefined ? null : Number.parseInt(match[1], 10); // not money: an index
}

/** Levels that are the cause of their exit. */
const CLOSING = ['stop_loss', 'break_even', 'trailing_stop', 'liquidation'] as const satisfies ExitCause[];

/** Why a position exits when this level is reached; null for levels that do not close it. */
export function hitCause(levelName: string): ExitCause | null {
  if (rungOf(levelName) !== null) return 'take_profit';
  return CLOSING.find((name) => name === levelName) ?? null;
}

/**
 * Does a hit still stand? One of an older version does when its level has not changed since: a change of
 * another level must not lose a stop that was reached meanwhile.
 */
export function hitStands(p: Position, hit: Hit, spec: SymbolSpec): boolean {
  const level = levelsOf(p, spec).find((l) => l.member === hit.member);
  if (level === undefined) return false;
  if (hit.version === p.levelsVersion) return true;
  if (hit.version > p.levelsVersion || hit.source !== level.source) return false;
  if (level.kind === 'fixed') return level.price === hit.level;
  return hit.peak !== null && stopOf(level.side, hit.peak, level.distance) === hit.level;
}
