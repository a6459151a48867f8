/**
 * Orders: what an event makes of one (design sections 5, 6, 7).
 *
 * Pure and total: every status answers every event, with the next order or a refusal that says why.
 * Always true:
 * - a final status never changes; its sums may still grow to what the venue says;
 * - sums and the venue's cumulative quantity never go down;
 * - an order with a fill is never proven absent.
 * `transition` sets facts, history, timings and `updatedAt`. It leaves `version` to the store and `dueAt` to
 * `withDue` (due.ts), with one exception: going back to `pending` notes in `dueAt` when to try again.
 */

import { isAmending, isAmendingInPlace, withdrawn } from './amendments.ts';
import type { Decimal } from './money/decimal.ts';
import { maxOf, quotient, sum, ZERO } from './money/decimal.ts';
import { changeText, feesWith, heard, latest, noted, resized, withoutInstead } from './order-notes.ts';
import { err, ok, type Result, unreachable } from './result.ts';
import { wantsInstead } from './shortage.ts';
import { type OrderEvent, type Outcome, TRANSITIONS } from './transitions.ts';
import type {
  Amendment,
  ExecutionReport,
  FeeAmount,
  Order,
  OrderRefusal,
  OrderStatus,
  SendAttempt,
} from './types.ts';

export { type OrderEvent, type OrderEventKind, type Outcome, TRANSITIONS } from './transitions.ts';

/** A refusal of ours, or one that the venue told without a code. */
export const ownRefusal = (code: string, message: string): OrderRefusal => ({
  code,
  message,
  venueCode: null,
  filter: null,
});

export interface TransitionRefusal {
  readonly code: 'illegal_transition' | 'already_final' | 'nothing_to_do';
  readonly message: string;
}

const IS_FINAL: Record<OrderStatus, boolean> = {
  pending: false,
  submitted: false,
  open: false,
  partially_filled: false,
  filled: true,
  cancelling: false,
  cancelled: true,
  rejected: true,
  expired: true,
  failed: true,
};

/** No event leads out of this status. */
export const isFinal = (status: OrderStatus): boolean => IS_FINAL[status];

/** Final, and its fills add up to what the venue says: only now is its reservation released (design 7). */
export const isSettled = (order: Order): boolean =>
  isFinal(order.status) && order.filledQuantity.greaterThanOrEqualTo(order.venueQuantity);

/** Was it asked for as an amount of the quote asset? Then only the venue knows its quantity, and when it is filled. */
export const isByQuote = (order: Pick<Order, 'quoteQuantity'>): boolean => order.quoteQuantity !== null;

/** More has filled than was sent. */
export const isOverfilled = (order: Order): boolean =>
  order.quoteQuantity === null
    ? order.filledQuantity.greaterThan(order.quantity)
    : order.filledQuote.greaterThan(order.quoteQuantity);

/** Quantity in base that can still fill; zero when it filled above its amount, and when only the venue knows. */
export const remaining = (order: Order): Decimal => maxOf(order.quantity.minus(order.filledQuantity), ZERO);

/** Volume-weighted fill price, 18 decimals; null before the first fill. */
export const averagePrice = (order: Order): Decimal | null =>
  quotient(order.filledQuote, order.filledQuantity);

/** From the moment it went out until it was filled, in ms; null for one that was not, or was never seen to leave. */
export const fillTimeMs = ({ status, timings: { sentAt, lastFillAt, finalAt } }: Order): number | null => {
  const filledAt = lastFillAt ?? finalAt;
  return status !== 'filled' || sentAt === null || filledAt === null ? null : Math.max(0, filledAt - sentAt);
};

/**
 * From the decision to order until it was sent, ms. Null: it was not, or not at its first attempt: what it waited for in
 * between was no work of ours.
 */
export const sendTimeMs = ({ send, createdAt, timings: { sentAt } }: Order): number | null =>
  sentAt === null || send === null || send.attempt > 1 ? null : Math.max(0, sentAt - createdAt);

/** Waits for a stop price first; then rests at its limit price, or trails. */
export const hasTwoSteps = (order: Pick<Order, 'type' | 'stopPrice'>): boolean =>
  order.type === 'stop_limit' ||
  order.type === 'take_profit_limit' ||
  (order.type === 'trailing_stop' && order.stopPrice !== null);

/** Adds an amount to its asset's sum, in the order in which the assets first came. */
export function addFee(fees: readonly FeeAmount[], fee: FeeAmount): readonly FeeAmount[] {
  if (fee.amount.isZero()) return fees;
  const held = fees.find((f) => f.asset === fee.asset);
  if (held === undefined) return [...fees, fee];
  return fees.map((f) => (f === held ? { asset: f.asset, amount: sum([f.amount, fee.amount]) } : f));
}

/** Applies one event. Never mutates; refuses what the table (TRANSITIONS) calls illegal, final or idle. */
export function transition(order: Order, event: OrderEvent): Result<Order, TransitionRefusal> {
  const outcome = TRANSITIONS[order.status][event.kind];
  if (outcome === 'illegal_transition' || outcome === 'already_final' || outcome === 'nothing_to_do') {
    return refuse(order, event, outcome);
  }
  switch (event.kind) {
    case 'claimed': {
      // What it would sell is still held at the venue.
      if (order.waitsFor !== null) return refuse(order, event, 'nothing_to_do');
      const next = { ...order, send: event.send, timings: claimTimings(order, event.send, event.at) };
      return moved(next, outcome, event.at, `attempt ${event.send.attempt}`, 'sender');
    }
    case 'accepted': {
      const next = answered(
        { ...order, venueOrderId: order.venueOrderId ?? event.venueOrderId, touchedAt: null },
        event.at,
      );
      return moved(next, outcome, event.at, 'accepted by the venue', event.cause);
    }
    case 'refused':
    case 'gave_up': {
      const { refusal, at } = event;
      const isShort = event.kind === 'refused' && refusal.code === 'insufficient_balance';
      const shortSince = isShort && wantsInstead(order) ? at : null;
      const refused = { ...order, refusal, shortSince, send: settledSend(order.send, 'answered') };
      const next = event.kind === 'refused' ? heard(refused, event.response, event.at, 'answer') : refused;
      return moved(next, outcome, event.at, event.refusal.code, event.cause);
    }
    case 'not_sent':
      return voided(order, outcome, event.at, event.reason, 'sender', event.retryAt);
    case 'not_executed':
      return voided(order, outcome, event.at, event.reason, event.cause, event.at);
    case 'proven_absent':
      return provenAbsent(order, event, outcome);
    case 'reply_lost': {
      if (order.send === null || order.send.outcome !== 'sent') return refuse(order, event, 'nothing_to_do');
      const send: SendAttempt = { ...order.send, outcome: 'unknown' };
      return ok({ ...order, send, updatedAt: latest(order, event.at) });
    }
    case 'cancel_wanted': {
      if (isFinal(order.status)) {
        const isOwed = order.shortSince !== null;
        return isOwed ? ok(withoutInstead(order, event)) : refuse(order, event, 'already_final');
      }
      if (order.status === 'cancelling' && !isAmending(order)) return refuse(order, event, 'nothing_to_do');
      const cancelWanted = { at: event.at, cause: event.cause };
      const next = { ...withdrawn(order, 'cancelled'), cancelWanted };
      return moved(next, outcome, event.at, 'cancel wanted', event.cause);
    }
    case 'amend_wanted':
      return amending(order, event.amendment, event.at);
    case 'amend_refused': {
      if (!isAmendingInPlace(order) || order.amendment === null) return refuse(order, event, 'nothing_to_do');
      const amendment: Amendment = { ...order.amendment, way: 'new_order', reason: event.reason };
      const next = { ...order, amendment, cancelWanted: { at: event.at, cause: 'amend' } };
      return moved(next, outcome, event.at, event.reason, 'amend');
    }
    case 'filled':
      return withFill(order, event, outcome);
    case 'reported':
      return withReport(order, event, outcome);
    case 'touched':
      return ok(touched(order, event));
    case 'armed':
      return ok({
        ...order,
        armedTick: event.tick,
        armedAt: event.at,
        updatedAt: latest(order, event.at),
      });
    default:
      return unreachable(event);
  }
}

/** A hit has left the index: the level has to be armed anew, for ticks after this one. */
function touched(order: Order, event: OrderEvent & { kind: 'touched' }): Order {
  const next = {
    ...order,
    armedTick: event.tick ?? order.armedTick,
    armedAt: null,
    updatedAt: latest(order, event.at),
    dueTries: 0,
  };
  // The first of two steps: what the venue does next shows at the other price.
  if (hasTwoSteps(order) && order.triggeredAt === null && !order.filledQuantity.greaterThan(0)) {
    return { ...next, triggeredAt: event.at };
  }
  return { ...next, touchedAt: event.at };
}

/** The change as it begins: made where nothing has been sent, else stored and left to whoever speaks to the venue. */
function amending(order: Order, amendment: Amendment, at: number): Result<Order, TransitionRefusal> {
  if (isAmending(order)) {
    return err({ code: 'illegal_transition', message: 'an amendment of the order is under way' });
  }
  const { cause, wanted, asked } = amendment;
  if (amendment.way === 'before_sending') {
    if (order.status !== 'pending') {
      return err({ code: 'illegal_transition', message: `the order is ${order.status}, no longer unsent` });
    }
    const { walletPauses } = amendment;
    const done = { ...amendment, outcome: 'done' as const };
    const next = { ...order, ...wanted, asked, walletPauses, amendment: done };
    return ok(noted(next, at, `amended before it was sent: ${changeText(order, next)}`, cause));
  }
  if (order.status === 'pending') {
    return err({ code: 'illegal_transition', message: 'the order is pending, not yet at the venue' });
  }
  const next = { ...order, amendment };
  if (amendment.way === 'in_place') {
    return order.status === 'submitted'
      ? err({ code: 'illegal_transition', message: 'the venue has not answered yet' })
      : ok(noted(next, at, `less wanted: ${changeText(order, wanted)}`, cause));
  }
  const cancelWanted = { at, cause: 'amend' };
  return moved(
    { ...next, cancelWanted },
    'cancelling',
    at,
    `other amounts wanted: ${changeText(order, wanted)}`,
    cause,
  );
}

function withFill(order: Order, event: OrderEvent & { kind: 'filled' }, outcome: Outcome) {
  const { fill } = event;
  const filledQuantity = order.filledQuantity.plus(fill.quantity);
  const { timings } = order;
  const next = answered(
    {
      ...order,
      filledQuantity,
      filledQuote: order.filledQuote.plus(fill.price.times(fill.quantity)),
      fees: addFee(order.fees, fill.fee),
      feesQuoteValue: feesWith(order, fill),
      venueQuantity: maxOf(order.venueQuantity, filledQuantity),
      fillCount: order.fillCount + 1,
      touchedAt: null,
      timings: {
        ...timings,
        firstFillAt: timings.firstFillAt ?? fill.at,
        lastFillAt: Math.max(timings.lastFillAt ?? fill.at, fill.at),
      },
    },
    event.at,
  );
  if (outcome === 'totals') return ok({ ...next, updatedAt: latest(order, event.at), dueTries: 0 });
  const whole = !isByQuote(order) && filledQuantity.greaterThanOrEqualTo(order.quantity);
  const partly = order.status === 'cancelling' ? 'same' : 'partially_filled';
  return moved(next, whole ? 'filled' : partly, event.at, `${filledQuantity.toFixed()} filled`, event.cause);
}

/** The venue's word as one of our statuses; null = it says nothing that this status does not know better. */
function reportedStatus(order: Order, status: ExecutionReport['status']): OrderStatus | null {
  switch (status) {
    case 'new':
      return order.status === 'pending' || order.status === 'submitted' ? 'open' : null;
    case 'partially_filled':
      return order.status === 'cancelling' || order.status === 'partially_filled' ? null : 'partially_filled';
    case 'filled':
    case 'cancelled':
    case 'rejected':
    case 'expired':
      return status;
    default:
      return unreachable(status);
  }
}

function withReport(order: Order, event: OrderEvent & { kind: 'reported' }, outcome: Outcome) {
  const { report } = event;
  const venueQuantity = maxOf(order.venueQuantity, report.cumulativeQuantity);
  const isNews = venueQuantity.greaterThan(order.venueQuantity);
  if (outcome === 'totals') {
    if (!isNews) return refuse(order, event, 'already_final');
    const told = heard(order, report.response, report.at, event.cause);
    return ok({ ...told, venueQuantity, updatedAt: latest(order, report.at), dueTries: 0 });
  }
  const status = reportedStatus(order, report.status);
  const sized = resized(order, report);
  const venueOrderId = order.venueOrderId ?? report.venueOrderId;
  // That the venue knows no more than before, although the market is past the price, is no news: it is asked again.
  const isTouched = order.touchedAt !== null && (event.cause !== 'query' || order.environment === 'demo');
  const isUnsettled = order.send !== null && order.send.outcome !== 'answered';
  const isIdle = status === null && sized === order && order.venueOrderId !== null;
  if (isIdle && !isNews && !isTouched && !isUnsettled) return refuse(order, event, 'nothing_to_do');
  const told = heard(sized, report.response, report.at, event.cause);
  const next = answered({ ...told, venueQuantity, venueOrderId, touchedAt: null }, report.at);
  if (status === 'cancelled' && order.cancelWanted === null) {
    const by = report.reason === null ? '' : ` (${report.reason})`;
    return moved(next, status, report.at, `cancelled at the exchange, not by this system${by}`, 'venue');
  }
  const reason = report.reason ?? `venue: ${report.status}`;
  const refusal = status === 'rejected' ? ownRefusal('venue_rejected', reason) : order.refusal;
  return moved({ ...next, refusal }, status ?? 'same', report.at, reason, event.cause);
}

function provenAbsent(order: Order, event: OrderEvent & { kind: 'proven_absent' }, outcome: Outcome) {
  // A fill, or the venue's own count, is evidence that outranks an empty answer.
  if (order.venueQuantity.greaterThan(0)) return refuse(order, event, 'illegal_transition');
  const reason = 'the venue never took it';
  if (outcome === 'by_role' && order.role === 'entry') {
    const refusal = ownRefusal('not_executed', reason);
    const next = { ...order, refusal, send: settledSend(order.send, 'not_executed') };
    return moved(next, 'failed', event.at, reason, event.cause);
  }
  return voided(order, outcome === 'by_role' ? 'pending' : outcome, event.at, reason, event.cause, event.at);
}

/** The attempt is void: a new one needs a new claim, not before `retryAt`. */
function voided(o: Order, outcome: Outcome, at: number, reason: string, cause: string, retryAt: number) {
  const next = { ...o, send: settledSend(o.send, 'not_executed'), dueAt: retryAt };
  return moved(next, outcome, at, reason, cause);
}

/** So many changes are kept of an order that is tried again and again. */
const MOST_TRIES_KEPT = 40;

/**
 * While the venue cannot be reached an exit is tried for as long as it takes: of further tries only the last is kept,
 * or the order would outgrow what can be stored and never be sent. Its attempts are counted in `send`.
 */
function historyBefore({ statusHistory }: Order, next: OrderStatus): Order['statusHistory'] {
  const [former, last] = statusHistory.slice(-2);
  const isOneMoreTry = next === 'pending' && former?.status === 'pending' && last?.status === 'submitted';
  return isOneMoreTry && statusHistory.length >= MOST_TRIES_KEPT ? statusHistory.slice(0, -2) : statusHistory;
}

function moved(
  order: Order,
  outcome: Outcome,
  at: number,
  reason: string,
  cause: string,
): Result<Order, TransitionRefusal> {
  const status = outcome in IS_FINAL ? (outcome as OrderStatus) : order.status;
  const updatedAt = latest(order, at);
  if (status === order.status) return ok({ ...order, updatedAt });
  const finalAt = isFinal(status) ? at : null;
  return ok({
    ...order,
    status,
    statusHistory: [...historyBefore(order, status), { status, at, reason, cause }],
    timings: { ...order.timings, finalAt },
    touchedAt: isFinal(status) ? null : order.touchedAt,
    updatedAt,
    dueTries: 0,
  });
}

/** The venue has shown that it has the order: the attempt's outcome is known. */
function answered(order: Order, at: number): Order {
  return {
    ...order,
    send: settledSend(order.send, 'answered'),
    timings: { ...order.timings, acceptedAt: order.timings.acceptedAt ?? at },
  };
}

const settledSend = (send: SendAttempt | null, outcome: SendAttempt['outcome']): SendAttempt | null =>
  send === null ? null : { ...send, outcome };

const claimTimings = (order: Order, send: SendAttempt, at: number): Order['timings'] => ({
  ...order.timings,
  claimedAt: send.claimedAt,
  sentAt: at,
});

const refuse = (order: Order, event: OrderEvent, code: TransitionRefusal['code']) =>
  err({ code, message: `${event.kind} does not apply to a ${order.status} order` });
