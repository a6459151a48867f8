/**
 * One symbol's way from the feed to the price script (design sections 10, 11).
 *
 * Always true:
 * - only ticks that are trusted (domain/prices/trust-filter.ts) go further, marked with where they come from;
 * - ticks reach the script in order, each once; tick ids only grow;
 * - at most one call is in flight; a batch whose answer is lost is sent again unchanged, under its number;
 * - nothing is dropped while the cache is slow, away or empty: ticks wait, above [500] reduced to what can decide;
 * - a bar holds applied ticks only (see bar-book.ts);
 * - of ticks from before the lease, and of the first ones after it, those are sent that the writer before had not applied
 *   (see late-ticks.ts), and before any of them no earlier writer's batch is taken any more.
 */

import { TrustFilter } from '../../domain/prices/trust-filter.ts';
import { priceOf, SOURCES } from '../../domain/triggers/rules.ts';
import type { Bar, Nearest, Tick, TickOrigin, Units } from '../../domain/triggers/types.ts';
import type { FeedTick } from '../../ports/feed.ts';
import type { PriceBatch, PriceBatchResult } from '../../ports/trigger-index.ts';
import { newestDone, QUARTER_MINUTES, rollUpTape } from '../roll-up-tape.ts';
import { type Background, messageOf, pause } from './background.ts';
import { BarBook } from './bar-book.ts';
import { LateStretch } from './late-ticks.ts';
import type { StreamPorts } from './ports.ts';
import { reduceTicks } from './reduce-ticks.ts';
import type { StreamSettings } from './settings.ts';
import type { Tally } from './tally.ts';

/** Whose writes these are; the fence may change while it is held (see streamer.ts). */
export interface Writer {
  readonly token: string;
  fence(): number;
  /** A running number over all of this process's batches, so that no later term repeats one. */
  nextBatch(): number;
  /** The script refused this fence: true when the lease is still held, under a newer one. */
  refused(fence: number): Promise<boolean>;
}

export interface SymbolContext {
  readonly source: string;
  readonly ports: StreamPorts;
  readonly settings: StreamSettings;
  readonly tally: Tally;
  readonly background: Background;
  readonly writer: Writer;
}

/** An outage is told when it begins and then this often; its failures are counted each. */
const TELL_EVERY_MS = 10_000;

/** At the stop, how much longer an answer that is under way is waited for. */
const LAST_ANSWER_MS = 300;

export class SymbolStream {
  readonly symbol: string;
  readonly book: BarBook;
  readonly #context: SymbolContext;
  readonly #stopped = new AbortController();
  #queue: FeedTick[] = [];
  #head: readonly FeedTick[] = [];
  readonly #filter: TrustFilter<FeedTick>;
  #trustTimer: NodeJS.Timeout | null = null;
  #late: LateStretch | null = null;
  #origin: TickOrigin = { feed: '', converted: false, checked: true };
  #lastAt = 0;
  #waitingSince = 0;
  #urgent = false;
  #sending = false;
  #seeded = false;
  #timer: NodeJS.Timeout | null = null;
  #nearest: Nearest | null = null;
  #batch = 0;
  #reduceAt: number;
  /** One for all that wait: a live source asks with every tick, and waits for none. */
  #room: PromiseWithResolvers<void> | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  #rebuildSentAt = Number.NEGATIVE_INFINITY;
  #rolledUp = Number.NEGATIVE_INFINITY;

  constructor(symbol: string, lastId: number, context: SymbolContext) {
    this.symbol = symbol;
    this.#context = context;
    const { settings, tally } = context;
    this.#filter = new TrustFilter(lastId, settings.trust, {
      pass: (tick, checked) => this.#enqueue(tick, checked),
      drop: (_, because) => tally.drop(because),
      hold: () => tally.hold(),
    });
    this.book = new BarBook(settings.barsMs);
    this.#reduceAt = settings.reduceAbove;
  }

  /** Trusted ticks that are not yet applied, oldest first. */
  pending(): readonly FeedTick[] {
    return [...this.#head, ...this.#queue];
  }

  /** The highest tick id taken in. */
  get lastTick(): number {
    return this.#filter.lastId;
  }

  /** Nothing waits, and nothing has come for so long. */
  isIdle(ms: number): boolean {
    const isWaiting = this.pending().length > 0 || this.#filter.waiting > 0;
    return !isWaiting && !this.#sending && this.#context.ports.clock.now() - this.#lastAt >= ms;
  }

  /** Takes a tick in. A promise asks a source that can wait to wait: the queue is long. */
  accept(tick: FeedTick): Promise<void> | undefined {
    if (this.#stopped.signal.aborted) return undefined;
    this.#filter.take(tick, tick.tick.at);
    this.#watchHeld();
    if (this.#queue.length < this.#context.settings.batchTicks) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Takes in what was kept before the lease, ahead of all else; each tick is judged at its own time. */
  acceptLate(ticks: readonly FeedTick[]): void {
    const last = ticks.at(-1);
    if (last === undefined) return;
    this.#late = new LateStretch(last.tick.id, this.#context.ports.clock.now());
    for (const tick of ticks) this.#filter.take(tick, tick.tick.at);
    this.#watchHeld();
  }

  /** What the second source says of this symbol; null = nothing any more. */
  see(price: Units | null, at: number): void {
    this.#filter.see(price, at);
    this.#watchHeld();
  }

  #enqueue(tick: FeedTick, checked: boolean): void {
    const { settings } = this.#context;
    const { at } = tick.tick;
    if (at - this.#lastAt > settings.pauseMs || reaches(this.#nearest, tick.tick)) this.#urgent = true;
    this.#lastAt = at;
    if (this.#queue.length === 0) this.#waitingSince = performance.now();
    this.#queue.push({ ...tick, tick: { ...tick.tick, origin: this.#originOf(tick, checked) } });
    this.#reduce();
    this.#schedule();
  }

  /** The same object while nothing changes: there is one per tick of a busy stream. */
  #originOf({ feed = this.#context.source, converted = false }: FeedTick, checked: boolean): TickOrigin {
    const known = this.#origin;
    if (known.feed !== feed || known.converted !== converted || known.checked !== checked)
      this.#origin = { feed, converted, checked };
    return this.#origin;
  }

  /** A print that is held and about which nothing more is said is decided by time. */
  #watchHeld(): void {
    if (this.#trustTimer !== null) clearTimeout(this.#trustTimer);
    this.#trustTimer = null;
    const { dueAt } = this.#filter;
    if (dueAt === null || this.#stopped.signal.aborted) return;
    const { clock } = this.#context.ports;
    this.#trustTimer = setTimeout(
      () => {
        this.#filter.release(clock.now());
        this.#watchHeld();
      },
      Math.max(1, dueAt - clock.now()),
    );
  }

  /** Sends what waits, until nothing does or `ms` have passed; then sends nothing more. */
  async finish(ms: number): Promise<void> {
    this.#filter.end(this.#context.ports.clock.now());
    const until = performance.now() + ms;
    while (this.pending().length > 0 && performance.now() < until && !this.#stopped.signal.aborted) {
      this.#urgent = true;
      this.#schedule();
      await pause(5);
    }
    this.abandon();
    while (this.#sending && performance.now() < until + LAST_ANSWER_MS) await pause(5);
  }

  /** Another writer has taken over: what waits is its own to send. */
  abandon(): void {
    this.#stopped.abort();
    this.#filter.end(this.#context.ports.clock.now());
    if (this.#trustTimer !== null) clearTimeout(this.#trustTimer);
    this.#cancelTimer();
    this.#releaseRoom();
  }

  #schedule(): void {
    if (this.#sending || this.#queue.length === 0 || this.#stopped.signal.aborted) return;
    const { flushMs, batchTicks } = this.#context.settings;
    if (this.#urgent || this.#queue.length >= batchTicks) {
      this.#cancelTimer();
      this.#send();
    } else {
      const waited = performance.now() - this.#waitingSince;
      this.#timer ??= setTimeout(
        () => {
          this.#timer = null;
          this.#send();
        },
        Math.max(0, flushMs - waited),
      );
    }
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #send(): void {
    if (this.#sending) return;
    this.#sending = true;
    this.#context.background.run(`prices of ${this.symbol}`, async () => {
      try {
        await this.#sendHead();
      } finally {
        this.#sending = false;
        this.#schedule();
      }
    });
  }

  async #sendHead(): Promise<void> {
    await this.#claim();
    await this.#seed();
    const { settings, tally, ports } = this.#context;
    if (this.#late?.known === null) return;
    if (this.#head.length === 0) this.#takeHead();
    if (this.#head.length === 0) return;
    const ticks = this.#head.map(({ tick }) => tick);
    const bars = this.book.preview(ticks);
    for (let wait = settings.retryMs; !this.#stopped.signal.aborted; wait *= 2) {
      const batch = this.#batchOf(ticks, bars);
      const result = await this.#tryOnce(batch);
      if (result?.outcome === 'applied') {
        this.#applied(result, ticks, bars);
        return;
      }
      if (result?.outcome === 'rebuild') await this.#askForRebuild();
      if (result?.outcome === 'not_leader' && !(await this.#stillWriter(batch.fence))) return;
      await pause(Math.min(wait, settings.retryMaxMs), this.#stopped.signal);
    }
    tally.errors += 1;
    ports.log.warn('ticks_not_applied', {
      symbol: this.symbol,
      ticks: ticks.length,
      first_tick: ticks[0]?.id,
    });
  }

  #takeHead(): void {
    const { settings } = this.#context;
    this.#settleLate();
    this.#head = this.#queue.slice(0, settings.batchTicks);
    this.#queue = this.#queue.slice(settings.batchTicks);
    if (this.#head.length > 0) this.#batch = this.#context.writer.nextBatch();
    this.#waitingSince = performance.now();
    this.#urgent = this.#queue.some(({ tick }) => reaches(this.#nearest, tick));
    this.#reduceAt = Math.max(settings.reduceAbove, Math.min(this.#reduceAt, 2 * this.#queue.length));
    this.#releaseRoom();
  }

  #batchOf(ticks: readonly Tick[], bars: readonly Bar[]): PriceBatch {
    const { settings, writer, source, ports } = this.#context;
    const newest = this.#head.at(-1);
    if (newest === undefined) throw new Error('a batch without ticks');
    const { bid, ask, last, quoted, tick, feed = source } = newest;
    const { bidSize, askSize, at, recordedAt } = tick;
    return {
      symbol: this.symbol,
      shard: settings.shard,
      leaseToken: writer.token,
      fence: writer.fence(),
      batch: this.#batch,
      ticks,
      newestTick: Math.max(tick.id, this.#filter.lastId),
      lateTick: this.#late?.until ?? -1,
      hasBars: this.book.hasBars,
      display: {
        symbol: this.symbol,
        bid,
        ask,
        last,
        bidSize,
        askSize,
        source: feed,
        quoted,
        tickId: tick.id,
        at,
        recordedAt,
      },
      bars,
      nowMs: ports.clock.now(),
    };
  }

  /** Null: no answer; whether it was applied is not known, so the same batch follows. */
  async #tryOnce(batch: PriceBatch): Promise<PriceBatchResult | null> {
    try {
      return await this.#context.ports.index.applyBatch(batch);
    } catch (error) {
      this.#failed('price_batch_failed', error);
      return null;
    }
  }

  #applied(
    result: Extract<PriceBatchResult, { outcome: 'applied' }>,
    ticks: readonly Tick[],
    bars: readonly Bar[],
  ): void {
    const { ports, settings, tally, background } = this.#context;
    const now = ports.clock.now();
    this.book.commit(bars);
    this.#head = [];
    this.#nearest = result.nearest;
    this.#urgent ||= this.#queue.some(({ tick }) => reaches(this.#nearest, tick));
    this.#rebuildSentAt = Number.NEGATIVE_INFINITY;
    this.#toldAt = Number.NEGATIVE_INFINITY;
    tally.batches += 1;
    tally.applied += ticks.length;
    tally.hits += result.hits;
    // What came before the lease says nothing of how fast this writer is.
    const isLive = (ticks.at(-1)?.id ?? 0) > (this.#late?.until ?? -1);
    if (isLive) tally.took(now - (ticks.at(-1)?.at ?? now));
    if (!result.wake || !settings.wakeUps) return;
    tally.wakeUps += 1;
    // Not awaited: the next ticks do not wait for the queue, and a lost wake-up is what sweeps are for.
    background.run(`wake-up of ${this.symbol}`, () =>
      ports.outbox.trigger({ kind: 'wake', symbol: this.symbol, at: now }),
    );
  }

  /** The index is empty: leaves what a rebuild reads, then asks for one; again while it lasts. */
  async #askForRebuild(): Promise<void> {
    const { ports, settings, tally } = this.#context;
    if (performance.now() - this.#rebuildSentAt < settings.rebuildRepeatMs) return;
    try {
      await ports.cache.writeBars(this.symbol, this.book.bars());
      await this.saveMinutes(true);
      const at = ports.clock.now();
      await ports.outbox.trigger({ kind: 'rebuild', symbol: this.symbol, at });
      if (this.#rebuildSentAt === Number.NEGATIVE_INFINITY) {
        tally.rebuilds += 1;
        ports.log.info('index_rebuild_asked', { symbol: this.symbol, bars: this.book.bars().length });
      }
      this.#rebuildSentAt = performance.now();
    } catch (error) {
      this.#failed('index_rebuild_not_asked', error);
    }
  }

  /** Merges minute rows into the tape: those with new extremes and ended ones, or all that changed. */
  async saveMinutes(all = false): Promise<void> {
    const { ports } = this.#context;
    const now = ports.clock.now();
    for (const row of this.book.due(now, all)) {
      await ports.tape.merge(this.symbol, row);
      this.book.saved(row, now);
    }
  }

  /** Puts quarters of an hour together whose minutes are over and written; what was missed before too. */
  async rollUp(): Promise<void> {
    const { ports } = this.#context;
    const now = ports.clock.now();
    const done = newestDone(now);
    if (done <= this.#rolledUp) return;
    if (this.book.due(now, true).some(({ minute }) => minute < done + QUARTER_MINUTES)) return;
    await rollUpTape(ports.tape, this.symbol, now);
    this.#rolledUp = done;
  }

  async #stillWriter(fence: number): Promise<boolean> {
    try {
      return await this.#context.writer.refused(fence);
    } catch (error) {
      this.#failed('lease_not_checked', error);
      return true;
    }
  }

  /** Goes on with the bars that an earlier writer left, also that of the second it is in. */
  async #seed(): Promise<void> {
    const { ports, settings } = this.#context;
    for (let wait = settings.retryMs; !this.#seeded && !this.#stopped.signal.aborted; wait *= 2) {
      try {
        const from = Math.floor((ports.clock.now() - settings.barsMs) / 1000);
        this.book.seed(await ports.cache.bars(this.symbol, from));
        this.#seeded = true;
      } catch (error) {
        this.#failed('bars_not_read', error);
        await pause(Math.min(wait, settings.retryMaxMs), this.#stopped.signal);
      }
    }
  }

  /** Ends earlier writers' batches and asks how far they have come; only where something from before the lease waits. */
  async #claim(): Promise<void> {
    const { ports, settings, writer } = this.#context;
    const late = this.#late;
    if (late === null) return;
    for (let wait = settings.retryMs; late.known === null && !this.#stopped.signal.aborted; wait *= 2) {
      const fence = writer.fence();
      const claim = { symbol: this.symbol, leaseToken: writer.token, fence };
      try {
        const claimed = await ports.index.claim(claim);
        // Where the lease is in other hands, this ends the term.
        if (claimed.outcome === 'not_leader') await this.#stillWriter(fence);
        else {
          const standing = claimed.outcome === 'claimed' ? claimed.standing : null;
          // Not before: until now the writer before may have left more of them.
          await this.#seed();
          late.known = { standing, newestBar: this.book.bars().at(-1) ?? null };
          return;
        }
      } catch (error) {
        this.#failed('symbol_not_claimed', error);
      }
      await pause(Math.min(wait, settings.retryMaxMs), this.#stopped.signal);
    }
  }

  #settleLate(): void {
    const late = this.#late;
    const first = this.#queue[0];
    if (late === null || first === undefined) return;
    if (late.isOver(first)) {
      this.#late = null;
      return;
    }
    const waiting = this.#queue.length;
    this.#queue = late.settle(this.#queue);
    this.#context.tally.lateKnown += waiting - this.#queue.length;
  }

  #reduce(): void {
    if (this.#queue.length <= this.#reduceAt) return;
    const { settings, tally } = this.#context;
    // Of those that the writer before may have applied some count and some do not, tick by tick; there are never many.
    const late = this.#queue.findLastIndex((tick) => this.#late?.mayBeKnown(tick) === true) + 1;
    const kept = reduceTicks(this.#queue.slice(late), this.#lastAt - settings.barsMs);
    tally.reduced += this.#queue.length - late - kept.length;
    this.#queue = [...this.#queue.slice(0, late), ...kept];
    // What could not be made shorter is not tried again with every tick.
    this.#reduceAt = Math.max(settings.reduceAbove, 2 * this.#queue.length);
  }

  #releaseRoom(): void {
    const { batchTicks } = this.#context.settings;
    if (this.#queue.length >= batchTicks && !this.#stopped.signal.aborted) return;
    this.#room?.resolve();
    this.#room = null;
  }

  #failed(code: string, error: unknown): void {
    const { ports, tally } = this.#context;
    tally.errors += 1;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    ports.log.error(code, { symbol: this.symbol, waiting: this.pending().length, error: messageOf(error) });
  }
}

/** Does this tick reach the nearest level of any source? */
export function reaches(nearest: Nearest | null, tick: Tick): boolean {
  if (nearest === null) return false;
  return SOURCES.some((source) => {
    const price = priceOf(tick, source);
    const falls = nearest.falls[source];
    const rises = nearest.rises[source];
    return (falls !== null && price <= falls) || (rises !== null && price >= rises);
  });
}
