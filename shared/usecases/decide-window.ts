/**
 * What a stop's confirmation window makes of its position: begun by a hit, ended by a price that came back, by one beyond
 * the bound, or by its time (domain/confirmation.ts). Without I/O; the running system and a replay decide alike.
 */
import {
  beginWindow,
  boundPrice,
  endWindow,
  firstReturn,
  isStopLevel,
  windowEndsAt,
  windowLevelOf,
  windowPlaces,
} from '../domain/confirmation.ts';
import { withDue } from '../domain/due.ts';
import { claimFlatten } from '../domain/exits.ts';
import { hitCause, parseMember, windowsOf } from '../domain/levels.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import { stopOf } from '../domain/triggers/rules.ts';
import type { Bar, Hit, Level } from '../domain/triggers/types.ts';
import { decimalToUnits, unitsToDecimal } from '../domain/triggers/units.ts';
import type { ConfirmWindow, Position, PositionAction, TriggerFacts } from '../domain/types.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';
import { priceBySource } from './arm-levels.ts';
import { carryOutPlan } from './exit-plan.ts';
import type { HitContext, HitDecision } from './hit-decision.ts';
import { factsText, HIT_VALID_MS, PRICE_VALID_MS } from './hit-rules.ts';

type Write = Extract<HitDecision, { readonly kind: 'write' }>;

/** What is known of the prices since a window began. */
export interface WindowEvidence {
  /** 1 s bars since then, oldest first. */
  readonly bars: readonly Bar[];
  /** The price shown now. */
  readonly price: CachedPrice | null;
}

/** How a window ended, as the timeline has it in `confirmation`. */
type Ending = 'confirmed' | 'beyond_bound';

const iso = (at: number): string => new Date(at).toISOString();

/** When the stop was reached: one that was armed beyond the price was reached by its arming, whatever its tick's age. */
const reachedAt = (hit: Hit, { armedAt }: Level): number =>
  hit.cause === 'armed' ? Math.max(hit.tick.at, armedAt) : hit.tick.at;

/** Where a level that was hit stands now: it may be a tighter one than the hit's own. */
function standingAt(hit: Hit, level: Level, spec: SymbolSpec): Decimal {
  const trailed = level.kind === 'trailing' && hit.peak !== null;
  const units = trailed ? stopOf(level.side, hit.peak, level.distance) : hit.level;
  return unitsToDecimal(level.kind === 'fixed' ? level.price : units, spec.unitExponent);
}

/** Does this hit have to wait? A stop of a position with a delay does, unless its price is beyond the bound already. */
export function mustWait(p: Position, hit: Hit, level: Level, of: TriggerFacts, spec: SymbolSpec): boolean {
  if (p.protection.confirmSeconds === 0 || !isStopLevel(of.levelName)) return false;
  const { price: bound } = windowPlaces(standingAt(hit, level, spec), p, spec).bound;
  return p.side === 'long' ? hit.price > bound : hit.price < bound;
}

/** The stop was reached, and waits. */
export function startWaiting(
  p: Position,
  hit: Hit,
  level: Level,
  reached: TriggerFacts,
  { spec, now }: HitContext,
): Write {
  // A hit of the stop loss may be one of the break-even stop that has taken its place.
  const { levelName } = parseMember(level.member);
  const trigger = { ...reached, levelName, level: standingAt(hit, level, spec) };
  const window = { trigger, since: reachedAt(hit, level) };
  const facts = {
    ...factsText(trigger),
    confirm_until: iso(windowEndsAt(window, p.protection)),
    sells_at_once_at: boundPrice(trigger.level, p.side, p.protection).toFixed(),
  };
  const position = withDue(beginWindow(p, window, now), now);
  return write('confirming', position, { at: now, kind: 'stop_confirming', facts });
}

/** The window that a level's name belongs to; null when it is over. */
export const windowOf = (p: Position, stop: string): ConfirmWindow | null =>
  windowsOf(p).find(({ trigger }) => trigger.levelName === stop) ?? null;

/** The window whose time was over when this price came back: the bars since it began say whether another had before. */
export function lateReturnOf(p: Position, hit: Hit): ConfirmWindow | null {
  const ending = windowLevelOf(parseMember(hit.member).levelName);
  if (ending?.end !== 'return' || hit.cause !== 'tick') return null;
  const window = windowOf(p, ending.stop);
  return window !== null && hit.tick.at >= windowEndsAt(window, p.protection) ? window : null;
}

/**
 * A price on the good side again: one from before the window's end stops the exit. A later one finds it confirmed, unless it
 * is old news itself, or `bars` have one from before the index heard of the window. Null: it stood there when the index
 * heard of the window, or a rebuild found it. Whether the price had been back before only the tape says, and whoever ends
 * the window by its time asks it.
 */
export function cameBack(
  p: Position,
  window: ConfirmWindow,
  hit: Hit,
  { bars = [], ...context }: HitContext,
): HitDecision | null {
  const { spec, now } = context;
  const endsAt = windowEndsAt(window, p.protection);
  const isInTime = hit.tick.at < endsAt;
  if (!isInTime && hit.cause !== 'tick') return null;
  if (!isInTime && now - hit.tick.at <= HIT_VALID_MS) {
    // Within its own second the index has told the first one.
    const before = bars.filter(({ lastTick }) => lastTick < hit.tick.id);
    return byTape(p, window, before, context) ?? confirmed(p, window, null, context);
  }
  const price = unitsToDecimal(hit.price, spec.unitExponent);
  const from = { tick: hit.tick.id, at: hit.tick.at };
  return back(p, window, from, { now, price, why: isInTime ? 'price_came_back' : 'not_confirmed' });
}

/** The price is beyond the bound: sold at that tick, as a stop without a delay is. */
export function soldBeyond(
  p: Position,
  trigger: TriggerFacts,
  stop: string,
  context: HitContext,
): HitDecision {
  return claim(p, { ...trigger, levelName: stop }, 'beyond_bound', { ...context, claiming: true });
}

/**
 * The window's time is over. `evidence`: what the tape and the shown price say; null where neither can be read: what was
 * reached sells then, since nothing says that it came back. Decided later than a hit stays valid, the present price has
 * to be beyond the stop as well.
 */
export function decideWindow(
  p: Position,
  window: ConfirmWindow,
  evidence: WindowEvidence | null,
  context: HitContext,
): HitDecision {
  const { spec, now } = context;
  const endsAt = windowEndsAt(window, p.protection);
  if (evidence === null) return confirmed(p, window, null, context);
  const returnAt = windowPlaces(window.trigger.level, p, spec).return.price;
  const returned = byTape(p, window, evidence.bars, context);
  if (returned !== null) return returned;
  if (now - endsAt > HIT_VALID_MS && !isStillBeyond(window, evidence.price, returnAt, p, context)) {
    const tick = Math.max(window.trigger.tickId, evidence.price?.tickId ?? 0);
    const price = evidence.price && priceBySource(evidence.price, window.trigger.source);
    return back(p, window, { tick, at: now }, { now, price, why: 'not_confirmed' });
  }
  return confirmed(p, window, evidence.price, context);
}

/** A price that was back within the window's time, by its bars; null: there was none. */
function byTape(
  p: Position,
  window: ConfirmWindow,
  bars: readonly Bar[],
  { spec, now }: HitContext,
): Write | null {
  const endsAt = windowEndsAt(window, p.protection);
  const returnAt = windowPlaces(window.trigger.level, p, spec).return.price;
  const bar = firstReturn(window, bars, { side: p.side, endsAt, returnAt });
  if (bar === null) return null;
  const { source, tickId } = window.trigger;
  const best = p.side === 'long' ? bar.high[source] : bar.low[source];
  const units = bar.firstTick <= tickId ? bar.close[source] : best;
  const price = unitsToDecimal(units, spec.unitExponent);
  return back(p, window, { tick: bar.lastTick, at: now }, { now, price, why: 'price_came_back' });
}

function isStillBeyond(
  { trigger: { source } }: ConfirmWindow,
  price: CachedPrice | null,
  returnAt: number,
  { side }: Position,
  { spec, now }: HitContext,
): boolean {
  if (price === null || now - price.at > PRICE_VALID_MS) return false;
  const present = decimalToUnits(priceBySource(price, source), spec.unitExponent, 'half_even');
  return present.ok && (side === 'long' ? present.value < returnAt : present.value > returnAt);
}

interface Back {
  readonly now: number;
  readonly price: Decimal | null;
  readonly why: string;
}

function back(
  p: Position,
  window: ConfirmWindow,
  from: { readonly tick: number; readonly at: number },
  { now, price, why }: Back,
): Write {
  const { levelName, level, source, tickId } = window.trigger;
  const facts = {
    why,
    ...{ level_name: levelName, source, level: level.toFixed() },
    ...(price !== null && { price: price.toFixed() }),
    ...{ tick_id: String(from.tick), armed_tick_id: String(tickId) },
    waited_ms: String(Math.max(0, now - window.since)),
  };
  const position = withDue(endWindow(p, window, from, now), now);
  return write('came_back', position, { at: now, kind: 'stop_not_confirmed', facts });
}

/** Sold at the price of the moment: the tick that reached the stop is long past. */
function confirmed(
  p: Position,
  window: ConfirmWindow,
  price: CachedPrice | null,
  context: HitContext,
): HitDecision {
  const { trigger, since } = window;
  const mark = price && priceBySource(price, p.side === 'long' ? 'bid' : 'ask');
  const more = { waited_ms: String(Math.max(0, context.now - since)) };
  return claim(p, trigger, 'confirmed', { ...context, claiming: false, mark }, more);
}

function claim(
  p: Position,
  trigger: TriggerFacts,
  confirmation: Ending,
  of: HitContext & { readonly claiming: boolean; readonly mark?: Decimal | null },
  more: Readonly<Record<string, string>> = {},
): HitDecision {
  const { spec, now, live, claiming } = of;
  const mark = of.mark ?? trigger.price;
  const cause = hitCause(trigger.levelName);
  if (cause === null) throw new Error(`${trigger.levelName} closes nothing`);
  const claimed = claimFlatten(p, { cause, price: mark, trigger, at: now });
  const facts = { ...factsText(trigger), ...more, exit_cause: cause, confirmation };
  if (!claimed.ok) {
    const why = claimed.error.code;
    return { kind: 'drop', why, action: { at: now, kind: 'hit_dropped', facts: { ...facts, why } } };
  }
  const planned = carryOutPlan(claimed.value, live, { spec, now, claiming, mark });
  const action = { at: now, kind: 'exit_claimed', facts };
  return { ...write('exit', planned.position, action), orders: planned.orders, alarms: planned.alarms };
}

const write = (what: Write['what'], position: Position, action: PositionAction): Write => ({
  kind: 'write',
  what,
  position,
  orders: [],
  action,
  alarms: [],
});
