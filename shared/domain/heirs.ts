/** The order that takes an amended one's place (amendments.ts): whether there is one, and what it is. */
import { ended, isAmending } from './amendments.ts';
import { endsAtMarket, lotOf } from './lots.ts';
import { type Decimal, floorTo, minOf, sum } from './money/decimal.ts';
import { newOrderState } from './new-order.ts';
import type { Amendment, AmendOutcome } from './order-amounts.ts';
import { isSettled } from './orders.ts';
import { freeQuantity, isClosed } from './positions.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { Order, OrderAmounts, OrderStatus, OrderType, Position } from './types.ts';

/** Below what the venue takes of an order with these prices, by quantity or by worth. */
export function isTooSmall(type: OrderType, amounts: OrderAmounts, quantity: Decimal, spec: SymbolSpec) {
  const lot = lotOf(spec, endsAtMarket(type, amounts.stopLimitPrice));
  if (!quantity.greaterThan(0) || quantity.lessThan(lot.min)) return true;
  const prices = [amounts.limitPrice, amounts.stopPrice, amounts.stopLimitPrice].filter((p) => p !== null);
  const [first, ...others] = prices;
  if (first === undefined) return false;
  const lowest = others.reduce((a, b) => minOf(a, b), first);
  return quantity.times(lowest).lessThan(lot.minNotional);
}

export interface Ended {
  readonly order: Order;
  /** To be written together with it; null = none takes its place. */
  readonly heir: Order | null;
}

/** Statuses after which an heir may come: our cancel, or a fill that came before it. */
const MAKES_WAY: readonly OrderStatus[] = ['cancelled', 'filled'];

/**
 * Ends the amendment of an order that is settled, and makes its heir where there is to be one. `p`: the position with
 * all fills booked and the order's reservation still in place. An order that is not settled stays as it is.
 */
export function endAmendment(order: Order, p: Position, spec: SymbolSpec, now: number): Ended {
  const { amendment } = order;
  if (amendment === null || !isAmending(order) || !isSettled(order)) return { order, heir: null };
  const over = (outcome: AmendOutcome, reason: string): Ended => ({
    order: { ...order, amendment: ended(amendment, outcome, reason) },
    heir: null,
  });
  if (amendment.way !== 'new_order' || !MAKES_WAY.includes(order.status)) {
    return over('too_late', `the order was ${order.status} first`);
  }
  if (p.flatten !== null || isClosed(p)) return over('withdrawn', 'the position is being closed');
  const lot = lotOf(spec, endsAtMarket(order.type, amendment.wanted.stopLimitPrice));
  const rest = floorTo(amendment.wanted.quantity.minus(order.filledQuantity), lot.step);
  if (!rest.greaterThan(0)) {
    return over('nothing_left', `${order.filledQuantity.toFixed()} had filled`);
  }
  const quantity = order.role === 'entry' ? rest : minOf(rest, floorTo(heldFor(order, p), lot.step));
  if (isTooSmall(order.type, amendment.wanted, quantity, spec)) {
    return over('below_minimum', `the rest of ${quantity.toFixed()} is below the venue's minimum`);
  }
  const less = quantity.lessThan(rest) ? `only ${quantity.toFixed()} was free` : null;
  const heir = heirOf(order, amendment, quantity, now);
  const replaced = ended(amendment, 'replaced', amendment.reason ?? less);
  return { order: { ...order, amendment: replaced, replacedBy: heir.orderId }, heir };
}

/** What an exit's heir may sell: the old one's reservation, and what is free beside it. */
function heldFor(order: Order, p: Position): Decimal {
  const own = p.liveExits.filter((exit) => exit.orderId === order.orderId);
  return sum([freeQuantity(p), ...own.map((exit) => exit.reserved)]);
}

/** The same order with other amounts, not yet sent (version 0: the store writes 1). */
function heirOf(order: Order, amendment: Amendment, quantity: Decimal, now: number): Order {
  const asked = amendment.asked.quantity.minus(order.filledQuantity);
  return {
    ...order,
    version: 0,
    orderId: amendment.heirId,
    asked: { ...amendment.asked, quantity: asked.greaterThan(0) ? asked : quantity },
    ...amendment.wanted,
    quantity,
    ...newOrderState({
      at: now,
      reason: `takes the place of ${order.orderId}`,
      cause: amendment.cause,
      referencePrice: amendment.referencePrice,
      tickAt: null,
    }),
    walletPauses: amendment.walletPauses,
    replaces: order.orderId,
  };
}
