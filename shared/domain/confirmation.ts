/**
 * The confirmation delay of a stop (design section 9): a stop that was reached sells only when no later tick has come back
 * to its good side for `confirmSeconds`. Times are epoch ms. Pure.
 *
 * Always true:
 * - a window belongs to one stop at one price; once the stop is another one, the window counts for nothing;
 * - at most one window per stop; a stop whose window is open is not armed: the price that ends the window either way is;
 * - a price beyond the bound sells at once, so the delay costs no more than `confirmMaxPercent` of the stop's price;
 * - whatever else closes the position never waits.
 */
import { type FieldError, fieldError } from './field-error.ts';
import { type Decimal, decimal } from './money/decimal.ts';
import { untold } from './position-facts.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { Bar, FixedLevel, PriceSource, Units } from './triggers/types.ts';
import { decimalToUnits } from './triggers/units.ts';
import type { Arming, ConfirmWindow, Position, PositionSide, Protection } from './types.ts';

/** Longer than that it is no protection any more. */
export const MOST_CONFIRM_SECONDS = 300;
export const DEFAULT_CONFIRM_MAX_PERCENT = decimal('1');

const STOP_LEVELS = ['stop_loss', 'break_even', 'trailing_stop'] as const;
export type StopLevel = (typeof STOP_LEVELS)[number];
export const isStopLevel = (name: string): name is StopLevel => STOP_LEVELS.some((stop) => stop === name);

/** What ends a window: a price on the stop's good side again, or one beyond the bound. */
export type WindowEnd = 'return' | 'bound';
const MEMBER = /^confirm_(return|bound):(stop_loss|break_even|trailing_stop)$/;

export const windowLevelName = (end: WindowEnd, stop: string): string => `confirm_${end}:${stop}`;
/** Every name that a window's level may have. */
export const WINDOW_LEVELS: readonly string[] = STOP_LEVELS.flatMap((stop) => [
  windowLevelName('return', stop),
  windowLevelName('bound', stop),
]);

/** Takes the name of a window's level apart; null for any other level. */
export function windowLevelOf(name: string): { readonly end: WindowEnd; readonly stop: StopLevel } | null {
  const [, end, stop] = MEMBER.exec(name) ?? [];
  return (end === 'return' || end === 'bound') && stop !== undefined && isStopLevel(stop)
    ? { end, stop }
    : null;
}

/**
 * The windows that are open: of stops that stand where they stood when they were reached. `stop`: the fixed stop as it
 * is now (stop loss and break-even share one place), `source`: the price that the position's levels are compared with.
 */
export function openWindows(
  p: Position,
  stop: { readonly price: Decimal; readonly levelName: string } | null,
  source: PriceSource,
): readonly ConfirmWindow[] {
  const isLive = (p.status === 'opening' || p.status === 'open') && p.flatten === null;
  if (!isLive || !p.quantity.greaterThan(0)) return [];
  return p.confirming.filter(({ trigger: { levelName, level, source: of } }) => {
    if (of !== source) return false;
    if (levelName === 'trailing_stop') return p.protection.trailingStop !== null;
    return stop !== null && stop.levelName === levelName && stop.price.equals(level);
  });
}

/** When the window ends if nothing comes back. By the rule as it stands now: a shorter one counts at once. */
export const windowEndsAt = ({ since }: ConfirmWindow, { confirmSeconds }: Protection): number =>
  since + confirmSeconds * 1000;

/** From this price on (down for a long) the stop sells at once; not rounded. */
export function boundPrice(level: Decimal, side: PositionSide, { confirmMaxPercent }: Protection): Decimal {
  const far = level.times(confirmMaxPercent).dividedBy(100);
  return side === 'long' ? level.minus(far) : level.plus(far);
}

function unitsOf(price: Decimal, spec: SymbolSpec, rounding: 'up' | 'down'): Units {
  const units = decimalToUnits(price, spec.unitExponent, rounding);
  if (!units.ok) throw new Error(`${price.toFixed()} is no price of ${spec.symbol}: ${units.error.code}`);
  return units.value;
}

type Place = Pick<FixedLevel, 'direction' | 'price'>;

/** Where the two levels lie that end the window of a stop at `level`. The bound is rounded to trigger earlier. */
export function windowPlaces(
  level: Decimal,
  p: Pick<Position, 'side' | 'protection'>,
  spec: SymbolSpec,
): Readonly<Record<WindowEnd, Place>> {
  const isLong = p.side === 'long';
  const stop = unitsOf(level, spec, isLong ? 'up' : 'down');
  const bound = boundPrice(level, p.side, p.protection);
  return {
    // The next price that a tick can have on the good side.
    return: { direction: isLong ? 'rises' : 'falls', price: (isLong ? stop + 1 : stop - 1) as Units },
    bound: { direction: isLong ? 'falls' : 'rises', price: unitsOf(bound, spec, isLong ? 'up' : 'down') },
  };
}

/** The stop was reached and waits from now on. A window of the same stop that counts no more is forgotten. */
export function beginWindow(p: Position, window: ConfirmWindow, now: number): Position {
  const others = p.confirming.filter(({ trigger }) => trigger.levelName !== window.trigger.levelName);
  return {
    ...p,
    confirming: [...others, window],
    // It has left the index with its hit.
    unprotected: untold(p),
    levelsVersion: p.levelsVersion + 1,
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/** The price came back: the stop is armed again from `from` on, a trailing one with the peak that it had. */
export function endWindow(
  p: Position,
  { trigger: { levelName, peak } }: ConfirmWindow,
  from: Pick<Arming, 'tick' | 'at'>,
  now: number,
): Position {
  return {
    ...p,
    confirming: p.confirming.filter(({ trigger }) => trigger.levelName !== levelName),
    armings: { ...p.armings, [levelName]: { ...from, peak } },
    levelsVersion: p.levelsVersion + 1,
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/**
 * The first second in which a price came back, by the tape's 1 s bars (oldest first); null = none did. Of the second in
 * which the stop was reached only the close is known to be later; a second that begins before the window's end counts
 * whole: within it nobody sells at what may be a wick.
 */
export function firstReturn(
  window: ConfirmWindow,
  bars: readonly Bar[],
  of: { readonly side: PositionSide; readonly endsAt: number; readonly returnAt: Units },
): Bar | null {
  const { tickId, source } = window.trigger;
  const isBack = (price: Units): boolean =>
    of.side === 'long' ? price >= of.returnAt : price <= of.returnAt;
  const cameBack = (bar: Bar): boolean => {
    if (bar.lastTick <= tickId || bar.second * 1000 >= of.endsAt) return false;
    if (bar.firstTick <= tickId) return isBack(bar.close[source]);
    return isBack((of.side === 'long' ? bar.high : bar.low)[source]);
  };
  return bars.find(cameBack) ?? null;
}

/** What is wrong with the delay that a protection asks for. */
export function checkConfirmation({ confirmSeconds, confirmMaxPercent }: Protection): readonly FieldError[] {
  const errors: FieldError[] = [];
  const isWhole = Number.isInteger(confirmSeconds) && confirmSeconds >= 0;
  if (!isWhole || confirmSeconds > MOST_CONFIRM_SECONDS) {
    const message = `${confirmSeconds} is no whole number of seconds from 0 to ${MOST_CONFIRM_SECONDS}`;
    const fix = `send 0 to ${MOST_CONFIRM_SECONDS}; 0 sells at once`;
    errors.push(fieldError('confirm_out_of_range', 'protection.confirm_seconds', message, fix));
  }
  const percent = confirmMaxPercent;
  const isInRange = percent.greaterThan(0) && percent.lessThan(100) && percent.decimalPlaces() <= 2;
  if (!isInRange) {
    const message = `${percent.toFixed()} % is no bound`;
    const fix = 'send above 0 and below 100, with at most 2 decimals';
    errors.push(fieldError('percent_out_of_range', 'protection.confirm_max_percent', message, fix));
  }
  return errors;
}

/** The delay as text; two that read the same are the same. */
export const confirmationText = ({ confirmSeconds, confirmMaxPercent }: Protection): string =>
  confirmSeconds === 0 ? 'none' : `${confirmSeconds} s, within ${confirmMaxPercent.toFixed()} %`;
