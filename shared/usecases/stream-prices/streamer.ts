/**
 * The streamer: one writer of prices per shard, at any time (design sections 10, 11).
 *
 * Holds the lease `feed:{shard}` and, while it does, runs a term (writer-term.ts); without it, stands by (standby.ts) and
 * tries again. The cache being away does not end a term: nobody else can take the lease then, and the price
 * script refuses whoever comes too late by the fence. Only a lease in another's hands ends it, also when they have let go
 * of it again: a new term then goes on behind what they wrote.
 */
import type { FeedStats } from '../../ports/feed.ts';
import { Background, messageOf, pause } from './background.ts';
import { Increments, RunningCounts, SourceMetrics } from './feed-figures.ts';
import type { StreamPorts } from './ports.ts';
import { FatalFeedError } from './ports.ts';
import type { StreamSettings } from './settings.ts';
import { Standby } from './standby.ts';
import type { Writer } from './symbol-context.ts';
import { statsJson, Tally } from './tally.ts';
import { WriterTerm } from './writer-term.ts';

/** What a stopped streamer leaves in the cache fades after this. */
const STATS_TTL_MS = 10_000;
/** Between a term that failed or lost its lease and the next try. */
const RESTART_MS = 1_000;
/** Three leases long: after this without an answer about the lease, nothing is known of who writes. */
const UNHEARD_MS = 30_000;

export class Streamer {
  readonly #ports: StreamPorts;
  readonly #settings: StreamSettings;
  readonly #tally = new Tally();
  readonly #token: string;
  readonly #lease: string;
  readonly #stopping = new AbortController();
  readonly #background: Background;
  /** Over all feeds of this process, and how far the cache and the metrics were told. */
  readonly #counts = new RunningCounts();
  readonly #told = new Increments();
  readonly #measured = new Increments();
  readonly #sources = new SourceMetrics();
  #measuredAt = Number.NEGATIVE_INFINITY;
  /** When the cache last said whose the lease is. */
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Another one had the lease when it was last asked for: who has it and writes nothing is not standing by. */
  #seesHolder = false;
  #fence = 0;
  #batches = 0;
  #term: WriterTerm | null = null;
  #standby: Standby | null = null;

  constructor(ports: StreamPorts, settings: StreamSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#token = ports.ids.token();
    this.#lease = `feed:${settings.shard}`;
    this.#background = new Background(ports.log, () => {
      this.#tally.errors += 1;
    });
  }

  /** Runs until `stop`; throws FatalFeedError when the feed can never go on. */
  async run(): Promise<void> {
    this.#background.loop('lease', this.#settings.leaseRenewMs, () => this.#renew());
    this.#background.loop('counters', this.#settings.countersMs, () => this.#writeCounters());
    this.#background.loop('metrics', this.#settings.countersMs, () => this.#writeMetrics());
    try {
      while (!this.#stopping.signal.aborted) {
        if (await this.#take()) await this.#serve();
        else {
          await this.#standBy();
          await pause(this.#settings.leaseRetryMs, this.#stopping.signal);
        }
      }
    } finally {
      await this.#standby?.stop();
      await this.#background.stop();
      await this.#release();
    }
  }

  /** Takes nothing more in, sends what waits, writes the open minute, gives the lease back; then `run` resolves. */
  stop(): void {
    this.#stopping.abort();
    this.#term?.end('stopped');
  }

  /**
   * It has the lease and follows its source, or it stands by and sees that another one has it.
   *
   * Whether the source is connected is not asked: its connections try again by themselves for as long as it takes (ws_connected
   * and its alarm tell it). A new process could only try as well, with all wallets' user data interrupted beside it, and an
   * exchange that is away for an hour, or blocks us for one, would be met by a new one every few minutes.
   */
  isWell(): boolean {
    if (performance.now() - this.#heardAt > UNHEARD_MS) return false;
    return this.#term === null ? this.#seesHolder : this.#term.stats() !== null;
  }

  async #take(): Promise<boolean> {
    try {
      const lease = await this.#hold();
      if (!lease) this.#ports.log.debug('streamer_stands_by', { shard: this.#settings.shard });
      return lease;
    } catch (error) {
      this.#tally.errors += 1;
      this.#ports.log.error('lease_not_taken', { lease: this.#lease, error: messageOf(error) });
      return false;
    }
  }

  /** Follows what may be followed without the lease, so that nothing is missed when its holder dies. */
  async #standBy(): Promise<void> {
    if (this.#standby?.isUseless === true) {
      await this.#standby.stop();
      this.#standby = null;
    }
    if (this.#standby !== null || this.#stopping.signal.aborted) return;
    const source = this.#ports.openStandby?.() ?? null;
    if (source !== null) this.#standby = new Standby(source, this.#ports, this.#settings, this.#tally);
  }

  /** What was followed while standing by, for the term that begins; it is the term's to end. */
  #handOver(): Standby | null {
    const standby = this.#standby;
    if (standby === null || standby.isUseless) return null;
    this.#standby = null;
    standby.freeze();
    return standby;
  }

  async #hold(): Promise<boolean> {
    const lease = await this.#ports.leases.hold(this.#lease, this.#token, this.#settings.leaseTtlMs);
    this.#heardAt = performance.now();
    this.#seesHolder = !lease.held;
    if (!lease.held) return false;
    // Somebody else was the writer meanwhile: below their ticks' numbers none of this term's would count any more.
    if (lease.otherFence > this.#fence) this.#term?.end('lease_lost');
    this.#fence = lease.fence;
    return true;
  }

  async #serve(): Promise<void> {
    const { log } = this.#ports;
    const term = new WriterTerm({
      ports: this.#ports,
      settings: this.#settings,
      tally: this.#tally,
      writer: this.#writer(),
      standby: this.#handOver(),
    });
    this.#term = term;
    this.#counts.reopen();
    this.#sources.reopen();
    log.info('streamer_writes', { shard: this.#settings.shard, fence: this.#fence });
    try {
      if (this.#stopping.signal.aborted) term.end('stopped');
      const end = await term.run();
      if (end === 'stopped') return;
      log.warn('streamer_lost_lease', { lease: this.#lease });
    } catch (error) {
      if (error instanceof FatalFeedError) throw error;
      this.#tally.errors += 1;
      log.error('streamer_term_failed', { error: messageOf(error) });
    } finally {
      this.#term = null;
      // What was counted and measured since they were last told; whether a feed is connected is the next writer's to say.
      const feed = term.stats();
      if (feed !== null) this.#ports.metrics(this.#unmeasured(feed));
    }
    await pause(RESTART_MS, this.#stopping.signal);
  }

  #writer(): Writer {
    return {
      token: this.#token,
      fence: () => this.#fence,
      nextBatch: () => ++this.#batches,
      refused: async (fence) => {
        // Refused under the fence that is still ours: somebody else has written under a higher one.
        if ((await this.#hold()) && this.#fence > fence) return true;
        this.#term?.end('lease_lost');
        return false;
      },
    };
  }

  async #renew(): Promise<void> {
    if (this.#term === null) return;
    if (!(await this.#hold())) this.#term?.end('lease_lost');
  }

  async #release(): Promise<void> {
    try {
      await this.#ports.leases.release(this.#lease, this.#token);
    } catch (error) {
      this.#ports.log.warn('lease_not_released', { lease: this.#lease, error: messageOf(error) });
    }
  }

  /** Only the writer tells: a standby would overwrite what the other one says. */
  async #writeCounters(): Promise<void> {
    const feed = this.#term?.stats() ?? null;
    if (feed === null) return;
    const { counters } = this.#ports;
    const { ws_messages_total: messages, ws_errors_total: errors } = this.#told.since(this.#figures(feed));
    await counters.add({ 'ws:messages_total': messages, 'ws:errors_total': errors });
    const latency = this.#tally.shown.take();
    await counters.set(
      {
        'ws:connected': feed.connected ? '1' : '0',
        'ws:stats': statsJson(feed, this.#tally),
        ...(latency === null ? {} : { 'ws:latency_ms': String(latency) }),
      },
      STATS_TTL_MS,
    );
  }

  /** First when the feed is open, then every [20 s]. */
  async #writeMetrics(): Promise<void> {
    const feed = this.#term?.stats() ?? null;
    if (feed === null || performance.now() - this.#measuredAt < this.#settings.metricsMs) return;
    this.#measuredAt = performance.now();
    this.#ports.metrics({ ws_connected: feed.connected ? 1 : 0, ...this.#unmeasured(feed) });
    for (const { venue, values } of this.#sources.of(feed)) this.#ports.metrics(values, venue);
  }

  #unmeasured(feed: FeedStats): Readonly<Record<string, number>> {
    const latency = this.#tally.measured.take();
    return {
      ...this.#measured.since(this.#figures(feed)),
      ...(latency === null ? {} : { ws_latency_ms: latency }),
    };
  }

  /** What failed here is counted with what failed at the feed. */
  #figures(feed: FeedStats): { readonly messages: number; readonly errors: number } {
    const { messages, errors } = this.#counts.take(feed);
    return { messages, errors: errors + this.#tally.errors };
  }
}
