/**
 * The streamer's process: configuration, composition, start and stop. What it does: usecases/stream-prices.
 *
 * Exit codes: 0 after SIGTERM or SIGINT, 1 when the configuration is wrong or the feed can never go on.
 */
import { randomUUID } from 'node:crypto';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLedger } from '../../shared/adapters/dynamodb/ledger.ts';
import { createTapeStore } from '../../shared/adapters/dynamodb/tape-store.ts';
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import { createValkey } from '../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../shared/adapters/valkey/trigger-index.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import type { StreamPorts } from '../../shared/usecases/stream-prices/ports.ts';
import { STREAM_DEFAULTS } from '../../shared/usecases/stream-prices/settings.ts';
import { Streamer } from '../../shared/usecases/stream-prices/streamer.ts';
import { readConfig, type StreamerConfig } from './config.ts';
import { createLog } from './log.ts';
import { openFeed } from './open-feed.ts';
import { createTriggersOutbox } from './outbox.ts';

/** From the signal to the end: after this the process leaves, whatever it still waits for. */
const STOP_WITHIN_MS = 2_800;
/** The price path waits no longer for one answer; the batch is then sent again. */
const CACHE_TIMEOUT_MS = 1_000;

const clock = { now: () => Date.now() };
const log = createLog();

function compose(config: StreamerConfig): { ports: StreamPorts; close: () => Promise<void> } {
  const valkey = createValkey(config.valkeyUrl, {
    commandTimeoutMs: CACHE_TIMEOUT_MS,
    onError: (error) => log.warn('cache_connection_failed', { error: error.message }),
  });
  const client = createDynamoClient();
  const outbox = createTriggersOutbox(config.triggersQueueUrl);
  const registry = symbolRegistry();
  const { ordersTable, positionsTable, priceTapeTable, shards: sweepShards } = config;
  const ports: StreamPorts = {
    index: createTriggerIndex(valkey, { shards: config.shards }),
    cache: createPriceCache(valkey),
    leases: createLeases(valkey),
    counters: createCounters(valkey),
    tape: createTapeStore({ client, priceTapeTable }),
    ledger: createLedger({ client, ordersTable, positionsTable, sweepShards }),
    outbox,
    clock,
    ids: { token: () => randomUUID() },
    log,
    metrics: (values) => process.stdout.write(`${metricsLine(config.stage, values, clock.now())}\n`),
    openFeed: (known) => openFeed(config.feed, known, { registry, clock }),
    symbols: registry.all().map(({ symbol }) => symbol),
  };
  const close = async (): Promise<void> => {
    await valkey.close();
    client.destroy();
    outbox.close();
  };
  return { ports, close };
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { ports, close } = compose(config);
  const streamer = new Streamer(ports, {
    ...STREAM_DEFAULTS,
    shard: config.shard,
    wakeUps: config.wakeUps,
    resumable: config.feed.kind === 'replay',
  });
  const stop = (signal: string): void => {
    log.info('streamer_stops', { signal });
    streamer.stop();
    setTimeout(() => {
      log.error('streamer_stop_took_too_long', { ms: STOP_WITHIN_MS });
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  log.info('streamer_starts', { feed: config.feed.kind, shard: config.shard, stage: config.stage });
  try {
    await streamer.run();
  } finally {
    await close();
  }
  log.info('streamer_stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    log.error('streamer_failed', { error: `${name}: ${message}` });
    process.exit(1);
  },
);
