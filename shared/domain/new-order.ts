/** How every order begins, whoever makes it: pending, nothing sent, nothing filled. */
import { type Decimal, ZERO } from './money/decimal.ts';
import { NEVER_UNKNOWN, type Order } from './types.ts';

type Beginning = Pick<
  Order,
  | 'status'
  | 'statusHistory'
  | 'refusal'
  | 'walletPauses'
  | 'cancelWanted'
  | 'send'
  | 'venueOrderId'
  | 'exchangeResponse'
  | 'amendment'
  | 'replaces'
  | 'replacedBy'
  | 'shortSince'
  | 'unknown'
  | 'waitsFor'
  | 'filledQuantity'
  | 'filledQuote'
  | 'fees'
  | 'feesQuoteValue'
  | 'lateFees'
  | 'venueQuantity'
  | 'fillCount'
  | 'referencePrice'
  | 'touchedAt'
  | 'triggeredAt'
  | 'dayVolume'
  | 'armedTick'
  | 'armedAt'
  | 'timings'
  | 'createdAt'
  | 'updatedAt'
  | 'dueAt'
  | 'dueTries'
>;

/** `at` is epoch ms; `tickAt` when the tick that decided it was received, null when no tick did. */
export const newOrderState = (begin: {
  readonly at: number;
  readonly reason: string;
  readonly cause: string;
  readonly referencePrice: Decimal | null;
  readonly tickAt: number | null;
}): Beginning => ({
  status: 'pending',
  statusHistory: [{ status: 'pending', at: begin.at, reason: begin.reason, cause: begin.cause }],
  refusal: null,
  walletPauses: null,
  cancelWanted: null,
  send: null,
  venueOrderId: null,
  exchangeResponse: null,
  amendment: null,
  replaces: null,
  replacedBy: null,
  shortSince: null,
  unknown: NEVER_UNKNOWN,
  waitsFor: null,
  filledQuantity: ZERO,
  filledQuote: ZERO,
  fees: [],
  feesQuoteValue: ZERO,
  lateFees: [],
  venueQuantity: ZERO,
  fillCount: 0,
  referencePrice: begin.referencePrice,
  touchedAt: null,
  triggeredAt: null,
  dayVolume: null,
  armedTick: null,
  armedAt: null,
  timings: {
    createdAt: begin.at,
    tickAt: begin.tickAt,
    claimedAt: null,
    sentAt: null,
    acceptedAt: null,
    firstFillAt: null,
    lastFillAt: null,
    finalAt: null,
  },
  createdAt: begin.at,
  updatedAt: begin.at,
  dueAt: null,
  dueTries: 0,
});
