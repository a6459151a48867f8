/**
 * What the venue's own evidence says of an order: resolving unknown outcomes, cancelling, asking (design section 6).
 *
 * Always true: an unknown outcome stays unknown until the venue settles it; absence is believed only after the fence
 * and a second look.
 */
import { fenceMs, withDue } from '../domain/due.ts';
import { isFinal } from '../domain/orders.ts';
import type { Order, SendAttempt } from '../domain/types.ts';
import type { QueryOutcome, VenueWallet } from '../ports/venue.ts';
import type { ApplyExecution } from './apply-execution.ts';
import { clientIdOf } from './derive-ids.ts';
import { isGapped, isWorkingAmendment } from './exit-plan.ts';
import type { Happen } from './order-events.ts';
import type { Ports } from './ports.ts';
import { isUnanswered, soughtOf } from './sought.ts';
import { venueOf } from './venue-of.ts';
import { sendLook, sendPointer } from './work-pointers.ts';

type Needs = Pick<Ports, 'ledger' | 'venues' | 'outbox' | 'clock' | 'log'>;

/** Between tries of a look that the venue did not answer (its trouble, no budget, trades that lag behind). */
const LOOK_AGAIN_SECONDS = 5;

const isPastFence = (send: SendAttempt, now: number): boolean => now >= send.claimedAt + fenceMs(send);

export function makeResolveOrder(
  ports: Needs,
  { happen, applyExecution }: { readonly happen: Happen; readonly applyExecution: ApplyExecution },
) {
  const { ledger, outbox, clock, log } = ports;

  /** Past the fence the venue's own evidence settles what became of an attempt (design 6.5). */
  async function resolveAt(order: Order, venue: VenueWallet): Promise<void> {
    if (order.send === null) return;
    const found = await look(order, order.send, venue);
    if (found.kind === 'found') return applyExecution(found.report, order);
    if (found.kind === 'unknown') {
      const facts = { orderId: order.orderId, clientId: clientIdOf(order), why: found.message };
      log.warn('ORDER_STILL_UNKNOWN', facts);
      return;
    }
    if (!isProof(order.send, found.venueNow)) return;
    const at = clock.now();
    log.warn('ORDER_PROVEN_ABSENT', { orderId: order.orderId, clientId: clientIdOf(order) });
    const changed = await happen(order, { kind: 'proven_absent', at, cause: 'resolver' });
    if (changed?.order.status === 'pending') await sendPointer(outbox, changed.order);
  }

  /** By venue time, not by a local clock. */
  const isProof = (send: SendAttempt, venueNow: number): boolean => venueNow > send.signedAt + fenceMs(send);

  /** Queries by id; an empty answer that would prove something gets a second look. */
  async function look(order: Order, send: SendAttempt, venue: VenueWallet): Promise<QueryOutcome> {
    const sought = soughtOf(order);
    const first = await venue.orderStatus(sought);
    return first.kind === 'absent' && isProof(send, first.venueNow) ? venue.secondLook(sought) : first;
  }

  /** `look`: the venue is asked before the fence too, where only good news counts. */
  async function resolve(order: Order, isLook: boolean): Promise<void> {
    if (order.send === null) return;
    const isPast = isPastFence(order.send, clock.now());
    if (!isPast && !isLook) return;
    const { venue } = await venueOf(ports, order);
    if (venue === null) return;
    if (isPast) return resolveAt(order, venue);
    const found = await venue.orderStatus(soughtOf(order));
    if (found.kind === 'found') await applyExecution(found.report, order);
  }

  async function cancel(order: Order): Promise<void> {
    // Before the fence no answer to a cancel settles anything.
    if (order.send !== null && isUnanswered(order) && !isPastFence(order.send, clock.now())) return;
    const { venue } = await venueOf(ports, order);
    if (venue === null) return;
    if (isUnanswered(order)) await resolveAt(order, venue);
    const current = isUnanswered(order) ? await ledger.order(order.orderId) : order;
    if (current === null || current.status !== 'cancelling' || isUnanswered(current)) return;
    const { symbol, type, venueOrderId } = current;
    const outcome = await venue.cancelOrder(symbol, clientIdOf(current), type, venueOrderId);
    if (outcome.kind === 'cancelled') return applyExecution(outcome.report, current);
    if (outcome.kind === 'not_live') {
      await ask(current, venue);
      return;
    }
    log.warn('CANCEL_UNKNOWN', { orderId: current.orderId, why: outcome.message });
  }

  /**
   * Asks the venue for the order's state and trades, now. A look that got no answer is asked for again: something may
   * have been missed, and nothing else would ask before the quiet time is over.
   */
  async function query(order: Order, isLook: boolean): Promise<void> {
    const { venue } = await venueOf(ports, order);
    if (venue === null) return;
    const isAnswered = await ask(order, venue);
    if (isLook && !isAnswered) await sendLook(outbox, order, LOOK_AGAIN_SECONDS);
  }

  /** Answers whether the venue could say anything. */
  async function ask(order: Order, venue: VenueWallet): Promise<boolean> {
    const found = await venue.orderStatus(soughtOf(order));
    if (found.kind === 'found') {
      await applyExecution(found.report, order);
      await noteLook(order);
    } else if (found.kind === 'absent') {
      log.error('ORDER_MISSING_AT_VENUE', { orderId: order.orderId, clientId: clientIdOf(order) });
    } else {
      log.warn('QUERY_UNKNOWN', { orderId: order.orderId, why: found.message });
      return false;
    }
    return true;
  }

  /** Nothing new was heard: the next look is due after the quiet time, not at every re-drive. */
  async function noteLook(before: Order): Promise<void> {
    const now = clock.now();
    const current = await ledger.order(before.orderId);
    if (current === null || current.version !== before.version || isFinal(current.status)) return;
    // The demo venue has worked its level with the look's tick. At a real venue the market is past the price, yet
    // nothing happened: its level would be reached at once again, so it is asked for, further and further apart.
    const touchedAt = current.environment === 'demo' ? null : current.touchedAt;
    // Trades that are still missing are asked for again in the same way.
    const isOwed = isGapped(current) || touchedAt !== null || isWorkingAmendment(current);
    const dueTries = isOwed ? current.dueTries : 0;
    const after = withDue({ ...current, updatedAt: now, touchedAt, dueTries }, now);
    // Losing this race means that there was news after all.
    await ledger.commit({ orders: [{ before: current, after }] });
  }

  return { resolve, cancel, query, ask };
}
