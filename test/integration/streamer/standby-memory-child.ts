/**
 * A standby that has kept as many ticks as it may, and takes over while the cache does not answer: what it takes of memory. A process of its own, with the
 * heap of the task. Prints one JSON document.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { createBinanceFeed } from '../../../shared/feeds/binance/binance-feed.ts';
import type { ConnectionHandlers, Session } from '../../../shared/ports/connection.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';
import { Streamer } from '../../../shared/usecases/stream-prices/streamer.ts';
import { madeSpecs, makeFrames } from '../../bench/stream/frames.ts';
import { applied, World } from '../../unit/usecases/stream-prices/support.ts';

const SYMBOLS = 500;
const TICKS = STREAM_DEFAULTS.standbyTicks;
/** Some of the first messages of each symbol make no tick yet. */
const MESSAGES = TICKS + 20 * SYMBOLS;

const specs = madeSpecs(SYMBOLS, 'USDT');
const world = new World();
world.holder = 'other';
world.wanted = specs.map(({ symbol }) => symbol);
const opened: ConnectionHandlers[] = [];
const session: Session = { id: 1, isOpen: false, send: () => undefined, drop: () => undefined };
const feed = createBinanceFeed({
  ...{ registry: symbolRegistry(specs), clock: world.ports.clock, url: 'ws://none' },
  openConnection: (request) => {
    opened.push(request.handlers);
    return {
      start: () => undefined,
      renew: () => undefined,
      stop: async () => undefined,
      stats: () => ({
        ...{ name: 'none', connected: true, healthy: true, messagesReceived: 0, errors: 0, failures: 0 },
        ...{ reconnects: 0, lastMessageAt: null, connectedSince: null, lastError: null },
      }),
    };
  },
});

const usedMb = (): number => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
};

let sent = 0;
let answer = (): void => undefined;
const answers = new Promise<void>((resolve) => {
  answer = resolve;
});
const { ports } = world;
const streamer = new Streamer(
  {
    ...ports,
    index: {
      ...ports.index,
      claim: async () => {
        await answers;
        return { outcome: 'claimed', standing: null };
      },
      applyBatch: async ({ ticks }) => {
        sent += ticks.length;
        return applied();
      },
    },
    openStandby: () => ({ feed, gives: () => true }),
  },
  { ...STREAM_DEFAULTS, shard: 0, wakeUps: false, resumable: false, standbyMs: 3_600_000, leaseRetryMs: 20 },
);
const running = streamer.run();
while (feed.stats().subscriptions.length < SYMBOLS) await sleep(5);
const before = usedMb();
for (const { text } of makeFrames('binance', MESSAGES, SYMBOLS))
  opened[0]?.onMessage(session, text, Buffer.from(text));
const kept = usedMb() - before;
world.holder = null;
while (!world.logged.includes('standby_takes_over')) await sleep(5);
const handedOver = usedMb() - before;
answer();
const statsOf = (): { standby: { kept: number; dropped: number } } | null =>
  JSON.parse(world.values.get('ws:stats') ?? 'null');
while (statsOf() === null) await sleep(20);
const { standby } = statsOf() ?? { standby: { kept: 0, dropped: 0 } };

while (sent < standby.kept) await sleep(20);
const after = usedMb() - before;
streamer.stop();
await running;
process.stdout.write(JSON.stringify({ ...standby, sent, mb: { kept, handedOver, after } }));
