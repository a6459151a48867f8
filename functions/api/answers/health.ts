/** The answer about the background services (shared/usecases/views/health-view.ts, health-binance.ts). */
import * as z from 'zod';
import * as f from './fields.ts';

export const PriceTrust = z.strictObject({
  outliers_held: f.count,
  outliers_dropped: f.count,
  duplicates: f.count,
  out_of_order: f.count,
  crossed: f.count,
  future: f.count,
  late: f.count,
  not_positive: f.count,
  fallbacks: f.count,
});

/** One socket of a source. */
export const FeedConnection = z.strictObject({
  name: f.text,
  connected: f.flag,
  authenticated: f.flag,
  healthy: f.flag,
  messages_received: f.count,
  trades_processed: f.count,
  quotes_processed: f.count,
  errors: f.count,
  last_message_time: f.textOrNull,
  subscriptions: f.count,
  reconnects: f.count,
  trouble: f.textOrNull,
});

export const FeedSource = z.strictObject({
  name: f.text,
  connected: f.flag,
  authenticated: f.flag,
  triggers: f.count,
  messages_received: f.count,
  trades_processed: f.count,
  quotes_processed: f.count,
  errors: f.count,
  last_message_time: f.textOrNull,
  subscriptions: f.count,
  trouble: f.textOrNull,
  connections: z.array(FeedConnection),
});

export const WebsocketManager = z.strictObject({
  messages_received: f.count,
  trades_processed: f.count,
  quotes_processed: f.count,
  errors: f.count,
  last_message_time: f.textOrNull,
  is_running: f.flag,
  connected: f.flag,
  authenticated: f.flag,
  polygon_connected: f.flag,
  polygon_authenticated: f.flag,
  subscriptions: f.count,
  trouble: f.textOrNull,
  failed_subscriptions: z.array(z.strictObject({ symbol: f.text, reason: f.text })),
  source: f.textOrNull,
  sources: z.array(FeedSource),
  trust: PriceTrust,
});

export const OrderMonitor = z.strictObject({
  checks_performed: f.count,
  orders_monitored: f.count,
  positions_updated: f.count,
  stops_triggered: f.count,
  errors: f.count,
  last_check: f.instantOrNull,
  is_running: f.flag,
});

export const BinanceHealth = z.strictObject({
  environment: f.binanceEnvironment,
  budget: z
    .strictObject({
      assumed: f.flag,
      blocked: f.flag,
      blocked_until: f.instantOrNull,
      blocked_for: z.enum(['429', '418']).nullable(),
      weight: z.array(
        z.strictObject({ interval_ms: f.count, limit: f.count, used: z.number(), resets_at: f.instant }),
      ),
    })
    .nullable(),
  symbols: z.strictObject({ listed: f.count, trading: f.count, saved_at: f.instant }).nullable(),
  user_data: z.strictObject({
    shards: f.count,
    shards_silent: z.array(f.count),
    connections: f.count,
    connected: f.count,
    healthy: f.count,
    reconnects: f.count,
    messages_received: f.count,
    errors: f.count,
    last_message_time: f.instantOrNull,
    wallets: f.count,
    subscribed: f.count,
    refused: f.count,
    with_problem: f.count,
    gaps_open: f.count,
    reports_sent: f.count,
    buffered: f.count,
  }),
  comparisons: z.strictObject({ waiting: f.count, oldest_wait_seconds: f.count }).nullable(),
});

/** By work queue. */
export const DeadLetters = z.strictObject({
  counted_at: f.instant,
  queues: z.array(z.strictObject({ queue: f.text, messages: f.count })),
});

export const ServiceHealth = z.strictObject({
  websocket_manager: WebsocketManager,
  order_monitor: OrderMonitor,
  binance: BinanceHealth.exactOptional(),
  dead_letters: DeadLetters.nullable(),
  overall_status: z.enum(['healthy', 'degraded']),
});
