/**
 * Binance's public market streams as a price source: best prices and trades (design section 11).
 *
 * Tick ids are the start's epoch ms x 1000 and then +1 each, as of every live feed, so they go on growing over
 * restarts. Ticks are stamped with the time of their receipt.
 */
import type { Printed } from '../../domain/prices/price-tick.ts';
import type { SymbolRegistry } from '../../domain/symbols.ts';
import { isWatchOnly } from '../../domain/watched-symbols.ts';
import type { OpenConnection } from '../../ports/connection.ts';
import type { FailedSubscription, Feed, FeedConnectionStats, FeedHandlers } from '../../ports/feed.ts';
import type { Clock } from '../../ports/runtime.ts';
import { Teller } from '../teller.ts';
import { MarketConnection } from './market-connection.ts';
import { SymbolMarket, type Taken } from './symbol-market.ts';
import type { QuoteMessage, TradeMessage } from './usual-frame.ts';

export interface BinanceFeedOptions {
  /** Read anew for each symbol that is asked for: it may learn symbols meanwhile. */
  readonly registry: SymbolRegistry;
  readonly clock: Clock;
  /** Base URL of the streams, for instance `wss://stream.binance.com:9443`. */
  readonly url: string;
  readonly openConnection: OpenConnection;
  /** Highest tick id known of an earlier run; ids start above it, also when the clock went back. */
  readonly startAfter?: number;
  /**
   * Last prices by venue symbol, for symbols that rarely trade: without it their first price comes with their first
   * trade. Throws when it cannot be asked; it is asked again.
   */
  readonly lastPrices?: (venueSymbols: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly frameGapMs?: number;
  readonly answerTimeoutMs?: number;
  /** [30 s] Before a refused subscription is asked for again. */
  readonly refusedRetryMs?: number;
  /** [30 s] Between questions for last prices. */
  readonly seedMs?: number;
}

export function createBinanceFeed(options: BinanceFeedOptions): Feed {
  const { registry, clock, url, openConnection, startAfter = 0 } = options;
  const markets = new Map<string, SymbolMarket>();
  let connections: readonly MarketConnection[] = [];
  /** Of connections that nobody needed any more. */
  const ended = { messages: 0, errors: 0, reconnects: 0, trades: 0, quotes: 0 };
  let ending: Promise<unknown> = Promise.resolve();
  const counts = {
    ticks: 0,
    old: 0,
    duplicate: 0,
    empty_side: 0,
    not_positive: 0,
    unusable: 0,
    unasked: 0,
    refused: 0,
    seeds_failed: 0,
  };
  let handlers: FeedHandlers | null = null;
  let stopped = false;
  let nextId = 0;
  /** Of symbols that have left. */
  let rounded = 0;
  let seeding: NodeJS.Timeout | null = null;
  let asking: Promise<void> = Promise.resolve();

  const dropped = new Teller((reason, times) =>
    handlers?.onSkipped({
      where: 'message of Binance',
      reason: times === 1 ? reason : `${reason} (${times} times)`,
    }),
  );

  const tell = (market: SymbolMarket, taken: Taken, at: number, printed?: Printed): void => {
    if (taken === 'tick') {
      const tick = market.tick(nextId, at, printed);
      if (tick === null || handlers === null) return;
      nextId += 1;
      counts.ticks += 1;
      // A live market does not wait for its listeners; the pipeline bounds what it keeps.
      void handlers.onTick(tick);
    } else if (taken !== 'waits') {
      counts[taken] += 1;
    }
  };

  const onMessage = (from: MarketConnection, message: QuoteMessage | TradeMessage): void => {
    if (stopped) return;
    const market = markets.get(message.venueSymbol);
    if (market === undefined) {
      counts.unasked += 1;
      return;
    }
    const now = clock.now();
    const isQuote = message.kind === 'quote';
    if (isQuote) from.processed.quotes += 1;
    else from.processed.trades += 1;
    const taken = isQuote ? market.quote(message, now) : market.trade(message, now);
    if (taken === 'unusable' || taken === 'not_positive') from.processed.faults += 1;
    tell(market, taken, now, message.kind);
  };

  const onLeftOut = (from: MarketConnection, reason: string): void => {
    if (stopped) return;
    from.processed.faults += 1;
    dropped.count(reason, performance.now());
  };

  const onRefused = (from: MarketConnection, venueSymbols: readonly string[], reason: string): void => {
    counts.refused += 1;
    from.processed.faults += 1;
    handlers?.onSkipped({ where: `subscription of ${venueSymbols.length} symbols`, reason });
  };

  const place = (venueSymbols: readonly string[]): void => {
    const left = [...venueSymbols];
    while (left.length > 0) {
      let connection = connections.find(({ room }) => room > 0);
      if (connection === undefined) {
        const made: MarketConnection = new MarketConnection({
          name: `binance market ${connections.length + 1}`,
          url,
          openConnection,
          onMessage: (message) => onMessage(made, message),
          onLeftOut: (reason) => onLeftOut(made, reason),
          onRefused: (symbols, reason) => onRefused(made, symbols, reason),
          frameGapMs: options.frameGapMs ?? 300,
          answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
          refusedRetryMs: options.refusedRetryMs ?? 30_000,
        });
        connection = made;
        connections = [...connections, made];
      }
      connection.add(left.splice(0, connection.room));
    }
  };

  /** Symbols without a trade so far; one question at a time. */
  const seed = async (): Promise<void> => {
    const waiting = [...markets].filter(([, market]) => market.needsLast).map(([venueSymbol]) => venueSymbol);
    if (options.lastPrices === undefined || waiting.length === 0 || stopped) return;
    try {
      for (const [venueSymbol, price] of await options.lastPrices(waiting)) {
        const market = markets.get(venueSymbol);
        if (market === undefined || stopped || !market.needsLast) continue;
        tell(market, market.seed(price), clock.now());
      }
    } catch (error) {
      counts.seeds_failed += 1;
      const reason = error instanceof Error ? error.message : String(error);
      handlers?.onSkipped({ where: `last prices of ${waiting.length} symbols`, reason });
    }
  };
  const seedSoon = (): void => {
    asking = asking.then(seed);
  };

  /** A connection without symbols is silent, and silence looks like a fault: it is closed. */
  const endEmpty = (): void => {
    const empty = connections.filter((connection) => connection.isEmpty);
    connections = connections.filter((connection) => !connection.isEmpty);
    for (const connection of empty) {
      const { messagesReceived, errors, reconnects } = connection.stats();
      const { trades, quotes, faults } = connection.processed;
      ended.messages += messagesReceived;
      ended.trades += trades;
      ended.quotes += quotes;
      ended.errors += errors + faults;
      ended.reconnects += reconnects;
      ending = Promise.all([ending, connection.stop()]);
    }
  };

  const total = (count: (connection: MarketConnection) => number): number =>
    connections.reduce((sum, connection) => sum + count(connection), 0);
  const tradesOf = (): number => ended.trades + total(({ processed }) => processed.trades);
  const quotesOf = (): number => ended.quotes + total(({ processed }) => processed.quotes);

  const statsOf = (connection: MarketConnection): FeedConnectionStats => {
    const { name, connected, healthy, messagesReceived, errors, lastMessageAt, reconnects } =
      connection.stats();
    const { trades, quotes, faults } = connection.processed;
    return {
      ...{ name, connected, healthy, messagesReceived, lastMessageAt, reconnects, trouble: null },
      // Public streams ask for no key.
      authenticated: connected,
      tradesProcessed: trades,
      quotesProcessed: quotes,
      errors: errors + faults,
      subscriptions: connection.size,
    };
  };

  const failures = (): readonly FailedSubscription[] =>
    [...markets].flatMap(([venueSymbol, { spec }]) => {
      const on = connections.find((connection) => connection.carries(venueSymbol));
      const reason = on?.refusalOf(venueSymbol) ?? null;
      return reason === null ? [] : [{ symbol: spec.symbol, reason: `refused: ${reason}` }];
    });

  const latest = (times: readonly number[]): number | null =>
    times.length === 0 ? null : Math.max(...times);
  /** Null where there are none, or one was never. */
  const earliest = (times: readonly (number | null)[]): number | null => {
    const known = times.flatMap((at) => at ?? []);
    return known.length === 0 || known.length < times.length ? null : Math.min(...known);
  };

  return {
    name: 'binance',
    /** Resolves at once: connections open with the first symbols and come back by themselves. */
    start: async (given) => {
      if (handlers !== null) throw new Error('the feed runs already');
      handlers = given;
      nextId = Math.max(clock.now() * 1000, startAfter + 1);
      seeding = setInterval(seedSoon, options.seedMs ?? 30_000);
    },
    subscribe: (symbols) => {
      const unknown: string[] = [];
      const fresh: string[] = [];
      for (const symbol of symbols) {
        const spec = registry.get(symbol);
        if (spec === null || isWatchOnly(spec)) unknown.push(symbol);
        else if (!markets.has(spec.venueSymbol)) {
          markets.set(spec.venueSymbol, new SymbolMarket(spec));
          fresh.push(spec.venueSymbol);
        }
      }
      if (fresh.length > 0 && !stopped) {
        place(fresh);
        seedSoon();
      }
      return { unknown };
    },
    unsubscribe: (symbols) => {
      if (stopped) return;
      const leaving = new Set(symbols);
      const gone = [...markets].filter(([, { spec }]) => leaving.has(spec.symbol)).map(([name]) => name);
      for (const venueSymbol of gone) {
        rounded += markets.get(venueSymbol)?.rounded ?? 0;
        markets.delete(venueSymbol);
      }
      for (const connection of connections) connection.remove(gone);
      endEmpty();
    },
    stats: () => {
      const stats = connections.map((connection) => connection.stats());
      // With no symbol to follow there is nothing to be cut off from: a feed that nobody needs is no fault.
      const connected = handlers !== null && !stopped && stats.every((one) => one.connected);
      return {
        name: 'binance',
        connected,
        // Public streams ask for no key: whoever is connected may read.
        authenticated: connected,
        messagesReceived: stats.reduce((sum, one) => sum + one.messagesReceived, ended.messages),
        tradesProcessed: tradesOf(),
        quotesProcessed: quotesOf(),
        errors:
          stats.reduce((sum, one) => sum + one.errors, ended.errors) +
          total(({ processed }) => processed.faults) +
          counts.seeds_failed,
        lastMessageAt: latest(stats.flatMap((one) => one.lastMessageAt ?? [])),
        // Of all its connections: where one is silent, its symbols' prices are not known to stand.
        lastHeardAt: connected ? earliest(stats.map((one) => one.lastHeardAt ?? null)) : null,
        subscriptions: [...markets.values()].map(({ spec }) => spec.symbol),
        failed: failures(),
        leftOut: {
          duplicates: counts.duplicate,
          out_of_order: counts.old,
          not_positive: counts.not_positive,
        },
        connections: connections.map(statsOf),
      };
    },
    lastHeardAt: (symbol) => {
      const name = registry.get(symbol)?.venueSymbol;
      const connection = connections.find((one) => name !== undefined && one.carries(name));
      return connection?.stats().lastHeardAt ?? null;
    },
    summary: () => ({
      trades: tradesOf(),
      quotes: quotesOf(),
      ...counts,
      rounded: [...markets.values()].reduce((sum, market) => sum + market.rounded, rounded),
      reconnects: connections.reduce(
        (sum, connection) => sum + connection.stats().reconnects,
        ended.reconnects,
      ),
      ...Object.fromEntries(
        Object.entries(dropped.counts).map(([reason, count]) => [`dropped: ${reason}`, count]),
      ),
    }),
    stop: async () => {
      stopped = true;
      if (seeding !== null) clearInterval(seeding);
      await Promise.all([ending, ...connections.map((connection) => connection.stop())]);
      handlers = null;
    },
  };
}
