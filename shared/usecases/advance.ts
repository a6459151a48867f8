/**
 * The next step of an order or a position, by its state (design sections 6, 9, 15).
 *
 * A message is only a pointer: doubled, late and lost ones are harmless, because what is to be done is read from
 * the ledger. submit and exits run the same code on their own queues.
 * Always true:
 * - a request leaves only after its claim is durable, once per claim, signed with the claim's time;
 * - an unknown outcome stays unknown until the venue's own evidence settles it.
 */
import { backoff, fenceMs, nextDueOrder, positionNeedsArming, withDue } from '../domain/due.ts';
import { isFinal, type OrderEvent, transition } from '../domain/orders.ts';
import { isClosed } from '../domain/positions.ts';
import { unreachable } from '../domain/result.ts';
import type { Order, Position, SendAttempt } from '../domain/types.ts';
import type { WorkMessage } from '../ports/messages.ts';
import type { PlaceOutcome, QueryOutcome, VenueWallet } from '../ports/venue.ts';
import { type AfterEffects, sendPointer } from './after-effects.ts';
import type { ApplyExecution } from './apply-execution.ts';
import type { ArmLevels } from './arm-levels.ts';
import { actionsOf, type Changed, type ChangeOrder, readLiveOrders, specOf, stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { venueClientId } from './derive-ids.ts';
import { carryOutPlan, isGapped, needsPlan, wantsWork } from './exit-plan.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'ledger' | 'venues' | 'outbox' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface AdvanceSettings {
  readonly recvWindowMs: number;
  /** An entry that could never be sent is given up after this. */
  readonly entryExpiryMs: number;
}
export const DEFAULT_ADVANCE: AdvanceSettings = { recvWindowMs: 2_000, entryExpiryMs: 60_000 };

interface Parts {
  readonly changeOrder: ChangeOrder;
  readonly applyExecution: ApplyExecution;
  readonly afterEffects: AfterEffects;
  readonly arm: ArmLevels;
}

export type Advance = ReturnType<typeof makeAdvance>;

const clientIdOf = (order: Order): string => venueClientId(order.orderId, order.send?.attempt ?? 1);

/** The venue has not yet answered this attempt. */
const isUnanswered = (order: Order): boolean =>
  order.send?.outcome === 'sent' || order.send?.outcome === 'unknown';

const isPastFence = (send: SendAttempt, now: number): boolean => now >= send.claimedAt + fenceMs(send);

export function makeAdvance(ports: Needs, parts: Parts, settings: AdvanceSettings = DEFAULT_ADVANCE) {
  const { ledger, venues, outbox, clock, ids, log } = ports;
  const { changeOrder, applyExecution, afterEffects, arm } = parts;

  /** Commits one event and performs what follows from it; null when it no longer applies. */
  async function happen(order: Order, event: OrderEvent): Promise<Changed | null> {
    const changed = await changeOrder(
      order.orderId,
      (current) => {
        const next = transition(current, event);
        if (!next.ok)
          log.info('TRANSITION_REFUSED', {
            orderId: order.orderId,
            event: event.kind,
            why: next.error.message,
          });
        return next.ok ? { order: next.value } : null;
      },
      order,
    );
    if (changed === null || changed.outcome === 'nothing') return null;
    await afterEffects(changed);
    return changed;
  }

  /** Wins the right to send this order once, or null. The loser stops. */
  async function claim(order: Order, venue: VenueWallet): Promise<Order | null> {
    const signedAt = await venue.venueTime();
    const now = clock.now();
    const send: SendAttempt = {
      attempt: (order.send?.attempt ?? 0) + 1,
      token: ids.token(),
      signedAt,
      recvWindowMs: settings.recvWindowMs,
      claimedAt: now,
      outcome: 'sent',
    };
    const claimed = transition(order, { kind: 'claimed', at: now, send });
    if (!claimed.ok) return null;
    const change = { before: order, after: withDue(claimed.value, now) };
    const result = await ledger.commit({ orders: [change] });
    if (result.outcome === 'done') return stored(change);
    // A client that retried may have lost against itself: the token tells.
    const current = await ledger.order(order.orderId);
    return current?.status === 'submitted' && current.send?.token === send.token ? current : null;
  }

  async function send(order: Order): Promise<void> {
    const now = clock.now();
    if (order.role === 'entry' && now - order.createdAt > settings.entryExpiryMs) {
      const message = `it could not be sent within ${settings.entryExpiryMs / 1000} s`;
      const refusal = { code: 'not_sent_in_time', message };
      await happen(order, { kind: 'gave_up', at: now, refusal, cause: 'submit' });
      return;
    }
    const venue = await venues.forWallet(order.walletId);
    const claimed = await claim(order, venue);
    if (claimed?.send == null) return;
    const outcome = await venue.placeOrder({
      clientId: clientIdOf(claimed),
      symbol: claimed.symbol,
      side: claimed.side,
      type: claimed.type,
      timeInForce: claimed.timeInForce,
      quantity: claimed.quantity,
      limitPrice: claimed.limitPrice,
      stopPrice: claimed.stopPrice,
      signedAt: claimed.send.signedAt,
      recvWindowMs: claimed.send.recvWindowMs,
      trigger: claimed.exit?.trigger ?? null,
    });
    await settle(claimed, outcome);
  }

  async function settle(order: Order, outcome: PlaceOutcome): Promise<void> {
    const at = clock.now();
    switch (outcome.kind) {
      case 'accepted':
        return applyExecution(outcome.report, order);
      case 'refused': {
        // Our own client id is never reused: a duplicate is this very attempt, so its state is asked for.
        if (outcome.code === 'duplicate') {
          await happen(order, { kind: 'reply_lost', at, reason: outcome.message });
          return;
        }
        const refusal = { code: outcome.code, message: outcome.message };
        await happen(order, { kind: 'refused', at, refusal, cause: 'venue' });
        return;
      }
      case 'not_sent': {
        const retryAt = at + outcome.retryAfterMs;
        const changed = await happen(order, { kind: 'not_sent', at, reason: outcome.code, retryAt });
        return again(changed, outcome.retryAfterMs);
      }
      case 'not_executed': {
        const event = { kind: 'not_executed', at, reason: outcome.message, cause: 'venue' } as const;
        return again(await happen(order, event), 1_000);
      }
      case 'unknown':
        log.warn('REPLY_LOST', { orderId: order.orderId, clientId: clientIdOf(order), why: outcome.message });
        await happen(order, { kind: 'reply_lost', at, reason: outcome.message });
        return;
      default:
        return unreachable(outcome);
    }
  }

  /** A new attempt needs a new claim, and a pause. */
  async function again(changed: Changed | null, afterMs: number): Promise<void> {
    if (changed?.order.status !== 'pending') return;
    await sendPointer(outbox, changed.order, Math.max(1, Math.ceil(afterMs / 1000)));
  }

  /** Past the fence the venue's own evidence settles what became of an attempt (design 6.5). */
  async function resolve(order: Order, venue: VenueWallet): Promise<void> {
    if (order.send === null) return;
    const found = await look(order, venue);
    if (found.kind === 'found') return applyExecution(found.report, order);
    if (found.kind === 'unknown') {
      log.warn('ORDER_STILL_UNKNOWN', {
        orderId: order.orderId,
        clientId: clientIdOf(order),
        why: found.message,
      });
      return;
    }
    const provenAfter = order.send.signedAt + fenceMs(order.send);
    if (found.venueNow <= provenAfter) return;
    const at = clock.now();
    log.warn('ORDER_PROVEN_ABSENT', { orderId: order.orderId, clientId: clientIdOf(order) });
    const changed = await happen(order, { kind: 'proven_absent', at, cause: 'resolver' });
    if (changed?.order.status === 'pending') await sendPointer(outbox, changed.order);
  }

  /** Queries by client id; an empty answer gets a second look at what is open. */
  async function look(order: Order, venue: VenueWallet): Promise<QueryOutcome> {
    const clientId = clientIdOf(order);
    const first = await venue.orderStatus(order.symbol, clientId);
    if (first.kind !== 'absent') return first;
    const open = await venue.openOrders(order.symbol);
    return open.some((report) => report.clientId === clientId)
      ? venue.orderStatus(order.symbol, clientId)
      : first;
  }

  async function cancel(order: Order): Promise<void> {
    const now = clock.now();
    // Before the fence no answer to a cancel settles anything.
    if (order.send !== null && isUnanswered(order) && !isPastFence(order.send, now)) return;
    const venue = await venues.forWallet(order.walletId);
    if (isUnanswered(order)) await resolve(order, venue);
    const current = isUnanswered(order) ? await ledger.order(order.orderId) : order;
    if (current === null || current.status !== 'cancelling' || isUnanswered(current)) return;
    const outcome = await venue.cancelOrder(current.symbol, clientIdOf(current));
    if (outcome.kind === 'cancelled') return applyExecution(outcome.report, current);
    if (outcome.kind === 'not_live') return query(current, venue);
    log.warn('CANCEL_UNKNOWN', { orderId: current.orderId, why: outcome.message });
  }

  /** Asks the venue for the order's state and trades. */
  async function query(order: Order, venue: VenueWallet): Promise<void> {
    const found = await venue.orderStatus(order.symbol, clientIdOf(order));
    if (found.kind === 'found') {
      await applyExecution(found.report, order);
      await noteLook(order);
    } else if (found.kind === 'absent') {
      log.error('ORDER_MISSING_AT_VENUE', { orderId: order.orderId, clientId: clientIdOf(order) });
    } else {
      log.warn('QUERY_UNKNOWN', { orderId: order.orderId, why: found.message });
    }
  }

  /** Nothing new was heard: the next look is due after the quiet time, not at every re-drive. */
  async function noteLook(before: Order): Promise<void> {
    const now = clock.now();
    const current = await ledger.order(before.orderId);
    if (current === null || current.version !== before.version || isFinal(current.status)) return;
    // Trades that are still missing are asked for again, further and further apart.
    const dueTries = isGapped(current) ? current.dueTries : 0;
    const after = withDue({ ...current, updatedAt: now, touchedAt: null, dueTries }, now);
    // Losing this race means that there was news after all.
    await ledger.commit({ orders: [{ before: current, after }] });
  }

  async function advanceOrder(orderId: string): Promise<void> {
    const order = await ledger.order(orderId);
    if (order === null) {
      log.error('WORK_FOR_UNKNOWN_ORDER', { orderId });
      return;
    }
    const now = clock.now();
    switch (order.status) {
      case 'pending':
        return send(order);
      case 'submitted':
        if (order.send === null || !isPastFence(order.send, now)) return;
        return resolve(order, await venues.forWallet(order.walletId));
      case 'cancelling':
        return cancel(order);
      case 'open':
      case 'partially_filled': {
        const armed = order.armedAt === null && order.touchedAt === null ? await arm.armOrder(order) : order;
        const dueAt = nextDueOrder(armed, now);
        const isDue = isGapped(armed) || (dueAt !== null && dueAt <= now && armed.version === order.version);
        if (isDue) await query(armed, await venues.forWallet(order.walletId));
        return;
      }
      case 'filled':
      case 'cancelled':
      case 'rejected':
      case 'expired':
      case 'failed':
        if (isGapped(order)) await query(order, await venues.forWallet(order.walletId));
        return;
      default:
        return unreachable(order.status);
    }
  }

  /** Takes the exit plan up again: what is free is sent, what rests is cancelled. */
  async function plan(positionId: string): Promise<void> {
    const written = await untilWritten(ports, `plan of position ${positionId}`, async () => {
      const before = await ledger.position(positionId);
      if (before === null || !needsPlan(before)) return [];
      const now = clock.now();
      const spec = specOf(ports.symbols, before.symbol);
      const live = await readLiveOrders(ledger, before, null);
      const mark = before.flatten?.price ?? null;
      const planned = carryOutPlan(before, live, { spec, now, claiming: false, mark });
      for (const why of planned.alarms) log.error('EXIT_PLAN_ALARM', { positionId, why });
      if (planned.orders.length === 0 && planned.position.status === before.status)
        return live.filter(wantsWork);
      const change = { before, after: planned.position };
      const actions = actionsOf(before, planned.position, now);
      const result = await ledger.commit({ orders: planned.orders, positions: [change], actions });
      return result.outcome === 'done' ? planned.orders.map(stored) : 'conflict';
    });
    for (const order of written) if (wantsWork(order)) await sendPointer(outbox, order);
  }

  async function advancePosition(positionId: string): Promise<void> {
    const position = await ledger.position(positionId);
    if (position === null) {
      log.error('WORK_FOR_UNKNOWN_POSITION', { positionId });
      return;
    }
    if (needsPlan(position)) await plan(positionId);
    if (wantsArming(position)) await arm.armPosition(position);
  }

  const wantsArming = (p: Position): boolean => !isClosed(p) && positionNeedsArming(p);

  /** Does what the order or position calls for now; nothing to do is no error. */
  return (pointer: WorkMessage): Promise<void> =>
    'orderId' in pointer ? advanceOrder(pointer.orderId) : advancePosition(pointer.positionId);
}

/** When a re-driven item comes up again unless its state changes. */
export const nextDrive = (dueTries: number, now: number): number => now + backoff(dueTries);
