/**
 * Carrying out a position's exit plan inside the transaction that changes it (design section 9).
 *
 * Pure: what is returned is to be committed together with the position; messages follow after the commit.
 * Always true: an order that the plan sends is reserved in the position that is returned with it.
 */
import { isAmendingInPlace } from '../domain/amendments.ts';
import { withDue } from '../domain/due.ts';
import { entryPassed, liveEntryIds } from '../domain/entry-ids.ts';
import {
  claimFlatten,
  exitNumber,
  exitPassed,
  exitResized,
  exitSettled,
  newExitOrder,
  type PlanAlarm,
  type PlanStep,
  planExit,
  withExit,
} from '../domain/exits.ts';
import { endAmendment } from '../domain/heirs.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { averagePrice, isFinal, transition } from '../domain/orders.ts';
import { applyEntryFill, applyExitFill, entryEnded, isClosed, maybeClose } from '../domain/positions.ts';
import { causeOfFill } from '../domain/residents.ts';
import { brought, spent } from '../domain/shortage.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Fill, Order, Position } from '../domain/types.ts';
import { heldSince } from '../domain/unprotected.ts';
import type { Change } from '../ports/ledger.ts';
import { exitOrderIdFor } from './derive-ids.ts';

export interface Planned {
  readonly position: Position;
  /** New orders and orders that are to be cancelled, ready to be committed. */
  readonly orders: readonly Change<Order>[];
  readonly alarms: readonly PlanAlarm[];
}

export interface PlanContext {
  readonly spec: SymbolSpec;
  readonly now: number;
  /** True in the transaction of the claim: only then an exit is filled at its trigger tick's own price. */
  readonly claiming: boolean;
  readonly mark: Decimal | null;
}

export interface Followed {
  readonly position: Position;
  /** As given, with the end of its amendment where it has ended. */
  readonly order: Order;
  /** The order that takes its place, to be written with it. */
  readonly heir: Order | null;
}

/** The position after an order of it has changed (and after `fills`, when the change is one of trades), and who follows it. */
export function followOrder(
  p: Position,
  order: Order,
  fills: readonly Fill[],
  spec: SymbolSpec,
  now: number,
): Followed {
  const isEntry = order.role === 'entry';
  let next = fills.reduce((before, fill) => {
    if (!isEntry) return applyExitFill(before, fill, order, now);
    const after = applyEntryFill(before, fill, order, now);
    return brought(after, after.quantity.minus(before.quantity), fill.at, now);
  }, p);
  const first = fills[0];
  if (first !== undefined && isEntry && !isClosed(p) && p.quantity.isZero()) next = heldSince(next, first.at);
  if (!isEntry) next = exitResized(residentSold(next, order, fills, now), order, now);
  const { order: ended, heir } = endAmendment(order, next, spec, now);
  if (heir !== null) {
    next = isEntry ? entryPassed(next, order, heir, now) : exitPassed(next, order, heir, now);
  } else {
    next = isEntry ? entryEnded(next, order, now, spec) : exitSettled(next, order, now);
  }
  const position = next === p ? p : maybeClose(next, spec, markAfter(next, order, fills), now);
  return { position, order: ended, heir };
}

/** What the resident order sells is the position's exit, with the cause that it stood for: the rest goes with it. */
function residentSold(p: Position, order: Order, fills: readonly Fill[], now: number): Position {
  const price = fills.at(-1)?.price;
  if (price === undefined || order.exit?.resident !== true) return p;
  const claimed = claimFlatten(p, { cause: causeOfFill(order, price), price, trigger: null, at: now });
  return claimed.ok ? claimed.value : p;
}

/** A price for deciding what is dust, from what is at hand. */
export const markAfter = (p: Position, order: Order, fills: readonly Fill[]): Decimal | null =>
  fills.at(-1)?.price ?? averagePrice(order) ?? p.flatten?.price ?? order.referencePrice;

/** Ids of the orders that a plan has to know: the live entries and the live exits. */
export const liveOrderIds = (p: Position): readonly string[] => [
  ...liveEntryIds(p),
  ...p.liveExits.map((exit) => exit.orderId),
];

/** Cancels of one transaction, so that it stays below the store's 100 items with 50 fills; the next step goes on. */
const CANCELS_AT_ONCE = 40;

/** Does what the plan says, until nothing is left that can be done now; of many cancels the first. */
export function carryOutPlan(start: Position, live: readonly Order[], context: PlanContext): Planned {
  const { spec, now, mark } = context;
  let position = start;
  let liveOrders = live;
  const changes = new Map<string, Change<Order>>();
  const alarms = new Map<string, PlanAlarm>();
  // Each round settles at least one unsent order, so there are at most as many rounds as orders, and one more.
  for (let round = 0; round <= live.length + 1; round++) {
    let again = false;
    for (const step of planExit(position, liveOrders, spec, now, mark ?? undefined)) {
      if (step.kind === 'cancel') {
        if (changes.size >= CANCELS_AT_ONCE) continue;
        const order = liveOrders.find((o) => o.orderId === step.orderId);
        if (order === undefined) throw new Error(`plan cancels an unknown order ${step.orderId}`);
        const cancelled = transition(order, { kind: 'cancel_wanted', at: now, cause: 'exit_plan' });
        if (!cancelled.ok) continue;
        const after = withDue(cancelled.value, now);
        changes.set(order.orderId, { before: order, after });
        liveOrders = liveOrders.map((o) => (o.orderId === order.orderId ? after : o));
        const { position: released } = followOrder(position, after, [], spec, now);
        again ||= released !== position;
        position = released;
      } else if (step.kind === 'send' && !again) {
        const order = exitOf(position, step, context);
        position = spent(withExit(position, order, null, now), order.quantity, now);
        changes.set(order.orderId, { before: null, after: withDue(order, now) });
      } else if (step.kind === 'alarm') {
        alarms.set(step.why, { code: step.code, why: step.why });
      } else if (step.kind === 'close') {
        position = maybeClose(position, spec, mark ?? position.flatten?.price ?? null, now);
      }
    }
    if (!again) break;
  }
  return { position: withDue(position, now), orders: [...changes.values()], alarms: [...alarms.values()] };
}

function exitOf(
  p: Position,
  { quantity, limitPrice }: Extract<PlanStep, { kind: 'send' }>,
  { now, claiming }: PlanContext,
): Order {
  if (p.flatten === null) throw new Error('a plan without a claim sends nothing');
  return newExitOrder(p, {
    orderId: exitOrderIdFor({ positionId: p.positionId, n: exitNumber(p) }),
    quantity,
    ...(limitPrice !== undefined && { type: 'limit', limitPrice }),
    cause: p.flatten.cause,
    flatten: true,
    trigger: claiming ? p.flatten.trigger : null,
    referencePrice: p.flatten.price,
    now,
  });
}

/** Orders whose next step is a message's work: to be sent, cancelled, amended, or asked for missing trades. */
export const wantsWork = (order: Order): boolean =>
  (order.status === 'pending' && order.waitsFor === null) ||
  order.status === 'cancelling' ||
  isGapped(order) ||
  isWorkingAmendment(order);

/** The venue is to be asked for less of a live order. */
export const isWorkingAmendment = (order: Order): boolean =>
  !isFinal(order.status) && isAmendingInPlace(order);

/** The venue has executed more than we have booked: its trades are asked for at once (design section 7). */
export const isGapped = (order: Order): boolean => order.venueQuantity.greaterThan(order.filledQuantity);

/** True when a full exit is under way and its plan may have something to do. */
export const needsPlan = (p: Position): boolean => p.flatten !== null && !isClosed(p);
