/**
 * A streamer on a simulator of its source, and what a fault of the link does to it: how long until its prices go on, and
 * which seconds its tape lacks. Cache and bars are the real ones, tables and queues are in memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { createValkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import type { ConnectionSettings } from '../../../shared/adapters/ws/settings.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { Hit, Units } from '../../../shared/domain/triggers/types.ts';
import { createBinanceFeed } from '../../../shared/feeds/binance/binance-feed.ts';
import type { ClusterSettings } from '../../../shared/feeds/polygon/cluster-connection.ts';
import { createPolygonFeed } from '../../../shared/feeds/polygon/polygon-feed.ts';
import type { OpenConnection } from '../../../shared/ports/connection.ts';
import type { Feed } from '../../../shared/ports/feed.ts';
import type { TapeStore } from '../../../shared/ports/tape.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';
import { Streamer } from '../../../shared/usecases/stream-prices/streamer.ts';
import { makeReadBars } from '../../../shared/usecases/views/read-bars.ts';
import { build } from '../../support/index-model.ts';
import { realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { World } from '../../unit/usecases/stream-prices/support.ts';
import { aPolygon, arm, KEY } from '../polygon-simulator/client.ts';
import { fixed } from './support.ts';

/** A lost link is known within this, whatever it was. */
export const KNOWN_WITHIN_MS = 30_000;
const TICK_MS = 100;
const clock = { now: () => Date.now() };

/** The simulator of a source, behind one door. */
export interface Place {
  readonly symbols: readonly string[];
  readonly openFeed: (openConnection: OpenConnection, startAfter: number) => Feed;
  /** The socket is cut, falls silent without an end, or somebody puts it out. */
  strike(how: 'cut' | 'silence' | 'kick'): Promise<void>;
  /** From now on BTC stands 5 % lower. */
  fall(): Promise<void>;
  stop(): Promise<void>;
}

export async function binancePlace(): Promise<Place> {
  const simulator = await startSimulator();
  let price = 60_000;
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    const last = `${price + (turn % 7)}.5`;
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) simulator.exchange.feedPrice(symbol, { last });
  }, TICK_MS);
  const lastPrices = async () => new Map(['BTCUSDT', 'ETHUSDT'].map((symbol) => [symbol, '60000']));
  const faults = {
    cut: { kind: 'cut_sockets', sockets: 'streams' },
    silence: { kind: 'silent_sockets', sockets: 'streams' },
    kick: { kind: 'server_shutdown', sockets: 'streams', ms: 0 },
  } as const;
  return {
    symbols: ['BTC/USDT', 'ETH/USDT'],
    openFeed: (openConnection, startAfter) => {
      const registry = symbolRegistry();
      return createBinanceFeed({
        ...{ registry, clock, url: simulator.streamUrl, openConnection, lastPrices, startAfter },
      });
    },
    strike: async (how) => void simulator.addFaults([{ do: faults[how] }]),
    fall: async () => {
      price = 57_000;
    },
    stop: async () => {
      clearInterval(timer);
      await simulator.stop();
    },
  };
}

export async function polygonPlace(settings: Partial<ClusterSettings> = {}): Promise<Place> {
  const simulator = await aPolygon({ rate: 400 });
  const faults = { cut: 'drop', silence: 'half_open', kick: 'max_connections' } as const;
  return {
    symbols: ['BTC/USD', 'ETH/USD'],
    openFeed: (openConnection, startAfter) => {
      const quiet = (): void => undefined;
      const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
      const template = symbolRegistry().get('BTC/USD');
      if (template === null) throw new Error('BTC/USD is not built in');
      const ether = { ...template, symbol: 'ETH/USD', base: 'ETH', venueSymbol: 'ETHUSD' };
      const registry = symbolRegistry([template, ether]);
      return createPolygonFeed({
        ...{ registry, clock, log, url: simulator.wsUrl, key: KEY, openConnection, startAfter, settings },
      });
    },
    strike: async (how) => void (await arm(simulator, { do: { kind: faults[how] } })),
    fall: async () =>
      void (await arm(simulator, {
        do: { kind: 'fast_move', symbol: 'BTC-USD', percent: -5, ms: 100, steps: 2 },
      })),
    stop: () => simulator.stop(),
  };
}

export interface Followed {
  /** Strikes, waits until every symbol's prices go on over a new session, and says how long that took. */
  heal(how: 'cut' | 'silence' | 'kick', during?: () => Promise<void>): Promise<number>;
  /** Arms a stop of BTC 2 % below the present price. */
  armStop(): Promise<Units>;
  hits(): Promise<readonly Hit[]>;
  /** Every second without a tick is in a gap of the bars API, and no other one is; answers how many there are. */
  expectGaps(): Promise<number>;
  stop(): Promise<void>;
}

/** Follows both symbols of a place; resolves when both have prices. */
export async function follow(place: Place, settings: Partial<ConnectionSettings> = {}): Promise<Followed> {
  const redis = await (realRedisMissing === null ? startRealRedis() : startJsRedis());
  const valkey = createValkey(redis.url, { commandTimeoutMs: 5_000 });
  const [index, cache] = [createTriggerIndex(valkey), createPriceCache(valkey)];
  for (const symbol of place.symbols) await build(index, symbol);
  await cache.want(place.symbols);
  const world = new World();
  const seconds = new Map<string, Set<number>>(place.symbols.map((symbol) => [symbol, new Set()]));
  let feed: Feed | null = null;
  const openFeed = (known: ReadonlyMap<string, number>): Feed => {
    const openConnection = createOpenConnection({ clock, log: world.ports.log, settings });
    const opened = place.openFeed(openConnection, Math.max(0, ...known.values()));
    feed = {
      ...opened,
      start: (handlers) =>
        opened.start({
          ...handlers,
          onTick: (tick) => {
            seconds.get(tick.spec.symbol)?.add(Math.floor(tick.tick.at / 1000));
            return handlers.onTick(tick);
          },
        }),
    };
    return feed;
  };
  const ports = {
    ...world.ports,
    ...{
      index,
      cache,
      leases: createLeases(valkey),
      counters: createCounters(valkey),
      symbols: [],
      openFeed,
    },
  };
  const streamer = new Streamer(ports, { ...STREAM_DEFAULTS, shard: 0, wakeUps: true, resumable: false });
  const running = streamer.run();
  const newest = async (): Promise<number> => {
    const prices = await cache.prices(place.symbols);
    return prices.size < place.symbols.length ? 0 : Math.min(...[...prices.values()].map(({ at }) => at));
  };
  const reconnects = (): number => feed?.summary?.()['reconnects'] ?? 0;
  const begun = await until('prices of all', newest, (at) => at > 0, KNOWN_WITHIN_MS);
  const nobody = async (): Promise<never> => {
    throw new Error('seconds need no tables');
  };
  const tape = { between: nobody, filled: nobody, quarters: nobody } as Partial<TapeStore> as TapeStore;
  const readBars = makeReadBars({ prices: cache, tape, clock });

  return {
    heal: async (how, during) => {
      // Prices may come before a session serves: what strikes it then is a failed attempt, and no reconnect.
      await until(
        'a session that serves',
        () => feed?.stats().connected,
        (is) => is === true,
      );
      const before = reconnects();
      const from = Date.now();
      await place.strike(how);
      await during?.();
      await until(`a new session after ${how}`, reconnects, (count) => count > before, 2 * KNOWN_WITHIN_MS);
      const back = Date.now();
      // Every subscription is back: a tick of each, newer than the session.
      await until('prices of all go on', newest, (at) => at > back, KNOWN_WITHIN_MS);
      expect(feed?.stats()).toMatchObject({ connected: true, authenticated: true });
      expect(feed?.stats().trouble ?? null).toBeNull();
      return Date.now() - from;
    },
    armStop: async () => {
      const symbol = place.symbols[0] ?? '';
      const exponent = symbolRegistry().get(symbol)?.unitExponent ?? 0;
      const last = Number((await cache.price(symbol))?.last); // not money: a level of a test
      const price = Math.floor(last * 0.98) * 10 ** exponent;
      await index.arm(symbol, [fixed('p|stop_loss', 'falls', price)], [], clock.now());
      return price as Units;
    },
    hits: () =>
      until(
        'the hit',
        () => index.takeHits(place.symbols[0] ?? '', 10, clock.now(), 1),
        (taken) => taken.length > 0,
        KNOWN_WITHIN_MS,
      ),
    expectGaps: async () => {
      // What is in bars by now has come before; the last seconds are under way.
      const [from, to] = [Math.floor(begun / 1000) + 1, Math.floor(Date.now() / 1000)];
      await sleep(2_000);
      let missing = 0;
      for (const symbol of place.symbols) {
        const { body } = await readBars({
          ...{
            symbol,
            unitExponent: 4,
            interval: '1s' as const,
            price: 'last' as const,
            from,
            to,
            limit: 1_000,
          },
        });
        const shown = (body['gaps'] as readonly { from: string; to: string }[]).flatMap((gap) => {
          const [first, end] = [Date.parse(gap.from) / 1000, Date.parse(gap.to) / 1000];
          return Array.from({ length: end - first }, (_, nth) => first + nth);
        });
        const ticked = seconds.get(symbol);
        const silent = Array.from({ length: to - from }, (_, nth) => from + nth).filter(
          (second) => ticked?.has(second) !== true,
        );
        expect(shown.toSorted()).toEqual(silent);
        expect(body['items']).toHaveLength(to - from - silent.length);
        missing += silent.length;
      }
      return missing;
    },
    stop: async () => {
      streamer.stop();
      await running;
      await valkey.close();
      await redis.stop();
    },
  };
}
