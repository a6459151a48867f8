/**
 * Every metric of ours, under the specification's names (design section 18).
 *
 * CloudWatch takes money for each name with each set of dimensions, in each hour in which it is told. So only what an alarm
 * or a dashboard looks at is a metric; the rest of a line is fields of the log, to be searched there. The monitoring stack
 * names what it looks at from here, and a test compares it with what a running system tells (docs/monitoring.md).
 */

/** What a metric is one of several of, beside its stage. */
export type Part = 'stage' | 'side' | 'venue';

/** By name: one of the whole stage, one of each side of an order, one of each of two price sources. */
export const METRICS = {
  // Price stream: every 20 s; the last one each minute.
  ws_connected: ['stage', 'venue'],
  ws_messages_total: ['stage', 'venue'],
  ws_errors_total: ['stage'],
  ws_latency_ms: ['stage'],
  prices_stale: ['stage'],
  // Order monitor: each sweep, and each minute.
  om_checks_total: ['stage'],
  om_errors_total: ['stage'],
  om_stops_triggered: ['stage'],
  om_positions_open: ['stage'],
  work_overdue_seconds: ['stage'],
  // Orders: each time.
  orders_placed_total: ['side'],
  orders_filled_total: ['stage'],
  orders_cancelled_total: ['stage'],
  orders_rejected_total: ['stage'],
  orders_failed_total: ['stage'],
  orders_unknown_seconds: ['stage'],
  exits_stuck_total: ['stage'],
  exits_tick_to_decision_ms: ['stage'],
  orders_decision_to_sent_ms: ['stage'],
  orders_fill_time_ms: ['stage'],
  // Positions.
  positions_pnl_realized: ['stage'],
  positions_pnl_unrealized: ['stage'],
  positions_duration_minutes: ['stage'],
  positions_unprotected_longest_seconds: ['stage'],
  // Wallets and their exchange: each minute, and when it happens.
  wallets_paused: ['stage'],
  wallets_refused: ['stage'],
  risk_breaches_total: ['stage'],
  risk_unseen_total: ['stage'],
  reconcile_differences_total: ['stage'],
  reconcile_oldest_wait_seconds: ['stage'],
  budget_weight_used_percent: ['stage'],
  budget_blocked_seconds: ['stage'],
  user_data_unsubscribed: ['stage'],
  user_data_reports_total: ['stage'],
  // The API: when it happens.
  api_audit_failed_total: ['stage'],
  api_rate_limit_unknown_total: ['stage'],
} as const satisfies Record<string, readonly Part[]>;

export type MetricName = keyof typeof METRICS;

/** Is this name a metric of this part? */
export const isMetric = (name: string, part: Part): name is MetricName =>
  Object.hasOwn(METRICS, name) && (METRICS[name as MetricName] as readonly Part[]).includes(part);
