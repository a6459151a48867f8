/**
 * Frames of a source, played once on a clock of their own: through connection handlers, parser and feed, the trust
 * filter and the bars, and, where there is an index, the price script. The same frames have to give the same tape.
 */
import { type DropReason, TRUST_DEFAULTS, TrustFilter } from '../../shared/domain/prices/trust-filter.ts';
import { type SymbolSpec, symbolRegistry } from '../../shared/domain/symbols.ts';
import type { Bar } from '../../shared/domain/triggers/types.ts';
import { createBinanceFeed } from '../../shared/feeds/binance/binance-feed.ts';
import { createPolygonFeed } from '../../shared/feeds/polygon/polygon-feed.ts';
import type { ConnectionRequest, OpenConnection, Session } from '../../shared/ports/connection.ts';
import type { Feed, FeedTick } from '../../shared/ports/feed.ts';
import type { TriggerIndex } from '../../shared/ports/trigger-index.ts';
import { BarBook } from '../../shared/usecases/stream-prices/bar-book.ts';
import { aBatch, build } from './index-model.ts';

export interface Arrival {
  /** When it came, epoch ms. */
  readonly at: number;
  readonly text: string;
}

export interface TapeRun {
  /** Every symbol's bars, as text: compared byte by byte. */
  readonly tape: string;
  readonly bars: ReadonlyMap<string, readonly Bar[]>;
  readonly ticks: Readonly<Record<string, number>>;
  readonly dropped: Partial<Record<DropReason, number>>;
  readonly held: number;
  readonly feed: Readonly<Record<string, number>>;
  readonly stats: ReturnType<Feed['stats']>;
}

const BATCH = 250;
/** Longer than any of these recordings. */
const KEPT_MS = 86_400_000;
const SETTINGS = TRUST_DEFAULTS;
const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const session: Session = { id: 1, isOpen: true, send: quiet, drop: quiet };

/** One symbol's way behind the feed. */
class Lane {
  readonly book = new BarBook(KEPT_MS);
  readonly filter: TrustFilter<FeedTick>;
  readonly #symbol: string;
  readonly #index: TriggerIndex | null;
  #waiting: FeedTick[] = [];
  #batches = 0;

  constructor(
    symbol: string,
    index: TriggerIndex | null,
    on: { drop: (why: DropReason) => void; hold: () => void },
  ) {
    this.#symbol = symbol;
    this.#index = index;
    this.filter = new TrustFilter(-1, SETTINGS, {
      pass: (tick) => void this.#waiting.push(tick),
      drop: (_, why) => on.drop(why),
      hold: on.hold,
    });
  }

  get isFull(): boolean {
    return this.#waiting.length >= BATCH;
  }

  async flush(): Promise<void> {
    const ticks = this.#waiting.splice(0).map(({ tick }) => tick);
    const newest = ticks.at(-1);
    if (newest === undefined) return;
    const bars = this.book.preview(ticks);
    if (this.#index !== null) {
      this.#batches += 1;
      const batch = { ...aBatch(this.#symbol, this.#batches, ticks, newest.at), bars };
      const { outcome } = await this.#index.applyBatch(batch);
      if (outcome !== 'applied') throw new Error(`${this.#symbol}: ${outcome}`);
    }
    this.book.commit(bars);
  }
}

/** `index`: an empty one; left out, the bars alone are made. */
export async function runTape(
  source: 'binance' | 'polygon',
  specs: readonly SymbolSpec[],
  arrivals: Iterable<Arrival>,
  index: TriggerIndex | null = null,
): Promise<TapeRun> {
  let now = 0;
  const clock = { now: () => now };
  let request: ConnectionRequest | null = null;
  const openConnection: OpenConnection = (asked) => {
    request = asked;
    const stats = {
      ...{ name: asked.name, connected: true, healthy: true, messagesReceived: 0, errors: 0, failures: 0 },
      ...{ reconnects: 0, lastMessageAt: null, connectedSince: null, lastError: null },
    };
    return { start: quiet, renew: quiet, stats: () => stats, stop: async () => undefined };
  };
  const common = { registry: symbolRegistry(specs), clock, url: 'ws://127.0.0.1', openConnection };
  const feed =
    source === 'binance' ? createBinanceFeed(common) : createPolygonFeed({ ...common, log, key: 'any' });
  const lanes = new Map<string, Lane>();
  const ticks: Record<string, number> = {};
  const dropped: Partial<Record<DropReason, number>> = {};
  let held = 0;
  const on = {
    drop: (why: DropReason) => {
      dropped[why] = (dropped[why] ?? 0) + 1;
    },
    hold: () => {
      held += 1;
    },
  };
  for (const { symbol } of specs) {
    lanes.set(symbol, new Lane(symbol, index, on));
    if (index !== null) await build(index, symbol);
  }
  const [first] = arrivals;
  now = first?.at ?? 0;
  await feed.start({
    onTick: (tick) => {
      const { symbol } = tick.spec;
      ticks[symbol] = (ticks[symbol] ?? 0) + 1;
      lanes.get(symbol)?.filter.take(tick, tick.tick.at);
      return undefined;
    },
    onEnd: quiet,
    onError: quiet,
    onSkipped: quiet,
  });
  feed.subscribe(specs.map(({ symbol }) => symbol));
  const opened = request as ConnectionRequest | null;
  if (opened === null) throw new Error('the feed has opened no connection');
  for (const { at, text } of arrivals) {
    now = Math.max(now, at);
    opened.handlers.onMessage(session, text, Buffer.from(text));
    for (const lane of lanes.values()) if (lane.isFull) await lane.flush();
  }
  for (const lane of lanes.values()) {
    lane.filter.end(now);
    await lane.flush();
  }
  const bars = new Map([...lanes].map(([symbol, { book }]) => [symbol, book.bars()] as const));
  const stats = feed.stats();
  await feed.stop();
  return { tape: JSON.stringify([...bars]), bars, ticks, dropped, held, feed: feed.summary?.() ?? {}, stats };
}
