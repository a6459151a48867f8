/** The streamer as it is deployed, with Polygon as its feed: prices in the cache, the key nowhere, one socket at a time. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeReadHealth } from '../../../shared/usecases/views/health-view.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { POLYGON_KEY, type PolygonServer, startPolygonServer } from '../../support/polygon-server.ts';
import { fixed, type Outside, startOutside, until } from './support.ts';

const BTC = 'BTC/USDT';
const UNITS = 10_000;
/** Nobody listens there: these tests are about the sockets. */
const NO_HISTORY = { POLYGON_REST_URL: 'http://127.0.0.1:9' };
const quote = (bp: number, ap: number, x = 1) => ({
  ...{ ev: 'XQ', pair: 'BTC-USD', bp, bs: 1, ap, as: 2, x, t: Date.now(), r: Date.now() },
});
const trade = (p: number) => ({
  ...{ ev: 'XT', pair: 'BTC-USD', p, s: 1, i: String(p), x: 1, t: Date.now(), r: Date.now() },
});

describe.skipIf(dynamoDbMissing !== null)('the streamer process with Polygon', () => {
  let outside: Outside;
  let place: PolygonServer;
  beforeAll(async () => {
    outside = await startOutside();
    place = await startPolygonServer();
  });
  afterEach(async () => {
    await outside.clear();
    place.server.cut();
  });
  afterAll(async () => {
    await place.server.stop();
    await outside.stop();
  });

  const healthOf = (counters: Awaited<ReturnType<Outside['system']>>['counters']) =>
    makeReadHealth({ counters, clock: { now: () => Date.now() } });

  it('shows prices, hits levels, and leaves its socket to a successor only when it is gone', async () => {
    const { evaluator, env, cache, counters } = await outside.system();
    evaluator.levels.set(BTC, [fixed('p|stop_loss', 'falls', 59_000 * UNITS)]);
    evaluator.start();
    await cache.want([BTC, 'ETH/BTC']);
    const feed = {
      ...{ ...env, ...NO_HISTORY, FEED: 'polygon', POLYGON_API_KEY: POLYGON_KEY },
      POLYGON_WS_URL: place.server.url,
    };
    const writer = outside.start(feed);
    await until(() => place.requests.length === 1);
    expect(place.requests[0]?.topics).toEqual(['XT.BTC-USD', 'XQ.BTC-USD']);
    await writer.said('symbol_not_in_feed');
    const standby = outside.start(feed);
    await standby.said('streamer_starts');
    place.send('/crypto', [quote(60_000.5, 60_001), trade(60_000.75)]);
    await until(async () => (await cache.price(BTC))?.last === '60000.75');
    expect(await cache.price(BTC)).toMatchObject({
      ...{ bid: '60000.5', ask: '60001', source: 'polygon', quoted: true },
    });
    place.send('/crypto', [trade(58_999.99)]);
    await until(() => evaluator.hits.length === 1);
    await until(async () => (await healthOf(counters)()).websocket_manager.trades_processed === 2);
    expect((await healthOf(counters)()).websocket_manager).toMatchObject({
      ...{ is_running: true, polygon_connected: true, polygon_authenticated: true, quotes_processed: 1 },
      ...{ errors: 0, trouble: null, subscriptions: 1 },
      failed_subscriptions: [{ symbol: 'ETH/BTC', reason: 'polygon has no such symbol' }],
      sources: [{ name: 'polygon', connections: [{ name: 'polygon crypto', trades_processed: 2 }] }],
    });
    await writer.said('"ws_messages_total":');
    // The exchange's own time is looked at: none of its clocks is an hour ahead.
    place.send('/crypto', [{ ...quote(1, 2, 6), t: Date.now() + 3_600_000 }]);
    await until(async () => (await healthOf(counters)()).websocket_manager.trust.future === 1);
    writer.signal('SIGTERM');
    expect(await writer.exited).toBe(0);
    await until(() => place.requests.length === 2);
    expect(place.mostOpen()).toBe(1);
    place.send('/crypto', [quote(58_000, 58_001)]);
    await until(async () => (await cache.price(BTC))?.bid === '58000');
    standby.signal('SIGTERM');
    expect(await standby.exited).toBe(0);
    expect([...writer.lines, ...standby.lines].join('\n')).not.toContain(POLYGON_KEY);
  });

  it('says within seconds that its key is refused, does not storm, and stops at once all the same', async () => {
    const { env, cache, counters } = await outside.system();
    await cache.want([BTC]);
    const before = place.auths.length;
    const streamer = outside.start({
      ...{ ...env, ...NO_HISTORY, FEED: 'polygon', POLYGON_API_KEY: 'wrong_key' },
      POLYGON_WS_URL: place.server.url,
      WS_RECONNECT_MAX_DELAY_SECONDS: '1',
    });
    await streamer.said('polygon_auth_failed');
    const at = performance.now();
    await until(async () => (await healthOf(counters)()).websocket_manager.trouble === 'auth_failed');
    expect(performance.now() - at).toBeLessThan(5_000);
    expect(await healthOf(counters)()).toMatchObject({ websocket_manager: { polygon_authenticated: false } });
    expect(place.auths.length - before).toBe(1);
    const stopping = performance.now();
    streamer.signal('SIGTERM');
    expect(await streamer.exited).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(3_000);
    expect(streamer.lines.join('\n')).not.toContain('wrong_key');
  });

  it('ends with all that is wrong in its configuration, and no value of it', async () => {
    const { env } = await outside.system();
    const streamer = outside.start({
      ...env,
      FEED: 'polygon',
      POLYGON_WS_URL: 'ws://far.example',
      SHARD: 'x',
    });
    expect(await streamer.exited).toBe(1);
    const told = streamer.lines.join('\n');
    for (const name of ['POLYGON_API_KEY: is needed', 'POLYGON_WS_URL: a wss URL', 'SHARD: ']) {
      expect(told).toContain(name);
    }
    expect(told).not.toContain('far.example');
  });
});
