/**
 * A venue's feed that is open before this process writes: its ticks are kept, and from the hand-over on go to the writer,
 * over the same connections.
 *
 * Always true:
 * - nothing that has come is lost between the two: what is not handed over is told to the writer when it starts;
 * - ids grow over both. Those of kept ticks are their receive times (ms x 1000 and up), so that an arming's time can be
 *   compared with them (late.lua); those of later ones begin above, at the hand-over's time, as of every live feed.
 */
import { DROP_REASONS } from '../../domain/prices/trust-filter.ts';
import type { Feed, FeedHandlers, FeedStats, FeedTick, LeftOut } from '../../ports/feed.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { KeptTicks } from './kept-ticks.ts';
import { type BufferSettings, TickBuffer } from './tick-buffer.ts';

export interface StandbyFeedParts {
  readonly feed: Feed;
  /** May the feed trigger this symbol? What it may not is not kept. */
  readonly gives: (symbol: string) => boolean;
  readonly clock: Clock;
  readonly settings: BufferSettings;
  /** The feed cannot go on, while nobody else has to hear of it. */
  readonly onFailed: (error: Error) => void;
  readonly onSkipped: FeedHandlers['onSkipped'];
}

/** One symbol's ticks of before the lease, oldest first; each is made when it is asked for. */
export interface LateTicks extends Iterable<FeedTick> {
  readonly length: number;
  /** Id of the last one. */
  readonly lastId: number;
}

const COUNTED = ['messagesReceived', 'tradesProcessed', 'quotesProcessed', 'errors'] as const;

export class StandbyFeed implements Feed {
  readonly name: string;
  readonly #parts: StandbyFeedParts;
  readonly #buffer: TickBuffer;
  #writer: FeedHandlers | null = null;
  /** Came after the hand-over and before the writer's start; null before the one and after the other. */
  #between: FeedTick[] | null = null;
  #nextId = 0;
  /** Counted while standing by: another writer has counted its own. */
  #before: FeedStats | null = null;
  #stopping: Promise<void> | null = null;

  constructor(parts: StandbyFeedParts) {
    this.name = parts.feed.name;
    this.#parts = parts;
    this.#buffer = new TickBuffer(parts.settings);
  }

  /** How many ticks did not fit. */
  get dropped(): number {
    return this.#buffer.dropped;
  }

  /** Opens the source; its ticks are kept from now on. */
  open(): Promise<void> {
    const { feed, onFailed, onSkipped } = this.#parts;
    return feed.start({
      onTick: (tick) => this.#take(tick),
      onEnd: () => (this.#writer === null ? onFailed(new Error('it has ended')) : this.#writer.onEnd()),
      onError: (error) => (this.#writer === null ? onFailed(error) : this.#writer.onError(error)),
      onSkipped: (skipped) => (this.#writer?.onSkipped ?? onSkipped)(skipped),
    });
  }

  /** What is kept now stays, until it is handed over. */
  freeze(): void {
    this.#buffer.freeze(this.#parts.clock.now());
  }

  /** The kept ticks by symbol, numbered anew above `startAfter`. Once, and before `start`. */
  handOver(startAfter: number): ReadonlyMap<string, LateTicks> {
    if (this.#between !== null || this.#writer !== null) throw new Error('the ticks are handed over already');
    const late = new Map(
      [...this.#buffer.drain()].map(([symbol, ticks]) => [symbol, numbered(ticks, startAfter, this.name)]),
    );
    const highest = [...late.values()].reduce((id, { lastId }) => Math.max(id, lastId), startAfter);
    this.#nextId = Math.max(this.#parts.clock.now() * 1000, highest + 1);
    this.#before = this.#parts.feed.stats();
    this.#between = [];
    return late;
  }

  /** The writer's start: the source is open already. */
  async start(handlers: FeedHandlers): Promise<void> {
    const between = this.#between;
    if (between === null) throw new Error('nothing was handed over');
    this.#between = null;
    this.#writer = handlers;
    for (const tick of between) void handlers.onTick(this.#live(tick));
  }

  subscribe(symbols: readonly string[]): { readonly unknown: readonly string[] } {
    return this.#parts.feed.subscribe(symbols);
  }

  unsubscribe(symbols: readonly string[]): void {
    this.#parts.feed.unsubscribe(symbols);
  }

  /** Since the hand-over; its sockets' own figures go back to when they were opened. */
  stats(): FeedStats {
    const stats = this.#parts.feed.stats();
    const before = this.#before;
    if (before === null) return stats;
    const { leftOut } = stats;
    return {
      ...stats,
      ...Object.fromEntries(COUNTED.map((name) => [name, stats[name] - before[name]])),
      ...(leftOut !== undefined && { leftOut: since(leftOut, before.leftOut ?? {}) }),
    };
  }

  /** Of a source that has one answer for all: that one. */
  lastHeardAt(symbol: string): number | null {
    const { feed } = this.#parts;
    if (feed.lastHeardAt !== undefined) return feed.lastHeardAt(symbol);
    const { lastHeardAt, lastMessageAt } = feed.stats();
    return lastHeardAt === undefined ? lastMessageAt : lastHeardAt;
  }

  summary(): Readonly<Record<string, number>> {
    return this.#parts.feed.summary?.() ?? {};
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#parts.feed.stop().then(() => {
      this.#writer = null;
    });
    return this.#stopping;
  }

  #take(tick: FeedTick): Promise<void> | undefined {
    if (this.#writer !== null) return this.#writer.onTick(this.#live(tick));
    if (this.#between !== null) this.#between.push(tick);
    else if (this.#parts.gives(tick.spec.symbol)) this.#buffer.put(tick);
    return undefined;
  }

  #live(tick: FeedTick): FeedTick {
    return { ...tick, tick: { ...tick.tick, id: this.#nextId++ } };
  }
}

const since = (now: LeftOut, before: LeftOut): LeftOut =>
  Object.fromEntries(DROP_REASONS.map((because) => [because, (now[because] ?? 0) - (before[because] ?? 0)]));

function numbered(ticks: KeptTicks, startAfter: number, feed: string): LateTicks {
  const idAfter = (id: number, at: number): number => Math.max(id + 1, at * 1000);
  let lastId = startAfter;
  for (const at of ticks.times()) lastId = idAfter(lastId, at);
  return {
    length: ticks.length,
    lastId,
    *[Symbol.iterator]() {
      let id = startAfter;
      for (const tick of ticks) {
        id = idAfter(id, tick.tick.at);
        yield { ...tick, feed, tick: { ...tick.tick, id } };
      }
    },
  };
}
