/** The streamer as it is deployed, with two sources at once: who gives the price, who takes over, and what health says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { type PolygonSimulator, startPolygon } from '../../../infra/local/venues/polygon/start.ts';
import { makeReadHealth } from '../../../shared/usecases/views/health-view.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { type Gate, startGate } from '../../support/gate.ts';
import { type Outside, startOutside, until } from './support.ts';

const BTC = 'BTC/USDT';
const KEY = 'good-key';

describe.skipIf(dynamoDbMissing !== null)('the streamer process with two sources', () => {
  let outside: Outside;
  let binance: Simulator;
  let polygon: PolygonSimulator;
  let way: { binance: Gate; polygon: Gate };
  let feeding: NodeJS.Timeout;
  beforeAll(async () => {
    outside = await startOutside();
    binance = await startSimulator();
    polygon = await startPolygon({ keys: [{ key: KEY }], rate: 400 });
    // 30 USDT more there than dollars here. A stream of changes says nothing of a price that stands.
    let turn = 0;
    feeding = setInterval(() => {
      turn += 1;
      binance.exchange.feedPrice('BTCUSDT', { last: `60030.0${turn % 10}` });
    }, 50);
    polygon.market.setPrice('BTC-USD', '60000.00', true);
    polygon.market.setPrice('USDT-USD', '1', true);
    way = {
      binance: await startGate(binance.streamUrl),
      polygon: await startGate(polygon.wsUrl),
    };
  });
  afterEach(async () => {
    await outside.clear();
    way.binance.open();
    way.polygon.open();
  });
  afterAll(async () => {
    clearInterval(feeding);
    await Promise.all([way.binance.stop(), way.polygon.stop()]);
    await Promise.all([binance.stop(), polygon.stop()]);
    await outside.stop();
  });

  const begin = async (feed: Readonly<Record<string, string>>) => {
    const { env, cache, counters, evaluator } = await outside.system();
    evaluator.start();
    const all = {
      ...env,
      ...feed,
      BINANCE_STREAM_URL: `ws://127.0.0.1:${way.binance.port}`,
      BINANCE_REST_URL: binance.restUrl,
      POLYGON_API_KEY: KEY,
      POLYGON_REST_URL: polygon.restUrl,
      POLYGON_WS_URL: `ws://127.0.0.1:${way.polygon.port}`,
      WS_RECONNECT_MAX_DELAY_SECONDS: '1',
    };
    const streamer = outside.start(all);
    const why = (): string => streamer.lines.slice(-20).join('\n');
    const health = makeReadHealth({ counters, clock: { now: () => Date.now() } });
    return {
      streamer,
      env: all,
      counters: () => counters.read(['ws:stats']),
      manager: async () => (await health()).websocket_manager,
      price: () => cache.price(BTC),
      comesFrom: (source: string) => until(async () => (await cache.price(BTC))?.source === source, why),
      until: (holds: () => Promise<boolean>) => until(holds, why),
    };
  };

  it('goes over to the second one, in the first one’s currency and at its level, and back', async () => {
    const { streamer, manager, price, comesFrom, until } = await begin({
      FEED: 'binance+polygon',
      FEED_SYMBOLS: BTC,
    });
    await comesFrom('binance');
    await until(async () => (await manager()).sources.every(({ authenticated }) => authenticated));
    // The second source checks: it has brought prices.
    await until(async () => ((await manager()).sources[1]?.messages_received ?? 0) > 10);
    expect(await manager()).toMatchObject({
      ...{ source: 'binance+polygon', connected: true, polygon_connected: true, subscriptions: 1 },
      sources: [
        { name: 'binance', triggers: 1 },
        { name: 'polygon', triggers: 0 },
      ],
      trust: { fallbacks: 0 },
    });
    for (const venue of ['binance', 'polygon']) await streamer.said(`"venue":"${venue}","ws_connected":`);
    way.binance.shut();
    await comesFrom('polygon');
    const converted = Number((await price())?.bid);
    // Without the basis it would be 60,000 or thereabouts.
    expect(converted).toBeGreaterThan(60_020);
    expect(converted).toBeLessThan(60_040);
    await until(async () => (await manager()).trust.fallbacks === 1);
    expect(await manager()).toMatchObject({
      sources: [
        { name: 'binance', connected: false, triggers: 0 },
        { name: 'polygon', connected: true, triggers: 1 },
      ],
    });
    way.binance.open();
    await comesFrom('binance');
    await until(async () => (await manager()).sources[0]?.triggers === 1);
    expect((await manager()).trust.fallbacks).toBe(1);
    streamer.signal('SIGTERM');
    expect(await streamer.exited).toBe(0);
    expect(streamer.lines.join('\n')).not.toContain(KEY);
  });

  it('with a standby that opens the exchange’s stream alone, and takes over when its lease runs out', async () => {
    const feed = { FEED: 'binance+polygon', FEED_SYMBOLS: BTC };
    const { streamer: first, env, counters, price, comesFrom, manager, until } = await begin(feed);
    await comesFrom('binance');
    await until(async () => (await manager()).sources.every(({ authenticated }) => authenticated));
    const second = outside.start(env);
    await second.said('standby_follows');
    await second.said('connection_serves');
    await sleep(500);
    // The key allows for one connection: another one would have put the first one's out.
    expect(first.lines.join('\n')).not.toContain('polygon_max_connections');
    const killedAt = Date.now();
    first.signal('SIGKILL');
    await first.exited;
    const tickId = (await price())?.tickId ?? 0;
    await second.said('standby_takes_over');
    await until(async () => ((await price())?.tickId ?? 0) > tickId);
    process.stdout.write(`a killed writer's prices went on after ${Date.now() - killedAt} ms\n`);
    // 10 s for the lease, the rest for a machine that does other things.
    expect(Date.now() - killedAt).toBeLessThan(15_000);
    const taken = second.lines.find((line) => line.includes('standby_takes_over')) ?? '';
    expect(JSON.parse(taken)).toMatchObject({ symbols: 1, ticks: expect.any(Number) });
    const told = async () => JSON.parse((await counters())['ws:stats'] ?? '{}');
    // The first one's word stands for a while; what had been applied is known with the first batch only.
    await until(async () => (await told()).standby?.applied_before > 0);
    const stats = await told();
    // Each 50 ms a price, for as long as nobody wrote; what was kept from before that is left out.
    await until(async () => (await manager()).sources.every(({ authenticated }) => authenticated));
    expect(stats.standby.kept - stats.standby.applied_before).toBeGreaterThan(100);
    expect(stats.standby.applied_before).toBeGreaterThan(0);
    expect(stats.standby.dropped).toBe(0);
  }, 60_000);

  it('the other way round, or by symbol, Polygon gives the price while it is there', async () => {
    const { manager, comesFrom, until } = await begin({
      FEED: 'binance+polygon',
      FEED_SYMBOLS: BTC,
      FEED_POLICIES: `${BTC}=polygon+binance`,
    });
    await comesFrom('polygon');
    way.polygon.shut();
    await comesFrom('binance');
    await until(async () => (await manager()).trust.fallbacks >= 1);
    way.polygon.open();
    await comesFrom('polygon');
  });
});
