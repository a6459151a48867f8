/** How an order is written: one codec per type of `domain/types.ts`. */

import { type GivenConditions, VOLATILITIES } from '../../domain/market-conditions.ts';
import { AMEND_OUTCOMES, AMEND_WAYS, type Amendment } from '../../domain/order-amounts.ts';
import {
  EXIT_CAUSES,
  type LateFee,
  NEVER_UNKNOWN,
  ORDER_STATUSES,
  type Order,
  type OrderRefusal,
  type OrderTimings,
  type SendAttempt,
  type Unknown,
} from '../../domain/types.ts';
import {
  booleans,
  decimals,
  integers,
  lists,
  maps,
  nullable,
  nullableSince,
  objects,
  ratios,
  sparseObjects,
  texts,
  words,
} from './codec.ts';
import {
  environments,
  fees,
  marginTerms,
  orderTypes,
  sides,
  statusChange,
  timesInForce,
  triggerFacts,
} from './common-entities.ts';

const lateFees = objects<LateFee>({
  asset: texts,
  amount: decimals,
  price: decimals,
  value: decimals,
  at: integers,
});

const sendAttempt = objects<SendAttempt>({
  attempt: integers,
  token: texts,
  signedAt: integers,
  recvWindowMs: integers,
  claimedAt: integers,
  outcome: words(['sent', 'unknown', 'answered', 'not_executed']),
});

const timings = sparseObjects<OrderTimings>({
  createdAt: integers,
  tickAt: nullable(integers),
  claimedAt: nullable(integers),
  sentAt: nullable(integers),
  acceptedAt: nullable(integers),
  firstFillAt: nullable(integers),
  lastFillAt: nullableSince(integers),
  finalAt: nullable(integers),
});

const furtherAmounts = {
  quoteQuantity: nullableSince(decimals),
  stopLimitPrice: nullableSince(decimals),
  trailingDelta: nullableSince(integers),
};

const refusals = objects<OrderRefusal>({
  code: texts,
  message: texts,
  venueCode: nullableSince(integers),
  filter: nullableSince(texts),
});

const amounts = sparseObjects<Order['asked']>({
  quantity: decimals,
  ...furtherAmounts,
  limitPrice: nullable(decimals),
  stopPrice: nullable(decimals),
});

const givenConditions = objects<GivenConditions>({
  price: nullable(decimals),
  rsi14: nullable(decimals),
  volume24h: nullable(decimals),
  volatility: nullable(words(VOLATILITIES)),
});

const amendments = objects<Amendment>({
  at: integers,
  cause: texts,
  way: words(AMEND_WAYS),
  asked: amounts,
  wanted: amounts,
  heirId: texts,
  referencePrice: nullable(decimals),
  walletPauses: nullableSince(integers),
  outcome: words(AMEND_OUTCOMES),
  reason: nullable(texts),
});

const exchangeResponses = objects<NonNullable<Order['exchangeResponse']>>({
  text: texts,
  length: integers,
  at: integers,
  source: texts,
});

export const orders = sparseObjects<Order>({
  orderId: texts,
  version: integers,
  userId: texts,
  walletId: texts,
  environment: environments,
  symbol: texts,
  side: sides,
  type: orderTypes,
  timeInForce: timesInForce,
  role: words(['entry', 'exit']),
  positionId: texts,
  exit: nullable(
    objects<NonNullable<Order['exit']>>({
      cause: words(EXIT_CAUSES),
      flatten: booleans,
      trigger: nullable(triggerFacts),
      resident: { ...booleans, whenMissing: () => false },
    }),
  ),
  margin: nullableSince(marginTerms),
  waitsFor: nullableSince(texts),
  clientOrderId: nullable(texts),
  walletPauses: nullableSince(integers),
  bodyHash: nullable(texts),
  flowId: nullable(texts),
  executionId: nullable(texts),
  marketConditions: nullableSince(givenConditions),
  aiReasoning: nullable(texts),
  aiConfidence: nullable(ratios),
  aiAgentId: nullable(texts),
  metadata: maps(texts),
  tags: lists(texts),
  notes: nullable(texts),
  asked: amounts,
  quantity: decimals,
  ...furtherAmounts,
  limitPrice: nullable(decimals),
  stopPrice: nullable(decimals),
  status: words(ORDER_STATUSES),
  statusHistory: lists(statusChange),
  refusal: nullable(refusals),
  cancelWanted: nullable(objects<NonNullable<Order['cancelWanted']>>({ at: integers, cause: texts })),
  send: nullable(sendAttempt),
  venueOrderId: nullable(texts),
  exchangeResponse: nullableSince(exchangeResponses),
  amendment: nullableSince(amendments),
  replaces: nullableSince(texts),
  replacedBy: nullableSince(texts),
  shortSince: nullableSince(integers),
  unknown: {
    ...objects<Unknown>({ ms: integers, since: nullable(integers) }),
    whenMissing: () => NEVER_UNKNOWN,
  },
  filledQuantity: decimals,
  filledQuote: decimals,
  fees: lists(fees),
  feesQuoteValue: nullableSince(decimals),
  lateFees: { ...lists(lateFees), whenMissing: () => [] },
  venueQuantity: decimals,
  fillCount: integers,
  referencePrice: nullable(decimals),
  touchedAt: nullable(integers),
  triggeredAt: nullableSince(integers),
  dayVolume: nullableSince(decimals),
  armedTick: nullable(integers),
  armedAt: nullable(integers),
  timings,
  createdAt: integers,
  updatedAt: integers,
  dueAt: nullable(integers),
  dueTries: integers,
});
