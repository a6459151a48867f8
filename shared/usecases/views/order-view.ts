/**
 * An order as the API shows it: the specification's `orders` shape, decimals as text, fees by asset
 * (design sections 5, 7, 23).
 *
 * `requested_amount` is the quantity as sent, so that filled + remaining = requested; `asked` and `sent` show
 * both sides of the normalising.
 */
import { averagePrice, fillTimeMs, remaining } from '../../domain/orders.ts';
import type {
  Amendment,
  Fill,
  Order,
  OrderAmounts,
  OrderRefusal,
  OrderStatus,
  StatusChange,
} from '../../domain/types.ts';
import { inDollars } from '../../domain/usd.ts';
import { feesByAsset, money, moneyOrNull, singleFee, time, timeOrNull } from './text.ts';
import { triggerView } from './trigger-view.ts';

/** `fills: null` (lists) leaves the single fills out; the sums are always there. */
export function orderView(order: Order, fills: readonly Fill[] | null) {
  const quote = order.symbol.split('/')[1] ?? '';
  const fee = singleFee(order.fees, quote);
  return {
    order_id: order.orderId,
    user_id: order.userId,
    user_wallet_id: order.walletId,
    position_id: order.positionId,
    flow_id: order.flowId,
    execution_id: order.executionId,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    role: order.role,
    time_in_force: order.timeInForce,
    requested_amount: money(order.quantity),
    filled_amount: money(order.filledQuantity),
    filled_value: money(order.filledQuote),
    remaining_amount: money(remaining(order)),
    limit_price: moneyOrNull(order.limitPrice),
    stop_price: moneyOrNull(order.stopPrice),
    stop_limit_price: moneyOrNull(order.stopLimitPrice),
    /** Basis points. */
    trailing_delta: order.trailingDelta,
    /** A market order by an amount of the quote asset: `requested_amount` is 0, what it buys shows in the fills. */
    requested_quote_amount: moneyOrNull(order.quoteQuantity),
    triggered_at: timeOrNull(order.triggeredAt),
    average_fill_price: moneyOrNull(averagePrice(order)),
    reference_price: moneyOrNull(order.referencePrice),
    asked: amountsView(order.asked),
    sent: amountsView(order),
    status: order.status,
    /** True while the venue's answer is lost: only its own evidence settles the order. */
    outcome_unknown: order.send?.outcome === 'unknown',
    cancel_requested_at: timeOrNull(order.cancelWanted?.at ?? null),
    status_history: order.statusHistory.map(statusChangeView),
    reject: order.refusal && rejectView(order.refusal),
    exchange: order.environment,
    external_order_id: order.venueOrderId,
    // As long as an order's own words are, a list does without them.
    ...(fills !== null && {
      exchange_response: order.exchangeResponse && responseView(order.exchangeResponse),
    }),
    amendment: order.amendment && amendmentView(order.amendment),
    /** The resident order that holds what this one sells: it is sent once that has given way. */
    waits_for: order.waitsFor,
    replaces: order.replaces,
    replaced_by: order.replacedBy,
    ...(fills !== null && { fills: fills.map(fillView) }),
    fill_count: order.fillCount,
    total_fees: fee.fees,
    fee_currency: fee.fee_currency,
    fees_by_asset: feesByAsset(order.fees),
    /** Fees that had no price at their fills, and what they were taken for when one came. */
    late_fees: order.lateFees.map(({ asset, amount, price, value, at }) => ({
      asset,
      amount: money(amount),
      price: money(price),
      value: money(value),
      valued_at: time(at),
    })),
    /** Null while a fee's value is not known, and where the quote asset is none that counts as dollars. */
    total_fees_usd: moneyOrNull(inDollars(order.feesQuoteValue, quote)),
    exit: order.exit && {
      cause: order.exit.cause,
      full_exit: order.exit.flatten,
      /** Rests at the venue for a level of the position's protection. */
      resident: order.exit.resident,
      trigger: order.exit.trigger && triggerView(order.exit.trigger),
    },
    ai_reasoning: order.aiReasoning,
    ai_confidence: order.aiConfidence,
    ai_agent_id: order.aiAgentId,
    created_at: time(order.createdAt),
    updated_at: time(order.updatedAt),
    submitted_at: timeOrNull(order.timings.sentAt),
    first_fill_at: timeOrNull(order.timings.firstFillAt),
    last_fill_at: timeOrNull(order.timings.lastFillAt ?? lastFillAt(fills ?? [])),
    closed_at: timeOrNull(order.timings.finalAt),
    cancelled_at: timeOrNull(reachedAt(order, 'cancelled')),
    timings: {
      created_at: time(order.timings.createdAt),
      tick_at: timeOrNull(order.timings.tickAt),
      claimed_at: timeOrNull(order.timings.claimedAt),
      sent_at: timeOrNull(order.timings.sentAt),
      accepted_at: timeOrNull(order.timings.acceptedAt),
      first_fill_at: timeOrNull(order.timings.firstFillAt),
      last_fill_at: timeOrNull(order.timings.lastFillAt),
      final_at: timeOrNull(order.timings.finalAt),
      /** From the tick that decided to the moment the order went out. */
      tick_to_sent_ms: span(order.timings.tickAt, order.timings.sentAt),
      /** From the moment the order went out until it was filled; null for one that was not. */
      fill_time_ms: fillTimeMs(order),
    },
    metadata: {
      ...order.metadata,
      client_order_id: order.clientOrderId,
      tags: order.tags,
      notes: order.notes,
    },
    deleted_at: null,
  };
}

const responseView = (response: NonNullable<Order['exchangeResponse']>) => ({
  /** The venue's JSON as text; of a longer one the beginning. */
  text: response.text,
  truncated: response.length > response.text.length,
  length: response.length,
  source: response.source,
  at: time(response.at),
});

const amendmentView = (amendment: Amendment) => ({
  requested_at: time(amendment.at),
  cause: amendment.cause,
  /** `before_sending`, `in_place` (it keeps its place in the queue) or `new_order`. */
  way: amendment.way,
  outcome: amendment.outcome,
  reason: amendment.reason,
  asked: amountsView(amendment.asked),
  wanted: amountsView(amendment.wanted),
});

const rejectView = ({ code, message, venueCode, filter }: OrderRefusal) => ({
  code,
  message,
  /** The venue's own. */
  venue_code: venueCode,
  filter,
});

/** One side of the normalising. */
export const amountsView = (amounts: OrderAmounts) => ({
  quantity: money(amounts.quantity),
  quote_quantity: moneyOrNull(amounts.quoteQuantity),
  limit_price: moneyOrNull(amounts.limitPrice),
  stop_price: moneyOrNull(amounts.stopPrice),
  stop_limit_price: moneyOrNull(amounts.stopLimitPrice),
  trailing_delta: amounts.trailingDelta,
});

export type OrderView = ReturnType<typeof orderView>;

const statusChangeView = (change: StatusChange) => ({
  status: change.status,
  timestamp: time(change.at),
  reason: change.reason,
  cause: change.cause,
});

/** One trade. Its id is the venue's trade id: unique within the order. */
export const fillView = (fill: Fill) => ({
  fill_id: fill.tradeId,
  trade_id: fill.tradeId,
  amount: money(fill.quantity),
  price: money(fill.price),
  fee: money(fill.fee.amount),
  fee_currency: fill.fee.asset,
  fee_quote_value: moneyOrNull(fill.feeQuoteValue),
  timestamp: time(fill.at),
  tick_id: fill.tickId,
  maker: fill.maker,
});

const lastFillAt = (fills: readonly Fill[]): number | null =>
  fills.length === 0 ? null : Math.max(...fills.map((fill) => fill.at));

const reachedAt = (order: Order, status: OrderStatus): number | null =>
  order.statusHistory.find((change) => change.status === status)?.at ?? null;

const span = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : to - from;
