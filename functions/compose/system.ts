/**
 * The composition root of every function that runs use cases: configuration, adapters, ports (design section 2).
 *
 * Made once per process, at module scope of its handler: connections open on first use and are kept.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuditStore } from '../../shared/adapters/dynamodb/audit-store.ts';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createClientStore } from '../../shared/adapters/dynamodb/client-store.ts';
import { createDemoStore } from '../../shared/adapters/dynamodb/demo-store.ts';
import { createLedger } from '../../shared/adapters/dynamodb/ledger.ts';
import { createReconcileStore } from '../../shared/adapters/dynamodb/reconcile-store.ts';
import { createSymbolStore } from '../../shared/adapters/dynamodb/symbol-store.ts';
import { createTapeStore } from '../../shared/adapters/dynamodb/tape-store.ts';
import { createWalletStore } from '../../shared/adapters/dynamodb/wallet-store.ts';
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createOutbox } from '../../shared/adapters/sqs/outbox.ts';
import { builtInDirectory } from '../../shared/adapters/symbols/built-in.ts';
import { createSymbolDirectory } from '../../shared/adapters/symbols/directory.ts';
import type { Valkey } from '../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../shared/adapters/valkey/price-cache.ts';
import { createSymbolWishes } from '../../shared/adapters/valkey/symbol-wishes.ts';
import { createTriggerIndex } from '../../shared/adapters/valkey/trigger-index.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import type { AuditStore } from '../../shared/ports/audit.ts';
import type { KeySealer } from '../../shared/ports/keys.ts';
import type { Clock } from '../../shared/ports/runtime.ts';
import type { Ports } from '../../shared/usecases/ports.ts';
import { repeatBy } from '../../shared/usecases/repeat.ts';
import type { BinanceWallets } from '../../shared/venues/binance/wallets.ts';
import { createVenueFactory } from '../../shared/venues/factory.ts';
import { type Config, loadConfig } from './config.ts';
import type { ExchangeParts } from './exchange.ts';
import { createLog } from './log.ts';
import { withMetrics } from './metrics.ts';
import { openValkey } from './open-valkey.ts';

export const systemClock: Clock = { now: () => Date.now() };

interface Connected {
  readonly valkey: Valkey;
  readonly audit: AuditStore;
  readonly ports: Ports;
  /** Null = no exchange is served. */
  readonly exchange: ExchangeParts | null;
}

function connect(config: Config, serviceName: string, parts: Parts): Connected {
  const { tables, queues, monitor, binance } = config;
  const clock = systemClock;
  const log = createLog(serviceName);
  const client = createDynamoClient();
  const environment = binance?.environment ?? null;
  const symbolStore = createSymbolStore({ client, symbolsTable: tables.symbols });
  const symbols = createSymbolDirectory({
    builtIn: builtInDirectory(symbolRegistry()),
    store: symbolStore,
    environment,
    now: clock.now,
  });
  const valkey = openValkey(config.cache, {
    onError: (error) => log.warn('CACHE_CONNECTION', { error: error.message }),
  });
  const wallets = createWalletStore({ client, walletsTable: tables.wallets });
  const prices = createPriceCache(valkey);
  const outbox = createOutbox({
    client: createSqsClient(),
    submitQueueUrl: queues.submit,
    exitsQueueUrl: queues.exits,
    executionsQueueUrl: queues.executions,
    triggersQueueUrl: queues.triggers,
    reconcileQueueUrl: queues.reconcile,
  });
  const counters = withMetrics(createCounters(valkey), {
    stage: config.stage,
    now: clock.now,
    write: (line) => {
      process.stdout.write(line);
    },
  });
  const store = createDemoStore({ client, demoVenueTable: tables.demoVenue });
  const { stage, keyCipher } = config;
  const exchange =
    binance === null
      ? null
      : { binance, keyCipher, stage, valkey, symbols, symbolStore, wallets, clock, log };
  const signing = exchange === null ? null : (parts.exchange?.(exchange) ?? null);
  const venueFactory = createVenueFactory({
    ...{ wallets, store, prices, outbox, symbols, clock, log },
    binance: signing,
  });
  const ports: Ports = {
    ledger: createLedger({
      client,
      ordersTable: tables.orders,
      positionsTable: tables.positions,
      walletsTable: tables.wallets,
      clientsTable: tables.clients,
      sweepShards: monitor.shards,
    }),
    wallets,
    clients: createClientStore({ client, clientsTable: tables.clients }),
    index: createTriggerIndex(valkey, { shards: monitor.shards }),
    prices,
    tape: createTapeStore({ client, priceTapeTable: tables.priceTape }),
    leases: createLeases(valkey),
    counters,
    metrics: (values) => {
      process.stdout.write(`${metricsLine(config.stage, values, clock.now())}\n`);
    },
    outbox,
    venues: venueFactory,
    accounts: venueFactory,
    reconciles: createReconcileStore({ client, walletsTable: tables.wallets }),
    symbols,
    symbolRefresh: createSymbolWishes(valkey, clock.now),
    served: environment === null ? ['demo'] : ['demo', environment],
    clock,
    ids: { token: () => randomUUID() },
    log,
    sleep: (ms) => sleep(ms),
    repeat: repeatBy((ms) => sleep(ms)),
  };
  const { audit: auditTable } = tables;
  const audit = createAuditStore({ client, auditTable, days: config.auditDays });
  return { ports, exchange, valkey, audit };
}

/** What only some functions hold; a function's bundle carries no more than it imports for this. */
export interface Parts {
  /** Of the function that takes keys in: seals them, and has no way to open them. */
  readonly sealer?: (keyCipher: string) => KeySealer;
  /** Of those that sign requests (signing.ts). */
  readonly exchange?: (parts: ExchangeParts) => BinanceWallets;
}

export interface System extends Connected {
  readonly config: Config;
  /** Null where no exchange is served, and in a function that takes no keys in. */
  readonly keySealer: KeySealer | null;
}

/** Reads the environment and connects everything; throws ConfigError naming all that is wrong. */
export function startSystem(
  serviceName: string,
  parts: Parts = {},
  env: NodeJS.ProcessEnv = process.env,
): System {
  const config = loadConfig(env, { keys: parts.sealer !== undefined || parts.exchange !== undefined });
  const { binance, keyCipher } = config;
  const connected = connect(config, serviceName, parts);
  const keySealer = binance === null || keyCipher === null ? null : (parts.sealer?.(keyCipher) ?? null);
  return { ...connected, config, keySealer };
}
