/**
 * Resident protection: a position's stop (and its one take profit) resting at the venue (design section 9).
 *
 * The watched levels stay armed besides, always: what rests is additional safety, for the time in which we are away.
 * Pure. Always true:
 * - there is one resident order at most, and it covers no more than what no other exit holds;
 * - it is moved by cancel, final state, new order: never is a second one sent while the first one can still sell;
 * - a trailing or break-even stop moves it only when it tightens by 0.2 % at least; a stop that was put further away, or
 *   another quantity, always does.
 */
import { isTooSmall } from './heirs.ts';
import { hitCause } from './levels.ts';
import { endsAtMarket, lotOf } from './lots.ts';
import { ceilTo, type Decimal, decimal, floorTo, minOf } from './money/decimal.ts';
import { isFinal, remaining } from './orders.ts';
import { isClosed } from './positions.ts';
import { type StopPrice, stopPrice, trailingStopAt } from './protection.ts';
import type { OwedExit, ResidentReason, RestingResident } from './resident-facts.ts';
import { asksForResident, hasWaiting, residentKey, residentOf, residentShare } from './resident-state.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { ExitCause, Order, OrderAmounts, OrderType, Position } from './types.ts';

/** A price further beyond than this is not waited at, percent. */
const FIRST_RIGHT_PERCENT = decimal('0.3');
/** A stop that has tightened by less than this does not move it, percent. */
const TIGHTER_PERCENT = decimal('0.2');
/** Between two moves for growth, and for a tighter stop. */
const GROW_MS = 1_000;
const TIGHTEN_MS = 5_000;
/** How often a trailing stop is looked after, and an order just placed looked at. */
const TRAIL_LOOK_MS = 10_000;
const PLACED_LOOK_MS = 5_000;
/** Whose answer does not come is looked at less and less often, at last once in so many ms. */
const MOST_SILENT_LOOK_MS = 60_000;
const PAST_PRICE_LOOK_MS = 2_000;
const MOST_PAST_DOUBLINGS = 4;
/** Asked again once it is nearer by so much, percentage points. */
const BAND_NEARER = decimal('0.5');
const BAND_LOOK_MS = 30_000;
/** Where a symbol takes no stop that ends by market: its limit lies so far behind the stop, percent. */
const STOP_LIMIT_PERCENT = decimal('1');

export interface Quote {
  readonly bid: Decimal;
  readonly ask: Decimal;
  readonly last: Decimal;
}

export interface ResidentContext {
  readonly spec: SymbolSpec;
  readonly now: number;
  /** The price shown now; null = none: the venue will tell. */
  readonly quote: Quote | null;
  /** The best price that the trailing stop has reached; null = it does not trail (yet). */
  readonly peak: Decimal | null;
}

export interface WantedResident extends OrderAmounts {
  readonly form: RestingResident['form'];
  readonly type: OrderType;
  readonly levelName: string;
  readonly cause: ExitCause;
  readonly stopPrice: Decimal;
  readonly distance: Decimal | null;
}

export type ResidentStep =
  | { readonly kind: 'place'; readonly wanted: WantedResident }
  | {
      readonly kind: 'cancel';
      readonly orderId: string;
      readonly why: 'part_exit' | 'not_wanted' | 'changed' | 'grown' | 'less_held' | 'looser' | 'tightened';
    }
  /** Nothing now; `lookAt` says when to look again whatever changes, `why` why nothing rests. */
  | {
      readonly kind: 'keep';
      readonly lookAt: number | null;
      readonly why: ResidentReason | null;
      readonly tries: number;
    };

type StopLevel = Omit<StopPrice, 'levelName'> & {
  readonly levelName: StopPrice['levelName'] | 'trailing_stop';
};

/** The tightest of all stops as they stand; null: there is none yet. */
export function standingStop(p: Position, spec: SymbolSpec, peak: Decimal | null): StopLevel | null {
  const fixed = stopPrice(p);
  const { trailingStop } = p.protection;
  if (trailingStop === null || peak === null) return fixed;
  const raw = trailingStopAt(p.side, trailingStop.distance, peak);
  const price = p.side === 'long' ? ceilTo(raw, spec.tickSize) : floorTo(raw, spec.tickSize);
  const isTighter = fixed === null || isNearer(p, price, fixed.price);
  return isTighter ? { price, levelName: 'trailing_stop' } : fixed;
}

const STOP_CAUSES: readonly ExitCause[] = ['stop_loss', 'trailing_stop', 'break_even'];

/** Is `a` nearer to the market than `b`, as a stop? */
const isNearer = ({ side }: Position, a: Decimal, b: Decimal): boolean =>
  side === 'long' ? a.greaterThan(b) : a.lessThan(b);

/**
 * Is the exit still wanted that waits, for the resident order's first right or after its refusal? A stop that was put
 * further away or taken back meanwhile has not been reached by that price: whoever did so was told that it is done.
 */
export function isStillOwed(p: Position, owed: OwedExit, spec: SymbolSpec): boolean {
  if (owed.price === null || !STOP_CAUSES.includes(owed.cause)) return true;
  // The last look at the tape may be older than what the hit has seen.
  const peaks = [residentOf(p).trail?.peak, owed.trigger?.peak].filter((peak) => peak != null);
  const peak = peaks.reduce<Decimal | null>(
    (best, one) => (best && isNearer(p, best, one) ? best : one),
    null,
  );
  const stop = standingStop(p, spec, peak);
  return stop !== null && !isNearer(p, owed.price, stop.price);
}

/** From the closing price to the stop, percent of the price; null without a price. */
export const distanceOf = (p: Position, stop: Decimal, quote: Quote | null): Decimal | null => {
  if (quote === null) return null;
  const price = p.side === 'long' ? quote.bid : quote.ask;
  return price.minus(stop).abs().times(100).dividedBy(price);
};

/** What is to rest as everything stands, or why nothing can; null: nothing is asked for. */
export function wantedResident(
  p: Position,
  context: ResidentContext,
): WantedResident | ResidentReason | null {
  if (!asksForResident(p)) return null;
  const { spec, quote, peak } = context;
  const stop = standingStop(p, spec, peak);
  if (stop === null) return 'no_stop';
  const { orderTypes } = spec.rules;
  const atMarket = orderTypes.includes('stop_loss');
  if (!atMarket && !orderTypes.includes('stop_limit')) return 'type_not_supported';
  const target = listTarget(p, spec);
  const behind = atMarket ? null : behindStop(p, stop.price, spec);
  const type: OrderType = target === null ? (atMarket ? 'stop_loss' : 'stop_limit') : 'oco';
  const amounts = {
    quoteQuantity: null,
    limitPrice: target ?? behind,
    stopPrice: stop.price,
    stopLimitPrice: target === null ? null : behind,
    trailingDelta: null,
  };
  const lot = lotOf(spec, endsAtMarket(type, amounts.stopLimitPrice));
  const quantity = floorTo(minOf(residentShare(p), lot.max), lot.step);
  if (isTooSmall(type, { ...amounts, quantity }, quantity, spec)) return 'too_small';
  if (isPast(p, stop.price, target, quote)) return 'past_price';
  const { levelName } = stop;
  const form = target === null ? 'stop' : 'oco';
  const distance = distanceOf(p, stop.price, quote);
  return { ...amounts, form, type, levelName, cause: hitCause(levelName) ?? 'stop_loss', quantity, distance };
}

/** The take profit of a list: there is one, it sells the whole, and the venue takes lists, and this one. */
function listTarget(p: Position, spec: SymbolSpec): Decimal | null {
  const [target, ...more] = p.protection.takeProfits;
  const isOne = target !== undefined && more.length === 0 && target.share.greaterThanOrEqualTo(1);
  const isTaken = p.claimedRungs.includes(0) || !spec.rules.orderTypes.includes('oco');
  const isRefused = residentOf(p).listRefused === p.levelsVersion;
  return p.protection.resident === 'oco' && isOne && !isTaken && !isRefused ? target.price : null;
}

function behindStop(p: Position, stop: Decimal, spec: SymbolSpec): Decimal {
  const far = stop.times(STOP_LIMIT_PERCENT).dividedBy(100);
  return p.side === 'long' ? floorTo(stop.minus(far), spec.tickSize) : ceilTo(stop.plus(far), spec.tickSize);
}

/** The venue would refuse it: the stop is not behind the market, or the target not before it. */
function isPast(p: Position, stop: Decimal, target: Decimal | null, quote: Quote | null): boolean {
  if (quote === null) return false;
  const prices = [p.side === 'long' ? quote.bid : quote.ask, quote.last];
  const isBehind = (a: Decimal, b: Decimal) => (p.side === 'long' ? a.lessThan(b) : a.greaterThan(b));
  return prices.some((price) => !isBehind(stop, price) || (target !== null && !isBehind(price, target)));
}

/**
 * What is to be done about it now; a full exit that is owed comes before it. `order`: the one that rests, as it is stored;
 * null where none does.
 */
export function planResident(p: Position, order: Order | null, context: ResidentContext): ResidentStep {
  const { resting, why, tries, lookAt } = residentOf(p);
  const keep = (at: number | null, reason: ResidentReason | null = null, count = tries): ResidentStep => ({
    kind: 'keep',
    lookAt: at,
    why: reason,
    tries: count,
  });
  const { now } = context;
  if (p.flatten !== null || isClosed(p)) return keep(null);
  if (resting !== null && order !== null) return planResting(p, resting, order, context, keep);
  // Whoever was refused waits for its time, whatever else changes.
  if (why !== null && IS_TIMED[why] && lookAt !== null && lookAt > now) return keep(lookAt, why);
  const wanted = wantedResident(p, context);
  if (wanted === null) return keep(null, null, 0);
  if (wanted === 'past_price') {
    // The watched level acts, mostly at once. Where its price is another one (last, mid), this may last.
    const count = why === 'past_price' ? tries + 1 : 0;
    return keep(now + PAST_PRICE_LOOK_MS * 2 ** Math.min(count, MOST_PAST_DOUBLINGS), wanted, count);
  }
  if (typeof wanted === 'string') return keep(nextLook(p, now), wanted);
  if (!isNearerNow(p, wanted)) return keep(now + BAND_LOOK_MS, 'band');
  return { kind: 'place', wanted };
}

/** Reasons that only time, or somebody else, takes away. */
const IS_TIMED: Readonly<Record<ResidentReason, boolean>> = {
  no_stop: false,
  too_small: false,
  past_price: false,
  type_not_supported: false,
  no_slot: true,
  band: true,
  filter: false,
  balance: true,
  not_allowed: true,
  market_closed: true,
  no_price: true,
  refused: true,
  ended_elsewhere: true,
};

/** When to look again although nothing of the position changes. */
const nextLook = (p: Position, now: number): number | null =>
  p.protection.trailingStop === null ? null : now + TRAIL_LOOK_MS;

/** After the venue found it too far away: is it nearer now? */
function isNearerNow(p: Position, { distance }: WantedResident): boolean {
  const { bandAt } = residentOf(p);
  return bandAt === null || distance === null || distance.lessThanOrEqualTo(bandAt.minus(BAND_NEARER));
}

function planResting(
  p: Position,
  resting: RestingResident,
  order: Order,
  context: ResidentContext,
  keep: (at: number | null, reason?: ResidentReason | null, count?: number) => ResidentStep,
): ResidentStep {
  const { now } = context;
  const { orderId, placedAt } = resting;
  // Its end is on its way, and brings the next look.
  if (isFinal(order.status) || order.cancelWanted !== null) {
    return keep(silentLook(order.cancelWanted?.at ?? order.updatedAt, now));
  }
  const cancel = (why: (ResidentStep & { kind: 'cancel' })['why']): ResidentStep => ({
    kind: 'cancel',
    orderId,
    why,
  });
  if (hasWaiting(p)) return cancel('part_exit');
  // Without a price nobody knows how far the trailing stop has come: what rests stays where it is.
  if (context.quote === null && p.protection.trailingStop !== null && asksForResident(p))
    return keep(now + TRAIL_LOOK_MS);
  const wanted = wantedResident(p, context);
  // It sells where it is: at its own level it has first right.
  if (wanted === 'past_price') return keep(now + TRAIL_LOOK_MS);
  if (wanted === null || typeof wanted === 'string') return cancel('not_wanted');
  if (wanted.form !== resting.form || !same(listLimit(wanted), listLimit(resting))) return cancel('changed');
  if (wanted.quantity.lessThan(remaining(order))) return cancel('less_held');
  if (isNearer(p, resting.stopPrice, wanted.stopPrice)) return cancel('looser');
  const moves: (readonly [number, 'grown' | 'tightened'])[] = [];
  if (wanted.quantity.greaterThan(remaining(order))) moves.push([placedAt + GROW_MS, 'grown']);
  if (isTighterBy(wanted.stopPrice, resting.stopPrice)) moves.push([placedAt + TIGHTEN_MS, 'tightened']);
  const due = moves.find(([at]) => at <= now);
  if (due !== undefined) return cancel(due[1]);
  const isTaken = order.status === 'open' || order.status === 'partially_filled';
  const looks = [
    ...moves.map(([at]) => at),
    ...(p.protection.trailingStop === null ? [] : [now + TRAIL_LOOK_MS]),
    ...(isTaken ? [] : [silentLook(placedAt, now)]),
  ];
  return keep(looks.length === 0 ? null : Math.min(...looks), null, isTaken ? 0 : residentOf(p).tries);
}

/** The venue has said nothing of it since then. */
const silentLook = (since: number, now: number): number =>
  now + Math.min(Math.max(now - since, PLACED_LOOK_MS), MOST_SILENT_LOOK_MS);

const listLimit = ({ form, limitPrice }: Pick<RestingResident, 'form' | 'limitPrice'>): Decimal | null =>
  form === 'oco' ? limitPrice : null;
const same = (a: Decimal | null, b: Decimal | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);

const isTighterBy = (wanted: Decimal, rests: Decimal): boolean =>
  wanted.minus(rests).abs().times(100).dividedBy(rests).greaterThanOrEqualTo(TIGHTER_PERCENT);

/** The position with its resident order placed; its reservation is made with it (`withExit`). */
export function withPlaced(p: Position, orderId: string, wanted: WantedResident, now: number): Position {
  const { form, levelName, quantity, stopPrice: price, limitPrice, distance } = wanted;
  const resting = {
    orderId,
    form,
    levelName,
    quantity,
    stopPrice: price,
    limitPrice,
    placedAt: now,
    distance,
  };
  const next = { ...p, resident: { ...residentOf(p), resting, why: null, bandAt: null } };
  return {
    ...next,
    resident: { ...next.resident, lookAt: now + PLACED_LOOK_MS, seen: residentKey(next) },
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/**
 * Does the resident order go first at this hit? Where the price has reached its own level, and is not far beyond it; one
 * that has not been sent, or is being cancelled, sells nothing by itself.
 */
export function goesFirst(
  p: Position,
  order: Order | null,
  hit: { price: Decimal; cause: ExitCause },
): boolean {
  const { resting } = residentOf(p);
  if (resting === null || order?.orderId !== resting.orderId) return false;
  if (isFinal(order.status) || order.status === 'pending' || order.cancelWanted !== null) return false;
  const isTarget = hit.cause === 'take_profit';
  const level = isTarget ? listLimit(resting) : resting.stopPrice;
  if (level === null) return false;
  const falls = (p.side === 'long') !== isTarget;
  const far = level.times(FIRST_RIGHT_PERCENT).dividedBy(100);
  return falls
    ? hit.price.lessThanOrEqualTo(level) && hit.price.greaterThan(level.minus(far))
    : hit.price.greaterThanOrEqualTo(level) && hit.price.lessThan(level.plus(far));
}

/** Why a resident order's fill exits: its take profit's leg, or the stop that it stood for. */
export function causeOfFill(order: Order, price: Decimal): ExitCause {
  const cause = order.exit?.cause ?? 'stop_loss';
  if (order.type !== 'oco' || order.limitPrice === null) return cause;
  const isTarget =
    order.side === 'sell'
      ? price.greaterThanOrEqualTo(order.limitPrice)
      : price.lessThanOrEqualTo(order.limitPrice);
  return isTarget ? 'take_profit' : cause;
}
