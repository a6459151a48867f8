/**
 * One change of an order in one transaction: the order, its fills, its position, and what the position's exit plan
 * now sends or cancels (design sections 7, 9).
 *
 * Always true:
 * - where one of the fills is booked already nothing is changed, and the caller is told which and what is stored;
 * - whoever lost the race reads again and decides again.
 */
import { withDue } from '../domain/due.ts';
import type { PlanAlarm } from '../domain/exits.ts';
import { isSettled } from '../domain/orders.ts';
import { isClosed } from '../domain/positions.ts';
import { hasWaiting, residentOf } from '../domain/resident-state.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Environment, Fill, Order, Position, PositionAction } from '../domain/types.ts';
import { releaseWaiting } from '../domain/waiting-parts.ts';
import type { Call, Change, Ledger } from '../ports/ledger.ts';
import { untilWritten } from './conflicts.ts';
import { carryOutPlan, followOrder, liveOrderIds, markAfter, needsPlan } from './exit-plan.ts';
import type { Ports } from './ports.ts';
import { tellAlarms } from './tell-alarms.ts';

type Needs = Pick<Ports, 'ledger' | 'metrics' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'>;

/** The order as it is to be, the trades that made it so, oldest first, and the call that asked for it. Null: nothing to write. */
export type Decide = (order: Order) => {
  readonly order: Order;
  readonly fills?: readonly Fill[];
  readonly call?: Call | null;
} | null;

export interface Changed {
  /** `key_taken`: the call was made before, and `order` is what stands. */
  readonly outcome: 'done' | 'nothing' | 'duplicate_fill' | 'key_taken';
  /** As it was and as it is stored now. */
  readonly before: Order;
  readonly order: Order;
  /** As stored now; null when the change did not concern it. */
  readonly position: Position | null;
  readonly positionBefore: Position | null;
  /** Orders that the plan made or wants cancelled: each needs a message. */
  readonly planned: readonly Order[];
  /** Trades that are booked already: why nothing was written. */
  readonly duplicates: readonly string[];
  /** What its position's plan is stuck on; told already. */
  readonly alarms: readonly PlanAlarm[];
}

/** An entry of a position's timeline, as a commit takes it. */
export interface ActionOf {
  readonly positionId: string;
  readonly action: PositionAction;
}

/** What the store holds after a change was written. */
export const stored = <T extends { readonly version: number }>({ before, after }: Change<T>): T => ({
  ...after,
  version: (before?.version ?? 0) + 1,
});

/** The rules of an order's or a position's symbol where it lives. Throws when they are gone. */
export async function specOf(
  symbols: Ports['symbols'],
  { environment, symbol }: { readonly environment: Environment; readonly symbol: string },
): Promise<SymbolSpec> {
  const spec = await symbols.find(environment, symbol);
  if (spec === null) throw new Error(`${symbol} is no longer a known symbol of ${environment}`);
  return spec;
}

/** Reads the orders that a plan has to know, the changed one as it is about to be. */
export async function readLiveOrders(
  ledger: Ledger,
  p: Position,
  changed: Order | null,
): Promise<readonly Order[]> {
  const ids = liveOrderIds(p).filter((id) => id !== changed?.orderId);
  const others = ids.length === 0 ? [] : await ledger.orders(ids);
  return changed !== null && liveOrderIds(p).includes(changed.orderId) ? [...others, changed] : others;
}

const untouched = (before: Order) => ({
  before,
  order: before,
  position: null,
  positionBefore: null,
  planned: [],
  duplicates: [],
  alarms: [],
});

/** What is stored, for the after-effects of news that is booked already. `before`: the order as it was known. */
export async function readStored(ledger: Ledger, before: Order): Promise<Changed> {
  const [order, position] = await Promise.all([
    ledger.order(before.orderId),
    ledger.position(before.positionId),
  ]);
  return { outcome: 'duplicate_fill', ...untouched(before), order: order ?? before, position };
}

export type ChangeOrder = ReturnType<typeof makeChangeOrder>;

export function makeChangeOrder(ports: Needs) {
  const { ledger, clock } = ports;

  async function follow(order: Order, fills: readonly Fill[], now: number) {
    const before = await ledger.position(order.positionId);
    if (before === null) throw new Error(`order ${order.orderId} has no position ${order.positionId}`);
    const spec = await specOf(ports.symbols, order);
    const followed = followOrder(before, order, fills, spec, now);
    const { position: after, heir } = followed;
    const told = { before, order: followed.order, heir };
    const heirs: Change<Order>[] = heir === null ? [] : [{ before: null, after: withDue(heir, now) }];
    if (!needsPlan(after) && !hasWaiting(after)) {
      return { ...told, after: withDue(after, now), orders: heirs, alarms: [] };
    }
    const live = await readLiveOrders(ledger, after, order);
    if (!needsPlan(after)) {
      const { position, orders } = releaseWaiting(after, live, spec, now);
      const released = orders.map((change) => ({ ...change, after: withDue(change.after, now) }));
      return { ...told, after: withDue(position, now), orders: [...heirs, ...released], alarms: [] };
    }
    const mark = markAfter(after, order, fills);
    const plan = carryOutPlan(after, live, { spec, now, claiming: false, mark });
    return { ...told, after: plan.position, orders: [...heirs, ...plan.orders], alarms: plan.alarms };
  }

  async function attempt(
    orderId: string,
    decide: Decide,
    known: Order | null,
  ): Promise<Changed | null | 'conflict'> {
    const before = known ?? (await ledger.order(orderId));
    if (before === null) return null;
    const decided = decide(before);
    if (decided === null) return { outcome: 'nothing', ...untouched(before) };
    const now = clock.now();
    const fills = decided.fills ?? [];
    const change: Change<Order> = { before, after: withDue(decided.order, now) };
    const isResized = !decided.order.quantity.equals(before.quantity);
    const concernsPosition = fills.length > 0 || isSettled(decided.order) || isResized;
    const followed = concernsPosition ? await follow(change.after, fills, now) : null;
    // A plan may have changed the order itself once more (a live entry that is to be cancelled).
    const planned = followed?.orders.find((c) => c.after.orderId === orderId)?.after;
    const own = planned ?? followed?.order ?? change.after;
    const others = (followed?.orders ?? []).filter((c) => c.after.orderId !== orderId);
    const result = await ledger.commit({
      orders: [{ before, after: own }, ...others],
      positions: followed === null ? [] : [{ before: followed.before, after: followed.after }],
      fills: fills.map((fill) => ({ orderId, fill })),
      actions: followed === null ? [] : actionsOf(followed.before, followed.after, now, followed.heir),
      keys: decided.call == null ? [] : [decided.call],
    });
    if (result.outcome === 'conflict') return 'conflict';
    if (result.outcome === 'key_taken') {
      const current = await ledger.order(orderId);
      return { outcome: 'key_taken', ...untouched(before), order: current ?? before };
    }
    if (result.outcome === 'duplicate_fill') {
      return { ...(await readStored(ledger, before)), duplicates: result.tradeIds };
    }
    return {
      outcome: 'done',
      before,
      order: stored({ before, after: own }),
      position: followed === null ? null : stored({ before: followed.before, after: followed.after }),
      positionBefore: followed?.before ?? null,
      planned: others.map(stored),
      duplicates: [],
      alarms: followed?.alarms ?? [],
    };
  }

  /** Applies `decide` to the order as it is stored. `known`: its last known state, to save the first read. */
  return async (orderId: string, decide: Decide, known: Order | null = null): Promise<Changed | null> => {
    const changed = await untilWritten(ports, `order ${orderId}`, (n) =>
      attempt(orderId, decide, n === 0 ? known : null),
    );
    if (changed !== null) await tellAlarms(ports, changed.order.positionId, changed.alarms);
    return changed;
  };
}

/** It had been emptied, and an entry has filled; its stops begin anew. */
const holdsAgain = (before: Position, after: Position): boolean =>
  before.openedAt !== null &&
  before.quantity.isZero() &&
  after.entryQuantity.greaterThan(before.entryQuantity);

/** What the position's timeline says about a change by its orders or its plan. */
export function actionsOf(
  before: Position,
  after: Position,
  now: number,
  heir: Order | null = null,
): ActionOf[] {
  const actions: PositionAction[] = [];
  if (heir?.replaces != null) {
    const facts = { order_id: heir.replaces, replaced_by: heir.orderId, quantity: heir.quantity.toFixed() };
    actions.push({ at: now, kind: 'order_replaced', facts });
  }
  if (before.openedAt === null && after.openedAt !== null) {
    actions.push({ at: now, kind: 'opened', facts: { quantity: after.quantity.toFixed() } });
  }
  if (holdsAgain(before, after)) {
    actions.push({ at: now, kind: 'holds_again', facts: { quantity: after.quantity.toFixed() } });
  }
  if (before.flatten === null && after.flatten !== null) {
    // Only what the resident order has sold is a claim of its own; all others are told by those who make them.
    const facts = { exit_cause: after.flatten.cause, price: after.flatten.price?.toFixed() ?? 'none' };
    actions.push({ at: now, kind: 'resident_filled', facts });
  }
  const { resting, why, tries, lookAt } = residentOf(after);
  // Of refusals in a row the first: the orders tell the others.
  if (residentOf(before).resting !== null && resting === null && why !== null && tries <= 1) {
    const next = lookAt === null ? {} : { next_try_at: new Date(lookAt).toISOString() };
    actions.push({ at: now, kind: 'resident_waits', facts: { why, ...next } });
  }
  if (!isClosed(before) && isClosed(after)) {
    const facts = { cause: after.exitCause ?? 'none', realized_pnl: after.realizedPnl.toFixed() };
    actions.push({ at: now, kind: 'closed', facts });
  }
  return actions.map((action) => ({ positionId: after.positionId, action }));
}
