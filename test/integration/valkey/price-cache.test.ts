/** Prices, tape, leases, counters and the connection itself, on both servers. */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey, ValkeyTimeoutError } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import { barOf, mergeBars } from '../../../shared/domain/triggers/bars.ts';
import type { Bar } from '../../../shared/domain/triggers/types.ts';
import type { Leases, PriceBatch, PriceCache } from '../../../shared/ports/trigger-index.ts';
import { describeCounters, describeLeases, describePrices, type OpenCache } from '../../contracts/cache.ts';
import { aBatch, build } from '../../support/index-model.ts';
import {
  cableTo,
  type RedisServer,
  realRedisMissing,
  startJsRedis,
  startRealRedis,
} from '../../support/redis.ts';
import { aTick } from '../../support/trigger-histories.ts';

const barAt = (second: number, id: number, price: number): Bar =>
  barOf({ ...aTick(id, price, price + 1), at: second * 1000 });

describe.each<[string, () => Promise<RedisServer>, boolean]>([
  ['redis-server', startRealRedis, realRedisMissing !== null],
  ['js-redis-server', startJsRedis, false],
])('the cache on %s', (_name, start, missing) => {
  let server: RedisServer | null = null;
  let valkey: Valkey;
  let cache: PriceCache;
  let leases: Leases;

  beforeAll(async () => {
    if (missing) return;
    server = await start();
    valkey = createValkey(server.url);
    cache = createPriceCache(valkey);
    leases = createLeases(valkey);
  });
  afterAll(async () => {
    await valkey?.close();
    await server?.stop();
  });
  const test = it.runIf(!missing);
  const ttl = async (key: string): Promise<number> => Number(await valkey.command(['PTTL', key]));
  let batches = 0;
  const write = async (symbol: string, more: Partial<PriceBatch>): Promise<void> => {
    const index = createTriggerIndex(valkey);
    await build(index, symbol);
    batches += 1;
    const batch = { ...aBatch(symbol, batches, [aTick(1, 500_000)], 1), ...more };
    expect(await index.applyBatch(batch)).toMatchObject({ outcome: 'applied' });
  };

  test('shows the last price and quote for 60 seconds', async () => {
    const display = {
      ...{ symbol: 'BTC/USDT', bid: '50000.01', ask: '50000.04', last: '50000.02', bidSize: '1.5' },
      ...{ askSize: '', source: 'synthetic', quoted: true, tickId: 1, at: 1_700_000_000_123, recordedAt: 0 },
    };
    await write('BTC/USDT', { display });
    expect(await cache.price('BTC/USDT')).toEqual(display);
    expect(await cache.prices(['BTC/USDT', 'ETH/USDT'])).toEqual(new Map([['BTC/USDT', display]]));
    expect(await valkey.command(['HGETALL', 'quote:{BTC/USDT}'])).toEqual([
      ...['bid', '50000.01', 'ask', '50000.04', 'mid', '50000.025', 'spread', '0.03'],
      ...['timestamp', '1700000000123'],
    ]);
    for (const key of ['price:{BTC/USDT}', 'quote:{BTC/USDT}']) {
      expect(await ttl(key)).toBeGreaterThan(55_000);
      expect(await ttl(key)).toBeLessThanOrEqual(60_000);
    }
    expect(await ttl('state:{BTC/USDT}')).toBe(-1);
    await valkey.command(['PEXPIRE', 'price:{BTC/USDT}', '1']);
    await sleep(20);
    expect(await cache.price('BTC/USDT')).toBeNull();
  });

  test('has no quote of a feed without quotes', async () => {
    const { display } = aBatch('SOL/USDT', 1, [aTick(1, 100)], 1);
    await write('SOL/USDT', { display: { ...display, quoted: false } });
    expect(await cache.price('SOL/USDT')).toMatchObject({ quoted: false });
    expect(await valkey.command(['EXISTS', 'quote:{SOL/USDT}'])).toBe(0);
  });

  test('keeps one-second bars for two hours, oldest first', async () => {
    await cache.writeBars('BNB/USDT', [barAt(10_000, 2, 101), barAt(9_000, 1, 100)], 'writer');
    await write('BNB/USDT', { bars: [barAt(17_000, 3, 102)] });
    expect(await cache.bars('BNB/USDT', 0)).toEqual([barAt(10_000, 2, 101), barAt(17_000, 3, 102)]);
    expect(await ttl('tape:{BNB/USDT}')).toBeGreaterThan(7_000_000);
  });

  test('goes on with a bar of its own, and puts one together with what somebody else has written', async () => {
    const [first, low] = [barAt(17_000, 1, 102), barAt(17_000, 2, 90)];
    const [own, high] = [barAt(17_000, 3, 101), barAt(17_000, 4, 110)];
    const bar = async () => (await cache.bars('DOT/USDT', 0))[0];
    await write('DOT/USDT', { bars: [first] });
    const second = mergeBars(first, own);
    await write('DOT/USDT', { bars: [second], barBefore: first });
    expect(await bar()).toEqual(second);
    await cache.writeBars('DOT/USDT', [low], 'writer');
    const third = mergeBars(second, high);
    await write('DOT/USDT', { bars: [third], barBefore: second });
    expect(await bar()).toEqual(mergeBars(low, third));
    expect((await bar())?.low.bid).toBe(90);
    // It knows its own only: the other one's low stays.
    const fourth = mergeBars(third, barAt(17_000, 5, 103));
    await write('DOT/USDT', { bars: [fourth], barBefore: third });
    expect(await bar()).toEqual(mergeBars(low, fourth));
  });

  test('takes a batch of more bars and ticks than one command holds', async () => {
    const bars = Array.from({ length: 700 }, (_, i) => barAt(5_000 + i, i + 1, 100 + i));
    const ticks = bars.map((bar) => aTick(bar.lastTick, bar.close.bid, bar.close.ask));
    await write('LTC/USDT', { ...aBatch('LTC/USDT', 99, ticks, 1), bars });
    expect(await cache.bars('LTC/USDT', 0)).toEqual(bars);
    expect(await cache.price('LTC/USDT')).toMatchObject({ tickId: 700, bid: '799' });
  });

  test('keeps what was set for its time, and what was set without one', async () => {
    const counters = createCounters(valkey);
    await counters.set({ 'ws:connected': '1' }, 60_000);
    await counters.set({ 'om:is_running': 'true' });
    expect(await ttl('ws:connected')).toBeGreaterThan(50_000);
    expect(await ttl('om:is_running')).toBe(-1);
  });

  if (!missing) {
    const open = async (): Promise<OpenCache> => ({
      ...{ prices: cache, leases, counters: createCounters(valkey), pass: sleep },
      show: (display) => write(display.symbol, { display }),
      flush: async () => {
        await valkey.command(['FLUSHALL']);
      },
    });
    describePrices('prices', open);
    describeLeases('leases', open);
    describeCounters('counters', open);
  }

  test('runs scripts again after the server forgot them', async () => {
    await valkey.command(['SCRIPT', 'FLUSH']);
    expect(await leases.hold('again', 'a', 1000)).toMatchObject({ held: true });
  });
});

describe('the connection', () => {
  it('fails a command in time when nobody answers, and closes', async () => {
    const open = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => {
      open.add(socket);
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const valkey = createValkey(`redis://127.0.0.1:${port}`, { commandTimeoutMs: 200 });
    const from = Date.now();
    await expect(valkey.command(['PING'])).rejects.toThrow();
    expect(Date.now() - from).toBeLessThan(2000);
    await valkey.close();
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('tells why nothing was reached, and comes back by itself', async () => {
    const server = await startJsRedis();
    const cable = await cableTo(server);
    const errors: Error[] = [];
    const valkey = createValkey(cable.url, { commandTimeoutMs: 300, onError: (e) => errors.push(e) });
    expect(await valkey.command(['PING'])).toBe('PONG');
    await cable.cut();
    await expect(valkey.command(['PING'])).rejects.toThrow(/no answer to PING|closed/i);
    await expect(valkey.command(['PING'])).rejects.toThrow(ValkeyTimeoutError);
    expect(errors.map((e) => e.message).join()).toMatch(/ECONNREFUSED/);
    await cable.mend();
    const patient = async (): Promise<unknown> => {
      for (let tries = 0; tries < 20; tries++) {
        const answer = await valkey.command(['PING']).catch(() => null);
        if (answer !== null) return answer;
      }
      return null;
    };
    expect(await patient()).toBe('PONG');
    await valkey.close();
    await expect(valkey.command(['PING'])).rejects.toThrow();
    await cable.cut();
    await server.stop();
  });

  it('is made anew when nothing comes back on it any more, though nobody closed it', async () => {
    const server = await startJsRedis();
    const { hostname, port } = new URL(server.url);
    const sockets: Socket[] = [];
    /** What is sent on the first connection arrives nowhere, as behind a host that has gone without a word. */
    let isFirstMute = false;
    const way = createServer((client) => {
      const nth = sockets.push(client);
      const upstream = connect(Number(port), hostname);
      client.on('data', (bytes) => void (nth === 1 && isFirstMute ? undefined : upstream.write(bytes)));
      upstream.on('data', (bytes) => void client.write(bytes));
      client.on('error', () => undefined).on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
    const address = way.address();
    const own = typeof address === 'object' && address !== null ? address.port : 0;
    const errors: string[] = [];
    const valkey = createValkey(`redis://127.0.0.1:${own}`, {
      ...{ commandTimeoutMs: 200, silentMs: 500 },
      onError: ({ message }) => errors.push(message),
    });
    expect(await valkey.command(['PING'])).toBe('PONG');
    isFirstMute = true;
    const asked = [];
    for (let tries = 0; tries < 20 && asked.at(-1) !== 'PONG'; tries += 1)
      asked.push(await valkey.command(['PING']).catch((error: unknown) => error));
    expect(asked.at(-1)).toBe('PONG');
    expect(asked[0]).toBeInstanceOf(ValkeyTimeoutError);
    expect(sockets).toHaveLength(2);
    expect(errors).toEqual(['nothing came back for 500 ms: connecting anew']);
    await valkey.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => way.close(resolve));
    await server.stop();
  });

  it('never sends a command that was given up', async () => {
    const server = await startJsRedis();
    const cable = await cableTo(server);
    const valkey = createValkey(cable.url, { commandTimeoutMs: 300 });
    await valkey.command(['SET', 'given-up', 'before']);
    await cable.cut();
    await expect(valkey.command(['GET', 'given-up'])).rejects.toThrow();
    // Nobody is connected now: this one waits in the client's queue.
    await expect(valkey.command(['SET', 'given-up', 'after'])).rejects.toThrow(ValkeyTimeoutError);
    await cable.mend();
    const read = (): Promise<unknown> => valkey.command(['GET', 'given-up']).catch(() => null);
    let seen = await read();
    for (let tries = 0; tries < 20 && seen === null; tries += 1) seen = await read();
    expect(seen).toBe('before');
    await valkey.close();
    await cable.cut();
    await server.stop();
  });

  it.skipIf(realRedisMissing !== null)(
    'takes an answer that came in time, however busy this process was',
    async () => {
      const server = await startRealRedis();
      const valkey = createValkey(server.url, { commandTimeoutMs: 300 });
      await valkey.command(['PING']);
      // The server answers after 100 ms, while this process does not look: for longer than it would wait.
      const answer = valkey.command(['BLPOP', 'nobody-pushes', '0.1']);
      // It is on its way, and timers are the next that this process looks at.
      await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setImmediate(resolve));
      const busyUntil = performance.now() + 800;
      while (performance.now() < busyUntil);
      expect(await answer).toBeNull();
      await valkey.close();
      await server.stop();
    },
  );

  it('closes at once when it never reached anybody', async () => {
    const valkey = createValkey('redis://127.0.0.1:1', { commandTimeoutMs: 100 });
    await expect(valkey.command(['PING'])).rejects.toThrow(/ECONNREFUSED/);
    await valkey.close();
    await createValkey('redis://127.0.0.1:1').close();
  });
});
