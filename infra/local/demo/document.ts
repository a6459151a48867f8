/** What happened, as one document: per position its entry, stop moves and exits, from the API's answers. */
import { type Decimal, decimal, decimalText, sum } from '../../../shared/domain/money/decimal.ts';
import type { FillAnswer, OrderAnswer, PositionDetailAnswer } from './api-client.ts';
import type { Opened } from './trade.ts';

export const total = (texts: readonly string[]): Decimal => sum(texts.map(decimal));

const fillEntry = (fill: FillAnswer) => ({
  trade_id: fill.trade_id,
  quantity: fill.amount,
  price: fill.price,
  fee: fill.fee,
  fee_asset: fill.fee_currency,
  at: fill.timestamp,
  tick_id: fill.tick_id,
});

export function positionEntry({ kind, protection }: Opened, detail: PositionDetailAnswer) {
  const entryOrder = detail.orders.find((order) => order.role === 'entry');
  const fillsOf = (orderId: string | undefined) =>
    detail.fills.filter((fill) => fill.order_id === orderId).map(fillEntry);
  const exits = detail.orders
    .filter((order) => order.role === 'exit')
    .map((order) => exitEntry(order, fillsOf(order.order_id)));
  const { trailing_stop: trailing, break_even: breakEven, ...risk } = detail.risk_management;
  return {
    position_id: detail.position_id,
    kind,
    symbol: detail.symbol,
    side: detail.side,
    status: detail.status,
    protection,
    entry: {
      order_id: entryOrder?.order_id ?? null,
      quantity: detail.entry.amount,
      price: detail.entry.price,
      at: detail.opened_at,
      fills: fillsOf(entryOrder?.order_id),
    },
    stop_moves: {
      /** Seconds in which the trailing stop moved. */
      trailing_count: trailing.adjusted_count,
      trailing_last_at: trailing.last_adjusted,
      trailing_peak: trailing.peak,
      break_even_at: breakEven.activated_at,
      break_even_stop: breakEven.stop_price,
      initial_stop: risk.initial_stop_loss,
      final_stop: risk.current_stop_loss,
    },
    exits,
    /** The one that closed the position: the last full exit, else the last part. */
    exit: exits.findLast((exit) => exit.full) ?? exits.at(-1) ?? null,
    fees_by_asset: detail.fees.fees_by_asset,
    realized_pnl: detail.exit?.realized_pnl ?? detail.current.realized_pnl,
    realized_pnl_percent: detail.exit?.realized_pnl_percent ?? null,
    dust: detail.exit?.dust ?? null,
    opened_at: detail.opened_at,
    closed_at: detail.closed_at,
  };
}

export type PositionEntry = ReturnType<typeof positionEntry>;
export type ExitEntry = ReturnType<typeof exitEntry>;

function exitEntry(order: OrderAnswer, fills: readonly ReturnType<typeof fillEntry>[]) {
  const trigger = order.exit?.trigger ?? null;
  return {
    order_id: order.order_id,
    cause: order.exit?.cause ?? null,
    /** False: a rung of a ladder. */
    full: order.exit?.full_exit ?? false,
    status: order.status,
    level_name: trigger?.level_name ?? null,
    level: trigger?.level ?? null,
    trigger_price: trigger?.price ?? null,
    trigger_source: trigger?.source ?? null,
    trigger_peak: trigger?.peak ?? null,
    /** The feed's number of the tick; in a replay the line of the file. */
    trigger_tick_id: trigger?.tick_id ?? null,
    arming_tick_id: trigger?.armed_tick_id ?? null,
    trigger_cause: trigger?.cause ?? null,
    tick_at: trigger?.tick_at ?? null,
    recorded_at: trigger?.recorded_at ?? null,
    created_at: order.timings.created_at,
    sent_at: order.timings.sent_at,
    accepted_at: order.timings.accepted_at,
    tick_to_wire_ms: trigger === null ? null : order.timings.tick_to_sent_ms,
    /** Until the venue had taken it. */
    tick_to_venue_ms: trigger === null ? null : span(order.timings.tick_at, order.timings.accepted_at),
    quantity: order.requested_amount,
    filled: order.filled_amount,
    average_price: order.average_fill_price,
    fills,
  };
}

const span = (from: string | null, to: string | null): number | null =>
  from === null || to === null ? null : Date.parse(to) - Date.parse(from);

/** What each asset started and ended with. */
export function balanceEntries(
  start: Readonly<Record<string, string>>,
  end: readonly { readonly asset: string; readonly locked: string; readonly total: string }[],
) {
  const assets = [...new Set([...Object.keys(start), ...end.map(({ asset }) => asset)])];
  return assets.map((asset) => {
    const found = end.find((balance) => balance.asset === asset);
    const [from, to] = [start[asset] ?? '0', found?.total ?? '0'];
    return {
      asset,
      start: from,
      end: to,
      change: decimalText(decimal(to).minus(decimal(from))),
      locked: found?.locked ?? '0',
    };
  });
}

export type BalanceEntry = ReturnType<typeof balanceEntries>[number];
