/**
 * A stop that sells by a limit order first (design section 9: stop loss "market; or limit with escalation"). Pure.
 *
 * When a stop is reached its exit rests at a limit so far behind the stop's own price; what has not sold when its time is
 * over is sold by market, through the ladder like any exit.
 * Always true:
 * - one position has at most one such time, from the claim on: nothing prolongs it;
 * - an order that ended otherwise than filled (refused, expired, cancelled) ends it: the market is next, at once.
 */

import { type FieldError, fieldError } from './field-error.ts';
import { ceilTo, type Decimal, floorTo } from './money/decimal.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { ExitCause, ExitLimit, Flatten, Order, Position, Protection, TriggerFacts } from './types.ts';

export const MOST_LIMIT_SECONDS = 300;

const STOPS: readonly ExitCause[] = ['stop_loss', 'break_even', 'trailing_stop'];

interface Claim {
  readonly cause: ExitCause;
  readonly trigger: TriggerFacts | null;
  readonly at: number;
}

/**
 * Where the exits of this claim rest first, and until when; null: they sell by market. Not on the tick yet. A stop that
 * was claimed for its resident order, which sells by market, has no trigger: what that leaves goes the same way.
 */
export function limitOf(p: Position, { cause, trigger, at }: Claim): ExitLimit | null {
  const { stopLimit } = p.protection;
  if (stopLimit === null || trigger === null || !STOPS.includes(cause)) return null;
  const stop = trigger.level;
  const far = stop.times(stopLimit.percent).dividedBy(100);
  return {
    price: p.side === 'long' ? stop.minus(far) : stop.plus(far),
    until: at + stopLimit.seconds * 1_000,
  };
}

/** The limit's price that an exit made now is sent with, on the tick that sells sooner; null: by market. */
export function limitNow(p: Position, spec: SymbolSpec, now: number): Decimal | null {
  const limit = p.flatten?.limit ?? null;
  if (limit === null || now >= limit.until) return null;
  return p.side === 'long' ? floorTo(limit.price, spec.tickSize) : ceilTo(limit.price, spec.tickSize);
}

/** Does this exit rest by its position's wish, and may it go on doing so? */
export const restsOn = ({ limit }: Flatten, order: Order, now: number): boolean =>
  limit !== null && now < limit.until && isLimitExit(order);

/** An exit of the whole that rests: none but those of a stop's limit do. */
export const isLimitExit = (order: Pick<Order, 'type' | 'exit'>): boolean =>
  order.exit?.flatten === true && order.type === 'limit';

/** When the time of the limit is over and the market is next; null while nothing rests by it. */
export const limitEndsAt = ({ flatten }: Pick<Position, 'flatten'>): number | null =>
  flatten?.limit?.until ?? null;

/** Do its exits rest by a limit, whose time is not over? */
export const mayRest = ({ flatten }: Pick<Position, 'flatten'>, now: number): boolean =>
  flatten !== null && flatten.limit !== null && now < flatten.limit.until;

/** Somebody wants out while its exits rest: the market is next, at once. Null where nothing rests by a limit. */
export function hurried(p: Position, now: number): Position | null {
  if (p.flatten === null || !mayRest(p, now)) return null;
  return {
    ...p,
    flatten: { ...p.flatten, limit: null },
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/** What is wrong with the limit that a protection asks for. */
export function checkStopLimit({ stopLimit }: Pick<Protection, 'stopLimit'>): readonly FieldError[] {
  if (stopLimit === null) return [];
  const { percent, seconds } = stopLimit;
  const errors: FieldError[] = [];
  if (!(percent.greaterThanOrEqualTo(0) && percent.lessThan(100) && percent.decimalPlaces() <= 2)) {
    const message = `${percent.toFixed()} % is no distance behind the stop`;
    const fix = 'send 0 or more and below 100, with at most 2 decimals';
    errors.push(fieldError('percent_out_of_range', 'protection.stop_limit.percent', message, fix));
  }
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= MOST_LIMIT_SECONDS)) {
    const message = `${seconds} is no whole number of seconds from 1 to ${MOST_LIMIT_SECONDS}`;
    const fix = `send 1 to ${MOST_LIMIT_SECONDS}, or null for stop_limit to sell by market at once`;
    errors.push(fieldError('stop_limit_out_of_range', 'protection.stop_limit.seconds', message, fix));
  }
  return errors;
}

/** A position on margin cannot wait at a limit: while it closes nobody watches where it would be liquidated. */
export function checkLimitOnMargin(
  { stopLimit }: Pick<Protection, 'stopLimit'>,
  margin: Position['margin'],
): FieldError | null {
  if (stopLimit === null || margin === null) return null;
  const message = 'stops of a position on margin sell by market: its liquidation cannot wait';
  return fieldError('stop_limit_on_margin', 'protection.stop_limit', message, 'leave stop_limit out');
}

/** The limit as text; two that read the same are the same. */
export const stopLimitText = ({ stopLimit }: Pick<Protection, 'stopLimit'>): string =>
  stopLimit === null ? 'none' : `${stopLimit.percent.toFixed()} % behind for ${stopLimit.seconds} s`;
