/**
 * Two streamers on one exchange and one cache, the second of them standing by; the first one dies without a word. Exchange,
 * cache, lease and price tape are the real ones, other tables and queues are in memory; the lease is a short one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { createTapeStore } from '../../../shared/adapters/dynamodb/tape-store.ts';
import { createValkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { Tick } from '../../../shared/domain/triggers/types.ts';
import { createBinanceFeed } from '../../../shared/feeds/binance/binance-feed.ts';
import type { TapeStore } from '../../../shared/ports/tape.ts';
import type { StreamPorts } from '../../../shared/usecases/stream-prices/ports.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';
import { Streamer } from '../../../shared/usecases/stream-prices/streamer.ts';
import { startDynamoDb } from '../../support/dynamodb.ts';
import { build } from '../../support/index-model.ts';
import { realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';
import { World } from '../../unit/usecases/stream-prices/support.ts';

export const LEASE_MS = 2_000;
export const SYMBOLS = ['BTC/USDT', 'ETH/USDT'] as const;
const clock = { now: () => Date.now() };

export interface Applied {
  readonly by: string;
  readonly symbol: string;
  readonly tick: Tick;
  /** When the cache had taken it. */
  readonly at: number;
}

/** One process: until it is killed. */
export interface Process {
  readonly world: World;
  /** From now on nothing of it reaches anybody; its lease stays as it is. */
  kill(): void;
  /** SIGTERM. */
  stop(): Promise<void>;
}

export async function takingOver() {
  const [redis, dynamo, simulator] = await Promise.all([
    realRedisMissing === null ? startRealRedis() : startJsRedis(),
    startDynamoDb(),
    startSimulator(),
  ]);
  const valkey = createValkey(redis.url, { commandTimeoutMs: 5_000 });
  const [index, cache] = [createTriggerIndex(valkey), createPriceCache(valkey)];
  const { priceTape } = await dynamo.createTables();
  const tape = createTapeStore({ client: dynamo.client, priceTapeTable: priceTape });
  for (const symbol of SYMBOLS) await build(index, symbol);
  await cache.want(SYMBOLS);
  const applied: Applied[] = [];
  const running: Process[] = [];

  const start = (name: string): Process => {
    const world = new World();
    let isDead = false;
    const alive = async <T>(call: () => Promise<T>): Promise<T> => {
      if (isDead) throw new Error('killed');
      return call();
    };
    const connections = createOpenConnection({ clock, log: world.ports.log, settings: { firstWaitMs: 100 } });
    const binance = (startAfter: number) =>
      createBinanceFeed({
        ...{
          registry: symbolRegistry(),
          clock,
          url: simulator.streamUrl,
          openConnection: connections,
          startAfter,
        },
        lastPrices: async () => new Map(),
      });
    const leases = createLeases(valkey);
    const mortal = (store: TapeStore): TapeStore => ({
      ...store,
      merge: (symbol, row) => alive(() => store.merge(symbol, row)),
    });
    const ports: StreamPorts = {
      ...world.ports,
      ...{
        cache,
        tape: mortal(tape),
        counters: createCounters(valkey),
        symbols: [],
        ids: { token: () => name },
      },
      leases: {
        hold: (...args) => alive(() => leases.hold(...args)),
        release: (...args) => alive(() => leases.release(...args)),
      },
      index: {
        hasLevels: (symbol) => index.hasLevels(symbol),
        claim: (claim) => alive(() => index.claim(claim)),
        applyBatch: (batch) =>
          alive(async () => {
            const result = await index.applyBatch(batch);
            const at = Date.now();
            if (result.outcome === 'applied')
              applied.push(...batch.ticks.map((tick) => ({ by: name, symbol: batch.symbol, tick, at })));
            return result;
          }),
      },
      openFeed: (known, standby) => standby ?? binance(Math.max(0, ...known.values())),
      openStandby: () => ({ feed: binance(0), gives: () => true }),
    };
    const lease = { leaseTtlMs: LEASE_MS, leaseRenewMs: LEASE_MS / 4, leaseRetryMs: 100 };
    const streamer = new Streamer(ports, {
      ...STREAM_DEFAULTS,
      ...lease,
      ...{ shard: 0, wakeUps: true, resumable: false, tapeMs: 200 },
    });
    const done = streamer.run();
    const process: Process = {
      world,
      kill: () => {
        isDead = true;
      },
      stop: async () => {
        streamer.stop();
        await done;
      },
    };
    running.push(process);
    return process;
  };

  return {
    index,
    cache,
    tape,
    applied,
    start,
    market: market(simulator),
    leaseHolder: async () => valkey.command(['GET', 'lease:{feed:0}']),
    stop: async () => {
      await Promise.all(running.map((process) => process.stop()));
      await valkey.close();
      await Promise.all([redis.stop(), dynamo.stop(), simulator.stop()]);
    },
  };
}

/** Says prices of the exchange, each makes a quote and a trade; and remembers its own longest silence. */
function market(simulator: Simulator) {
  let turn = 0;
  let spokeAt = Date.now();
  let silence = 0;
  const say = async (prices: Readonly<Record<string, number>>, everyMs = 25): Promise<void> => {
    silence = Math.max(silence, Date.now() - spokeAt);
    spokeAt = Date.now();
    for (const [base, price] of Object.entries(prices)) {
      turn = (turn + 1) % 9;
      // A stream of changes says nothing of a price that stands.
      simulator.exchange.feedPrice(`${base}USDT`, { last: `${price}.1${turn}` });
    }
    await sleep(everyMs);
  };
  return Object.assign(say, { longestSilence: () => silence });
}
