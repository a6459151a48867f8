/** Connects what the streamer's parts share: cache, tables, the venue, its symbols. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLedger } from '../../shared/adapters/dynamodb/ledger.ts';
import { createSymbolStore } from '../../shared/adapters/dynamodb/symbol-store.ts';
import { createTapeStore } from '../../shared/adapters/dynamodb/tape-store.ts';
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import { builtInDirectory } from '../../shared/adapters/symbols/built-in.ts';
import { createSymbolDirectory } from '../../shared/adapters/symbols/directory.ts';
import { createRateBudget } from '../../shared/adapters/valkey/budget.ts';
import type { Valkey } from '../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../shared/adapters/valkey/trigger-index.ts';
import { createOpenConnection } from '../../shared/adapters/ws/connection.ts';
import { BUILT_IN } from '../../shared/domain/built-in-symbols.ts';
import { type SymbolRegistry, symbolRegistry } from '../../shared/domain/symbols.ts';
import type { BinanceEnvironment } from '../../shared/domain/types.ts';
import { createPolygonRest } from '../../shared/feeds/polygon/rest/client.ts';
import { createPolygonHistory } from '../../shared/feeds/polygon/rest/history.ts';
import type { MinuteHistory } from '../../shared/ports/history.ts';
import type { Log } from '../../shared/ports/runtime.ts';
import type { SymbolDirectory } from '../../shared/ports/symbols.ts';
import { pause } from '../../shared/usecases/stream-prices/background.ts';
import type { StreamPorts } from '../../shared/usecases/stream-prices/ports.ts';
import { requireAnswer } from '../../shared/venues/binance/outcomes.ts';
import { type BinanceVenue, createBinanceVenue } from '../../shared/venues/binance/venue.ts';
import { openValkey } from '../compose/open-valkey.ts';
import type { HistoryConfig, StreamerConfig } from './config.ts';
import { createLiveRegistry } from './live-registry.ts';
import { openFeed, openStandby } from './open-feed.ts';
import { createTriggersOutbox } from './outbox.ts';
import type { Part } from './part.ts';
import { composeUserData } from './user-data.ts';

/** The price path waits no longer for one answer; the batch is then sent again. */
const CACHE_TIMEOUT_MS = 1_000;

const clock = { now: () => Date.now() };
const ids = { token: () => randomUUID() };

export interface StreamerParts {
  readonly prices: StreamPorts;
  /** Null where no exchange is served. */
  readonly userData: (() => Part) | null;
  readonly close: () => Promise<void>;
}

export function compose(config: StreamerConfig, log: Log): StreamerParts {
  const client = createDynamoClient();
  const valkey = openValkey(config.cache, {
    commandTimeoutMs: CACHE_TIMEOUT_MS,
    // A container's role: the SDK knows where its credentials are and renews them.
    credentials: () => client.config.credentials(),
    onError: (error) => log.warn('cache_connection_failed', { error: error.message }),
  });
  const { ordersTable, positionsTable, priceTapeTable, triggersQueueUrl, shards: sweepShards } = config;
  const ledger = createLedger({ client, ordersTable, positionsTable, walletsTable: null, sweepShards });
  const triggers = createTriggersOutbox(triggersQueueUrl);
  const metrics: StreamPorts['metrics'] = (values, venue) =>
    void process.stdout.write(`${metricsLine(config.stage, values, clock.now(), { venue })}\n`);
  const openConnection = createOpenConnection({
    clock,
    log,
    settings: {
      unhealthyAfter: config.reconnect.attempts,
      firstWaitMs: config.reconnect.firstMs,
      longestWaitMs: config.reconnect.longestMs,
    },
  });
  const venue = venueOf(config, valkey, log);
  const symbols = directoryOf(config, client);
  const registry = createLiveRegistry(() => symbolsOf(config, symbols), log);
  const userData =
    config.userData === null || venue === null || !config.parts.includes('user-data')
      ? null
      : composeUserData(config.userData, {
          ...{ client, valkey, ledger, venue, symbols, openConnection, triggersQueueUrl },
          ...{ clock, ids, log, metrics },
        });
  const feeds = {
    ...{ registry, clock, log, openConnection },
    lastPrices: async (): Promise<ReadonlyMap<string, string>> =>
      venue === null ? new Map() : requireAnswer(await venue.market.lastPrices()),
  };
  return {
    prices: {
      index: createTriggerIndex(valkey, { shards: config.shards }),
      cache: createPriceCache(valkey),
      leases: createLeases(valkey),
      counters: createCounters(valkey),
      tape: createTapeStore({ client, priceTapeTable }),
      ledger,
      outbox: triggers,
      clock,
      ids,
      log,
      metrics,
      ...(config.history !== null && { history: historyOf(config.history, registry) }),
      openFeed: (known, standby) => openFeed(config.feed, known, feeds, standby),
      openStandby: () => openStandby(config.feed, feeds),
      symbols: [...BUILT_IN.map(({ symbol }) => symbol), ...config.fixedSymbols],
    },
    userData: userData?.make ?? null,
    close: async () => {
      registry.stop();
      userData?.close();
      venue?.close();
      await valkey.close();
      client.destroy();
      triggers.close();
    },
  };
}

const historyOf = ({ url, key, requestsPerMinute }: HistoryConfig, registry: SymbolRegistry): MinuteHistory =>
  createPolygonHistory({
    registry,
    now: clock.now,
    rest: createPolygonRest({
      url,
      key,
      requestsPerMinute,
      pause,
      now: () => performance.now(),
      random: Math.random,
    }),
  });

/** The served environment; for the public feed alone production's market data, which needs no key. */
function venueOf(
  { userData, feed, egressAddress }: StreamerConfig,
  valkey: Valkey,
  log: Log,
): BinanceVenue | null {
  const publicRest = publicRestOf(feed);
  const rest = userData?.binance.endpoints.rest ?? publicRest;
  if (rest === null) return null;
  const environment: BinanceEnvironment = userData?.binance.environment ?? 'binance';
  return createBinanceVenue({
    environment,
    endpoints: { rest },
    budget: (now) =>
      createRateBudget(valkey, {
        environment: userData === null ? 'public' : environment,
        address: egressAddress,
        now,
        onEvent: (event, detail) => log.warn(event, { detail }),
      }),
    clock,
    log,
  });
}

function publicRestOf(feed: StreamerConfig['feed']): string | null {
  if (feed.kind === 'two') return feed.binance.rest;
  return feed.kind === 'binance' ? feed.rest : null;
}

function directoryOf({ userData }: StreamerConfig, client: DynamoDBClient): SymbolDirectory {
  const builtIn = builtInDirectory(symbolRegistry());
  if (userData === null) return builtIn;
  return createSymbolDirectory({
    builtIn,
    store: createSymbolStore({ client, symbolsTable: userData.symbolsTable }),
    environment: userData.binance.environment,
    now: clock.now,
  });
}

const symbolsOf = ({ userData }: StreamerConfig, symbols: SymbolDirectory) =>
  userData === null ? Promise.resolve(symbolRegistry().all()) : symbols.all(userData.binance.environment);
