/** How each kept thing is written: one codec per type of `domain/types.ts`. */

import { DEFAULT_CONFIRM_MAX_PERCENT } from '../../domain/confirmation.ts';
import type { MarginTerms } from '../../domain/margin-facts.ts';
import { type GivenConditions, VOLATILITIES } from '../../domain/market-conditions.ts';
import { AMEND_OUTCOMES, AMEND_WAYS, type Amendment } from '../../domain/order-amounts.ts';
import {
  SIGNAL_ACTIONS,
  SIGNAL_OUTCOMES,
  SIGNAL_URGENCIES,
  type Signal,
  type SignalReason,
  type SignalSummary,
} from '../../domain/signal-facts.ts';
import type { Bar, TickOrigin } from '../../domain/triggers/types.ts';
import {
  type Arming,
  type ConfirmWindow,
  ENVIRONMENTS,
  type EntryMinute,
  EXIT_CAUSES,
  type ExecutionReport,
  type ExitLimit,
  type ExternalReduction,
  type FeeAmount,
  type Fill,
  type FrozenFigures,
  type Holder,
  type LateFee,
  type LiveExit,
  NEVER_UNKNOWN,
  NEVER_UNPROTECTED,
  ORDER_STATUSES,
  ORDER_TYPES,
  type Order,
  type OrderRefusal,
  type OrderTimings,
  type OwedExit,
  POSITION_STATUSES,
  type Position,
  type PositionAction,
  type Protection,
  RESIDENT_MODES,
  RESIDENT_REASONS,
  type Resident,
  type RestingResident,
  type SendAttempt,
  type Shortage,
  type StatusChange,
  TIMES_IN_FORCE,
  type TriggerFacts,
  type Unknown,
  type Unprotected,
} from '../../domain/types.ts';
import type { Call } from '../../ports/ledger.ts';
import { prices } from './bar-codec.ts';
import {
  booleans,
  type Codec,
  CodecError,
  decimals,
  integers,
  lists,
  maps,
  nullable,
  nullableSince,
  objects,
  optionals,
  partials,
  ratios,
  sparseObjects,
  texts,
  words,
} from './codec.ts';

export const environments: Codec<ExecutionReport['environment']> = words(ENVIRONMENTS);
const sources: Codec<TriggerFacts['source']> = words(['bid', 'ask', 'last', 'mid']);
export const sides: Codec<Order['side']> = words(['buy', 'sell']);
export const orderTypes: Codec<Order['type']> = words(ORDER_TYPES);
export const timesInForce: Codec<Order['timeInForce']> = words(TIMES_IN_FORCE);
export const fees = objects<FeeAmount>({ asset: texts, amount: decimals });

const lateFees = objects<LateFee>({
  asset: texts,
  amount: decimals,
  price: decimals,
  value: decimals,
  at: integers,
});

const triggerFacts = objects<TriggerFacts>({
  levelName: texts,
  cause: words(['tick', 'armed', 'rebuilt']),
  source: sources,
  level: decimals,
  price: decimals,
  peak: nullable(decimals),
  bid: decimals,
  ask: decimals,
  last: decimals,
  bidSize: nullable(decimals),
  askSize: nullable(decimals),
  tickId: integers,
  armedTickId: integers,
  tickAt: integers,
  recordedAt: integers,
  origin: nullableSince(objects<TickOrigin>({ feed: texts, converted: booleans, checked: booleans })),
  ageMs: nullableSince(integers),
});

const statusChange = objects<StatusChange>({
  status: words(ORDER_STATUSES),
  at: integers,
  reason: texts,
  cause: texts,
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

export const fills = objects<Fill>({
  tradeId: texts,
  price: decimals,
  quantity: decimals,
  fee: fees,
  feeQuoteValue: nullable(decimals),
  at: integers,
  tickId: nullable(integers),
  maker: booleans,
});

/** Owner and key are the item's own keys. */
export const calls = objects<Omit<Call, 'ownerId' | 'key'>>({
  kind: texts,
  bodyHash: texts,
  at: integers,
  orderIds: lists(texts),
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

const marginTerms = objects<MarginTerms>({
  leverage: integers,
  maintenanceRate: decimals,
  feeRate: decimals,
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

type Trailing = NonNullable<Protection['trailingStop']>;

const distance: Codec<Trailing['distance']> = {
  encode: (value) =>
    'percent' in value
      ? { M: { percent: decimals.encode(value.percent) } }
      : { M: { amount: decimals.encode(value.amount) } },
  decode: (attribute, path) => {
    const { percent, amount } = attribute.M ?? {};
    if (percent !== undefined) return { percent: decimals.decode(percent, `${path}.percent`) };
    if (amount !== undefined) return { amount: decimals.decode(amount, `${path}.amount`) };
    throw new CodecError(`${path}: neither percent nor amount`);
  },
};

const levels = {
  stopLoss: nullable(objects<NonNullable<Protection['stopLoss']>>({ price: decimals })),
  takeProfits: lists(objects<Protection['takeProfits'][number]>({ price: decimals, share: decimals })),
  trailingStop: nullable(objects<Trailing>({ distance, activationPrice: nullable(decimals) })),
  breakEven: nullable(
    objects<NonNullable<Protection['breakEven']>>({
      activationProfitPercent: decimals,
      offsetPercent: decimals,
    }),
  ),
};

const timeStop: Codec<NonNullable<Protection['timeStop']>> = {
  encode: (value) =>
    'until' in value
      ? { M: { until: integers.encode(value.until) } }
      : { M: { maxSeconds: integers.encode(value.maxSeconds) } },
  decode: (attribute, path) => {
    const { until, maxSeconds } = attribute.M ?? {};
    if (until !== undefined) return { until: integers.decode(until, `${path}.until`) };
    if (maxSeconds !== undefined) return { maxSeconds: integers.decode(maxSeconds, `${path}.maxSeconds`) };
    throw new CodecError(`${path}: neither until nor maxSeconds`);
  },
};

/** What a signal may change. */
type Adjusted = Pick<Protection, keyof typeof levels>;

type StopLimit = NonNullable<Protection['stopLimit']>;

const protection = sparseObjects<Protection>({
  ...levels,
  timeStop: nullableSince(timeStop),
  confirmSeconds: { ...integers, whenMissing: () => 0 },
  confirmMaxPercent: { ...decimals, whenMissing: () => DEFAULT_CONFIRM_MAX_PERCENT },
  stopLimit: nullableSince(objects<StopLimit>({ percent: decimals, seconds: integers })),
  triggerPrice: words(['bid_ask', 'last', 'mid']),
  resident: { ...words(RESIDENT_MODES), whenMissing: () => 'none' },
});

const signalWords = {
  signalId: texts,
  at: integers,
  action: words(SIGNAL_ACTIONS),
  confidence: decimals,
  urgency: words(SIGNAL_URGENCIES),
  agentId: nullable(texts),
  outcome: words(SIGNAL_OUTCOMES),
};

export const signals = objects<Signal>({
  ...signalWords,
  reasoning: nullable(texts),
  adjust: nullable(partials<Adjusted>(levels)),
  reason: nullable(
    objects<SignalReason>({
      code: texts,
      field: nullable(texts),
      message: texts,
      fix: texts,
      facts: maps(texts),
    }),
  ),
  exitOrderId: nullable(texts),
});

const signalSummary = objects<SignalSummary>({
  count: integers,
  last: objects<SignalSummary['last']>(signalWords),
});

const externalReductions = objects<ExternalReduction>({
  id: texts,
  quantity: decimals,
  price: nullable(decimals),
  quote: decimals,
  fee: decimals,
  cost: decimals,
  openFees: decimals,
  pnl: decimals,
  at: integers,
  reversedAt: nullable(integers),
});

const shortages = objects<Shortage>({
  at: integers,
  until: integers,
  free: decimals,
  locked: decimals,
  holders: nullable(lists(objects<Holder>({ venueOrderId: texts, quantity: decimals, ours: booleans }))),
});

const entryMinutes = objects<EntryMinute>({
  at: integers,
  bars: lists(
    objects<Omit<Bar, 'open'>>({
      second: integers,
      low: prices,
      high: prices,
      close: prices,
      firstTick: integers,
      lastTick: integers,
      count: integers,
    }),
  ),
});

const frozenFigures = objects<FrozenFigures>({
  at: integers,
  highWaterMark: nullable(decimals),
  lowWaterMark: nullable(decimals),
  maxDrawdownPercent: decimals,
  priceMovesCount: integers,
  stopAdjustments: integers,
  lastStopAdjustmentAt: nullable(integers),
  trailingAdjustments: nullableSince(integers),
  lastTrailingAdjustmentAt: nullableSince(integers),
  maxFavorableExcursion: nullable(decimals),
  maxAdverseExcursion: nullable(decimals),
  trailingTrigger: nullable(decimals),
  trailingPeak: nullable(decimals),
});

const residents = objects<Resident>({
  resting: nullable(
    objects<RestingResident>({
      orderId: texts,
      form: words(['stop', 'oco']),
      levelName: texts,
      quantity: decimals,
      stopPrice: decimals,
      limitPrice: nullable(decimals),
      placedAt: integers,
      distance: nullable(decimals),
    }),
  ),
  seen: texts,
  lookAt: nullable(integers),
  why: nullable(words(RESIDENT_REASONS)),
  tries: integers,
  bandAt: nullable(decimals),
  listRefused: nullableSince(integers),
  trail: nullable(
    objects<NonNullable<Resident['trail']>>({ tick: integers, at: integers, peak: nullable(decimals) }),
  ),
  owed: nullable(
    objects<OwedExit>({
      cause: words(EXIT_CAUSES),
      price: nullable(decimals),
      trigger: nullable(triggerFacts),
      until: integers,
    }),
  ),
});

export const positions = sparseObjects<Position>({
  positionId: texts,
  version: integers,
  userId: texts,
  walletId: texts,
  environment: environments,
  flowId: nullable(texts),
  symbol: texts,
  base: texts,
  quote: texts,
  side: words(['long', 'short']),
  margin: nullableSince(marginTerms),
  status: words(POSITION_STATUSES),
  entryOrderId: texts,
  formerEntryIds: { ...lists(texts), whenMissing: () => [] },
  entryLive: booleans,
  furtherEntryIds: { ...lists(texts), whenMissing: () => [] },
  liveFurtherIds: { ...lists(texts), whenMissing: () => [] },
  exitOrderIds: lists(texts),
  // Older items have all of their exits in the list.
  exitsMade: { ...integers, whenMissing: () => 0 },
  liveExits: lists(
    objects<LiveExit>({
      orderId: texts,
      reserved: decimals,
      levelName: nullable(texts),
      waits: nullableSince(decimals),
    }),
  ),
  entryQuantity: decimals,
  entryQuote: decimals,
  entryFees: lists(fees),
  externals: { ...lists(externalReductions), whenMissing: () => [] },
  exitQuantity: decimals,
  exitQuote: decimals,
  exitFees: lists(fees),
  quantity: decimals,
  cost: decimals,
  openFees: decimals,
  realizedPnl: decimals,
  unvaluedFees: lists(fees),
  slippage: decimals,
  protection,
  initialProtection: protection,
  breakEvenActivatedAt: nullable(integers),
  breakEvenStop: nullable(decimals),
  claimedRungs: lists(integers),
  levelsVersion: integers,
  armedVersion: integers,
  armings: maps(
    sparseObjects<Arming>({
      ...{ tick: integers, at: integers, peak: nullable(decimals), laterThan: optionals(integers) },
    }),
  ),
  resident: nullableSince(residents),
  confirming: {
    ...lists(objects<ConfirmWindow>({ trigger: triggerFacts, since: integers })),
    whenMissing: () => [],
  },
  unprotected: {
    ...objects<Unprotected>({
      ms: integers,
      since: nullable(integers),
      isOfClose: booleans,
      armed: nullable(texts),
      unknownMs: integers,
    }),
    whenMissing: () => ({ ...NEVER_UNPROTECTED, armed: null }),
  },
  flatten: nullable(
    objects<NonNullable<Position['flatten']>>({
      cause: words(EXIT_CAUSES),
      price: nullable(decimals),
      trigger: nullable(triggerFacts),
      at: integers,
      step: integers,
      retryAt: nullable(integers),
      shortage: nullableSince(shortages),
      limit: nullableSince(objects<ExitLimit>({ price: decimals, until: integers })),
    }),
  ),
  exitCause: nullable(words(EXIT_CAUSES)),
  closedAs: nullableSince(words(['lost', 'not_lost'])),
  dust: nullable(objects<NonNullable<Position['dust']>>({ quantity: decimals, cost: decimals })),
  entryMinute: nullableSince(entryMinutes),
  frozen: nullableSince(frozenFigures),
  signals: nullableSince(signalSummary),
  aiReasoning: nullable(texts),
  aiConfidence: nullable(ratios),
  aiAgentId: nullable(texts),
  createdAt: integers,
  openedAt: nullable(integers),
  closedAt: nullable(integers),
  updatedAt: integers,
  dueAt: nullable(integers),
  dueTries: integers,
});

export const actions = objects<PositionAction>({ at: integers, kind: texts, facts: maps(texts) });
