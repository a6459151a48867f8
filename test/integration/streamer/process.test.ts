/** The streamer as it is deployed: prices in the cache, hits at the right line, no loss when it or the cache dies. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { fixed, type Outside, recording, startOutside, until } from './support.ts';

const BTC = 'BTC/USDT';
const UNITS = 10_000;

/** Recorded trades lie beside the project where developers have them; without them this test tells so and is skipped. */
const FLASH_CRASH = join(
  import.meta.dirname,
  '../../../../shared/data/trades/binance-spot-btcusdt-20210519-flash-crash-100ms.csv.gz',
);
if (!existsSync(FLASH_CRASH)) console.warn('no recorded trades beside the project: one test does not run');

/** A quiet market with one spike down at each of these places, each a little deeper than the one before. */
const SPIKES = Array.from({ length: 40 }, (_, i) => 30 + i * 25);
const PRICES = Array.from({ length: 1060 }, (_, i) => {
  const spike = SPIKES.indexOf(i);
  return spike >= 0 ? `${59_000 - spike}.5` : `60000.${10 + (i % 7)}`;
});
const spikeLevels = () => SPIKES.map((_, i) => fixed(`${i}|stop_loss`, 'falls', (59_000 - i) * UNITS + 5000));

describe.skipIf(dynamoDbMissing !== null)('the streamer process', () => {
  let outside: Outside;
  beforeAll(async () => {
    outside = await startOutside();
  });
  afterEach(() => outside.clear());
  afterAll(() => outside.stop());

  it('replays at full speed: each level is hit by the first line that reaches it; stops within 3 s', async () => {
    const { evaluator, env, cache, tape, counters } = await outside.system();
    evaluator.levels.set(BTC, spikeLevels());
    evaluator.start();
    const file = recording(outside.folder, 'full.csv', PRICES, 100);
    const streamer = outside.start({ ...env, FEED: `replay:${file}`, REPLAY_SPEED: 'max' });
    await streamer.said('feed_ended');
    await until(() => evaluator.hits.length === SPIKES.length);
    await until(async () => (await cache.price(BTC))?.tickId === PRICES.length + 1);
    const hits = evaluator.hits.toSorted((a, b) => a.tick.id - b.tick.id);
    expect(hits.map(({ member, cause, tick }) => [member, cause, tick.id, tick.recordedAt])).toEqual(
      SPIKES.map((at, i) => [`${i}|stop_loss`, 'tick', at + 2, 1_000_000 + at * 100]),
    );
    expect(await cache.price(BTC)).toMatchObject({
      last: `60000.${10 + (1059 % 7)}`,
      source: 'replay',
      quoted: false,
    });
    expect(evaluator.messages).toContain(`rebuild ${BTC}`);
    expect(evaluator.messages).toContain(`wake ${BTC}`);
    await until(async () => (await counters.read(['ws:messages_total']))['ws:messages_total'] === '1060');
    // Written right after the counter.
    const told = async () => (await counters.read(['ws:stats']))['ws:stats'] ?? '{}';
    await until(async () => JSON.parse(await told()).trades_processed === 1060);
    const { 'ws:stats': stats, 'ws:connected': connected } = await counters.read([
      'ws:stats',
      'ws:connected',
    ]);
    expect(JSON.parse(stats ?? '')).toMatchObject({ trades_processed: 1060, connected: true, errors: 0 });
    expect(connected).toBe('1');
    const before = performance.now();
    streamer.signal('SIGTERM');
    expect(await streamer.exited).toBe(0);
    expect(performance.now() - before).toBeLessThan(3000);
    expect(await tape.lastTick(BTC)).toBe(PRICES.length + 1);
    const lows = (await tape.since(BTC, 0)).map(({ low }) => low.last);
    expect(Math.min(...lows)).toBe((59_000 - 39) * UNITS + 5000);
    expect(await outside.valkey.command(['EXISTS', 'lease:{feed:0}'])).toBe(0);
    expect(streamer.lines.some((line) => line.startsWith('{"_aws":'))).toBe(true);
  });

  it('loses no hit when it is killed and the cache is emptied in the middle', async () => {
    const { evaluator, env } = await outside.system();
    evaluator.levels.set(BTC, spikeLevels());
    evaluator.start();
    const file = recording(outside.folder, 'killed.csv', PRICES, 100);
    const feed = { ...env, FEED: `replay:${file}`, REPLAY_SPEED: '25' };
    const first = outside.start(feed);
    await until(() => evaluator.hits.length >= 6);
    first.signal('SIGKILL');
    await first.exited;
    // What the lease would do by itself after its 10 s.
    await outside.valkey.command(['DEL', 'lease:{feed:0}']);
    const second = outside.start(feed);
    await until(() => evaluator.hits.length >= 14);
    await outside.valkey.command(['FLUSHALL']);
    await second.said('feed_ended');
    await until(() => evaluator.hits.length === SPIKES.length);
    const lines = new Map(evaluator.hits.map(({ member, tick }) => [member, tick.id]));
    expect(lines).toEqual(new Map(SPIKES.map((at, i) => [`${i}|stop_loss`, at + 2])));
    second.signal('SIGTERM');
    expect(await second.exited).toBe(0);
  });

  it('stands by and takes over when the writer stops; tick ids go on growing', async () => {
    const { evaluator, env, cache } = await outside.system();
    evaluator.start();
    const writer = outside.start({ ...env, FEED: 'synthetic' });
    await until(async () => (await cache.prices([BTC, 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'])).size === 4);
    const standby = outside.start({ ...env, FEED: 'synthetic', FEED_SEED: '2' });
    await standby.said('streamer_starts');
    await sleep(800);
    expect(standby.lines.some((line) => line.includes('feed_started'))).toBe(false);
    await cache.want(['XRP/USDT']);
    await until(async () => (await cache.price('XRP/USDT')) !== null);
    writer.signal('SIGTERM');
    expect(await writer.exited).toBe(0);
    const last = (await cache.price(BTC))?.tickId ?? 0;
    await until(async () => ((await cache.price(BTC))?.tickId ?? 0) > last);
    standby.signal('SIGTERM');
    expect(await standby.exited).toBe(0);
  });

  it('skips a malformed line and tells its number; strict, it ends with exit code 1 there', async () => {
    const { env } = await outside.system();
    const file = recording(outside.folder, 'bad.csv', ['1', '2', 'x', '4'], 10);
    const lenient = outside.start({ ...env, FEED: `replay:${file}`, REPLAY_SPEED: 'max' });
    await lenient.said('feed_ended');
    expect(lenient.lines.find((line) => line.includes('feed_input_skipped'))).toContain('"line 4"');
    lenient.signal('SIGTERM');
    await lenient.exited;
    const strict = outside.start({
      ...env,
      FEED: `replay:${file}`,
      REPLAY_SPEED: 'max',
      REPLAY_STRICT: 'true',
    });
    expect(await strict.exited).toBe(1);
    expect(strict.lines.find((line) => line.includes('streamer_failed'))).toContain(
      'line 4: price is unusable',
    );
  });

  it.skipIf(!existsSync(FLASH_CRASH))(
    'fires in a recorded crash at the first trade that reaches the level',
    async () => {
      const { evaluator, env } = await outside.system();
      const rows = gunzipSync(readFileSync(FLASH_CRASH)).toString().trim().split('\n');
      const prices = rows.map((row) => Number(row.split(',')[2]));
      const stops = [35_500, 35_000.01, 34_000, 33_000];
      const lineOf = (stop: number): number => prices.findIndex((price) => price <= stop) + 1;
      const levels = stops.map((stop) => fixed(`${stop}|stop_loss`, 'falls', Math.round(stop * UNITS)));
      evaluator.levels.set(BTC, levels);
      evaluator.start();
      const streamer = outside.start({ ...env, FEED: `replay:${FLASH_CRASH}`, REPLAY_SPEED: '50' });
      await streamer.said('feed_ended');
      await until(() => evaluator.hits.length === stops.length);
      const found = new Map(evaluator.hits.map(({ member, tick }) => [member, tick.id]));
      expect(found).toEqual(new Map(stops.map((stop) => [`${stop}|stop_loss`, lineOf(stop)])));
      for (const { tick } of evaluator.hits) expect(tick.bidSize).toBe('');
    },
  );

  it.each([
    [
      'a file that is not there',
      (folder: string) => ({ FEED: `replay:${join(folder, 'none.csv')}` }),
      'ENOENT',
    ],
    ['wrong settings, all named', () => ({ FEED: 'fast', REPLAY_SPEED: '0', VALKEY_URL: 'x' }), 'FEED: '],
  ])('ends with exit code 1 on %s', async (_, wrong, told) => {
    const { env } = await outside.system();
    const streamer = outside.start({ ...env, ...wrong(outside.folder) });
    expect(await streamer.exited).toBe(1);
    const line = streamer.lines.find((text) => text.includes('streamer_failed')) ?? '';
    expect(line).toContain(told);
    if (told === 'FEED: ') expect(line).toMatch(/REPLAY_SPEED: .*VALKEY_URL: /);
  });
});
