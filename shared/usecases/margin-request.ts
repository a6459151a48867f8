/** What a venue is told of an order on margin. */
import type { Order } from '../domain/types.ts';
import type { MarginRequest } from '../ports/venue.ts';

/** Null for an order with coins of the account's own. A short is opened by a sell and closed by a buy. */
export function marginRequest(
  order: Pick<Order, 'margin' | 'positionId' | 'role' | 'side'>,
): MarginRequest | null {
  if (order.margin === null) return null;
  const { positionId, role, side } = order;
  const closes = role === 'exit';
  return {
    positionId,
    side: (side === 'buy') === closes ? 'short' : 'long',
    leverage: order.margin.leverage,
    closes,
  };
}
