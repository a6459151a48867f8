/**
 * A position as the API shows it: the specification's `positions` shape (design sections 8, 9, 23).
 *
 * What follows from entry, fills and prices is derived here, at the mark given; nothing of it is stored. Without
 * a price the figures that need one are null. Figures that need the price tape are in the single view only.
 */

import { boundPrice, windowEndsAt } from '../../domain/confirmation.ts';
import { entryIdsOf, liveEntryIds } from '../../domain/entry-ids.ts';
import { figures } from '../../domain/figures.ts';
import { windowsOf } from '../../domain/levels.ts';
import { marginUsed } from '../../domain/margin.ts';
import type { Decimal } from '../../domain/money/decimal.ts';
import { stopPrice } from '../../domain/protection.ts';
import { residentOf } from '../../domain/resident-state.ts';
import type { Signal } from '../../domain/signal-facts.ts';
import type { PositionStatistics } from '../../domain/statistics.ts';
import { timeStopAt } from '../../domain/time-stop.ts';
import type { Fill, Order, Position, PositionAction, Protection, Shortage } from '../../domain/types.ts';
import { unknownBy, unprotectedBy } from '../../domain/unprotected.ts';
import type { CachedPrice } from '../../ports/trigger-index.ts';
import type { EntryConditions } from './entry-conditions.ts';
import { fillView, orderView } from './order-view.ts';
import { markOf } from './price-view.ts';
import { monitoringView, signalView } from './signal-view.ts';
import { feesByAsset, money, moneyOrNull, singleFee, time, timeOrNull } from './text.ts';
import { triggerView } from './trigger-view.ts';

const MINUTE_MS = 60_000;

type Figures = ReturnType<typeof figures>;

/** Why a close does not come to its end: what the account had when it was last asked. */
const shortageView = ({ at, until, free, locked, holders }: Shortage) => ({
  asked_at: time(at),
  next_try_at: time(until),
  /** Of what was free then, what has not been ordered since. */
  account_free: money(free),
  account_locked: money(locked),
  /** Null: the orders could not be asked for. */
  held_by:
    holders?.map(({ venueOrderId, quantity, ours }) => ({
      exchange_order_id: venueOrderId,
      quantity: money(quantity),
      ours,
    })) ?? null,
});

/** The view without what the price tape is needed for (lists). `liquidation`: where it is liquidated; null = nowhere. */
export function positionView(
  position: Position,
  price: CachedPrice | null,
  now: number,
  liquidation: Decimal | null = null,
) {
  const mark = markOf(price, now);
  const derived = figures(position, mark);
  return {
    position_id: position.positionId,
    user_id: position.userId,
    user_wallet_id: position.walletId,
    flow_id: position.flowId,
    symbol: position.symbol,
    side: position.side,
    status: position.status,
    entry: entryView(position, derived),
    current: currentView(position, derived, mark, price, now),
    risk_management: { ...riskManagementView(position, now), liquidation_price: moneyOrNull(liquidation) },
    ai_monitoring: monitoringView(position),
    closing: position.flatten && {
      cause: position.flatten.cause,
      price: moneyOrNull(position.flatten.price),
      at: time(position.flatten.at),
      step: position.flatten.step,
      shortage: position.flatten.shortage && shortageView(position.flatten.shortage),
      limit: position.flatten.limit && {
        price: money(position.flatten.limit.price),
        until: time(position.flatten.limit.until),
      },
    },
    exit: exitView(position, derived),
    fees: {
      total_fees_quote: moneyOrNull(derived.totalFeesQuote),
      fees_by_asset: feesByAsset([...position.entryFees, ...position.exitFees]),
      unvalued: feesByAsset(position.unvaluedFees),
    },
    created_at: time(position.createdAt),
    opened_at: timeOrNull(position.openedAt),
    closed_at: timeOrNull(position.closedAt),
    updated_at: time(position.updatedAt),
    deleted_at: null,
  };
}

export type PositionView = ReturnType<typeof positionView>;

export interface PositionFacts {
  readonly position: Position;
  readonly price: CachedPrice | null;
  readonly now: number;
  readonly liquidation: Decimal | null;
  readonly statistics: PositionStatistics;
  /** The entry and the exits, in the order they were made. */
  readonly orders: readonly { readonly order: Order; readonly fills: readonly Fill[] }[];
  readonly actions: readonly PositionAction[];
  /** The latest, newest first. */
  readonly signals: readonly Signal[];
  /** The market at the entry, from the tape. */
  readonly conditions: EntryConditions;
}

/** The whole view: with the tape's figures, the tick that got it out, and its timeline. */
export function positionDetail(facts: PositionFacts) {
  const { position, statistics, orders } = facts;
  const entryOrder = orders.find(({ order }) => order.role === 'entry')?.order ?? null;
  const view = positionView(position, facts.price, facts.now, facts.liquidation);
  const trailing = view.risk_management.trailing_stop;
  const total = singleFee([...position.entryFees, ...position.exitFees], position.quote);
  return {
    ...view,
    entry: {
      ...view.entry,
      market_conditions: conditionsView(entryOrder, facts.conditions),
    },
    current: {
      ...view.current,
      risk_level: statistics.riskLevel,
      high_water_mark: moneyOrNull(statistics.highWaterMark),
      low_water_mark: moneyOrNull(statistics.lowWaterMark),
      max_drawdown_percent: moneyOrNull(statistics.maxDrawdownPercent),
    },
    risk_management: {
      ...view.risk_management,
      unknown_seconds: seconds(position.unprotected.unknownMs + unknownOfLive(position, orders, facts.now)),
      trailing_stop: {
        ...trailing,
        current_trigger: moneyOrNull(statistics.trailingTrigger),
        peak: moneyOrNull(statistics.trailingPeak),
        adjusted_count: statistics.trailingAdjustments,
        last_adjusted: timeOrNull(statistics.lastTrailingAdjustmentAt),
      },
    },
    ai_monitoring: { ...view.ai_monitoring, ai_signals: facts.signals.map(signalView) },
    exit_trigger: exitTrigger(position, orders),
    statistics: {
      total_fees: total.fees,
      fee_currency: total.fee_currency,
      total_fees_quote: view.fees.total_fees_quote,
      total_slippage: money(position.slippage),
      price_moves_count: statistics.priceMovesCount,
      stop_adjustments: statistics.stopAdjustments,
      max_favorable_excursion: moneyOrNull(statistics.maxFavorableExcursion),
      max_adverse_excursion: moneyOrNull(statistics.maxAdverseExcursion),
      max_favorable_excursion_quote: inQuote(statistics.maxFavorableExcursion, position),
      max_adverse_excursion_quote: inQuote(statistics.maxAdverseExcursion, position),
      /** Since when they no longer change; null while they are reckoned from the tape at each read. */
      frozen_at: timeOrNull(position.frozen?.at ?? null),
    },
    orders: orders.map(({ order }) => orderView(order, null)),
    fills: orders.flatMap(({ order, fills }) =>
      fills.map((fill) => ({
        order_id: order.orderId,
        side: order.side,
        role: order.role,
        ...fillView(fill),
      })),
    ),
    actions: facts.actions.map((action) => ({
      ...action.facts,
      timestamp: time(action.at),
      action: action.kind,
    })),
  };
}

/** Of exits that are not settled. */
const unknownOfLive = (p: Position, orders: PositionFacts['orders'], now: number): number =>
  orders
    .filter(({ order }) => p.liveExits.some(({ orderId }) => orderId === order.orderId))
    .reduce((ms, { order }) => ms + unknownBy(order, now), 0);

/** Whole ones, and tenths: what is usual is less than one. */
const seconds = (ms: number): number => Math.round(ms / 100) / 10;

/** What the caller gave stands for what the tape says. */
function conditionsView(entry: Order | null, { volatility_percent, ...tape }: EntryConditions) {
  const given = entry?.marketConditions;
  const own = {
    price: given?.price,
    volume_24h: given?.volume24h,
    rsi_14: given?.rsi14,
    volatility: given?.volatility,
  };
  return {
    price: moneyOrNull(own.price ?? entry?.referencePrice ?? null),
    volume_24h: moneyOrNull(own.volume_24h ?? entry?.dayVolume ?? null),
    rsi_14: own.rsi_14 == null ? tape.rsi_14 : money(own.rsi_14),
    volatility: own.volatility ?? tape.volatility,
    volatility_percent,
    /** Names of those that came with the order, as they came. */
    given_by_caller: Object.entries(own).flatMap(([name, value]) => (value == null ? [] : [name])),
  };
}

const entryView = (position: Position, derived: Figures) => ({
  order_id: position.entryOrderId,
  /** More than one where the entry was amended by a new order, or added to; the first one first. */
  order_ids: entryIdsOf(position),
  timestamp: timeOrNull(position.openedAt),
  price: moneyOrNull(derived.entryPrice),
  amount: money(position.entryQuantity),
  value: money(position.entryQuote),
  leverage: position.margin?.leverage ?? 1,
  margin_used: money(marginUsed({ margin: position.margin, cost: position.entryQuote })),
  ...singleFee(position.entryFees, position.quote),
  fees_by_asset: feesByAsset(position.entryFees),
  /** An entry order can still fill. */
  live: liveEntryIds(position).length > 0,
  ai_reasoning: position.aiReasoning,
  ai_confidence: position.aiConfidence,
  ai_agent: position.aiAgentId,
});

const currentView = (
  position: Position,
  derived: Figures,
  mark: Decimal | null,
  price: CachedPrice | null,
  now: number,
) => ({
  price: moneyOrNull(mark),
  amount: money(position.quantity),
  cost: money(position.cost),
  /** What of the account it ties up now. */
  margin_used: money(marginUsed(position)),
  value: moneyOrNull(derived.value),
  unrealized_pnl: moneyOrNull(derived.unrealizedPnl),
  unrealized_pnl_percent: moneyOrNull(derived.unrealizedPnlPercent),
  realized_pnl: money(derived.realizedPnl),
  realized_pnl_percent: moneyOrNull(derived.realizedPnlPercent),
  time_held_minutes: minutesHeld(position, now),
  price_source: price?.source ?? null,
  tick_id: price?.tickId ?? null,
  last_updated: timeOrNull(price?.at ?? null),
});

const exitView = (position: Position, derived: Figures) =>
  position.closedAt === null
    ? null
    : {
        order_id: position.exitOrderIds.at(-1) ?? null,
        order_ids: position.exitOrderIds,
        timestamp: time(position.closedAt),
        price: moneyOrNull(derived.exitPrice),
        amount: money(position.exitQuantity),
        value: money(position.exitQuote),
        ...singleFee(position.exitFees, position.quote),
        fees_by_asset: feesByAsset(position.exitFees),
        reason: position.exitCause,
        realized_pnl: money(derived.realizedPnl),
        realized_pnl_percent: moneyOrNull(derived.realizedPnlPercent),
        time_held_minutes: minutesHeld(position, position.closedAt),
        dust: position.dust && { amount: money(position.dust.quantity), cost: money(position.dust.cost) },
      };

const minutesHeld = (position: Position, now: number): number =>
  position.openedAt === null
    ? 0
    : Math.max(0, Math.floor(((position.closedAt ?? now) - position.openedAt) / MINUTE_MS));

function riskManagementView(position: Position, now: number) {
  const { protection, initialProtection } = position;
  const stop = stopPrice(position);
  const { resting } = residentOf(position);
  const bare = unprotectedBy(position, now);
  const next = protection.takeProfits.find((_, rung) => !position.claimedRungs.includes(rung));
  return {
    initial_stop_loss: moneyOrNull(initialProtection.stopLoss?.price ?? null),
    initial_take_profit: moneyOrNull(initialProtection.takeProfits[0]?.price ?? null),
    current_stop_loss: moneyOrNull(stop?.price ?? null),
    current_stop_level: stop?.levelName ?? null,
    current_take_profit: moneyOrNull(next?.price ?? null),
    take_profits: protection.takeProfits.map((rung, index) => ({
      price: money(rung.price),
      share: money(rung.share),
      claimed: position.claimedRungs.includes(index),
    })),
    /** The order that rests at the venue for it; null: the level is only watched here. */
    stop_loss_order_id: resting?.orderId ?? null,
    take_profit_order_id: resting?.form === 'oco' ? resting.orderId : null,
    resident: residentView(position),
    trailing_stop: trailingView(protection),
    break_even: {
      enabled: protection.breakEven !== null,
      activation_profit_percent: moneyOrNull(protection.breakEven?.activationProfitPercent ?? null),
      offset_percent: moneyOrNull(protection.breakEven?.offsetPercent ?? null),
      activated: position.breakEvenActivatedAt !== null,
      activated_at: timeOrNull(position.breakEvenActivatedAt),
      stop_price: moneyOrNull(position.breakEvenStop),
    },
    time_stop: timeStopView(position),
    confirmation: confirmationView(position),
    stop_limit: protection.stopLimit && {
      percent: money(protection.stopLimit.percent),
      seconds: protection.stopLimit.seconds,
    },
    trigger_price: protection.triggerPrice,
    levels_version: position.levelsVersion,
    /** The trigger index holds these levels. */
    armed: position.armedVersion === position.levelsVersion,
    /** While something was held and protection asked for; stands still once it is closed. */
    unprotected_seconds: seconds(bare.ms),
    /** Null: it is protected, or closed. */
    unprotected_since: timeOrNull(bare.since),
    /** In which it was not known what became of an exit of it, and nothing else was sold. Not part of the above. */
    unknown_seconds: seconds(position.unprotected.unknownMs),
  };
}

/** `waiting`: stops that were reached; at `until` they sell, unless a price has come back before. */
const confirmationView = (position: Position) => {
  const { side, protection } = position;
  return {
    seconds: protection.confirmSeconds,
    max_percent: money(protection.confirmMaxPercent),
    waiting: windowsOf(position).map((window) => ({
      level_name: window.trigger.levelName,
      level: money(window.trigger.level),
      price: money(window.trigger.price),
      since: time(window.since),
      until: time(windowEndsAt(window, protection)),
      sells_at_once_at: money(boundPrice(window.trigger.level, side, protection)),
    })),
  };
};

/** What of the protection rests at the venue, and why nothing does where it is asked for. */
const residentView = (position: Position) => {
  const { resting, why, lookAt, owed } = residentOf(position);
  const { resident, confirmSeconds } = position.protection;
  const isDelayed = resident !== 'none' && confirmSeconds > 0;
  return {
    asked: resident,
    rests_as: resting?.form ?? null,
    order_id: resting?.orderId ?? null,
    level_name: resting?.levelName ?? null,
    amount: moneyOrNull(resting?.quantity ?? null),
    stop_price: moneyOrNull(resting?.stopPrice ?? null),
    take_profit_price: resting?.form === 'oco' ? moneyOrNull(resting.limitPrice) : null,
    since: timeOrNull(resting?.placedAt ?? null),
    /** A stop that waits to be confirmed rests nowhere: the venue would sell at once. */
    waits_for: isDelayed ? ('confirm_seconds' as const) : why,
    next_try_at: why === null ? null : timeOrNull(lookAt),
    /** Its level was reached, and until then the order at the venue goes first. */
    first_right_until: timeOrNull(owed?.until ?? null),
  };
};

/** `due_at`: when the position is closed; null before the first fill where it counts from there, and once it is closing. */
const timeStopView = (position: Position) => {
  const { timeStop } = position.protection;
  return {
    enabled: timeStop !== null,
    max_seconds: timeStop !== null && 'maxSeconds' in timeStop ? timeStop.maxSeconds : null,
    until: timeStop !== null && 'until' in timeStop ? time(timeStop.until) : null,
    due_at: timeOrNull(timeStopAt(position)),
  };
};

function trailingView({ trailingStop }: Protection) {
  const distance = trailingStop?.distance ?? null;
  return {
    enabled: trailingStop !== null,
    distance_percent: distance !== null && 'percent' in distance ? money(distance.percent) : null,
    distance_amount: distance !== null && 'amount' in distance ? money(distance.amount) : null,
    activation_price: moneyOrNull(trailingStop?.activationPrice ?? null),
  };
}

/** The tick that decided the (last) exit; null for exits by hand and while nothing has triggered. */
function exitTrigger(position: Position, orders: PositionFacts['orders']) {
  const ofOrders = orders.flatMap(({ order }) => order.exit?.trigger ?? []);
  const trigger = position.flatten === null ? ofOrders.at(-1) : position.flatten.trigger;
  return trigger == null ? null : triggerView(trigger);
}

/** An excursion is a price difference per unit; this is the same in quote, for what was bought. */
const inQuote = (excursion: Decimal | null, position: Position): string | null =>
  excursion === null ? null : money(excursion.times(position.entryQuantity));
