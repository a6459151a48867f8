/**
 * Our ids among the venue's (design section 5): `mq` + order id + `-` + attempt; legs of a list add `a` (take profit)
 * or `b` (stop), a cancel adds `c`. The id of an order list is the order's own.
 */
export interface OwnClientId {
  /** As the order was sent: without leg and cancel. */
  readonly orderClientId: string;
  readonly leg: 'a' | 'b' | null;
  readonly cancel: boolean;
}

const OWN = /^(mq[0-9A-Za-z]{22}-[1-9]\d{0,5})([ab]?)(c?)$/;

/** Null for an id that this system did not make. */
export function ownClientId(text: string): OwnClientId | null {
  const [, orderClientId, leg, cancel] = OWN.exec(text) ?? [];
  if (orderClientId === undefined) return null;
  return { orderClientId, leg: leg === 'a' || leg === 'b' ? leg : null, cancel: cancel === 'c' };
}

/** Is it the id of this order, of one of its legs, or of a cancel of them? */
export const belongsTo = (text: string, orderClientId: string): boolean =>
  text === orderClientId || ownClientId(text)?.orderClientId === orderClientId;

export const cancelIdOf = (clientId: string): string => `${clientId}c`;
export const limitLegId = (clientId: string): string => `${clientId}a`;
export const stopLegId = (clientId: string): string => `${clientId}b`;

const LIST_PREFIX = 'list:';

/** How an order list is named where an order has its venue order id: both legs tell the same. */
export const listVenueId = (orderListId: string): string => `${LIST_PREFIX}${orderListId}`;

/** The list's own number, or null for the id of a plain order. */
export const orderListIdOf = (venueOrderId: string): string | null =>
  venueOrderId.startsWith(LIST_PREFIX) ? venueOrderId.slice(LIST_PREFIX.length) : null;
