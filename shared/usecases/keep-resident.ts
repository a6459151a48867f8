/**
 * Keeps a position's resident protection as it is to be: placed, grown, tightened, taken over (design section 9).
 *
 * Due work of the position: whoever changes what decides about it makes a look due (`residentKey`).
 * Always true:
 * - the order is written and reserved in one transaction, and sent by the same protocol as any other exit;
 * - nothing waits for it: the watched levels act whether it rests or not;
 * - where no price, tape or cache can be read it is placed by what is known, and not moved.
 */
import { withDue } from '../domain/due.ts';
import { claimFlatten, exitNumber, newExitOrder, type PlanAlarm, withExit } from '../domain/exits.ts';
import { type Decimal, decimal } from '../domain/money/decimal.ts';
import { transition } from '../domain/orders.ts';
import { isClosed } from '../domain/positions.ts';
import type { OwedExit, Resident } from '../domain/resident-facts.ts';
import { MOVED, SLOT_GIVEN } from '../domain/resident-refusals.ts';
import {
  isReleasing,
  nextDueResident,
  residentKey,
  residentOf,
  wantsResidentLook,
  withResident,
} from '../domain/resident-state.ts';
import {
  isStillOwed,
  planResident,
  type Quote,
  type ResidentContext,
  type ResidentStep,
  type WantedResident,
  withPlaced,
} from '../domain/residents.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Order, Position, PositionAction } from '../domain/types.ts';
import { releaseWaiting } from '../domain/waiting-parts.ts';
import type { Change } from '../ports/ledger.ts';
import type { AfterEffects } from './after-effects.ts';
import type { ArmLevels } from './arm-levels.ts';
import { type ChangeOrder, readLiveOrders, specOf, stored } from './change-order.ts';
import { closingMark } from './claim-close.ts';
import { untilWritten } from './conflicts.ts';
import { count, TRIGGERED } from './counts.ts';
import { exitOrderIdFor } from './derive-ids.ts';
import { carryOutPlan, wantsWork } from './exit-plan.ts';
import { findSlot } from './find-slot.ts';
import { factsText } from './hit-rules.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { standingTrail } from './standing-trail.ts';
import { tellAlarms } from './tell-alarms.ts';
import { sendPointer, sendPosition } from './work-pointers.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'prices'
  | 'tape'
  | 'leases'
  | 'counters'
  | 'metrics'
  | 'outbox'
  | 'symbols'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'log'
>;

interface Parts {
  readonly changeOrder: ChangeOrder;
  readonly afterEffects: AfterEffects;
  readonly arm: ArmLevels;
}

/** What is to follow once the position is written, or where nothing of it is. */
interface Outcome {
  readonly orders?: readonly Order[];
  /** As it is stored, where it may have more to do at once. */
  readonly position?: Position;
  readonly cancel?: { readonly orderId: string; readonly cause: string; readonly why: string };
  /** Claimed: its levels leave the index. */
  readonly claimed?: { readonly position: Position; readonly alarms: readonly PlanAlarm[] };
}

/** One move of a wallet, for growth or a tighter stop, in so many ms: the account's orders are few, and exits need them. */
const MOVE_SPACE_MS = 1_000;
/** Nobody can say whose turn it is: asked again after this. */
const TURN_UNKNOWN_MS = 10_000;

const NOTHING: Outcome = {};

export type KeepResident = ReturnType<typeof makeKeepResident>;

export function makeKeepResident(ports: Needs, { changeOrder, afterEffects, arm }: Parts) {
  const { ledger, prices, leases, outbox, clock, log } = ports;

  /** What can be read of the market, or `none`: the resident order waits for nothing of it. */
  async function readOr<T, N>(
    positionId: string,
    what: string,
    read: () => Promise<T>,
    none: N,
  ): Promise<T | N> {
    try {
      return await read();
    } catch (error) {
      log.warn('RESIDENT_MARKET_NOT_READ', { positionId, what, error: String(error) });
      return none;
    }
  }

  async function quoteOf({ positionId, symbol }: Position): Promise<Quote | null> {
    const price = await readOr(positionId, 'price', () => prices.price(symbol), null);
    return price && { bid: decimal(price.bid), ask: decimal(price.ask), last: decimal(price.last) };
  }

  /**
   * How far the trailing stop has come, from where the last look found it: a position that is open for days, or waits for
   * its activation for as long, has the tape of ten seconds read, and of a minute before, by which clocks may differ: of
   * a bar that was not over then nothing is missed.
   */
  async function trailOf(
    p: Position,
    spec: SymbolSpec,
    quote: Quote | null,
    now: number,
  ): Promise<Resident['trail']> {
    const arming = p.armings['trailing_stop'];
    if (p.protection.trailingStop === null) return null;
    const { trail } = residentOf(p);
    // One that was armed anew since has a peak of its own.
    const known = arming !== undefined && trail !== null && trail.at >= arming.at ? trail : null;
    if (quote === null) return known;
    const from = known === null ? p : { ...p, armings: { ...p.armings, trailing_stop: known } };
    const found = await readOr(p.positionId, 'tape', () => standingTrail(ports, from, spec, now), undefined);
    if (found === undefined) return known;
    // Not armed yet: there is nothing to go on from.
    if (arming === undefined) return found;
    return { tick: arming.tick, at: Math.max(arming.at, now), peak: found?.peak ?? known?.peak ?? null };
  }

  async function keep(
    before: Position,
    step: ResidentStep & { kind: 'keep' },
    trail: Resident['trail'],
    now: number,
  ): Promise<Outcome | 'conflict'> {
    const { lookAt, why, tries } = step;
    const change = { lookAt, why, tries, trail, seen: residentKey(before) };
    const known = residentOf(before);
    const isNews = why !== known.why && why !== null;
    const facts = {
      why: why ?? 'none',
      ...(lookAt !== null && { next_try_at: new Date(lookAt).toISOString() }),
    };
    const result = await ledger.commit({
      positions: [{ before, after: withDue(withResident(before, change, now), now) }],
      actions: isNews ? [action(before, now, 'resident_waits', facts)] : [],
    });
    return result.outcome === 'done' ? NOTHING : 'conflict';
  }

  async function place(
    before: Position,
    wanted: WantedResident,
    context: ResidentContext & { readonly trail: Resident['trail'] },
  ): Promise<Outcome | 'conflict'> {
    const { now, trail } = context;
    const slot = await findSlot(ledger, before, wanted, context);
    if (slot.kind !== 'free') {
      const step = { kind: 'keep', lookAt: now + slot.waitMs, why: 'no_slot', tries: 0 } as const;
      const kept = await keep(before, step, trail, now);
      if (kept === 'conflict' || slot.kind === 'none') return kept;
      const { orderId } = slot.holder;
      return { cancel: { orderId, cause: SLOT_GIVEN, why: `to ${before.positionId}` } };
    }
    const orderId = exitOrderIdFor({ positionId: before.positionId, n: exitNumber(before) });
    const reserved = withExit(before, { orderId, quantity: wanted.quantity }, wanted.levelName, now);
    const placed = withPlaced(reserved, orderId, wanted, now);
    const { type, quantity, stopPrice, limitPrice, stopLimitPrice, cause, levelName } = wanted;
    const made = newExitOrder(placed, {
      ...{ orderId, quantity, cause, type, limitPrice, stopPrice, stopLimitPrice, now },
      ...{ flatten: false, trigger: null, resident: true },
      // Of a list it may be either price.
      referencePrice: type === 'oco' ? null : stopPrice,
    });
    const order: Change<Order> = { before: null, after: withDue(made, now) };
    const withTrail = { ...placed, resident: { ...residentOf(placed), trail } };
    const facts = {
      ...{ order_id: orderId, level_name: levelName, type, quantity: quantity.toFixed() },
      level: stopPrice.toFixed(),
      ...(type === 'oco' && limitPrice !== null && { limit_price: limitPrice.toFixed() }),
    };
    const result = await ledger.commit({
      orders: [order],
      positions: [{ before, after: withDue(withTrail, now) }],
      actions: [action(before, now, 'resident_placed', facts)],
    });
    if (result.outcome !== 'done') return 'conflict';
    // `level` is the log line's own.
    const { level, ...logged } = facts;
    log.info('RESIDENT_PLACED', { positionId: before.positionId, ...logged, level_price: level });
    return { orders: [stored(order)] };
  }

  /** The first right is over: the full exit is claimed, and its plan takes the resident order over. */
  async function exit(
    before: Position,
    spec: SymbolSpec,
    owed: OwedExit,
    now: number,
  ): Promise<Outcome | 'conflict'> {
    if (!isStillOwed(before, owed, spec)) return drop(before, now);
    const { cause, trigger } = owed;
    const price = trigger === null ? ((await closingMark(ports, before)) ?? owed.price) : owed.price;
    const claimed = claimFlatten(before, { cause, price, trigger, at: now });
    if (!claimed.ok) return NOTHING;
    const live = await readLiveOrders(ledger, claimed.value, null);
    const planned = carryOutPlan(claimed.value, live, { spec, now, claiming: false, mark: price });
    const change = { before, after: planned.position };
    const actions = [action(before, now, 'exit_claimed', claimFacts(owed, price))];
    const result = await ledger.commit({ orders: planned.orders, positions: [change], actions });
    if (result.outcome !== 'done') return 'conflict';
    const orders = planned.orders.map(stored).filter(wantsWork);
    return { orders, claimed: { position: stored(change), alarms: planned.alarms } };
  }

  /** What was refused is no stop of the position any more: what it wants now is looked at. */
  async function drop(before: Position, now: number): Promise<Outcome | 'conflict'> {
    const after = withDue(withResident(before, { owed: null, seen: '' }, now), now);
    const result = await ledger.commit({ positions: [{ before, after }] });
    return result.outcome === 'done' ? attempt(before.positionId) : 'conflict';
  }

  /** The next of the parts that waited; nothing is placed before they have their coins. */
  async function release(before: Position, spec: SymbolSpec, now: number): Promise<Outcome | 'conflict'> {
    const live = await readLiveOrders(ledger, before, null);
    const { position, orders: released } = releaseWaiting(before, live, spec, now);
    if (released.length === 0) return NOTHING;
    const orders = released.map((change) => ({ ...change, after: withDue(change.after, now) }));
    const change = { before, after: withDue(position, now) };
    const result = await ledger.commit({ orders, positions: [change] });
    if (result.outcome !== 'done') return 'conflict';
    return { orders: orders.map(stored).filter(wantsWork), position: stored(change) };
  }

  async function attempt(positionId: string): Promise<Outcome | 'conflict'> {
    const before = await ledger.position(positionId);
    const now = clock.now();
    if (before === null || isClosed(before)) return NOTHING;
    const due = nextDueResident(before, 0);
    if (due === null || due > now) return NOTHING;
    const spec = await specOf(ports.symbols, before);
    const { resting, owed } = residentOf(before);
    // It waits for no price, and needs no cache.
    if (owed !== null) return exit(before, spec, owed, now);
    if (isReleasing(before)) return release(before, spec, now);
    const order = resting && (await ledger.order(resting.orderId));
    if (resting !== null && order === null) throw new Error(`${positionId} has lost its resident order`);
    const quote = await quoteOf(before);
    const trail = await trailOf(before, spec, quote, now);
    const context = { spec, now, quote, peak: trail?.peak ?? null };
    const step = planResident(before, order, context);
    switch (step.kind) {
      case 'keep':
        return keep(before, step, trail, now);
      case 'place':
        return place(before, step.wanted, { ...context, trail });
      default: {
        const { orderId, why } = step;
        const waitMs = await turnAfter(before, why);
        if (waitMs > 0) {
          const later = { kind: 'keep', lookAt: now + waitMs, why: null, tries: 0 } as const;
          return keep(before, later, trail, now);
        }
        return { cancel: { orderId, cause: MOVED, why } };
      }
    }
  }

  /**
   * How long the move has to wait for its turn, ms; 0 = it is its turn, or somebody is hurt if it waits. Where nobody can
   * say whose turn it is a tighter stop waits; the coins that nothing covers do not: the watched levels are away with the
   * cache.
   */
  async function turnAfter({ positionId, walletId }: Position, why: string): Promise<number> {
    if (why !== 'tightened' && why !== 'grown') return 0;
    const take = () => leases.once(`resident:{${walletId}}:move`, MOVE_SPACE_MS);
    const isTaken = await readOr(positionId, 'leases', take, null);
    if (isTaken === null) return why === 'grown' ? 0 : TURN_UNKNOWN_MS;
    return isTaken ? 0 : MOVE_SPACE_MS;
  }

  async function cancel({ orderId, cause, why }: NonNullable<Outcome['cancel']>): Promise<void> {
    const changed = await changeOrder(orderId, (current) => {
      const next = transition(current, { kind: 'cancel_wanted', at: clock.now(), cause });
      return next.ok ? { order: next.value } : null;
    });
    if (changed === null || changed.outcome !== 'done') return;
    log.info('RESIDENT_TAKEN_BACK', { orderId, positionId: changed.order.positionId, cause, why });
    await afterEffects(changed);
  }

  /** Does what the position's resident protection calls for now; nothing to do is no error. */
  return async (positionId: string): Promise<void> => {
    const done = await untilWritten(ports, `resident of position ${positionId}`, () => attempt(positionId));
    for (const order of done.orders ?? []) await sendPointer(outbox, order);
    if (done.position !== undefined && wantsResidentLook(done.position)) {
      await sendPosition(outbox, done.position, clock.now());
    }
    if (done.cancel !== undefined) await cancel(done.cancel);
    if (done.claimed === undefined) return;
    const { position, alarms } = done.claimed;
    await count(ports, TRIGGERED, { positionId });
    await tellAlarms(ports, positionId, alarms);
    await tell(log, takeLevelsOut(position), { positionId });
  };

  async function takeLevelsOut(position: Position): Promise<void> {
    await arm.armPosition(position);
  }
}

const action = (
  { positionId }: Position,
  at: number,
  kind: string,
  facts: Readonly<Record<string, string>>,
): { readonly positionId: string; readonly action: PositionAction } => ({
  positionId,
  action: { at, kind, facts },
});

const claimFacts = (
  { cause, trigger }: OwedExit,
  price: Decimal | null,
): Readonly<Record<string, string>> => ({
  ...(trigger === null ? { ...(price !== null && { price: price.toFixed() }) } : factsText(trigger)),
  exit_cause: cause,
  first_right: trigger === null ? 'the venue found the stop behind the market' : 'over',
});
