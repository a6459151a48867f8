/**
 * Polygon (Massive) as a price source: crypto, stocks, currencies and metals (design section 11).
 *
 * Tick ids are the start's epoch ms x 1000 and then +1 each, as of every live feed, so they go on growing over
 * restarts. Ticks are stamped with the time of their receipt. Whether a price can be trusted is not judged here, and
 * dollars are not converted: see domain/polygon.
 */
import {
  type PolygonAssetClass,
  type PolygonChannelKind,
  polygonInstrument,
  polygonName,
} from '../../domain/polygon.ts';
import { TRUST_DEFAULTS, type TrustSettings } from '../../domain/prices/trust-filter.ts';
import type { SymbolRegistry, SymbolSpec } from '../../domain/symbols.ts';
import type { OpenConnection } from '../../ports/connection.ts';
import type { FailedSubscription, Feed, FeedHandlers } from '../../ports/feed.ts';
import type { Clock, Log } from '../../ports/runtime.ts';
import { CLUSTER_DEFAULTS, ClusterConnection, type ClusterSettings } from './cluster-connection.ts';
import { InstrumentStream, type Seen } from './instrument-stream.ts';
import type { CryptoTrade, PolygonBar, PolygonMessage, StockTrade } from './messages.ts';
import type { PolygonMarket, QuoteSides, Said } from './polygon-market.ts';
import { SeenTrades } from './seen-trades.ts';
import { Teller } from './teller.ts';
import type { Topic } from './topic.ts';

export interface PolygonFeedOptions {
  /** Read anew for each symbol that is asked for: it may learn symbols meanwhile. */
  readonly registry: SymbolRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Base URL, for instance `wss://socket.massive.com` (or the old `wss://socket.polygon.io`). */
  readonly url: string;
  /** Never told to anybody but the server. */
  readonly key: string;
  readonly openConnection: OpenConnection;
  /** Highest tick id known of an earlier run; ids start above it, also when the clock went back. */
  readonly startAfter?: number;
  /** Aggregates that are subscribed too, and who takes them; the last one of the same start wins. */
  readonly bars?: {
    readonly widths: readonly ('second' | 'minute')[];
    readonly onBar: (spec: SymbolSpec, bar: PolygonBar) => void;
  };
  readonly settings?: Partial<ClusterSettings>;
  /** [60 s] After a confirmed subscription; then it is marked silent, while its market is open. */
  readonly firstDataMs?: number;
  /** [5 s] Between looks for silent ones. */
  readonly lookMs?: number;
  /** [2 s, 60 s] How far a message's own time may be from ours. */
  readonly timely?: Pick<TrustSettings, 'futureMs' | 'ageMs'>;
}

/** One asset class: what is followed, by Polygon's name of it. */
interface OfClass {
  readonly assetClass: PolygonAssetClass;
  readonly byName: Map<string, InstrumentStream>;
}

const WIDTH_OF = {
  ...{ XA: 'minute', AM: 'minute', CA: 'minute' },
  ...{ XAS: 'second', A: 'second', CAS: 'second' },
} as const satisfies Record<PolygonBar['ev'], PolygonChannelKind>;

export function createPolygonFeed(options: PolygonFeedOptions): Feed {
  const { registry, clock, log, url, key, openConnection, startAfter = 0, bars } = options;
  const { firstDataMs = 60_000, lookMs = 5_000, timely = TRUST_DEFAULTS } = options;
  const { futureMs, ageMs } = timely;
  const kinds: readonly PolygonChannelKind[] = ['trade', 'quote', ...(bars?.widths ?? [])];
  const connections = new Map<PolygonAssetClass, ClusterConnection>();
  const streams: Readonly<Record<PolygonAssetClass, OfClass>> = {
    crypto: { assetClass: 'crypto', byName: new Map() },
    stocks: { assetClass: 'stocks', byName: new Map() },
    forex: { assetClass: 'forex', byName: new Map() },
  };
  const streamOfTopic = new Map<Topic, InstrumentStream>();
  const symbols = new Map<string, InstrumentStream>();
  const silentTold = new Set<InstrumentStream>();
  const seen = new SeenTrades();
  const counts = {
    ...{ trades: 0, quotes: 0, bars: 0, ticks: 0, old: 0, duplicate: 0, crossed: 0, empty_side: 0 },
    ...{ unusable: 0, untimely: 0, unasked: 0, refused: 0, long_numbers: 0, handler_failed: 0 },
  };
  let handlers: FeedHandlers | null = null;
  let stopped = false;
  let nextId = 0;
  /** Of symbols that have left. */
  let rounded = 0;
  let looking: NodeJS.Timeout | null = null;

  const skip = (where: string) => (reason: string, times: number) =>
    handlers?.onSkipped({ where, reason: times === 1 ? reason : `${reason} (${times} times)` });
  const dropped = new Teller(skip('message of Polygon'));
  const ignored = new Teller(skip('field of a message of Polygon, left out'));

  const tell = (market: PolygonMarket, taken: Seen, now: number, said: Said): void => {
    if (taken === 'waits') return;
    if (taken !== 'tick') {
      counts[taken] += 1;
      return;
    }
    const tick = market.tick(nextId, now, said);
    if (tick === null || handlers === null) return;
    nextId += 1;
    counts.ticks += 1;
    // A live market does not wait for its listeners; the pipeline bounds what it keeps.
    void handlers.onTick(tick);
  };

  /** Whoever is far off in time is not put together with others; the tick tells it to those who judge and count. */
  const isTimely = (at: number, now: number): boolean => at <= now + futureMs && at >= now - ageMs;
  const untimely = (): Seen => {
    counts.untimely += 1;
    return 'tick';
  };

  const streamOf = ({ assetClass, byName }: OfClass, name: string): InstrumentStream | null => {
    const stream = byName.get(name) ?? byName.get(polygonName(assetClass, name));
    if (stream === undefined) counts.unasked += 1;
    return stream ?? null;
  };

  const onTrade = (ofClass: OfClass, message: CryptoTrade | StockTrade, now: number): void => {
    const stream = streamOf(ofClass, message.name);
    if (stream === null) return;
    counts.trades += 1;
    const refusal = stream.refuseTrade(message, now);
    if (refusal !== null) counts[refusal as 'old' | 'duplicate'] += 1;
    else {
      const { venue, at } = message;
      for (const market of stream.markets) {
        const taken = isTimely(at, now) ? market.trade(message.price) : untimely();
        tell(market, taken, now, { printed: 'trade', venue, at });
      }
    }
  };

  const onQuote = (
    ofClass: OfClass,
    message: { readonly name: string; readonly at: number } & QuoteSides,
    venue: number | null,
    now: number,
  ): void => {
    const stream = streamOf(ofClass, message.name);
    if (stream === null) return;
    counts.quotes += 1;
    const { at } = message;
    if (stream.refuseQuote(venue, at, now) !== null) counts.old += 1;
    else
      for (const market of stream.markets) {
        const taken = isTimely(at, now) ? stream.quote(market, venue, message, now) : untimely();
        tell(market, taken, now, { printed: 'quote', venue, at });
      }
  };

  const onBar = (ofClass: OfClass, bar: PolygonBar, now: number): void => {
    const stream = streamOf(ofClass, bar.name);
    if (stream === null) return;
    counts.bars += 1;
    stream.hear(WIDTH_OF[bar.ev], now);
    for (const { spec } of stream.markets) bars?.onBar(spec, bar);
  };

  const route = (message: PolygonMessage, now: number): void => {
    switch (message.ev) {
      case 'XQ':
        onQuote(streams.crypto, message, message.venue, now);
        break;
      case 'XT':
        onTrade(streams.crypto, message, now);
        break;
      case 'T':
        onTrade(streams.stocks, message, now);
        break;
      case 'Q':
        // The best of all venues already.
        onQuote(streams.stocks, message, null, now);
        break;
      case 'C':
        onQuote(streams.forex, message, message.venue, now);
        break;
      case 'XA':
      case 'XAS':
        onBar(streams.crypto, message, now);
        break;
      case 'A':
      case 'AM':
        onBar(streams.stocks, message, now);
        break;
      case 'CA':
      case 'CAS':
        onBar(streams.forex, message, now);
        break;
      default:
        counts.unasked += 1;
    }
  };

  const onMessage = (message: PolygonMessage, now: number): void => {
    if (stopped) return;
    try {
      route(message, now);
    } catch (error) {
      // One listener's failure: the other elements of the frame are handed on all the same.
      counts.handler_failed += 1;
      if (dropped.count('not handled', performance.now())) {
        log.error('polygon_message_not_handled', {
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
  };

  const onRefused = (topic: Topic): void => {
    counts.refused += 1;
    handlers?.onSkipped({ where: `subscription ${topic.name}`, reason: topic.reason ?? topic.state });
    streamOfTopic.get(topic)?.noteQuotes();
  };

  const connectionOf = (assetClass: PolygonAssetClass): ClusterConnection => {
    let connection = connections.get(assetClass);
    if (connection === undefined) {
      connection = new ClusterConnection({
        ...{ assetClass, url, key, openConnection, clock, log, onMessage, onRefused },
        settings: { ...CLUSTER_DEFAULTS, ...options.settings },
        onLeftOut: (reason, kind) =>
          (kind === 'dropped' ? dropped : ignored).count(reason, performance.now()),
        onLongNumbers: (count) => {
          counts.long_numbers += count;
        },
      });
      connections.set(assetClass, connection);
    }
    return connection;
  };

  /** False where Polygon has nothing of the kind. The topics of a new instrument go to `fresh`. */
  const add = (spec: SymbolSpec, fresh: Map<PolygonAssetClass, Topic[]>): boolean => {
    const instrument = polygonInstrument(spec);
    if (instrument === null) return false;
    const { assetClass, name } = instrument;
    const { byName } = streams[assetClass];
    let stream = byName.get(name);
    if (stream === undefined) {
      stream = new InstrumentStream(instrument, kinds, seen);
      byName.set(name, stream);
      for (const topic of stream.topics) streamOfTopic.set(topic, stream);
      fresh.set(assetClass, [...(fresh.get(assetClass) ?? []), ...stream.topics]);
    }
    stream.add(spec);
    stream.noteQuotes();
    symbols.set(spec.symbol, stream);
    return true;
  };

  /** What is given up of it: all, where no other symbol is watched at its prices. */
  const drop = (symbol: string, gone: Map<PolygonAssetClass, Topic[]>): void => {
    const stream = symbols.get(symbol);
    if (stream === undefined) return;
    symbols.delete(symbol);
    rounded += stream.remove(symbol);
    if (stream.markets.length > 0) return;
    const { assetClass, name } = stream.instrument;
    streams[assetClass].byName.delete(name);
    silentTold.delete(stream);
    for (const topic of stream.topics) streamOfTopic.delete(topic);
    gone.set(assetClass, [...(gone.get(assetClass) ?? []), ...stream.topics]);
  };

  const failures = (): readonly FailedSubscription[] => {
    const now = clock.now();
    return [...symbols].flatMap(([symbol, stream]) => {
      const reason = stream.failure(now, firstDataMs);
      return reason === null ? [] : [{ symbol, reason }];
    });
  };

  /** Says once that a symbol is silent. */
  const look = (): void => {
    for (const { symbol, reason } of failures()) {
      const stream = symbols.get(symbol);
      if (stream === undefined || !reason.startsWith('silent') || silentTold.has(stream)) continue;
      silentTold.add(stream);
      handlers?.onSkipped({ where: `subscription of ${symbol}`, reason });
    }
  };

  const all = (): readonly ClusterConnection[] => [...connections.values()];
  const lastMessageAt = (): number | null => {
    const times = all().flatMap((connection) => connection.stats()?.lastMessageAt ?? []);
    return times.length === 0 ? null : Math.max(...times);
  };

  return {
    name: 'polygon',
    /** Resolves at once: connections open with the first symbols and come back by themselves. */
    start: async (given) => {
      if (handlers !== null) throw new Error('the feed runs already');
      handlers = given;
      nextId = Math.max(clock.now() * 1000, startAfter + 1);
      looking = setInterval(look, lookMs);
    },
    subscribe: (asked) => {
      const unknown: string[] = [];
      const fresh = new Map<PolygonAssetClass, Topic[]>();
      for (const symbol of asked) {
        const spec = registry.get(symbol);
        if (symbols.has(symbol) || stopped) continue;
        if (spec === null || !add(spec, fresh)) unknown.push(symbol);
      }
      for (const [assetClass, topics] of fresh) connectionOf(assetClass).add(topics);
      return { unknown };
    },
    unsubscribe: (left) => {
      const gone = new Map<PolygonAssetClass, Topic[]>();
      for (const symbol of left) drop(symbol, gone);
      for (const [assetClass, topics] of gone) connections.get(assetClass)?.remove(topics);
    },
    stats: () => {
      const serving = all().filter((connection) => connection.stats() !== null);
      // With no symbol to follow there is nothing to be cut off from: a feed that nobody needs is no fault.
      const connected =
        handlers !== null && !stopped && serving.every((one) => one.stats()?.connected === true);
      return {
        name: 'polygon',
        connected,
        authenticated:
          connected && serving.length > 0 && serving.every(({ isAuthenticated }) => isAuthenticated),
        messagesReceived: all().reduce((sum, { elements }) => sum + elements, 0),
        tradesProcessed: counts.trades,
        quotesProcessed: counts.quotes,
        errors:
          all().reduce((sum, { totals }) => sum + totals.errors, 0) +
          dropped.total +
          counts.unusable +
          counts.refused,
        lastMessageAt: lastMessageAt(),
        subscriptions: [...symbols.keys()],
        trouble: serving.flatMap(({ trouble }) => trouble ?? [])[0] ?? null,
        failed: failures(),
      };
    },
    lastHeardAt: (symbol) => {
      const assetClass = symbols.get(symbol)?.instrument.assetClass;
      const connection = assetClass === undefined ? undefined : connections.get(assetClass);
      return connection?.stats()?.lastHeardAt ?? null;
    },
    summary: () => ({
      ...counts,
      rounded: [...symbols.values()].reduce(
        (sum, { markets }) => sum + markets.reduce((of, market) => of + market.rounded, 0),
        rounded,
      ),
      reconnects: all().reduce((sum, connection) => sum + connection.totals.reconnects, 0),
      ...prefixed('dropped', dropped.counts),
      ...prefixed('ignored', ignored.counts),
    }),
    stop: async () => {
      stopped = true;
      if (looking !== null) clearInterval(looking);
      await Promise.all(all().map((connection) => connection.stop()));
      handlers = null;
    },
  };
}

const prefixed = (prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([reason, count]) => [`${prefix}: ${reason}`, count]));
