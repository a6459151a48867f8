/** Which orders buy (sell, of a short) for a position: the one that opened it, those that add to it, and their heirs. Pure. */
import type { Order, Position } from './types.ts';

type EntryIds = Pick<Position, 'entryOrderId' | 'formerEntryIds' | 'furtherEntryIds'>;

/** All orders that ever bought (sold, of a short) for it, the first one first. */
export const entryIdsOf = (p: EntryIds): readonly string[] => [
  ...p.formerEntryIds,
  p.entryOrderId,
  ...p.furtherEntryIds,
];

type LiveEntries = Pick<Position, 'entryOrderId' | 'entryLive' | 'liveFurtherIds'>;

/** Its orders that can still buy (sell, of a short). */
export const liveEntryIds = (p: LiveEntries): readonly string[] => [
  ...(p.entryLive ? [p.entryOrderId] : []),
  ...p.liveFurtherIds,
];

/**
 * So many orders may be live that add to one position: a close cancels them all, together with its exits, in one
 * transaction.
 */
export const MOST_FURTHER_LIVE = 20;

/** So many may be listed: its document shows each with its fills, and must not outgrow what can be stored. */
export const MOST_FURTHER = 500;

/** Beyond so many an order that ended and has filled nothing is no longer listed. It stays, and names its position. */
const MOST_UNFILLED_LISTED = 100;

/** An order adds to it from now on. Only of one that may take it (`checkAddition`). */
export const entryAdded = (p: Position, order: Pick<Order, 'orderId'>, now: number): Position => ({
  ...p,
  furtherEntryIds: [...p.furtherEntryIds, order.orderId],
  liveFurtherIds: [...p.liveFurtherIds, order.orderId],
  updatedAt: Math.max(p.updatedAt, now),
  dueTries: 0,
});

/** So many orders are listed of those that were amended away; beyond that only what has traded is. */
const MOST_LISTED = 1_000;

/**
 * Is an order that was amended away to be listed? A bot may amend one order for days, and its position must not outgrow
 * what can be stored. The order itself stays, and names its position.
 */
export const isListed = (listed: readonly string[], order: Pick<Order, 'filledQuantity'>): boolean =>
  order.filledQuantity.greaterThan(0) || listed.length < MOST_LISTED;

/** An heir has taken an entry's place: from now on that is the entry. Fills of the old one still belong here. */
export function entryPassed(
  p: Position,
  order: Pick<Order, 'orderId' | 'filledQuantity'>,
  heir: Pick<Order, 'orderId'>,
  now: number,
): Position {
  const changed = { ...p, updatedAt: Math.max(p.updatedAt, now), dueTries: 0 };
  const { orderId } = order;
  if (orderId === p.entryOrderId) {
    const former = isListed(p.formerEntryIds, order) ? [...p.formerEntryIds, orderId] : p.formerEntryIds;
    return { ...changed, entryOrderId: heir.orderId, formerEntryIds: former };
  }
  return {
    ...changed,
    furtherEntryIds: [...furtherAfter(p, order), heir.orderId],
    liveFurtherIds: p.liveFurtherIds.map((id) => (id === orderId ? heir.orderId : id)),
  };
}

/** The orders that were to add to it, once one of them can fill no more. */
export const furtherAfter = (
  { furtherEntryIds }: Pick<Position, 'furtherEntryIds'>,
  order: Pick<Order, 'orderId' | 'filledQuantity'>,
): readonly string[] =>
  order.filledQuantity.greaterThan(0) || furtherEntryIds.length <= MOST_UNFILLED_LISTED
    ? furtherEntryIds
    : furtherEntryIds.filter((id) => id !== order.orderId);
