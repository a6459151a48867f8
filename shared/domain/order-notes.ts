/** Small steps of an order's changes (orders.ts): what is noted of them, and what the venue says of its quantity. */
import { isAmendingInPlace } from './amendments.ts';
import { type Decimal, maxOf, sum } from './money/decimal.ts';
import { amountsOf } from './order-fields.ts';
import type { ExecutionReport, Fill, Order, OrderAmounts, VenueText } from './types.ts';

export const latest = (order: Order, at: number): number => Math.max(order.updatedAt, at);

/** What differs, for a person. */
export function changeText(before: OrderAmounts, after: OrderAmounts): string {
  const from = amountsOf(before);
  const to = amountsOf(after);
  const text = (value: Decimal | number | null) =>
    value === null ? 'none' : typeof value === 'number' ? String(value) : value.toFixed();
  const changes = (Object.keys(from) as (keyof OrderAmounts)[])
    .filter((name) => text(from[name]) !== text(to[name]))
    .map((name) => `${name} ${text(from[name])} to ${text(to[name])}`);
  return changes.length === 0 ? 'nothing' : changes.join(', ');
}

/**
 * What the venue says of the quantity. It only ever grows less, so an older report, which has more, says nothing.
 * By whom: ours was under way, or somebody amended it at the venue.
 *
 * Set to less than had filled already, the order ends, and was as big as what had filled: fills that are not booked
 * yet stay reserved, and are no surplus. It ends as expired then, so one that is `filled` above it has a surplus.
 */
export function resized(order: Order, report: ExecutionReport): Order {
  const { quantity: set, cumulativeQuantity, status } = report;
  if (set === undefined || order.quoteQuantity !== null) return order;
  const quantity = status === 'filled' ? set : maxOf(set, cumulativeQuantity);
  if (!quantity.lessThan(order.quantity)) return order;
  const ours = isAmendingInPlace(order) ? order.amendment : null;
  const why = quantity.equals(set) ? '' : `, which had filled before ${set.toFixed()} was set`;
  const change = `quantity ${order.quantity.toFixed()} to ${quantity.toFixed()}${why}`;
  if (ours !== null && set.equals(ours.wanted.quantity)) {
    const next = { ...order, quantity, asked: ours.asked, amendment: { ...ours, outcome: 'done' as const } };
    return noted(next, report.at, `amended in its place: ${change}`, ours.cause);
  }
  const reason = 'less was set at the exchange meanwhile';
  const isMoot = ours !== null && set.lessThan(ours.wanted.quantity);
  const amendment = isMoot ? { ...ours, outcome: 'too_late' as const, reason } : order.amendment;
  const next = { ...order, quantity, amendment };
  return noted(next, report.at, `amended at the exchange, not by this system: ${change}`, 'venue');
}

/** An entry of the history under the same status. */
export const noted = (order: Order, at: number, reason: string, cause: string): Order => ({
  ...order,
  statusHistory: [...order.statusHistory, { status: order.status, at, reason, cause }],
  updatedAt: latest(order, at),
  dueTries: 0,
});

/** It has ended, but another order was owed in its place: nobody wants that any more. */
export const withoutInstead = (
  order: Order,
  { at, cause }: { readonly at: number; readonly cause: string },
) =>
  noted(
    { ...order, shortSince: null, cancelWanted: { at, cause } },
    at,
    'cancel wanted: nothing takes its place',
    cause,
  );

/** Keeps what the venue said, unless something later is kept. */
export function heard(order: Order, response: VenueText | undefined, at: number, source: string): Order {
  if (response === undefined || (order.exchangeResponse?.at ?? 0) > at) return order;
  return { ...order, exchangeResponse: { ...response, at, source } };
}

/** A fee in the quote asset; null where its value is not known. */
export function feeValue({ fee, price, feeQuoteValue }: Fill, symbol: string): Decimal | null {
  const [base, quote] = symbol.split('/');
  if (fee.amount.isZero() || fee.asset === quote) return fee.amount;
  return fee.asset === base ? fee.amount.times(price) : feeQuoteValue;
}

/** The order's fees in the quote asset with this fill's; null once one is not known, until late-fees.ts has found it. */
export function feesWith(order: Order, fill: Fill): Decimal | null {
  const value = feeValue(fill, order.symbol);
  return order.feesQuoteValue === null || value === null ? null : sum([order.feesQuoteValue, value]);
}
