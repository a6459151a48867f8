/**
 * The process under load: the streamer with Binance's feed on a real Redis, and what is measured inside of it. Tables
 * and queues are in memory: their servers would share the two cores. Started by load.ts from a bundle (Lua scripts).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createValkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { FixedLevel } from '../../../shared/domain/triggers/types.ts';
import { createBinanceFeed } from '../../../shared/feeds/binance/binance-feed.ts';
import type { Feed } from '../../../shared/ports/feed.ts';
import type { StreamPorts } from '../../../shared/usecases/stream-prices/ports.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';
import { Streamer } from '../../../shared/usecases/stream-prices/streamer.ts';
import { madeSpecs } from './frames.ts';
import { LoadCheck } from './load-check.ts';
import { type LoadAsked, type LoadPlan, type LoadSaid, type LoadTold, levelOf } from './plan.ts';

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
const say = (said: LoadSaid): void => void process.send?.(said);
const COMMAND_TIMEOUT_MS = 1_000;
/** The checks' own: they may wait for a machine that has too much to do. */
const PATIENCE_MS = 30_000;
/** Nothing has come out of the streamer for so long: all that waited has been sent. */
const SETTLED_MS = 2_000;
const SETTLE_WITHIN_MS = 60_000;
/** Whoever watches says so again from time to time: else a symbol leaves after ten minutes. */
const WANT_EACH_MS = 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function liveMb(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

const clock = { now: () => Date.now() };
const logged = new Map<string, number>();
const count = (code: string): void => void logged.set(code, (logged.get(code) ?? 0) + 1);
const log = { debug: () => undefined, info: count, warn: count, error: count };
const specs = madeSpecs(plan.symbols, 'USDT');
const symbols = specs.map(({ symbol }) => symbol);
const valkey = createValkey(plan.redisUrl, {
  commandTimeoutMs: COMMAND_TIMEOUT_MS,
  onError: () => count('redis'),
});
const patient = createValkey(plan.redisUrl, { commandTimeoutMs: PATIENCE_MS });
const index = createTriggerIndex(valkey, { shards: 1 });
const checked = { index: createTriggerIndex(patient, { shards: 1 }), cache: createPriceCache(patient) };
const cache = createPriceCache(valkey);
const counters = createCounters(valkey);
const check = new LoadCheck(symbols, plan);
/** Numbers of batches that were sent and not answered: they are sent again. */
const unanswered = new Set<number>();
let lastAnswer = 0;
const told = { calls: 0, tapeRows: 0, wakeUps: 0 };

async function armAll(): Promise<void> {
  for (const [nth, symbol] of symbols.entries()) {
    await checked.index.beginRebuild(symbol, 'bench');
    await checked.index.finishRebuild(symbol, 'bench', clock.now());
    const levels = Array.from(
      { length: plan.dips },
      (_, dip): FixedLevel => ({
        ...{
          kind: 'fixed',
          member: `${dip}|stop_loss`,
          version: 1,
          source: 'bid',
          armedTick: -1,
          armedAt: 1,
        },
        ...{ direction: 'falls', price: levelOf(nth, dip) },
      }),
    );
    await checked.index.arm(symbol, levels, [], clock.now());
  }
  await checked.cache.want(symbols);
  const wanting = setInterval(() => void checked.cache.want(symbols).catch(failed), WANT_EACH_MS);
  wanting.unref();
}

/** The feed, with an eye on every tick that it hands on. */
function openFeed(known: ReadonlyMap<string, number>): Feed {
  const feed = createBinanceFeed({
    registry: symbolRegistry(specs),
    clock,
    url: plan.streamUrl,
    openConnection: createOpenConnection({ clock, log }),
    startAfter: Math.max(0, ...known.values()),
  });
  return {
    ...feed,
    start: (handlers) =>
      feed.start({
        ...handlers,
        onTick: (tick) => {
          check.took(tick.spec.symbol, tick.tick);
          return handlers.onTick(tick);
        },
      }),
  };
}

const ports: StreamPorts = {
  index: {
    claim: index.claim,
    hasLevels: index.hasLevels,
    applyBatch: async (batch) => {
      if (check.measures) told.calls += 1;
      const isRepeat = unanswered.has(batch.batch);
      unanswered.add(batch.batch);
      const result = await index.applyBatch(batch);
      unanswered.delete(batch.batch);
      lastAnswer = performance.now();
      if (result.outcome === 'applied')
        check.applied(batch.symbol, batch.ticks, isRepeat ? null : result.hits, clock.now());
      return result;
    },
  },
  cache,
  leases: createLeases(valkey),
  counters,
  tape: {
    between: async () => [],
    since: async () => [],
    fill: async () => undefined,
    filledAt: async () => null,
    noteFilled: async () => undefined,
    lastTick: async () => null,
    newestQuarter: async () => null,
    putQuarter: async () => undefined,
    merge: async () => {
      told.tapeRows += 1;
    },
  },
  ledger: { liveSymbols: async () => [], isLive: async () => false },
  outbox: {
    trigger: async () => {
      told.wakeUps += 1;
    },
  },
  clock,
  ids: { token: () => randomUUID() },
  log,
  metrics: () => undefined,
  openFeed,
  symbols: [],
};

async function finish(streamer: Streamer, running: Promise<void>): Promise<LoadTold> {
  const began = performance.now();
  const isQuiet = (): boolean => performance.now() - lastAnswer >= SETTLED_MS;
  while (!isQuiet() && performance.now() - began < SETTLE_WITHIN_MS) await sleep(50);
  // With nothing left that waits for an answer: what is looked at now is all that there will be.
  const settled = isQuiet() && unanswered.size === 0;
  const { 'ws:stats': stats } = await createCounters(patient).read(['ws:stats']);
  const live = liveMb();
  streamer.stop();
  await running;
  for (const symbol of symbols) {
    check.compareBars(symbol, await checked.cache.bars(symbol, 0));
    check.compareHits(symbol, await checked.index.takeHits(symbol, plan.dips + 1, clock.now(), 1));
  }
  await Promise.all([valkey.close(), patient.close()]);
  return {
    ...check.result(),
    ...told,
    settled,
    liveMb: live,
    stats: JSON.parse(stats ?? '{}') as Record<string, unknown>,
    logged: Object.fromEntries(logged),
  };
}

async function main(): Promise<void> {
  await armAll();
  const settings = { ...STREAM_DEFAULTS, shard: 0, wakeUps: true, resumable: false, barsMs: plan.barsMs };
  const streamer = new Streamer(ports, settings);
  const running = streamer.run();
  process.on('message', ({ ask }: LoadAsked) => {
    if (ask === 'live') {
      say({ say: 'live', mb: liveMb() });
      return;
    }
    if (ask === 'begin') {
      check.begin();
      return;
    }
    check.end();
    finish(streamer, running).then((result) => say({ say: 'done', told: result }), failed);
  });
  while (check.seen < symbols.length) await sleep(50);
  say({ say: 'ready' });
  await running;
}

function failed(error: unknown): void {
  say({ say: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

process.on('disconnect', () => process.exit(0));
main().catch(failed);
