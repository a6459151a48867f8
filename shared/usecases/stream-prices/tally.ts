/** What the streamer counts, and how it is shown (the specification's counters and get_stats). */
import { DROP_REASONS, type DropReason } from '../../domain/prices/trust-filter.ts';
import type { FeedConnectionStats, FeedStats } from '../../ports/feed.ts';

/** A repeat is the rule after a restart, and a lone print is the market's: neither is a fault. */
const NO_FAULT: readonly DropReason[] = ['duplicates', 'out_of_order', 'outliers_dropped'];

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count += 1;
  }

  /** Since the last call, whole; null when there was nothing. */
  take(): number | null {
    if (this.#count === 0) return null;
    const mean = Math.round(this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
    return mean;
  }
}

export class Tally {
  messages = 0;
  applied = 0;
  batches = 0;
  hits = 0;
  wakeUps = 0;
  rebuilds = 0;
  /** Waiting ticks that were left out because they could not change what is decided. */
  reduced = 0;
  /** Times that a symbol's older seconds were left to their minutes, because too many ticks waited. */
  shortened = 0;
  /** Ticks from before the lease: kept; of these applied by the writer before; left out because there were too many. */
  lateKept = 0;
  lateKnown = 0;
  lateDropped = 0;
  /** Failed calls, rejected ticks, skipped input. */
  errors = 0;
  /** Prints that had to prove themselves first. */
  outliersHeld = 0;
  readonly dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<
    DropReason,
    number
  >;
  /** From a tick's receipt to the script's answer: for the cache each second, for the metrics every 20 s. */
  readonly shown = new Mean();
  readonly measured = new Mean();

  hold(): void {
    this.outliersHeld += 1;
  }

  drop(because: DropReason): void {
    this.dropped[because] += 1;
    if (!NO_FAULT.includes(because)) this.errors += 1;
  }

  took(latencyMs: number): void {
    this.shown.add(latencyMs);
    this.measured.add(latencyMs);
  }
}

const timeOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** One socket: the specification's figures of it. */
const connectionView = (one: FeedConnectionStats) => ({
  name: one.name,
  connected: one.connected,
  authenticated: one.authenticated,
  healthy: one.healthy,
  messages_received: one.messagesReceived,
  trades_processed: one.tradesProcessed,
  quotes_processed: one.quotesProcessed,
  errors: one.errors,
  last_message_time: timeOf(one.lastMessageAt),
  subscriptions: one.subscriptions,
  reconnects: one.reconnects,
  trouble: one.trouble,
});

/** Left out here, and by the source itself before anybody here saw it. */
const droppedOf = ({ dropped }: Tally, { leftOut = {} }: FeedStats) =>
  Object.fromEntries(DROP_REASONS.map((because) => [because, dropped[because] + (leftOut[because] ?? 0)]));

/** One source of one or two; `triggers`: of so many symbols it gives the price now. */
const sourceView = (one: FeedStats) => ({
  name: one.name,
  connected: one.connected,
  authenticated: one.authenticated,
  triggers: one.triggers ?? one.subscriptions.length,
  messages_received: one.messagesReceived,
  trades_processed: one.tradesProcessed,
  quotes_processed: one.quotesProcessed,
  errors: one.errors,
  last_message_time: timeOf(one.lastMessageAt),
  subscriptions: one.subscriptions.length,
  trouble: one.trouble ?? null,
  connections: (one.connections ?? []).map(connectionView),
});

/** The specification's get_stats, as JSON under `ws:stats`. */
export function statsJson(feed: FeedStats, tally: Tally): string {
  return JSON.stringify({
    messages_received: feed.messagesReceived,
    trades_processed: feed.tradesProcessed,
    quotes_processed: feed.quotesProcessed,
    errors: feed.errors + tally.errors,
    last_message_time: timeOf(feed.lastMessageAt),
    is_running: true,
    connected: feed.connected,
    authenticated: feed.authenticated,
    subscriptions: feed.subscriptions.length,
    trouble: feed.trouble ?? null,
    failed_subscriptions: feed.failed ?? [],
    source: feed.name,
    sources: (feed.parts ?? [feed]).map(sourceView),
    ticks_applied: tally.applied,
    batches: tally.batches,
    hits: tally.hits,
    wake_ups: tally.wakeUps,
    rebuilds: tally.rebuilds,
    ticks_reduced: tally.reduced,
    bars_shortened: tally.shortened,
    standby: { kept: tally.lateKept, applied_before: tally.lateKnown, dropped: tally.lateDropped },
    trust: { outliers_held: tally.outliersHeld, ...droppedOf(tally, feed), fallbacks: feed.fallbacks ?? 0 },
  });
}
