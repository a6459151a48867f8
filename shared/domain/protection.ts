/**
 * Protection: a position's stop loss, take profits, trailing stop and break-even rule (design section 9).
 *
 * Always true:
 * - what is rounded triggers earlier, never later;
 * - break-even only tightens the stop, and never puts it where closing would lose after fees;
 * - a changed level set has a new version; a level that did not change keeps its arming.
 */
import { confirmationText, DEFAULT_CONFIRM_MAX_PERCENT } from './confirmation.ts';
import { ceilTo, type Decimal, floorTo, maxOf, minOf, quotient, ZERO } from './money/decimal.ts';
import { stopLimitText } from './stop-limit.ts';
import type { SymbolSpec } from './symbols.ts';
import { timeStopText } from './time-stop.ts';
import type { Arming, Position, PositionSide, Protection } from './types.ts';

export const NO_PROTECTION: Protection = {
  stopLoss: null,
  takeProfits: [],
  trailingStop: null,
  breakEven: null,
  timeStop: null,
  confirmSeconds: 0,
  confirmMaxPercent: DEFAULT_CONFIRM_MAX_PERCENT,
  stopLimit: null,
  triggerPrice: 'bid_ask',
  resident: 'none',
};

export const hasProtection = (p: Protection): boolean =>
  p.stopLoss !== null ||
  p.takeProfits.length > 0 ||
  p.trailingStop !== null ||
  p.breakEven !== null ||
  p.timeStop !== null;

/** Prices to the tick that triggers earlier: a falling level up, a rising one down. */
export function roundProtection(protection: Protection, side: PositionSide, spec: SymbolSpec): Protection {
  const [stop, target] = side === 'long' ? [ceilTo, floorTo] : [floorTo, ceilTo];
  const { stopLoss, takeProfits, trailingStop } = protection;
  return {
    ...protection,
    stopLoss: stopLoss && { price: stop(stopLoss.price, spec.tickSize) },
    takeProfits: takeProfits.map((t) => ({ ...t, price: target(t.price, spec.tickSize) })),
    trailingStop: trailingStop && {
      ...trailingStop,
      activationPrice: trailingStop.activationPrice && target(trailingStop.activationPrice, spec.tickSize),
    },
  };
}

/** The stop that belongs to a peak: peak x (1 - distance) for a long, mirrored for a short. */
export function trailingStopAt(
  side: PositionSide,
  distance: NonNullable<Protection['trailingStop']>['distance'],
  peak: Decimal,
): Decimal {
  const far = 'percent' in distance ? peak.times(distance.percent).dividedBy(100) : distance.amount;
  return side === 'long' ? peak.minus(far) : peak.plus(far);
}

export interface StopPrice {
  readonly price: Decimal;
  readonly levelName: 'stop_loss' | 'break_even';
}

/** The tightest of the stop loss and the break-even stop; null without either. */
export function stopPrice(p: Position): StopPrice | null {
  const loss = p.protection.stopLoss?.price ?? null;
  const even = p.breakEvenStop;
  if (even !== null && (loss === null || tighter(p.side, even, loss).equals(even)) && !loss?.equals(even)) {
    return { price: even, levelName: 'break_even' };
  }
  return loss && { price: loss, levelName: 'stop_loss' };
}

const tighter = (side: PositionSide, a: Decimal, b: Decimal): Decimal =>
  side === 'long' ? maxOf(a, b) : minOf(a, b);

/** Average entry price; null before the first fill. */
const entryPriceOf = (p: Position): Decimal | null => quotient(p.entryQuote, p.entryQuantity);

/** What a division leaves in further digits must not move a level by a tick. */
const PRICE_DECIMALS = 12;

/**
 * What one unit of what is held has cost (brought, of a short), without fees; null while nothing is held. The average of
 * all entries where nothing was sold between them; else what was sold has taken its cost with it.
 */
export const heldPrice = (p: Pick<Position, 'cost' | 'quantity'>): Decimal | null =>
  p.quantity.greaterThan(0) ? p.cost.dividedBy(p.quantity).toDecimalPlaces(PRICE_DECIMALS) : null;

/**
 * Where closing what is held loses nothing: entry + its open fees + an exit fee at the same rate, + the offset
 * (percent of the entry price), on the tick on the profitable side. Never looser than the one before.
 * Throws for a position that holds nothing.
 */
export function breakEvenStop(p: Position, spec: SymbolSpec): Decimal {
  const entry = entryPriceOf(p);
  if (entry === null || !p.quantity.greaterThan(0)) throw new Error(`${p.positionId} holds nothing`);
  const offset = entry.times(p.protection.breakEven?.offsetPercent ?? ZERO).dividedBy(100);
  const rate = p.cost.isZero() ? ZERO : p.openFees.dividedBy(p.cost);
  const even =
    p.side === 'long'
      ? p.cost.plus(p.openFees).dividedBy(p.quantity.times(rate.negated().plus(1)))
      : p.cost.minus(p.openFees).dividedBy(p.quantity.times(rate.plus(1)));
  const stop =
    p.side === 'long' ? ceilTo(even.plus(offset), spec.tickSize) : floorTo(even.minus(offset), spec.tickSize);
  return p.breakEvenStop === null ? stop : tighter(p.side, stop, p.breakEvenStop);
}

/**
 * The price at which break-even activates: its profit is reached, and the stop that it sets lies on the safe side
 * of the price (with high fees that is later). On the tick; null when nothing is to do.
 */
export function breakEvenTrigger(p: Position, spec: SymbolSpec): Decimal | null {
  const entry = entryPriceOf(p);
  if (p.protection.breakEven === null || p.breakEvenActivatedAt !== null || entry === null) return null;
  if (!p.quantity.greaterThan(0)) return null;
  const profit = entry.times(p.protection.breakEven.activationProfitPercent).dividedBy(100);
  const stop = breakEvenStop(p, spec);
  return p.side === 'long'
    ? maxOf(ceilTo(entry.plus(profit), spec.tickSize), stop.plus(spec.tickSize))
    : minOf(floorTo(entry.minus(profit), spec.tickSize), stop.minus(spec.tickSize));
}

/** Moves the stop to break-even, once. The position as it was when there is nothing to activate. */
export function activateBreakEven(p: Position, now: number, spec: SymbolSpec): Position {
  if (p.protection.breakEven === null || p.breakEvenActivatedAt !== null) return p;
  if (!p.quantity.greaterThan(0)) return p;
  return {
    ...p,
    breakEvenActivatedAt: now,
    breakEvenStop: breakEvenStop(p, spec),
    levelsVersion: p.levelsVersion + 1,
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/**
 * Sets a new protection (checked and rounded by the caller). Unchanged levels keep their arming, unchanged rungs
 * stay claimed; a break-even rule that is taken away takes its stop with it.
 */
export function changeProtection(p: Position, protection: Protection, now: number): Position {
  const before = fingerprints(p.protection);
  const after = fingerprints(protection);
  if (hasSameLevels(p.protection, protection)) {
    const isSame = rulesText(p.protection) === rulesText(protection);
    if (isSame && p.protection.resident === protection.resident) return p;
    // The levels of an open window lie where its rule says.
    if (p.confirming.length > 0) return withLevels({ ...p, protection }, now);
    // No level is another one: the index has nothing to hear of it.
    return { ...p, protection, updatedAt: Math.max(p.updatedAt, now), dueTries: 0 };
  }
  const isKept = (name: string) => before[name] !== undefined && before[name] === after[name];
  const goesOn = (name: string): boolean =>
    (name === 'break_even' ? protection.breakEven !== null : name === 'liquidation' || isKept(name)) &&
    p.protection.triggerPrice === protection.triggerPrice;
  const armings: Record<string, Arming> = {};
  for (const [name, arming] of Object.entries(p.armings)) if (goesOn(name)) armings[name] = arming;
  const changed = {
    ...p,
    protection,
    confirming: p.confirming.filter(({ trigger }) => goesOn(trigger.levelName)),
    breakEvenStop: protection.breakEven && p.breakEvenStop,
    breakEvenActivatedAt: protection.breakEven && p.breakEvenActivatedAt,
    claimedRungs: p.claimedRungs.filter((i) => isKept(`take_profit:${i}`)),
    armings,
  };
  return withLevels(changed, now);
}

/** A changed level set. */
const withLevels = (p: Position, now: number): Position => ({
  ...p,
  levelsVersion: p.levelsVersion + 1,
  updatedAt: Math.max(p.updatedAt, now),
  dueTries: 0,
});

/** Do two protections ask for the very same levels, whatever else they say? */
export const hasSameLevels = (a: Protection, b: Protection): boolean =>
  protectionText(a) === protectionText(b);

/** What a protection has beside its levels. */
const rulesText = (p: Protection): string =>
  `${timeStopText(p.timeStop)}; ${confirmationText(p)}; ${stopLimitText(p)}`;

/** What makes each level what it is, as text. */
function fingerprints(p: Protection): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  if (p.stopLoss !== null) all['stop_loss'] = p.stopLoss.price.toFixed();
  for (const [i, t] of p.takeProfits.entries()) all[`take_profit:${i}`] = t.price.toFixed();
  if (p.trailingStop !== null) {
    const { distance, activationPrice } = p.trailingStop;
    const far = 'percent' in distance ? `${distance.percent.toFixed()}%` : distance.amount.toFixed();
    all['trailing_stop'] = `${far} from ${activationPrice?.toFixed() ?? 'at once'}`;
  }
  if (p.breakEven !== null) all['break_even_trigger'] = p.breakEven.activationProfitPercent.toFixed();
  return all;
}

const protectionText = (p: Protection): string =>
  JSON.stringify([
    fingerprints(p),
    p.takeProfits.map((t) => t.share.toFixed()),
    p.breakEven?.offsetPercent.toFixed() ?? null,
    p.triggerPrice,
  ]);
