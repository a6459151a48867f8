/**
 * Health of the background services in the specification's shape, from the cache's counters alone
 * (design section 18): what the streamer and the evaluator last said of themselves, and how long ago.
 */
import * as z from 'zod';
import type { Clock } from '../../ports/runtime.ts';
import type { Counters } from '../../ports/trigger-index.ts';
import { timeOrNull } from './text.ts';

/** A service that has said nothing for this long is not running. */
export const SILENT_MS = 5_000;

const COUNTER_NAMES = [
  'ws:stats',
  'ws:connected',
  'om:checks_total',
  'om:orders_monitored',
  'om:positions_updated',
  'om:positions_open',
  'om:stops_triggered',
  'om:errors_total',
  'om:last_check',
] as const;

/** What the streamer writes each second; unknown members are let through unread. */
const StreamerStats = z.object({
  messages_received: z.number(),
  trades_processed: z.number(),
  quotes_processed: z.number(),
  errors: z.number(),
  last_message_time: z.union([z.string(), z.number()]).nullable(),
  connected: z.boolean(),
  authenticated: z.boolean(),
  subscriptions: z.union([z.number(), z.array(z.string())]),
  feed: z.string().optional(),
  updated_at: z.union([z.string(), z.number()]).optional(),
});
type StreamerStats = z.infer<typeof StreamerStats>;

const NOT_RUNNING = {
  messages_received: 0,
  trades_processed: 0,
  quotes_processed: 0,
  errors: 0,
  last_message_time: null,
  is_running: false,
  connected: false,
  authenticated: false,
  polygon_connected: false,
  polygon_authenticated: false,
  subscriptions: 0,
  symbols: [] as readonly string[],
  feed: null as string | null,
};

export function makeReadHealth(ports: { readonly counters: Counters; readonly clock: Clock }) {
  return async () => {
    const values = await ports.counters.read(COUNTER_NAMES);
    const now = ports.clock.now();
    const websocketManager = websocketView(values['ws:stats'] ?? null, now);
    const orderMonitor = monitorView(values, now);
    return {
      websocket_manager: websocketManager,
      order_monitor: orderMonitor,
      overall_status:
        websocketManager.is_running && orderMonitor.is_running ? ('healthy' as const) : ('degraded' as const),
    };
  };
}

function websocketView(text: string | null, now: number) {
  const stats = text === null ? null : readStats(text);
  if (stats === null) return NOT_RUNNING;
  const saidAt = epochMs(stats.updated_at ?? null);
  const isPolygon = stats.feed === 'polygon';
  return {
    messages_received: stats.messages_received,
    trades_processed: stats.trades_processed,
    quotes_processed: stats.quotes_processed,
    errors: stats.errors,
    last_message_time: timeOrNull(epochMs(stats.last_message_time)),
    // The streamer's word expires by itself; its own time, where given, is the sharper test.
    is_running: saidAt === null || now - saidAt <= SILENT_MS,
    connected: stats.connected,
    authenticated: stats.authenticated,
    polygon_connected: isPolygon && stats.connected,
    polygon_authenticated: isPolygon && stats.authenticated,
    subscriptions: Array.isArray(stats.subscriptions) ? stats.subscriptions.length : stats.subscriptions,
    symbols: Array.isArray(stats.subscriptions) ? stats.subscriptions : [],
    feed: stats.feed ?? null,
  };
}

function readStats(text: string): StreamerStats | null {
  try {
    return StreamerStats.parse(JSON.parse(text));
  } catch (error) {
    throw new Error('ws:stats is not what the streamer writes', { cause: error });
  }
}

const epochMs = (value: string | number | null): number | null => {
  if (value === null || typeof value === 'number') return value;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? null : parsed;
};

function monitorView(values: Readonly<Record<string, string | null>>, now: number) {
  const lastCheck = epochMs(values['om:last_check'] == null ? null : timeText(values['om:last_check']));
  return {
    checks_performed: count(values['om:checks_total']),
    orders_monitored: count(values['om:orders_monitored']),
    positions_updated: count(values['om:positions_updated']),
    positions_open: count(values['om:positions_open']),
    stops_triggered: count(values['om:stops_triggered']),
    errors: count(values['om:errors_total']),
    last_check: timeOrNull(lastCheck),
    is_running: lastCheck !== null && now - lastCheck <= SILENT_MS,
  };
}

/** Epoch milliseconds or ISO text. */
const timeText = (text: string): string | number => (/^\d+$/.test(text) ? Number.parseInt(text, 10) : text); // not money: a time

const count = (text: string | null | undefined): number =>
  text == null ? 0 : Math.trunc(Number.parseInt(text, 10)); // not money: a counter
