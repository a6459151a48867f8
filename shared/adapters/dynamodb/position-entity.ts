/** How a position, its signals and its actions are written: one codec per type of `domain/types.ts`. */

import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_CONFIRM_MAX_PERCENT } from '../../domain/confirmation.ts';
import {
  SIGNAL_ACTIONS,
  SIGNAL_OUTCOMES,
  SIGNAL_URGENCIES,
  type Signal,
  type SignalReason,
  type SignalSummary,
} from '../../domain/signal-facts.ts';
import type { Bar } from '../../domain/triggers/types.ts';
import {
  type Arming,
  type ConfirmWindow,
  type EntryMinute,
  EXIT_CAUSES,
  type ExitLimit,
  type ExternalReduction,
  type FrozenFigures,
  type Holder,
  type LiveExit,
  NEVER_UNPROTECTED,
  type OwedExit,
  POSITION_STATUSES,
  type Position,
  type PositionAction,
  type Protection,
  RESIDENT_MODES,
  RESIDENT_REASONS,
  type Resident,
  type RestingResident,
  type Shortage,
  type Unprotected,
} from '../../domain/types.ts';
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
  type ObjectCodec,
  objects,
  optionals,
  partials,
  ratios,
  sparseObjects,
  texts,
  words,
} from './codec.ts';
import { environments, fees, marginTerms, triggerFacts } from './common-entities.ts';

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

const positionFacts = sparseObjects<Omit<Position, 'initialProtection'>>({
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

/** What it began with is written once it is another than what it has: until then it is a sixth of the item. */
export const positions: ObjectCodec<Position> = {
  item: (position) => {
    const facts = positionFacts.item(position);
    const initial = protection.encode(position.initialProtection);
    return isDeepStrictEqual(initial, facts['protection']) ? facts : { ...facts, initialProtection: initial };
  },
  fromItem: (item, path) => {
    const facts = positionFacts.fromItem(item, path);
    const { initialProtection: initial } = item;
    return Object.assign(facts, {
      initialProtection:
        initial === undefined ? facts.protection : protection.decode(initial, `${path}.initialProtection`),
    });
  },
  encode: (position) => ({ M: positions.item(position) }),
  decode: (attribute, path) => {
    if (attribute.M === undefined) throw new CodecError(`${path}: expected an object`);
    return positions.fromItem(attribute.M, path);
  },
};

export const actions = objects<PositionAction>({ at: integers, kind: texts, facts: maps(texts) });
