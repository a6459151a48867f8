/**
 * An exit that the venue refused for want of coins: what the account has, and for how long that stands (design
 * section 9).
 *
 * Pure. Always true:
 * - under one shortage no more is sent than was free when the account was asked, and what fills and cancels have brought
 *   since, by the venue's time: what it said has the rest in it, whenever we hear of that; it lasts as long as the ladder waits, and then the whole is tried again;
 * - while one stands no other is noted: the account is asked once, not in a circle;
 * - nothing is taken off the position here: whether coins are gone is for the comparison to say.
 */
import { isClientPlaced } from './amendments.ts';
import { ladderStep } from './exit-ladder.ts';
import { exitLot } from './lots.ts';
import { type Decimal, floorTo, maxOf, sum, ZERO } from './money/decimal.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { Flatten, Funds, Order, Position, Shortage } from './types.ts';

/**
 * Is another order, for what is there, owed in the place of one that was refused for want of coins? A full exit's ladder makes its
 * own; a client's own order is its client's to place anew; one that took another's place already is not made once more;
 * and of one whose cancel is wanted nobody wants another.
 */
export const wantsInstead = (order: Order): boolean =>
  order.role === 'exit' &&
  order.side === 'sell' &&
  order.type === 'market' &&
  order.exit?.flatten === false &&
  order.replaces === null &&
  order.cancelWanted === null &&
  !isClientPlaced(order);

export const activeShortage = (flatten: Flatten, now: number): Shortage | null =>
  flatten.shortage !== null && now < flatten.shortage.until ? flatten.shortage : null;

/**
 * The position with what its account has for it. Null: nothing is to be noted, because none of it is being closed, one
 * stands already, or the account has what the refused order was for, so that was not the reason.
 */
export function withShortage(
  p: Position,
  refused: Pick<Order, 'quantity'>,
  funds: Funds,
  spec: SymbolSpec,
  now: number,
): Position | null {
  if (p.flatten === null || activeShortage(p.flatten, now) !== null) return null;
  const free = floorTo(maxOf(funds.free, ZERO), exitLot(spec).step);
  if (free.greaterThanOrEqualTo(refused.quantity)) return null;
  // As the ladder waits after the refusal: coins that come back soon are sold soon, and the account is not asked in a row.
  const until = now + ladderStep(Math.max(p.flatten.step, 1)).waitMs;
  return {
    ...p,
    flatten: {
      ...p.flatten,
      retryAt: free.greaterThan(0) ? null : until,
      shortage: { ...funds, free, until },
    },
    updatedAt: Math.max(p.updatedAt, now),
    dueTries: 0,
  };
}

/** An order was made of what is free. */
export function spent(p: Position, quantity: Decimal, now: number): Position {
  if (p.flatten === null) return p;
  const shortage = activeShortage(p.flatten, now);
  if (shortage === null) return p;
  const free = maxOf(shortage.free.minus(quantity), ZERO);
  return { ...p, flatten: { ...p.flatten, shortage: { ...shortage, free } } };
}

/**
 * The account has got so much more of what the position holds at `at`: it does not wait for the next look. What it got
 * before it was asked is in its answer already, and would be sold twice, once in vain. (Two clocks: where they differ
 * the next look, a ladder's step later, finds what is there.)
 */
export function brought(p: Position, quantity: Decimal, at: number, now: number): Position {
  if (p.flatten === null || !quantity.greaterThan(0)) return p;
  const shortage = activeShortage(p.flatten, now);
  if (shortage === null || at < shortage.at) return p;
  const free = shortage.free.plus(quantity);
  const retryAt = shortage.free.isZero() ? null : p.flatten.retryAt;
  return { ...p, flatten: { ...p.flatten, retryAt, shortage: { ...shortage, free } } };
}

/** What an order has ended without selling. */
const unsold = (order: Order): Decimal =>
  order.status === 'rejected' ? ZERO : maxOf(order.quantity.minus(order.filledQuantity), ZERO);

/** What an order that has ended held at the venue and did not sell: nothing, where the venue never had it. */
const heldUnsold = (order: Order): Decimal =>
  order.send === null || order.send.outcome === 'not_executed' ? ZERO : unsold(order);

const endedAt = (order: Order): number => order.timings.finalAt ?? order.updatedAt;

/** The position after a part of it, or a client's own order, has ended: what that held and did not sell is free again. */
export const broughtByEnd = (p: Position, order: Order, now: number): Position =>
  brought(p, heldUnsold(order), endedAt(order), now);

/** The shortage after an order of the full exit has ended: what an order did not sell, and was not refused, is free again. */
export function shortageAfter(shortage: Shortage | null, order: Order): Shortage | null {
  if (shortage === null) return null;
  // Made of what the account showed, it gives that back; an older one gives back what it held until after that.
  const freed =
    order.createdAt >= shortage.at ? unsold(order) : endedAt(order) < shortage.at ? ZERO : heldUnsold(order);
  return { ...shortage, free: shortage.free.plus(freed) };
}

/** For a person: what cannot be sold, and why. */
export function shortageText(base: string, missing: Decimal, { locked, holders }: Shortage): string {
  const what = `${missing.toFixed()} ${base} cannot be sold`;
  if (holders === null)
    return `${what}: ${locked.toFixed()} are locked by orders that could not be asked for`;
  if (holders.length === 0) return `${what}: the account has no more, and no order holds any`;
  const by = holders.map(
    ({ venueOrderId, quantity, ours }) =>
      `order ${venueOrderId} of ${ours ? 'this system' : 'the app'} (${quantity.toFixed()})`,
  );
  const held = sum(holders.map(({ quantity }) => quantity));
  const gone = missing.minus(held);
  const rest = gone.greaterThan(0) ? `, and ${gone.toFixed()} are not there` : '';
  return `${what}: the account has ${locked.toFixed()} locked by ${by.join(', ')}${rest}`;
}
