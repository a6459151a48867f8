/**
 * Asking the venue for less of a live order, at its place in the queue (design section 5).
 *
 * Always true:
 * - a lost reply changes nothing: the amendment stays wanted, and the next look at the order tells what it has;
 * - what is asked for twice is the same quantity, and quantities only grow less: a late request undoes nothing;
 * - what the venue does not change in place is cancelled, and a new order takes its place.
 */
import type { Order } from '../domain/types.ts';
import type { VenueWallet } from '../ports/venue.ts';
import type { ApplyExecution } from './apply-execution.ts';
import { clientIdOf } from './derive-ids.ts';
import { isWorkingAmendment } from './exit-plan.ts';
import type { Happen } from './order-events.ts';
import type { Ports } from './ports.ts';
import { venueOf } from './venue-of.ts';

type Needs = Pick<Ports, 'ledger' | 'venues' | 'clock' | 'log'>;

/** Asks the venue for the order's state and applies it; answers whether it could say anything. */
export type AskVenue = (order: Order, venue: VenueWallet) => Promise<boolean>;

export function makeAmendInPlace(
  ports: Needs,
  parts: { readonly happen: Happen; readonly applyExecution: ApplyExecution; readonly ask: AskVenue },
) {
  const { ledger, clock, log } = ports;
  const { happen, applyExecution, ask } = parts;

  /** The order as it is after a look at the venue, where its amendment is still to be made; else null. */
  async function afterLook(order: Order, venue: VenueWallet): Promise<Order | null> {
    if (!(await ask(order, venue))) return null;
    const current = await ledger.order(order.orderId);
    return current !== null && isWorkingAmendment(current) ? current : null;
  }

  async function request(order: Order, venue: VenueWallet): Promise<void> {
    if (order.amendment === null) return;
    const { symbol, type, venueOrderId, orderId } = order;
    const { quantity } = order.amendment.wanted;
    const clientId = clientIdOf(order);
    const outcome = await venue.amendOrder({ symbol, clientId, type, venueOrderId, quantity });
    switch (outcome.kind) {
      case 'amended':
        return applyExecution(outcome.report, order);
      case 'not_live':
        await ask(order, venue);
        return;
      case 'refused': {
        // It may be refused because an earlier request, whose reply was lost, has done it.
        const still = await afterLook(order, venue);
        if (still === null) return;
        log.warn('AMEND_REFUSED', { orderId, why: outcome.message });
        const reason = `not changed in its place: ${outcome.message}`;
        await happen(still, { kind: 'amend_refused', at: clock.now(), reason });
        return;
      }
      case 'unknown':
        log.warn('AMEND_UNKNOWN', { orderId, why: outcome.message });
    }
  }

  return async (order: Order): Promise<void> => {
    const { venue } = await venueOf(ports, order);
    if (venue === null) return;
    // Not the first try: what became of the last one is to be known first.
    const current = order.dueTries > 0 ? await afterLook(order, venue) : order;
    if (current !== null) await request(current, venue);
  };
}
