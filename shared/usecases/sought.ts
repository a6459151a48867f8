/** What is known of an order, for whoever asks the venue for it. */
import type { Order } from '../domain/types.ts';
import type { OrderSought } from '../ports/venue.ts';
import { clientIdOf } from './derive-ids.ts';
import { isGapped } from './exit-plan.ts';

/** The venue has not yet answered this attempt. */
export const isUnanswered = (order: Order): boolean =>
  order.send?.outcome === 'sent' || order.send?.outcome === 'unknown';

/**
 * Does an exit that is under way depend on the answer? Routine questions about exits that rest (there may be thousands
 * after a gap) rank as any other query: they must not use up what an exit needs to leave.
 */
const isPressing = (order: Order): boolean =>
  order.role === 'exit' &&
  (isUnanswered(order) || order.status === 'cancelling' || order.type === 'market' || isGapped(order));

export const soughtOf = (order: Order): OrderSought => ({
  symbol: order.symbol,
  clientId: clientIdOf(order),
  venueOrderId: order.venueOrderId,
  side: order.side,
  type: order.type,
  quantity: order.quantity,
  signedAt: order.send?.signedAt ?? order.createdAt,
  rank: isPressing(order) ? 'exit' : 'query',
});
