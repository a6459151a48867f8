/** Answers about orders (shared/usecases/views/order-view.ts, cancel-all-view.ts, preview-view.ts). */
import * as z from 'zod';
import { AMEND_OUTCOMES, AMEND_WAYS } from '../../../shared/domain/order-amounts.ts';
import { LIMIT_NAMES } from '../../../shared/domain/risk/limits.ts';
import { FILTER_KINDS } from '../../../shared/domain/symbol-rules.ts';
import { REFUSAL_CODES } from '../../../shared/usecases/refusal.ts';
import * as f from './fields.ts';

export const Amounts = z.strictObject({
  quantity: f.amount,
  quote_quantity: f.amountOrNull,
  limit_price: f.amountOrNull,
  stop_price: f.amountOrNull,
  stop_limit_price: f.amountOrNull,
  trailing_delta: f.wholeOrNull,
});

export const Trigger = z.strictObject({
  level_name: f.text,
  cause: z.enum(['tick', 'armed', 'rebuilt']),
  source: f.priceSource,
  level: f.amount,
  price: f.amount,
  peak: f.amountOrNull,
  bid: f.amount,
  ask: f.amount,
  last: f.amount,
  price_source: f.textOrNull,
  converted: f.flag,
  unchecked: f.flag.nullable(),
  price_age_ms: f.wholeOrNull,
  tick_id: f.whole,
  armed_tick_id: f.whole,
  tick_at: f.instant,
  recorded_at: f.instantOrNull,
});

export const Fill = z.strictObject({
  fill_id: f.id,
  trade_id: f.id,
  amount: f.amount,
  price: f.amount,
  fee: f.amount,
  fee_currency: f.text,
  fee_quote_value: f.amountOrNull,
  timestamp: f.instant,
  tick_id: f.wholeOrNull,
  maker: f.flag,
});

export const StatusChange = z.strictObject({
  status: f.orderStatus,
  timestamp: f.instant,
  reason: f.text,
  cause: f.text,
});

export const Reject = z.strictObject({
  code: f.text,
  message: f.text,
  venue_code: f.wholeOrNull,
  filter: f.textOrNull,
});

export const ExchangeResponse = z.strictObject({
  text: f.text,
  truncated: f.flag,
  length: f.count,
  source: f.text,
  at: f.instant,
});

export const Amendment = z.strictObject({
  requested_at: f.instant,
  cause: f.text,
  way: z.enum(AMEND_WAYS),
  outcome: z.enum(AMEND_OUTCOMES),
  reason: f.textOrNull,
  asked: Amounts,
  wanted: Amounts,
});

export const LateFee = z.strictObject({
  asset: f.text,
  amount: f.amount,
  price: f.amount,
  value: f.amount,
  valued_at: f.instant,
});

export const OrderExit = z.strictObject({
  cause: f.exitCause,
  full_exit: f.flag,
  resident: f.flag,
  trigger: Trigger.nullable(),
});

export const OrderTimings = z.strictObject({
  created_at: f.instant,
  tick_at: f.instantOrNull,
  claimed_at: f.instantOrNull,
  sent_at: f.instantOrNull,
  accepted_at: f.instantOrNull,
  first_fill_at: f.instantOrNull,
  last_fill_at: f.instantOrNull,
  final_at: f.instantOrNull,
  tick_to_sent_ms: f.wholeOrNull,
  fill_time_ms: f.wholeOrNull,
});

/** The caller's own members stand beside these three. */
export const OrderMetadata = z
  .object({ client_order_id: f.textOrNull, tags: z.array(f.text), notes: f.textOrNull })
  .catchall(f.text);

export const Order = z.strictObject({
  order_id: f.id,
  user_id: f.id,
  user_wallet_id: f.id,
  position_id: f.id,
  flow_id: f.idOrNull,
  execution_id: f.idOrNull,
  symbol: f.text,
  side: f.side,
  type: f.orderType,
  role: f.role,
  time_in_force: f.timeInForce,
  requested_amount: f.amount,
  filled_amount: f.amount,
  filled_value: f.amount,
  remaining_amount: f.amount,
  limit_price: f.amountOrNull,
  stop_price: f.amountOrNull,
  stop_limit_price: f.amountOrNull,
  trailing_delta: f.wholeOrNull,
  requested_quote_amount: f.amountOrNull,
  triggered_at: f.instantOrNull,
  average_fill_price: f.amountOrNull,
  reference_price: f.amountOrNull,
  asked: Amounts,
  sent: Amounts,
  status: f.orderStatus,
  outcome_unknown: f.flag,
  cancel_requested_at: f.instantOrNull,
  status_history: z.array(StatusChange),
  reject: Reject.nullable(),
  exchange: f.environment,
  external_order_id: f.idOrNull,
  exchange_response: ExchangeResponse.nullable().exactOptional(),
  amendment: Amendment.nullable(),
  waits_for: f.idOrNull,
  replaces: f.idOrNull,
  replaced_by: f.idOrNull,
  fills: z.array(Fill).exactOptional(),
  fill_count: f.count,
  total_fees: f.amountOrNull,
  fee_currency: f.textOrNull,
  fees_by_asset: f.byAsset,
  late_fees: z.array(LateFee),
  total_fees_usd: f.amountOrNull,
  exit: OrderExit.nullable(),
  ai_reasoning: f.textOrNull,
  ai_confidence: z.number().nullable(),
  ai_agent_id: f.textOrNull,
  created_at: f.instant,
  updated_at: f.instant,
  submitted_at: f.instantOrNull,
  first_fill_at: f.instantOrNull,
  last_fill_at: f.instantOrNull,
  closed_at: f.instantOrNull,
  cancelled_at: f.instantOrNull,
  timings: OrderTimings,
  metadata: OrderMetadata,
  deleted_at: z.null(),
});

/** An order after an amendment, with the order that took its place. */
export const AmendedOrder = Order.extend({ replacement: Order.nullable() });

export const CancelledOrder = z.strictObject({
  order_id: f.id,
  position_id: f.id,
  symbol: f.text,
  side: f.side,
  type: f.orderType,
  role: f.role,
  status: f.orderStatus,
  filled_amount: f.amount,
  cancel_requested_at: f.instantOrNull,
  replaced_by: f.idOrNull,
});

export const NotCancelled = z.strictObject({
  order_id: f.id,
  code: z.enum(REFUSAL_CODES),
  detail: f.text,
  next_action: f.text,
});

export const CancelledAll = z.strictObject({
  wallet_id: f.id,
  repeated: f.flag,
  orders: z.array(CancelledOrder),
  not_cancelled: z.array(NotCancelled),
});

export const RuleCheck = z.strictObject({
  rule: z.enum([...FILTER_KINDS, 'symbol_status', 'order_type', 'precision']),
  outcome: z.enum(['passed', 'failed', 'uncertain', 'not_applicable', 'not_checked']),
  figures: f.facts,
  code: f.text.exactOptional(),
  field: f.text.exactOptional(),
  detail: f.text.exactOptional(),
  next_action: f.text.exactOptional(),
  why: f.text.exactOptional(),
});

export const BrokenLimit = z.strictObject({
  name: z.enum(LIMIT_NAMES),
  limit: f.text,
  used: f.text,
  asked: f.text,
});

export const PreviewRefusal = z.strictObject({
  code: z.enum(REFUSAL_CODES),
  field: f.textOrNull,
  detail: f.text,
  next_action: f.text,
  facts: f.facts.exactOptional(),
});

export const PreviewWarning = z.strictObject({
  code: z.enum(['rounded', 'rule_uncertain', 'rule_not_checked', 'would_match', 'no_price']),
  message: f.text,
});

export const Preview = z.strictObject({
  accepted: f.flag,
  refusal: PreviewRefusal.nullable(),
  user_wallet_id: f.id,
  exchange: f.environment,
  position_id: f.idOrNull,
  symbol: f.text,
  venue_symbol: f.text,
  side: f.side,
  type: f.orderType,
  role: f.role,
  time_in_force: f.timeInForce,
  asked: Amounts,
  sent: Amounts,
  market_price: f.amountOrNull,
  estimated_value: f.amountOrNull,
  quote: f.text,
  checks: z.array(RuleCheck),
  margin: z
    .strictObject({ leverage: z.number(), margin_used: f.amount, liquidation_price: f.amountOrNull })
    .nullable(),
  risk: z.strictObject({ allowed: f.flag, broken: z.array(BrokenLimit) }).nullable(),
  warnings: z.array(PreviewWarning),
  protection: z
    .strictObject({
      stop_loss: f.amountOrNull,
      take_profits: z.array(z.strictObject({ price: f.amount, share: f.amount })),
    })
    .nullable(),
});
