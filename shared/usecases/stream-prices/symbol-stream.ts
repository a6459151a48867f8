/**
 * One symbol's way from the feed to the price script (design sections 10, 11).
 *
 * Always true:
 * - only ticks that are trusted (domain/prices/trust-filter.ts) go further, marked with where they come from;
 * - ticks reach the script in order, each once; tick ids only grow;
 * - at most one call is in flight; a batch whose answer is lost is sent again unchanged, under its number;
 * - a batch with a tick that reaches a level leaves before all others, else in the symbol's turn (see send-turns.ts);
 * - nothing is dropped while the cache is slow, away or empty: ticks wait, above [500] reduced to what can decide, above the
 *   symbol's share of [120,000] with fewer whole seconds (waiting-ticks.ts);
 * - a bar holds applied ticks only (see bar-book.ts);
 * - of ticks from before the lease, and of the first ones after it, those are sent that the writer before had not applied
 *   (see late-claim.ts), and before any of them no earlier writer's batch is taken any more.
 */

import { TrustFilter } from '../../domain/prices/trust-filter.ts';
import { priceOf, SOURCES } from '../../domain/triggers/rules.ts';
import type { Bar, Nearest, Tick, TickOrigin, Units } from '../../domain/triggers/types.ts';
import type { FeedTick } from '../../ports/feed.ts';
import type { PriceBatch, PriceBatchResult } from '../../ports/trigger-index.ts';
import { newestDone, QUARTER_MINUTES, rollUpTape } from '../roll-up-tape.ts';
import { pause } from './background.ts';
import { BarBook } from './bar-book.ts';
import { LateClaim } from './late-claim.ts';
import { leaveBars } from './leave-bars.ts';
import { RebuildRequest } from './rebuild-request.ts';
import type { Place } from './send-turns.ts';
import type { LateTicks } from './standby-feed.ts';
import { SymbolCalls } from './symbol-calls.ts';
import type { SymbolContext } from './symbol-context.ts';
import { reduceWaiting } from './waiting-ticks.ts';

/** At the stop, how much longer an answer that is under way is waited for. */
const LAST_ANSWER_MS = 300;

export class SymbolStream {
  readonly symbol: string;
  readonly book: BarBook;
  readonly #context: SymbolContext;
  readonly #stopped = new AbortController();
  readonly #place: Place;
  readonly #calls: SymbolCalls;
  readonly #late: LateClaim;
  readonly #rebuild: RebuildRequest;
  #queue: FeedTick[] = [];
  #head: readonly FeedTick[] = [];
  readonly #filter: TrustFilter<FeedTick>;
  #trustTimer: NodeJS.Timeout | null = null;
  #origin: TickOrigin = { feed: '', converted: false, checked: true };
  #lastAt = 0;
  #waitingSince = 0;
  #urgent = false;
  #sending = false;
  #seeded = false;
  #nearest: Nearest | null = null;
  #batch = 0;
  /** What could not be made shorter is not tried again with every tick. */
  #reduceAt = 0;
  /** Since when ticks wait, whole seconds had to give way. */
  #isShort = false;
  /** One for all that wait: a live source asks with every tick, and waits for none. */
  #room: PromiseWithResolvers<void> | null = null;
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
    this.#place = context.turns.place();
    this.#calls = new SymbolCalls({
      ...{ symbol, context, place: this.#place, stopped: this.#stopped.signal },
      isUrgent: () => this.#urgent || this.#head.some((tick) => this.#reaches(tick)),
      waiting: () => this.pending().length,
    });
    this.#late = new LateClaim(this.#calls);
    this.#rebuild = new RebuildRequest(this.#calls, this.book, () => this.saveMinutes(true));
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
  acceptLate(ticks: LateTicks): void {
    if (ticks.length === 0) return;
    this.#late.begin(ticks.lastId);
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
    await this.giveUp();
  }

  /** Sends nothing more; an answer that is under way is waited for, because what it applied is kept. */
  async giveUp(): Promise<void> {
    this.abandon();
    const until = performance.now() + LAST_ANSWER_MS;
    while (this.#sending && performance.now() < until) await pause(5);
  }

  /** Another writer has taken over: what waits is its own to send. */
  abandon(): void {
    this.#stopped.abort();
    this.#filter.end(this.#context.ports.clock.now());
    if (this.#trustTimer !== null) clearTimeout(this.#trustTimer);
    if (!this.#sending) this.#place.leave();
    this.#releaseRoom();
  }

  #schedule(): void {
    if (this.#queue.length === 0 || this.#stopped.signal.aborted) return;
    if (this.#sending) {
      // What waits to be repeated goes before what is urgent now.
      if (this.#urgent) this.#place.hurry();
      return;
    }
    const { flushMs, batchTicks } = this.#context.settings;
    const dueAt = this.#waitingSince + (this.#queue.length >= batchTicks ? 0 : flushMs);
    const known = this.#place.dueAt;
    if (this.#urgent || known === null || dueAt < known) {
      this.#place.wait(dueAt, () => this.#send(), this.#urgent);
    }
  }

  /** In its turn. */
  #send(): void {
    this.#sending = true;
    this.#context.background.run(`prices of ${this.symbol}`, async () => {
      try {
        await this.#sendHead();
      } finally {
        this.#sending = false;
        this.#place.leave();
        this.#schedule();
      }
    });
  }

  async #sendHead(): Promise<void> {
    if (!(await this.#late.claim(() => this.#newestBar()))) return;
    await this.#seed();
    if (this.#head.length === 0) this.#takeHead();
    if (this.#head.length === 0) return;
    const ticks = this.#head.map(({ tick }) => tick);
    const bars = this.book.preview(ticks);
    const result = await this.#calls.untilDone('price_batch_failed', async () => {
      const batch = this.#batchOf(ticks, bars);
      // Without an answer it is not known whether it was applied: the same batch follows.
      const answer = await this.#context.ports.index.applyBatch(batch);
      if (answer.outcome === 'applied') return answer;
      this.#place.leave();
      if (answer.outcome === 'rebuild') await this.#rebuild.ask();
      else if (!(await this.#calls.isStillWriter(batch.fence))) return answer;
      return null;
    });
    if (result === null) this.#notApplied(ticks);
    else if (result.outcome === 'applied') this.#applied(result, ticks, bars);
  }

  #notApplied(ticks: readonly Tick[]): void {
    const { tally, ports } = this.#context;
    tally.errors += 1;
    ports.log.warn('ticks_not_applied', {
      symbol: this.symbol,
      ticks: ticks.length,
      first_tick: ticks[0]?.id,
    });
  }

  #takeHead(): void {
    const { settings } = this.#context;
    this.#queue = this.#late.settle(this.#queue);
    this.#head = this.#queue.slice(0, settings.batchTicks);
    this.#queue = this.#queue.slice(settings.batchTicks);
    if (this.#head.length > 0) this.#batch = this.#context.writer.nextBatch();
    this.#waitingSince = performance.now();
    this.#urgent = this.#queue.some((tick) => this.#reaches(tick));
    this.#reduceAt = Math.min(this.#reduceAt, 2 * this.#queue.length);
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
      lateTick: this.#late.until,
      heldBars: this.book.held,
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
      barBefore: this.book.newest,
      nowMs: ports.clock.now(),
    };
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
    this.#isShort &&= this.#queue.length > 0;
    this.#nearest = result.nearest;
    this.#urgent ||= this.#queue.some((tick) => this.#reaches(tick));
    this.#rebuild.over();
    this.#calls.answered();
    tally.batches += 1;
    tally.applied += ticks.length;
    tally.hits += result.hits;
    // What came before the lease says nothing of how fast this writer is.
    const isLive = (ticks.at(-1)?.id ?? 0) > this.#late.until;
    if (isLive) tally.took(now - (ticks.at(-1)?.at ?? now));
    if (!result.wake || !settings.wakeUps) return;
    tally.wakeUps += 1;
    // Not awaited: the next ticks do not wait for the queue, and a lost wake-up is what sweeps are for.
    background.run(`wake-up of ${this.symbol}`, () =>
      ports.outbox.trigger({ kind: 'wake', symbol: this.symbol, at: now }),
    );
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

  /** The term is over: where the cache was emptied since the last batch, the next writer gets what it had. */
  leaveBars(): Promise<void> {
    return leaveBars(this.symbol, this.book, this.#context);
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

  /** Goes on with the bars that an earlier writer left, also that of the second it is in. */
  async #seed(): Promise<void> {
    if (this.#seeded) return;
    const { ports, settings } = this.#context;
    const done = await this.#calls.untilDone('bars_not_read', async () => {
      const from = Math.floor((ports.clock.now() - settings.barsMs) / 1000);
      this.book.seed(await ports.cache.bars(this.symbol, from));
      return true;
    });
    this.#seeded = done !== null;
  }

  /** Of the writer before: asked once it is ended, because until then it may leave more of them. */
  async #newestBar(): Promise<Bar | null> {
    await this.#seed();
    return this.book.newest;
  }

  #reduce(): void {
    const { settings, tally, ports, shareOfWaiting } = this.#context;
    const { length } = this.#queue;
    const share = shareOfWaiting();
    if (length <= Math.max(this.#reduceAt, Math.min(settings.reduceAbove, share))) return;
    // Of those that the writer before may have applied some count and some do not, tick by tick; there are never many.
    const late = this.#queue.findLastIndex((tick) => this.#late.mayBeKnown(tick)) + 1;
    const of = { lastAt: this.#lastAt, barsMs: settings.barsMs, share };
    const { kept, exactMs } = reduceWaiting(this.#queue.slice(late), of);
    tally.reduced += length - late - kept.length;
    this.#queue = [...this.#queue.slice(0, late), ...kept];
    this.#reduceAt = 2 * this.#queue.length;
    if (exactMs === settings.barsMs || this.#isShort) return;
    this.#isShort = true;
    tally.shortened += 1;
    ports.log.warn('bars_shortened', { symbol: this.symbol, waiting: this.#queue.length, exact_ms: exactMs });
  }

  #releaseRoom(): void {
    const { batchTicks } = this.#context.settings;
    if (this.#queue.length >= batchTicks && !this.#stopped.signal.aborted) return;
    this.#room?.resolve();
    this.#room = null;
  }

  #reaches({ tick }: FeedTick): boolean {
    return reaches(this.#nearest, tick);
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
