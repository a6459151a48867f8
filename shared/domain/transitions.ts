/**
 * The legal transitions of an order: one table, total over every status and event (design section 5).
 *
 * A new status or event does not compile until every cell is answered. The venue's evidence outranks our own
 * notes: an order that we think unsent is taken as live when the venue says so.
 */
import type {
  Amendment,
  ExecutionReport,
  Fill,
  OrderRefusal,
  OrderStatus,
  SendAttempt,
  VenueText,
} from './types.ts';

export type OrderEvent =
  /** A sender has won the claim; the request leaves right after `at`. */
  | { readonly kind: 'claimed'; readonly at: number; readonly send: SendAttempt }
  | { readonly kind: 'accepted'; readonly at: number; readonly venueOrderId: string; readonly cause: string }
  | {
      readonly kind: 'refused';
      readonly at: number;
      readonly refusal: OrderRefusal;
      readonly cause: string;
      /** The venue's own words, where it was the venue. */
      readonly response?: VenueText;
    }
  /** Nothing left this machine (rate budget, no price). */
  | { readonly kind: 'not_sent'; readonly at: number; readonly reason: string; readonly retryAt: number }
  /** The venue's definite answer that it did not execute the attempt. */
  | { readonly kind: 'not_executed'; readonly at: number; readonly reason: string; readonly cause: string }
  | { readonly kind: 'reply_lost'; readonly at: number; readonly reason: string }
  /** After the fence, and a second look: the venue never took it (design 6.5). */
  | { readonly kind: 'proven_absent'; readonly at: number; readonly cause: string }
  | { readonly kind: 'cancel_wanted'; readonly at: number; readonly cause: string }
  /** A change is wanted; `amendment.way` says how it is to come about. */
  | { readonly kind: 'amend_wanted'; readonly at: number; readonly amendment: Amendment }
  /** The venue does not change it in place: it is cancelled, and a new order takes its place. */
  | { readonly kind: 'amend_refused'; readonly at: number; readonly reason: string }
  | { readonly kind: 'gave_up'; readonly at: number; readonly refusal: OrderRefusal; readonly cause: string }
  /** One trade, not booked before: the fill's own conditional put is the guard against a second count. */
  | { readonly kind: 'filled'; readonly at: number; readonly fill: Fill; readonly cause: string }
  /** The venue's status and cumulative quantity, after the report's fills were applied one by one. */
  | { readonly kind: 'reported'; readonly report: ExecutionReport; readonly cause: string }
  /** The market has reached a resting order's price; `tick` is the tick that did. */
  | { readonly kind: 'touched'; readonly at: number; readonly tick?: number }
  | { readonly kind: 'armed'; readonly at: number; readonly tick: number };

export type OrderEventKind = OrderEvent['kind'];

/**
 * What a cell answers: a status to go to, `same` (facts change, the status does not), or one of
 * - `by_fill`: `filled` when the whole quantity is, else `partially_filled` (a cancelling order stays so);
 * - `by_report`: what the venue says, never backwards;
 * - `by_role`: absence ends an entry (`failed`) and re-opens an exit (`pending`);
 * - `by_way`: changed in place the order stays live; to be replaced it is cancelled first;
 * - `totals`: a final status stays, its sums may still grow to what the venue says;
 * - a refusal.
 */
export type Outcome =
  | OrderStatus
  | 'same'
  | 'by_fill'
  | 'by_report'
  | 'by_role'
  | 'by_way'
  | 'totals'
  | 'illegal_transition'
  | 'already_final'
  | 'nothing_to_do';

const FINAL: Record<OrderEventKind, Outcome> = {
  claimed: 'already_final',
  accepted: 'already_final',
  refused: 'already_final',
  not_sent: 'already_final',
  not_executed: 'already_final',
  reply_lost: 'already_final',
  proven_absent: 'already_final',
  cancel_wanted: 'already_final',
  amend_wanted: 'already_final',
  amend_refused: 'already_final',
  gave_up: 'already_final',
  filled: 'totals',
  reported: 'totals',
  touched: 'already_final',
  armed: 'already_final',
};

/** Live at the venue: what only an unsettled attempt can hear is illegal here. */
const WORKING: Record<OrderEventKind, Outcome> = {
  claimed: 'illegal_transition',
  accepted: 'nothing_to_do',
  refused: 'illegal_transition',
  not_sent: 'illegal_transition',
  not_executed: 'illegal_transition',
  reply_lost: 'illegal_transition',
  proven_absent: 'illegal_transition',
  cancel_wanted: 'cancelling',
  amend_wanted: 'by_way',
  amend_refused: 'cancelling',
  gave_up: 'illegal_transition',
  filled: 'by_fill',
  reported: 'by_report',
  touched: 'same',
  armed: 'same',
};

export const TRANSITIONS: Record<OrderStatus, Record<OrderEventKind, Outcome>> = {
  pending: {
    claimed: 'submitted',
    // An attempt thought void that the venue has taken after all: it must not be sent again.
    accepted: 'open',
    refused: 'rejected',
    not_sent: 'nothing_to_do',
    not_executed: 'nothing_to_do',
    reply_lost: 'illegal_transition',
    proven_absent: 'nothing_to_do',
    // Pending means that no attempt is at the venue, so nothing has to be cancelled there.
    cancel_wanted: 'cancelled',
    // And nothing has to be amended there: what is sent is what stands here then.
    amend_wanted: 'same',
    amend_refused: 'nothing_to_do',
    gave_up: 'rejected',
    filled: 'by_fill',
    reported: 'by_report',
    touched: 'illegal_transition',
    armed: 'illegal_transition',
  },
  submitted: {
    claimed: 'illegal_transition',
    accepted: 'open',
    refused: 'rejected',
    not_sent: 'pending',
    not_executed: 'pending',
    reply_lost: 'same',
    proven_absent: 'by_role',
    // Stored intent: finished through the due index once the attempt's outcome is known.
    cancel_wanted: 'cancelling',
    amend_wanted: 'by_way',
    amend_refused: 'nothing_to_do',
    gave_up: 'illegal_transition',
    filled: 'by_fill',
    reported: 'by_report',
    touched: 'illegal_transition',
    armed: 'illegal_transition',
  },
  open: WORKING,
  partially_filled: WORKING,
  cancelling: {
    claimed: 'illegal_transition',
    accepted: 'same',
    refused: 'rejected',
    not_sent: 'cancelled',
    not_executed: 'cancelled',
    reply_lost: 'same',
    proven_absent: 'cancelled',
    // Idle, unless it was cancelled for a new order to take its place: then none does.
    cancel_wanted: 'same',
    amend_wanted: 'illegal_transition',
    amend_refused: 'nothing_to_do',
    gave_up: 'illegal_transition',
    // A fill that beats the cancel wins.
    filled: 'by_fill',
    reported: 'by_report',
    touched: 'same',
    armed: 'same',
  },
  filled: FINAL,
  cancelled: FINAL,
  // Refused for want of coins, it may be owed another in its place: that is given up.
  rejected: { ...FINAL, cancel_wanted: 'same' },
  expired: FINAL,
  failed: FINAL,
};
