/**
 * Polygon (Massive) as a price source: crypto, stocks, currencies and metals (design section 11).
 *
 * Tick ids are the start's epoch ms x 1000 and then +1 each, as of every live feed, so they go on growing over
 * restarts. Ticks are stamped with the time of their receipt. Whether a price can be trusted is not judged here, and
 * dollars are not converted: see domain/polygon.
 */
import { type PolygonAssetClass, type PolygonChannelKind, polygonInstrument } from '../../domain/polygon.ts';
import { TRUST_DEFAULTS, type TrustSettings } from '../../domain/prices/trust-filter.ts';
import type { SymbolRegistry, SymbolSpec } from '../../domain/symbols.ts';
import type { OpenConnection } from '../../ports/connection.ts';
import type { FailedSubscription, Feed, FeedHandlers } from '../../ports/feed.ts';
import type { Clock, Log } from '../../ports/runtime.ts';
import { Teller } from '../teller.ts';
import { ClassStream } from './class-stream.ts';
import { CLUSTER_DEFAULTS, ClusterConnection, type ClusterSettings } from './cluster-connection.ts';
import { NOT_POSITIVE } from './fields.ts';
import { InstrumentStream, type Seen } from './instrument-stream.ts';
import type { CryptoTrade, PolygonBar, PolygonMessage, StockTrade } from './messages.ts';
import type { PolygonMarket, QuoteSides, Said } from './polygon-market.ts';
import { SeenTrades } from './seen-trades.ts';
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

const WIDTH_OF = {
  ...{ XA: 'minute', AM: 'minute', CA: 'minute' },
  ...{ XAS: 'second', A: 'second', CAS: 'second' },
} as const satisfies Record<PolygonBar['ev'], PolygonChannelKind>;

export function createPolygonFeed(options: PolygonFeedOptions): Feed {
  const { registry, clock, log, url, key, openConnection, startAfter = 0, bars } = options;
  const { firstDataMs = 60_000, lookMs = 5_000, timely = TRUST_DEFAULTS } = options;
  const { futureMs, ageMs } = timely;
  const kinds: readonly PolygonChannelKind[] = ['trade', 'quote', ...(bars?.widths ?? [])];
  const streams: Readonly<Record<PolygonAssetClass, ClassStream>> = {
    crypto: new ClassStream('crypto'),
    stocks: new ClassStream('stocks'),
    forex: new ClassStream('forex'),
  };
  const streamOfTopic = new Map<Topic, InstrumentStream>();
  const symbols = new Map<string, InstrumentStream>();
  const silentTold = new Set<InstrumentStream>();
  const seen = new SeenTrades();
  const counts = {
    ...{ bars: 0, ticks: 0, old: 0, duplicate: 0, crossed: 0, empty_side: 0 },
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

  /** A listener failed: what else the frame brings, and other symbols at the same price, are handed on all the same. */
  const notHandled = (of: ClassStream, error: unknown): void => {
    counts.handler_failed += 1;
    of.faults += 1;
    if (!dropped.count('not handled', performance.now())) return;
    log.error('polygon_message_not_handled', {
      error: error instanceof Error ? error.message : String(error),
    });
  };

  const tell = (of: ClassStream, market: PolygonMarket, taken: Seen, now: number, said: Said): void => {
    if (taken === 'waits') return;
    if (taken !== 'tick') {
      counts[taken] += 1;
      if (taken === 'crossed' || taken === 'unusable') of.faults += 1;
      return;
    }
    const tick = market.tick(nextId, now, said);
    if (tick === null || handlers === null) return;
    nextId += 1;
    counts.ticks += 1;
    try {
      // A live market does not wait for its listeners; the pipeline bounds what it keeps.
      void handlers.onTick(tick);
    } catch (error) {
      notHandled(of, error);
    }
  };

  /** Whoever is far off in time is not put together with others; the tick tells it to those who judge and count. */
  const isTimely = (at: number, now: number): boolean => at <= now + futureMs && at >= now - ageMs;
  const untimely = (): Seen => {
    counts.untimely += 1;
    return 'tick';
  };

  const streamOf = (of: ClassStream, name: string): InstrumentStream | null => {
    const stream = of.find(name);
    if (stream === undefined) counts.unasked += 1;
    return stream ?? null;
  };

  const onTrade = (of: ClassStream, message: CryptoTrade | StockTrade, now: number): void => {
    const stream = streamOf(of, message.name);
    if (stream === null) return;
    of.trades += 1;
    const refusal = stream.refuseTrade(message, now);
    if (refusal !== null) counts[refusal as 'old' | 'duplicate'] += 1;
    else {
      const { venue, at } = message;
      for (const market of stream.markets) {
        const taken = isTimely(at, now) ? market.trade(message.price) : untimely();
        tell(of, market, taken, now, { printed: 'trade', venue, at });
      }
    }
  };

  const onQuote = (
    of: ClassStream,
    message: { readonly name: string; readonly at: number } & QuoteSides,
    venue: number | null,
    now: number,
  ): void => {
    const stream = streamOf(of, message.name);
    if (stream === null) return;
    of.quotes += 1;
    const { at } = message;
    if (stream.refuseQuote(venue, at, now) !== null) counts.old += 1;
    else
      for (const market of stream.markets) {
        const taken = isTimely(at, now) ? stream.quote(market, venue, message, now) : untimely();
        tell(of, market, taken, now, { printed: 'quote', venue, at });
      }
  };

  const onBar = (of: ClassStream, bar: PolygonBar, now: number): void => {
    const stream = streamOf(of, bar.name);
    if (stream === null) return;
    counts.bars += 1;
    stream.hear(WIDTH_OF[bar.ev], now);
    for (const { spec } of stream.markets) {
      try {
        bars?.onBar(spec, bar);
      } catch (error) {
        notHandled(of, error);
      }
    }
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

  const onMessage = (of: ClassStream, message: PolygonMessage, now: number): void => {
    if (stopped) return;
    try {
      route(message, now);
    } catch (error) {
      notHandled(of, error);
    }
  };

  const onRefused = (of: ClassStream, topic: Topic): void => {
    counts.refused += 1;
    of.faults += 1;
    handlers?.onSkipped({ where: `subscription ${topic.name}`, reason: topic.reason ?? topic.state });
    streamOfTopic.get(topic)?.noteRefusals();
  };

  const connectionOf = (assetClass: PolygonAssetClass): ClusterConnection => {
    const of = streams[assetClass];
    of.connection ??= new ClusterConnection({
      ...{ assetClass, url, key, openConnection, clock, log },
      onMessage: (message, now) => onMessage(of, message, now),
      settings: { ...CLUSTER_DEFAULTS, ...options.settings },
      onRefused: (topic) => onRefused(of, topic),
      onLeftOut: (reason, kind) => {
        if (kind === 'dropped') of.faults += 1;
        (kind === 'dropped' ? dropped : ignored).count(reason, performance.now());
      },
      onLongNumbers: (count) => {
        counts.long_numbers += count;
      },
    });
    return of.connection;
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
    stream.noteRefusals();
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

  const classes = Object.values(streams);
  const all = (): readonly ClusterConnection[] => classes.flatMap(({ connection }) => connection ?? []);
  const total = (count: (of: ClassStream) => number): number =>
    classes.reduce((sum, of) => sum + count(of), 0);
  /** Prices that could be read and were zero or less. */
  const notPositive = (): number =>
    Object.entries(dropped.counts).reduce(
      (sum, [reason, count]) => sum + (reason.endsWith(NOT_POSITIVE) ? count : 0),
      0,
    );
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
      for (const [assetClass, topics] of gone) streams[assetClass].connection?.remove(topics);
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
        tradesProcessed: total(({ trades }) => trades),
        quotesProcessed: total(({ quotes }) => quotes),
        errors: total(({ errors }) => errors),
        lastMessageAt: lastMessageAt(),
        subscriptions: [...symbols.keys()],
        trouble: serving.flatMap(({ trouble }) => trouble ?? [])[0] ?? null,
        failed: failures(),
        leftOut: {
          crossed: counts.crossed,
          duplicates: counts.duplicate,
          out_of_order: counts.old,
          not_positive: notPositive(),
        },
        connections: classes.flatMap((of) => of.stats() ?? []),
      };
    },
    lastHeardAt: (symbol) => {
      const assetClass = symbols.get(symbol)?.instrument.assetClass;
      return assetClass === undefined ? null : (streams[assetClass].connection?.stats()?.lastHeardAt ?? null);
    },
    summary: () => ({
      trades: total(({ trades }) => trades),
      quotes: total(({ quotes }) => quotes),
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
