/**
 * Health of the background services in the specification's shape, from the cache's counters alone
 * (design section 18): what the streamer and the evaluator last said of themselves, and how long ago.
 */
import * as z from 'zod';
import type { Clock } from '../../ports/runtime.ts';
import type { Counters } from '../../ports/trigger-index.ts';
import { DEAD_LETTERS } from '../count-dead-letters.ts';
import type { makeReadBinanceHealth } from './health-binance.ts';
import { time, timeOrNull, whole } from './text.ts';

/** A service that has said nothing for this long is not running. */
export const SILENT_MS = 5_000;

const COUNTER_NAMES = [
  'ws:stats',
  'om:checks_total',
  'om:orders_monitored',
  'om:positions_updated',
  'om:stops_triggered',
  'om:errors_total',
  'om:last_check',
  DEAD_LETTERS,
] as const;

const count = z.number().prefault(0);

/** How many prices were held or left out, and why (docs/prices.md); since the streamer's start. */
const Trust = z.object({
  outliers_held: count,
  outliers_dropped: count,
  duplicates: count,
  out_of_order: count,
  crossed: count,
  future: count,
  late: count,
  not_positive: count,
  fallbacks: count,
});
const NOTHING_HELD = Trust.parse({});

/** One socket of a source. */
const Connection = z.object({
  name: z.string(),
  connected: z.boolean(),
  authenticated: z.boolean(),
  /** False after so many failures in a row; it goes on trying. */
  healthy: z.boolean(),
  messages_received: count,
  trades_processed: count,
  quotes_processed: count,
  errors: count,
  last_message_time: z.string().nullable(),
  subscriptions: count,
  reconnects: count,
  trouble: z.string().nullable(),
});

/** Of one or two sources, the preferred one first. */
const Source = z.object({
  name: z.string(),
  connected: z.boolean(),
  authenticated: z.boolean(),
  /** Of so many symbols it gives the price now; of the others nothing may trigger, or the other source does. */
  triggers: count,
  messages_received: count,
  trades_processed: count,
  quotes_processed: count,
  errors: count,
  last_message_time: z.string().nullable().default(null),
  subscriptions: count,
  trouble: z.string().nullable().default(null),
  connections: z.array(Connection).prefault([]),
});

/** What the streamer writes each second (stream-prices/tally), with a short life; other members stay unread. */
const StreamerStats = z.object({
  messages_received: z.number(),
  trades_processed: z.number(),
  quotes_processed: z.number(),
  errors: z.number(),
  last_message_time: z.string().nullable(),
  is_running: z.boolean(),
  connected: z.boolean(),
  authenticated: z.boolean(),
  subscriptions: z.number(),
  /** Why the source does not let us in: `auth_failed`, `max_connections`; null = it does. */
  trouble: z.string().nullable().default(null),
  /** Symbols without prices, or with a part of them, and why. */
  failed_subscriptions: z.array(z.object({ symbol: z.string(), reason: z.string() })).default([]),
  source: z.string(),
  sources: z.array(Source).prefault([]),
  trust: Trust.prefault({}),
});

/** As usecases/count-dead-letters.ts writes it. */
const DeadLetters = z.object({
  at: z.number(),
  queues: z.array(z.object({ queue: z.string(), messages: z.number() })),
});

interface WebsocketView extends Omit<z.infer<typeof StreamerStats>, 'source'> {
  /** The feed's name. */
  readonly source: string | null;
  readonly polygon_connected: boolean;
  readonly polygon_authenticated: boolean;
}

const NOT_RUNNING: WebsocketView = {
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
  trouble: null,
  failed_subscriptions: [],
  source: null,
  sources: [],
  trust: NOTHING_HELD,
};

export interface HealthPorts {
  readonly counters: Pick<Counters, 'read'>;
  readonly clock: Clock;
  /** Null or absent: no exchange is served, and the answer has no part `binance`. */
  readonly readBinance?: ReturnType<typeof makeReadBinanceHealth> | null;
}

export function makeReadHealth(ports: HealthPorts) {
  return async () => {
    const [values, binance] = await Promise.all([
      ports.counters.read(COUNTER_NAMES),
      ports.readBinance?.() ?? null,
    ]);
    const now = ports.clock.now();
    const websocketManager = websocketView(values['ws:stats'] ?? null);
    const orderMonitor = monitorView(values, now);
    return {
      websocket_manager: websocketManager,
      order_monitor: orderMonitor,
      ...(binance === null ? {} : { binance }),
      dead_letters: deadLettersView(values[DEAD_LETTERS] ?? null),
      // The specification's rule: an exchange that blocks or a stream that is down degrades its wallets, not these two.
      overall_status:
        websocketManager.is_running && orderMonitor.is_running ? ('healthy' as const) : ('degraded' as const),
    };
  };
}

/** The streamer's word expires by itself: none is left when it is gone. */
function websocketView(text: string | null): WebsocketView {
  if (text === null) return NOT_RUNNING;
  const stats = StreamerStats.parse(JSON.parse(text));
  const polygon = [stats, ...stats.sources].find(
    (one) => ('name' in one ? one.name : one.source) === 'polygon',
  );
  return {
    ...stats,
    polygon_connected: polygon?.connected ?? false,
    polygon_authenticated: polygon?.authenticated ?? false,
  };
}

function monitorView(values: Readonly<Record<string, string | null>>, now: number) {
  const lastCheck = whole(values['om:last_check']);
  return {
    checks_performed: whole(values['om:checks_total']) ?? 0,
    orders_monitored: whole(values['om:orders_monitored']) ?? 0,
    positions_updated: whole(values['om:positions_updated']) ?? 0,
    stops_triggered: whole(values['om:stops_triggered']) ?? 0,
    errors: whole(values['om:errors_total']) ?? 0,
    last_check: timeOrNull(lastCheck),
    is_running: lastCheck !== null && now - lastCheck <= SILENT_MS,
  };
}

/** Null: nobody has counted for minutes, so it is not known whether there are any. */
function deadLettersView(text: string | null) {
  if (text === null) return null;
  const { at, queues } = DeadLetters.parse(JSON.parse(text));
  return { counted_at: time(at), queues };
}
