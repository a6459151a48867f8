/**
 * One term as the shard's writer: from taking the lease until it is lost, the process stops or the feed fails.
 *
 * Opens the feed behind what is already known, gives every symbol its pipeline, follows the demand and keeps the
 * tape. A successor starts with nothing of this term's memory. What this process followed while it stood by goes on: its
 * kept ticks come first, its connections stay.
 */
import type { Feed, FeedStats, FeedTick } from '../../ports/feed.ts';
import { Background, messageOf, pause } from './background.ts';
import { Demand } from './demand.ts';
import { HistoryFiller } from './fill-history.ts';
import type { StreamPorts } from './ports.ts';
import { FatalFeedError } from './ports.ts';
import { SendTurns } from './send-turns.ts';
import type { StreamSettings } from './settings.ts';
import type { Standby } from './standby.ts';
import type { LateTicks } from './standby-feed.ts';
import type { Writer } from './symbol-context.ts';
import { SymbolStream } from './symbol-stream.ts';
import type { Tally } from './tally.ts';

export type TermEnd = 'stopped' | 'lease_lost';

export interface TermContext {
  readonly ports: StreamPorts;
  readonly settings: StreamSettings;
  readonly tally: Tally;
  readonly writer: Writer;
  /** Null: this process did not stand by, or there is nothing to follow meanwhile. */
  readonly standby: Standby | null;
}

/**
 * Skipped input is told line by line up to here in each [minute], then only counted (it is in `ws:stats` and the summary): a
 * term lasts for weeks, and what is wrong then has to be told as well.
 */
const SKIPS_TOLD = 100;
const SKIPS_EVERY_MS = 60_000;
/** Rows merged into the tape at the same time. */
const TAPE_WRITERS = 16;
/** Symbols whose quarters are put together at the same time. */
const ROLL_UPS = 4;

export class WriterTerm {
  readonly #context: TermContext;
  readonly #background: Background;
  readonly #streams = new Map<string, SymbolStream>();
  readonly #toldUnknown = new Set<string>();
  readonly #over = new AbortController();
  readonly #demand: Demand;
  readonly #filler: HistoryFiller | null;
  /** Symbols that nobody needs any more: their pipelines end when nothing more comes. */
  readonly #left = new Set<string>();
  readonly #turns: SendTurns;
  #known: Map<string, number> = new Map();
  #feed: Feed | null = null;
  #failure: Error | null = null;
  #end: TermEnd = 'stopped';
  #skips = 0;
  #skipsSince = Number.NEGATIVE_INFINITY;
  /** Wanted, and nothing that the source has. */
  #unknown: readonly string[] = [];

  constructor(context: TermContext) {
    this.#context = context;
    this.#turns = new SendTurns(context.settings.callsAtOnce);
    this.#demand = context.standby?.demand ?? new Demand(context.ports, context.settings);
    this.#background = new Background(context.ports.log, () => {
      context.tally.errors += 1;
    });
    const { history, tape, clock, log } = context.ports;
    const [background, signal] = [this.#background, this.#over.signal];
    this.#filler =
      history === undefined
        ? null
        : new HistoryFiller({ history, tape, clock, log, tally: context.tally, background, signal });
  }

  /** Null before the feed is open. */
  stats(): FeedStats | null {
    const stats = this.#feed?.stats() ?? null;
    if (stats === null || this.#unknown.length === 0) return stats;
    const unknown = this.#unknown.map((symbol) => ({ symbol, reason: `${stats.name} has no such symbol` }));
    return { ...stats, failed: [...(stats.failed ?? []), ...unknown] };
  }

  /** Runs until `end` is called or the feed cannot go on: then it throws that failure. */
  async run(): Promise<TermEnd> {
    try {
      await this.#open();
      await new Promise<void>((resolve) => {
        if (this.#over.signal.aborted) resolve();
        else this.#over.signal.addEventListener('abort', () => resolve());
      });
    } finally {
      await this.#close();
    }
    if (this.#failure !== null) throw this.#failure;
    return this.#end;
  }

  /** Ends the term; `lease_lost`: no tick is written any more. */
  end(why: TermEnd): void {
    if (this.#over.signal.aborted) return;
    this.#end = why;
    if (why === 'lease_lost') for (const stream of this.#streams.values()) stream.abandon();
    this.#over.abort();
  }

  async #open(): Promise<void> {
    const { ports, settings } = this.#context;
    this.#known = new Map(await this.#untilDone('known_ticks', () => this.#readKnown()));
    if (this.#over.signal.aborted) return;
    const { standby } = this.#context;
    const late: ReadonlyMap<string, LateTicks> =
      standby?.feed.handOver(Math.max(0, ...this.#known.values())) ?? new Map();
    const newest = [...late].map(([symbol, { lastId }]) => [symbol, lastId] as const);
    const feed = ports.openFeed(new Map([...this.#known, ...newest]), standby?.feed ?? null);
    this.#feed = feed;
    this.#acceptLate(late);
    const starting = feed.start({
      onTick: (tick) => this.#onTick(tick),
      onEnd: () => ports.log.info('feed_ended', { feed: feed.name, ...feed.summary?.() }),
      onError: (error) => this.#fail(error),
      onSkipped: ({ where, reason }) => this.#onSkipped(where, reason),
      onSecond: (symbol, price, at) => {
        if (!this.#over.signal.aborted) this.#streamOf(symbol).see(price, at);
      },
    });
    // At once: between the start and the first look at who is needed nothing of these may be missed.
    if (standby !== null) feed.subscribe(standby.symbols);
    await starting;
    ports.log.info('feed_started', { feed: feed.name, resumed_symbols: this.#known.size });
    this.#background.loop('demand', settings.demandMs, () => this.#followDemand(feed));
    this.#background.loop('price tape', settings.tapeMs, () => this.#saveTape(false));
    this.#background.loop('tape quarters', settings.rollUpMs, () =>
      this.#each(ROLL_UPS, (stream) => (this.#over.signal.aborted ? undefined : stream.rollUp())),
    );
  }

  async #close(): Promise<void> {
    const { ports, settings } = this.#context;
    const feed = this.#feed;
    const draining = [...this.#streams.values()].map((stream) =>
      this.#end === 'lease_lost' ? stream.giveUp() : stream.finish(settings.stopMs),
    );
    // Together: a source that waits for room is let go by the draining.
    await Promise.all([...draining, feed?.stop(), this.#context.standby?.stop()]);
    if (this.#end !== 'lease_lost') this.#keepPending();
    this.#background.run('last rows of the price tape', () => this.#saveTape(true));
    this.#background.run('last bars', () => this.#leaveBars());
    await this.#background.stop();
    if (feed !== null)
      ports.log.info('feed_stopped', { feed: feed.name, why: this.#end, ...feed.summary?.() });
  }

  #acceptLate(late: ReadonlyMap<string, LateTicks>): void {
    const { standby, tally, ports } = this.#context;
    if (standby === null) return;
    const kept = [...late.values()].reduce((count, { length }) => count + length, 0);
    const { dropped } = standby.feed;
    tally.lateKept += kept;
    tally.lateDropped += dropped;
    if (dropped > 0) ports.log.error('standby_ticks_dropped', { ticks: dropped });
    ports.log.info('standby_takes_over', { feed: standby.feed.name, symbols: late.size, ticks: kept });
    for (const [symbol, ticks] of late) this.#streamOf(symbol).acceptLate(ticks);
  }

  #onTick(tick: FeedTick): Promise<void> | undefined {
    if (this.#over.signal.aborted) return undefined;
    this.#context.tally.messages += 1;
    return this.#streamOf(tick.spec.symbol).accept(tick);
  }

  #streamOf(symbol: string): SymbolStream {
    const known = this.#streams.get(symbol);
    if (known !== undefined) return known;
    const stream = new SymbolStream(symbol, this.#known.get(symbol) ?? -1, {
      ...this.#context,
      source: this.#feed?.name ?? '',
      background: this.#background,
      turns: this.#turns,
      shareOfWaiting: () => Math.floor(this.#context.settings.mostWaiting / Math.max(1, this.#streams.size)),
    });
    this.#streams.set(symbol, stream);
    return stream;
  }

  #onSkipped(where: string, reason: string): void {
    const { log } = this.#context.ports;
    const now = performance.now();
    if (now - this.#skipsSince >= SKIPS_EVERY_MS) {
      this.#skipsSince = now;
      this.#skips = 0;
    }
    this.#skips += 1;
    if (this.#skips <= SKIPS_TOLD) log.warn('feed_input_skipped', { where, reason });
    if (this.#skips === SKIPS_TOLD) log.warn('feed_input_skipped_further_ones_counted', { told: SKIPS_TOLD });
  }

  #fail(error: Error): void {
    this.#failure = new FatalFeedError(error.message, { cause: error });
    this.#over.abort();
  }

  /** The highest tick id of each symbol: what the cache shows, else what the tape has. */
  async #readKnown(): Promise<ReadonlyMap<string, number>> {
    const { cache, tape, ledger, symbols: usual } = this.#context.ports;
    const wanted = (await cache.wantedSince()).keys();
    const followed = this.#context.standby?.symbols ?? [];
    const symbols = [...new Set([...usual, ...followed, ...wanted, ...(await ledger.liveSymbols())])];
    const [shown, taped] = await Promise.all([
      cache.prices(symbols),
      Promise.all(symbols.map((symbol) => tape.lastTick(symbol))),
    ]);
    const known = new Map<string, number>();
    symbols.forEach((symbol, i) => {
      const id = Math.max(shown.get(symbol)?.tickId ?? -1, taped[i] ?? -1);
      if (id >= 0) known.set(symbol, id);
    });
    return known;
  }

  async #followDemand(feed: Feed): Promise<void> {
    const { log } = this.#context.ports;
    const { follow, leave, failures } = await this.#demand.turn();
    if (this.#over.signal.aborted) return;
    if (leave.length > 0) {
      feed.unsubscribe(leave);
      for (const symbol of leave) this.#left.add(symbol);
      log.info('symbols_left', { feed: feed.name, symbols: leave.length, first: leave[0] });
    }
    for (const symbol of follow) this.#left.delete(symbol);
    const { unknown } = feed.subscribe(follow);
    const missing = new Set(unknown);
    this.#unknown = unknown;
    this.#filler?.want(follow.filter((symbol) => !missing.has(symbol)));
    for (const symbol of unknown) {
      if (this.#toldUnknown.has(symbol)) continue;
      this.#toldUnknown.add(symbol);
      log.warn('symbol_not_in_feed', { symbol, feed: feed.name });
    }
    await this.#endIdle();
    // Told and counted by the loop, after what could be done is done.
    if (failures.length > 0) throw failures[0];
  }

  /** Pipelines of symbols that left, once nothing has come for a while and all of it is in the tape. */
  async #endIdle(): Promise<void> {
    const { idleMs } = this.#context.settings;
    for (const symbol of this.#left) {
      const stream = this.#streams.get(symbol);
      if (stream !== undefined) {
        if (!stream.isIdle(idleMs)) continue;
        await stream.saveMinutes(true);
        // One came meanwhile: the next look decides.
        if (!stream.isIdle(idleMs)) continue;
        this.#known.set(symbol, stream.lastTick);
        stream.abandon();
        this.#streams.delete(symbol);
      }
      this.#left.delete(symbol);
    }
  }

  #saveTape(all: boolean): Promise<void> {
    return this.#each(TAPE_WRITERS, (stream) => stream.saveMinutes(all));
  }

  /** Does it for every symbol, so many at a time; one that fails stops no other. */
  async #each(workers: number, task: (stream: SymbolStream) => Promise<void> | undefined): Promise<void> {
    const left = [...this.#streams.values()];
    const failures: string[] = [];
    const work = async (): Promise<void> => {
      for (let stream = left.pop(); stream !== undefined; stream = left.pop()) {
        try {
          await task(stream);
        } catch (error) {
          failures.push(`${stream.symbol}: ${messageOf(error)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    if (failures.length > 0) throw new Error(`${failures.length} symbols not saved, first ${failures[0]}`);
  }

  /**
   * Whoever writes next follows what is in the cache and in the tape: both get what this process alone may hold. Widening
   * only, so it does no harm that the other one writes already.
   */
  async #leaveBars(): Promise<void> {
    const { ports, settings } = this.#context;
    const until = performance.now() + settings.stopMs;
    let late = 0;
    try {
      await this.#each(TAPE_WRITERS, (stream) => {
        if (performance.now() < until) return stream.leaveBars();
        late += 1;
        return undefined;
      });
    } finally {
      if (late > 0) ports.log.error('bars_not_left', { symbols: late });
    }
  }

  /** At the stop: what is not applied is told, and kept in the tape if it cannot be read again. */
  #keepPending(): void {
    const { ports, settings } = this.#context;
    for (const stream of this.#streams.values()) {
      const pending = stream.pending();
      if (pending.length === 0) continue;
      ports.log.error('ticks_not_applied_at_stop', { symbol: stream.symbol, ticks: pending.length });
      if (!settings.resumable) stream.book.commit(stream.book.preview(pending.map(({ tick }) => tick)));
    }
  }

  /** Tries until it works or the term is over (then the answer is empty). */
  async #untilDone<T>(
    name: string,
    read: () => Promise<ReadonlyMap<string, T>>,
  ): Promise<ReadonlyMap<string, T>> {
    const { ports, settings, tally } = this.#context;
    for (let wait = settings.retryMs; !this.#over.signal.aborted; wait *= 2) {
      try {
        return await read();
      } catch (error) {
        tally.errors += 1;
        ports.log.error('streamer_start_waits', { for: name, error: messageOf(error) });
        await pause(Math.min(wait, settings.leaseRenewMs), this.#over.signal);
      }
    }
    return new Map();
  }
}
