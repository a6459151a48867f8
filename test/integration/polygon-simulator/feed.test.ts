/** The Polygon feed against the simulator: what it holds there follows what is asked of it, also over a cut. */
import { afterEach, expect, it } from 'vitest';
import type { PolygonSimulator } from '../../../infra/local/venues/polygon/start.ts';
import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { createPolygonFeed } from '../../../shared/feeds/polygon/polygon-feed.ts';
import type { Feed, FeedTick } from '../../../shared/ports/feed.ts';
import { until } from '../../support/until.ts';
import { aPolygon, arm, control, KEY } from './client.ts';

let simulator: PolygonSimulator;
let feed: Feed;
afterEach(async () => {
  await feed?.stop();
  await simulator?.stop();
});

const held = async (): Promise<readonly string[]> => {
  const connections = await control(simulator, 'GET', '/connections');
  return (connections.body as unknown as { topics: string[] }[]).flatMap(({ topics }) => topics).toSorted();
};
const holds = (...topics: readonly string[]) => until('held', held, (seen) => seen.join() === topics.join());

it('holds the topics of what is followed, and a socket only where there is something to follow', async () => {
  simulator = await aPolygon();
  const ticks: FeedTick[] = [];
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const clock = { now: () => Date.now() };
  feed = createPolygonFeed({
    ...{ registry: symbolRegistry(), clock, log, url: simulator.wsUrl, key: KEY },
    openConnection: createOpenConnection({ clock, log, settings: { firstWaitMs: 10, longestWaitMs: 20 } }),
  });
  await feed.start({
    onTick: (tick) => {
      ticks.push(tick);
      return undefined;
    },
    ...{ onEnd: quiet, onError: quiet, onSkipped: quiet },
  });
  feed.subscribe(['BTC/USDT', 'ETH/USD', 'AAPL', 'XAU/USD']);
  await holds('C.XAU/USD', 'Q.AAPL', 'T.AAPL', 'XQ.BTC-USD', 'XQ.ETH-USD', 'XT.BTC-USD', 'XT.ETH-USD');
  for (const symbol of ['BTC/USDT', 'AAPL', 'XAU/USD']) {
    await until(
      symbol,
      () => ticks.find(({ spec }) => spec.symbol === symbol),
      (tick) => tick !== undefined,
    );
  }
  expect(ticks.every(({ venueAt = 0 }) => Math.abs(Date.now() - venueAt) < 60_000)).toBe(true);
  feed.unsubscribe(['ETH/USD', 'AAPL']);
  await holds('C.XAU/USD', 'XQ.BTC-USD', 'XT.BTC-USD');
  await arm(simulator, { when: { cluster: 'crypto' }, do: { kind: 'drop' } });
  feed.subscribe(['AAPL']);
  await holds('C.XAU/USD', 'Q.AAPL', 'T.AAPL', 'XQ.BTC-USD', 'XT.BTC-USD');
  feed.unsubscribe(['BTC/USDT', 'XAU/USD', 'AAPL']);
  await until(
    'no sockets',
    async () => ((await control(simulator, 'GET', '/connections')).body as unknown as unknown[]).length,
    (count) => count === 0,
  );
  expect(feed.stats()).toMatchObject({ connected: true, subscriptions: [], failed: [] });
});
