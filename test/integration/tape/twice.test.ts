/** Frames made here, with faults in them, and played twice through feed, trust filter and price script: one tape. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import type { Bar } from '../../../shared/domain/triggers/types.ts';
import { madeSpecs, makeFrames, type Stream } from '../../bench/stream/frames.ts';
import { type RedisServer, realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';
import { type Arrival, runTape } from '../../support/tape-run.ts';

const SYMBOLS = 5;
const MESSAGES = 4_000;
const START_MS = 1_790_000_000_000;
const MS_PER_FRAME = 7;

let server: RedisServer;
let valkey: Valkey;
beforeAll(async () => {
  server = await (realRedisMissing === null ? startRealRedis() : startJsRedis());
  valkey = createValkey(server.url, { commandTimeoutMs: 30_000 });
});
afterAll(async () => {
  await valkey.close();
  await server.stop();
});

/** Every 40th comes again, every 97th is broken, and every 150th has an ask, or a trade, ten times away. */
function arrivalsOf(stream: Stream): readonly Arrival[] {
  const texts = [...makeFrames(stream, MESSAGES, SYMBOLS)].flatMap(({ text }, nth) => {
    if (nth % 40 === 39) return [text, text];
    if (nth % 97 === 96) return [text.slice(0, -2), text];
    if (nth % 150 === 149) return [text.replace('"a":"', '"a":"9').replace('"p":', '"p":9')];
    return [text];
  });
  return texts.map((text, nth) => ({ at: START_MS + nth * MS_PER_FRAME, text }));
}

const count = (bars: readonly Bar[]): number => bars.reduce((sum, bar) => sum + bar.count, 0);

describe.each([
  ['binance', 'binance', 'USDT'],
  ['polygon', 'polygon, 1 to 20 a frame', 'USD'],
] as const)('frames of %s, played twice', (source, stream, quote) => {
  it('give one tape, byte by byte, also in the cache', async () => {
    const specs = madeSpecs(SYMBOLS, quote);
    const arrivals = arrivalsOf(stream);
    const index = createTriggerIndex(valkey);
    const cache = createPriceCache(valkey);
    const inCache = async (): Promise<string> => {
      const bars = await Promise.all(specs.map(async ({ symbol }) => [symbol, await cache.bars(symbol, 0)]));
      await valkey.command(['FLUSHALL']);
      return JSON.stringify(bars);
    };
    await valkey.command(['FLUSHALL']);
    const first = await runTape(source, specs, arrivals, index);
    const firstInCache = await inCache();
    const second = await runTape(source, specs, arrivals, index);
    const secondInCache = await inCache();
    expect(second.tape).toBe(first.tape);
    expect(secondInCache).toBe(firstInCache);
    expect(firstInCache).toBe(first.tape);
    // It was about something: all symbols, the faults, and bars that hold every tick that passed.
    expect(Object.keys(first.ticks)).toHaveLength(SYMBOLS);
    expect(first.held).toBeGreaterThan(0);
    expect(first.dropped.outliers_dropped ?? 0).toBeGreaterThan(0);
    const ticks = Object.values(first.ticks).reduce((sum, one) => sum + one, 0);
    const dropped = Object.values(first.dropped).reduce((sum, one) => sum + one, 0);
    expect([...first.bars.values()].reduce((sum, bars) => sum + count(bars), 0)).toBe(ticks - dropped);
    expect(second).toEqual(first);
  });
});
