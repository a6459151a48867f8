/** Answers about positions (shared/usecases/views/position-view.ts). */
import * as z from 'zod';
import { VOLATILITIES } from '../../../shared/domain/market-conditions.ts';
import { RESIDENT_REASONS } from '../../../shared/domain/resident-facts.ts';
import * as f from './fields.ts';
import { Fill, Order, Trigger } from './orders.ts';
import { Monitoring, Signal, TakeProfitRung } from './signals.ts';

export const PositionEntry = z.strictObject({
  order_id: f.id,
  order_ids: z.array(f.id),
  timestamp: f.instantOrNull,
  price: f.amountOrNull,
  amount: f.amount,
  value: f.amount,
  leverage: z.number(),
  margin_used: f.amount,
  fees: f.amountOrNull,
  fee_currency: f.textOrNull,
  fees_by_asset: f.byAsset,
  live: f.flag,
  ai_reasoning: f.textOrNull,
  ai_confidence: z.number().nullable(),
  ai_agent: f.textOrNull,
});

export const PositionCurrent = z.strictObject({
  price: f.amountOrNull,
  amount: f.amount,
  cost: f.amount,
  margin_used: f.amount,
  value: f.amountOrNull,
  unrealized_pnl: f.amountOrNull,
  unrealized_pnl_percent: f.amountOrNull,
  realized_pnl: f.amount,
  realized_pnl_percent: f.amountOrNull,
  time_held_minutes: f.count,
  price_source: f.textOrNull,
  tick_id: f.wholeOrNull,
  last_updated: f.instantOrNull,
});

export const PositionExit = z.strictObject({
  order_id: f.idOrNull,
  order_ids: z.array(f.id),
  timestamp: f.instant,
  price: f.amountOrNull,
  amount: f.amount,
  value: f.amount,
  fees: f.amountOrNull,
  fee_currency: f.textOrNull,
  fees_by_asset: f.byAsset,
  reason: f.exitCause.nullable(),
  realized_pnl: f.amount,
  realized_pnl_percent: f.amountOrNull,
  time_held_minutes: f.count,
  dust: z.strictObject({ amount: f.amount, cost: f.amount }).nullable(),
});

export const TrailingStop = z.strictObject({
  enabled: f.flag,
  distance_percent: f.amountOrNull,
  distance_amount: f.amountOrNull,
  activation_price: f.amountOrNull,
});

/** With what the tape says of it. */
export const TrailingStopDetail = TrailingStop.extend({
  current_trigger: f.amountOrNull,
  peak: f.amountOrNull,
  adjusted_count: f.count.nullable(),
  last_adjusted: f.instantOrNull,
});

export const BreakEven = z.strictObject({
  enabled: f.flag,
  activation_profit_percent: f.amountOrNull,
  offset_percent: f.amountOrNull,
  activated: f.flag,
  activated_at: f.instantOrNull,
  stop_price: f.amountOrNull,
});

export const TimeStop = z.strictObject({
  enabled: f.flag,
  max_seconds: f.wholeOrNull,
  until: f.instantOrNull,
  due_at: f.instantOrNull,
});

export const Confirmation = z.strictObject({
  seconds: f.count,
  max_percent: f.amount,
  waiting: z.array(
    z.strictObject({
      level_name: f.text,
      level: f.amount,
      price: f.amount,
      since: f.instant,
      until: f.instant,
      sells_at_once_at: f.amount,
    }),
  ),
});

export const ResidentProtection = z.strictObject({
  asked: f.residentMode,
  rests_as: z.enum(['stop', 'oco']).nullable(),
  order_id: f.idOrNull,
  level_name: f.textOrNull,
  amount: f.amountOrNull,
  stop_price: f.amountOrNull,
  take_profit_price: f.amountOrNull,
  since: f.instantOrNull,
  waits_for: z.enum(['confirm_seconds', ...RESIDENT_REASONS]).nullable(),
  next_try_at: f.instantOrNull,
  first_right_until: f.instantOrNull,
});

export const RiskManagement = z.strictObject({
  initial_stop_loss: f.amountOrNull,
  initial_take_profit: f.amountOrNull,
  current_stop_loss: f.amountOrNull,
  current_stop_level: z.enum(['stop_loss', 'break_even']).nullable(),
  current_take_profit: f.amountOrNull,
  take_profits: z.array(TakeProfitRung.extend({ claimed: f.flag })),
  stop_loss_order_id: f.idOrNull,
  take_profit_order_id: f.idOrNull,
  resident: ResidentProtection,
  trailing_stop: TrailingStop,
  break_even: BreakEven,
  time_stop: TimeStop,
  confirmation: Confirmation,
  stop_limit: z.strictObject({ percent: f.amount, seconds: f.count }).nullable(),
  trigger_price: z.enum(['bid_ask', 'last', 'mid']),
  levels_version: f.count,
  armed: f.flag,
  unprotected_seconds: z.number().min(0),
  unprotected_since: f.instantOrNull,
  unknown_seconds: z.number().min(0),
  liquidation_price: f.amountOrNull,
});

export const Shortage = z.strictObject({
  asked_at: f.instant,
  next_try_at: f.instant,
  account_free: f.amount,
  account_locked: f.amount,
  held_by: z.array(z.strictObject({ exchange_order_id: f.id, quantity: f.amount, ours: f.flag })).nullable(),
});

export const Closing = z.strictObject({
  cause: f.exitCause,
  price: f.amountOrNull,
  at: f.instant,
  step: f.count,
  shortage: Shortage.nullable(),
  limit: z.strictObject({ price: f.amount, until: f.instant }).nullable(),
});

export const PositionFees = z.strictObject({
  total_fees_quote: f.amountOrNull,
  fees_by_asset: f.byAsset,
  unvalued: f.byAsset,
});

/** In lists: without what needs fills and the price tape. */
export const PositionSummary = z.strictObject({
  position_id: f.id,
  user_id: f.id,
  user_wallet_id: f.id,
  flow_id: f.idOrNull,
  symbol: f.text,
  side: f.positionSide,
  status: f.positionStatus,
  entry: PositionEntry,
  current: PositionCurrent,
  risk_management: RiskManagement,
  ai_monitoring: Monitoring,
  closing: Closing.nullable(),
  exit: PositionExit.nullable(),
  fees: PositionFees,
  created_at: f.instant,
  opened_at: f.instantOrNull,
  closed_at: f.instantOrNull,
  updated_at: f.instant,
  deleted_at: z.null(),
});

export const MarketConditions = z.strictObject({
  price: f.amountOrNull,
  volume_24h: f.amountOrNull,
  rsi_14: f.amountOrNull,
  volatility: z.enum(VOLATILITIES).nullable(),
  volatility_percent: f.amountOrNull,
  given_by_caller: z.array(f.text),
});

export const PositionStatistics = z.strictObject({
  total_fees: f.amountOrNull,
  fee_currency: f.textOrNull,
  total_fees_quote: f.amountOrNull,
  total_slippage: f.amount,
  price_moves_count: f.count,
  stop_adjustments: f.count,
  max_favorable_excursion: f.amountOrNull,
  max_adverse_excursion: f.amountOrNull,
  max_favorable_excursion_quote: f.amountOrNull,
  max_adverse_excursion_quote: f.amountOrNull,
  frozen_at: f.instantOrNull,
});

export const PositionFill = z.strictObject({ order_id: f.id, side: f.side, role: f.role, ...Fill.shape });

/** The facts of the action stand beside these two. */
export const PositionAction = z.object({ timestamp: f.instant, action: f.text }).catchall(f.text);

export const Position = PositionSummary.extend({
  entry: PositionEntry.extend({ market_conditions: MarketConditions }),
  current: PositionCurrent.extend({
    risk_level: z.enum(['low', 'medium', 'high', 'critical']),
    high_water_mark: f.amountOrNull,
    low_water_mark: f.amountOrNull,
    max_drawdown_percent: f.amountOrNull,
  }),
  risk_management: RiskManagement.extend({ trailing_stop: TrailingStopDetail }),
  ai_monitoring: Monitoring.extend({ ai_signals: z.array(Signal) }),
  exit_trigger: Trigger.nullable(),
  statistics: PositionStatistics,
  orders: z.array(Order),
  fills: z.array(PositionFill),
  actions: z.array(PositionAction),
});

export const CloseWarning = z.strictObject({
  code: f.text,
  field: f.text,
  detail: f.text,
  next_action: f.text,
});

export const ClosedPosition = z.strictObject({
  position_id: f.id,
  exit: Order.nullable(),
  repeated: f.flag,
  warnings: z.array(CloseWarning),
  position: Position,
});

/** The signal, what it made, and the position as it stands. */
export const TakenSignal = Signal.extend({
  exit: Order.nullable(),
  repeated: f.flag,
  warnings: z.array(CloseWarning),
  position: Position.nullable(),
});
