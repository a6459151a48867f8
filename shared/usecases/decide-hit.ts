/** What one hit makes of its position: the decision of `evaluate-hits`, without I/O (design sections 9 to 11). */
import { isStopLevel, windowLevelOf } from '../domain/confirmation.ts';
import { withDue } from '../domain/due.ts';
import {
  claimFlatten,
  claimPart,
  FIRST_RIGHT_MS,
  newExitOrder,
  type PlanAlarm,
  rungQuantity,
  rungTakesRest,
} from '../domain/exits.ts';
import { hitCause, parseMember, rungOf } from '../domain/levels.ts';
import { untold } from '../domain/position-facts.ts';
import { activateBreakEven } from '../domain/protection.ts';
import { residentOf, withOwedExit } from '../domain/resident-state.ts';
import { goesFirst } from '../domain/residents.ts';
import type { Hit } from '../domain/triggers/types.ts';
import { unitsToDecimal } from '../domain/triggers/units.ts';
import type { ExitCause, Order, Position, PositionAction, TriggerFacts } from '../domain/types.ts';
import type { Change } from '../ports/ledger.ts';
import { cameBack, mustWait, soldBeyond, startWaiting, windowOf } from './decide-window.ts';
import { exitOrderIdFor } from './derive-ids.ts';
import { carryOutPlan } from './exit-plan.ts';
import { type HitContext, type HitDecision, WINDOW_OVER } from './hit-decision.ts';
import { armedFrom, factsText, isConfirmed, levelOfHit, needsPrice, triggerFacts } from './hit-rules.ts';

export function decideHit(p: Position, hit: Hit, context: HitContext): HitDecision {
  const { spec, now } = context;
  const trigger = triggerFacts(hit, spec, now);
  const drop = (why: string): HitDecision => dropped(p, hit, trigger, why, now);
  if (p.flatten !== null) return drop('already_closing');
  const level = levelOfHit(p, hit, spec);
  if (level === null) return drop(whyGone(p, trigger.levelName));
  if (needsPrice(hit, armedFrom(p, level), now) && !isConfirmed(hit, level, context.price, spec, now))
    return refused(p, hit, trigger, context);
  const { levelName } = parseMember(hit.member);
  const ending = windowLevelOf(levelName);
  if (ending !== null) {
    const window = windowOf(p, ending.stop);
    // Of an earlier window of the same stop.
    if (window === null || hit.tick.id < window.trigger.tickId) return drop('stale');
    if (ending.end === 'return') return cameBack(p, window, hit, context) ?? drop(WINDOW_OVER);
    return soldBeyond(p, trigger, ending.stop, context);
  }
  if (mustWait(p, hit, level, trigger, spec)) return startWaiting(p, hit, level, trigger, context);
  const cause = hitCause(levelName);
  if (cause === null) {
    const position = activateBreakEven(p, now, spec);
    if (position === p) return drop('already_active');
    const action = { at: now, kind: 'break_even_activated', facts: factsText(trigger) };
    return write('break_even', withDue(position, now), [], action);
  }
  const rung = rungOf(levelName);
  if (rung !== null && !rungTakesRest(p, rung, spec)) return part(p, hit, trigger, rung, context);
  const first = residentFirst(p, hit, cause, trigger, context);
  if (first !== null) return first;
  const claimed = claimFlatten(p, { cause, price: trigger.price, trigger, at: now });
  if (!claimed.ok) return drop(claimed.error.code);
  const mark = trigger.price;
  const planned = carryOutPlan(claimed.value, context.live, { spec, now, claiming: true, mark });
  const action = { at: now, kind: 'exit_claimed', facts: { ...factsText(trigger), exit_cause: cause } };
  return write('exit', planned.position, planned.orders, action, planned.alarms);
}

/** Why the level of a hit is not there: it has done its work, or waits, or was moved or taken away. */
function whyGone(p: Position, levelName: string): string {
  const rung = rungOf(levelName);
  if (rung !== null && p.claimedRungs.includes(rung)) return 'rung_claimed';
  if (levelName === 'break_even_trigger' && p.breakEvenActivatedAt !== null) return 'already_active';
  return windowOf(p, levelName) === null ? 'stale' : 'confirming';
}

/** The resident order has first right at its own level: the claim waits for a moment. Null: it does not wait. */
function residentFirst(
  p: Position,
  hit: Hit,
  cause: ExitCause,
  trigger: TriggerFacts,
  { live, now }: HitContext,
): HitDecision | null {
  const { resting, owed } = residentOf(p);
  const order = live.find(({ orderId }) => orderId === resting?.orderId) ?? null;
  if (!goesFirst(p, order, { price: trigger.price, cause })) return null;
  if (owed !== null) return dropped(p, hit, trigger, 'resident_first', now);
  const until = now + FIRST_RIGHT_MS;
  const facts = { ...factsText(trigger), exit_cause: cause, until: new Date(until).toISOString() };
  const action = { at: now, kind: 'resident_first', facts };
  const next = withOwedExit(p, { cause, price: trigger.price, trigger, until }, now);
  return write('resident_first', withDue(next, now), [], action);
}

/** What the timeline says of a hit that does nothing: which level set it was of, and which one stands. */
function dropped(p: Position, hit: Hit, trigger: TriggerFacts, why: string, now: number): HitDecision {
  const facts = {
    ...factsText(trigger),
    why,
    hit_version: String(hit.version),
    levels_version: String(p.levelsVersion),
    position_status: p.status,
    ...(p.flatten !== null && { closing_cause: p.flatten.cause }),
  };
  return { kind: 'drop', why, action: { at: now, kind: 'hit_dropped', facts } };
}

function write(
  what: (HitDecision & { kind: 'write' })['what'],
  position: Position,
  orders: readonly Change<Order>[],
  action: PositionAction,
  alarms: readonly PlanAlarm[] = [],
): HitDecision {
  return { kind: 'write', what, position, orders, action, alarms };
}

/** A rung of the ladder: its part is reserved and its order made in one step. */
function part(p: Position, hit: Hit, trigger: TriggerFacts, rung: number, context: HitContext): HitDecision {
  const { spec, now } = context;
  const { levelName } = trigger;
  const quantity = rungQuantity(p, rung, spec);
  const orderId = exitOrderIdFor({ positionId: p.positionId, levelName, version: hit.version });
  const cause = 'take_profit';
  const claim = { orderId, quantity, cause, levelName, rung, price: trigger.price, at: now } as const;
  const claimed = claimPart(p, claim, spec);
  if (!claimed.ok) {
    const { code } = claimed.error;
    if (code !== 'below_minimum' && code !== 'not_enough_free') return dropped(p, hit, trigger, code, now);
    // Merged into a neighbour, or held by another exit: said on the timeline, once per hit.
    const action = { at: now, kind: 'rung_skipped', facts: { ...factsText(trigger), why: code } };
    return write('skipped', withDue({ ...p, updatedAt: Math.max(p.updatedAt, now) }, now), [], action);
  }
  const order = newExitOrder(claimed.value, { orderId, quantity, cause, flatten: false, trigger, now });
  const facts = { ...factsText(trigger), exit_cause: cause, order_id: orderId, quantity: quantity.toFixed() };
  const action = { at: now, kind: 'part_claimed', facts };
  const change = { before: null, after: withDue(order, now) };
  return write('exit', withDue(claimed.value, now), [change], action);
}

const isProtecting = (levelName: string): boolean =>
  isStopLevel(levelName) || windowLevelOf(levelName) !== null;

/**
 * Not standing by itself and not confirmed: recorded, and the whole level set is armed anew under a new version, from now on. A
 * trailing stop keeps the peak it had.
 */
function refused(
  p: Position,
  hit: Hit,
  trigger: TriggerFacts,
  { spec, now, price }: HitContext,
): HitDecision {
  const arming = p.armings[trigger.levelName];
  const peak = hit.peak === null ? (arming?.peak ?? null) : unitsToDecimal(hit.peak, spec.unitExponent);
  // The tick that was refused must not count again; nor, where any may be from before the level, those up to now.
  const shown = hit.armedTick === -1 ? (price?.tickId ?? 0) : 0;
  const tick = Math.max(hit.tick.id + 1, shown);
  const position = {
    ...p,
    levelsVersion: p.levelsVersion + 1,
    armings: { ...p.armings, [trigger.levelName]: { tick, at: now, peak } },
    // It has left the index with its hit.
    unprotected: isProtecting(trigger.levelName) ? untold(p) : p.unprotected,
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
  const action = { at: now, kind: 'hit_refused', facts: { ...factsText(trigger), why: 'not_confirmed' } };
  return write('refused', withDue(position, now), [], action);
}
