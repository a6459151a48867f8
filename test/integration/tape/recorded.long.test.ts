/** Recordings beside the project, played twice through feed, trust filter and price script: one tape, all of it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import { type SymbolSpec, symbolRegistry } from '../../../shared/domain/symbols.ts';
import { recording } from '../../support/recordings.ts';
import { type RedisServer, realRedisMissing, startRealRedis } from '../../support/redis.ts';
import { type Arrival, runTape, type TapeRun } from '../../support/tape-run.ts';

const binance = recording('../ws-raw/binance-spot-trade-bookticker-20240808.ndjson.gz');
const polygon = recording('../polygon/xq-recorded-20230726.ndjson.gz');
const NS_PER_MS = 1_000_000n;
const TIMEOUT = { timeout: 240_000 };

const linesOf = (file: string): readonly string[] =>
  gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');

describe.skipIf(realRedisMissing !== null)('recorded frames, played twice', () => {
  let server: RedisServer;
  let valkey: Valkey;
  beforeAll(async () => {
    server = await startRealRedis();
    valkey = createValkey(server.url, { commandTimeoutMs: 60_000 });
  });
  afterAll(async () => {
    await valkey.close();
    await server.stop();
  });

  /** Once, on an empty cache; also what the cache has at the end. */
  async function played(
    source: 'binance' | 'polygon',
    specs: readonly SymbolSpec[],
    arrivals: readonly Arrival[],
  ): Promise<TapeRun & { readonly cached: string }> {
    await valkey.command(['FLUSHALL']);
    const run = await runTape(source, specs, arrivals, createTriggerIndex(valkey));
    const cache = createPriceCache(valkey);
    const bars = await Promise.all(specs.map(async ({ symbol }) => [symbol, await cache.bars(symbol, 0)]));
    return { ...run, cached: JSON.stringify(bars) };
  }

  it.skipIf(binance.missing)('of Binance, by a clock that ran behind', TIMEOUT, async () => {
    const arrivals = linesOf(binance.file).map((line): Arrival => {
      const { recv_ns, msg } = JSON.parse(line) as { recv_ns: string; msg: object };
      return { at: Number(BigInt(recv_ns) / NS_PER_MS), text: JSON.stringify(msg) }; // not money: a time
    });
    const specs = symbolRegistry()
      .all()
      .filter(({ symbol }) => ['BTC/USDT', 'ETH/USDT'].includes(symbol));
    const first = await played('binance', specs, arrivals);
    const second = await played('binance', specs, arrivals);
    expect(second).toEqual(first);
    expect(second.tape).toBe(first.tape);
    expect(first.cached).toBe(first.tape);
    expect(first.stats).toMatchObject({ tradesProcessed: 34_419, quotesProcessed: 131_932, errors: 0 });
    expect(first.feed).toMatchObject({ old: 0, unusable: 0, unasked: 0, rounded: 0 });
    expect(first.dropped.future ?? 0).toBe(0);
    // By symbol as the data's README has them; a symbol's messages before its first trade make no tick.
    const trades = arrivals.map(({ text }) => (text.includes('@trade') ? text.includes('btcusdt') : null));
    expect(trades.filter((isBtc) => isBtc === true)).toHaveLength(19_904);
    expect(trades.filter((isBtc) => isBtc === false)).toHaveLength(14_515);
    const ticks = Object.values(first.ticks).reduce((sum, count) => sum + count, 0);
    expect(ticks).toBeGreaterThan(166_351 - 500);
    const low = (symbol: string): number =>
      Math.min(...(first.bars.get(symbol) ?? []).map((bar) => bar.low.last));
    expect([low('BTC/USDT'), low('ETH/USDT')]).toEqual([615_560_400, 26_736_000]);
  });

  it.skipIf(polygon.missing)(
    'of Polygon: quotes of four venues, out of order across them',
    TIMEOUT,
    async () => {
      const lines = linesOf(polygon.file);
      const parsed = lines.map((line) => JSON.parse(line) as { pair: string; r: number });
      const template = symbolRegistry().get('BTC/USD');
      if (template === null) throw new Error('BTC/USD is not built in');
      const specs = [...new Set(parsed.map(({ pair }) => pair))].map((pair): SymbolSpec => {
        const [base = '', quote = ''] = pair.split('-');
        return {
          ...template,
          symbol: `${base}/${quote}`,
          base,
          quote,
          venueSymbol: base + quote,
          unitExponent: 6,
        };
      });
      const arrivals = lines.map((line, nth): Arrival => ({ at: parsed[nth]?.r ?? 0, text: `[${line}]` }));
      const first = await played('polygon', specs, arrivals);
      const second = await played('polygon', specs, arrivals);
      expect(second).toEqual(first);
      expect(first.cached).toBe(first.tape);
      expect(specs).toHaveLength(21);
      expect(first.stats).toMatchObject({ quotesProcessed: 5_397, tradesProcessed: 0, errors: 0 });
      expect(first.feed).toMatchObject({ old: 0, crossed: 0, unusable: 0, long_numbers: 0, unasked: 0 });
      const ticks = Object.values(first.ticks).reduce((sum, count) => sum + count, 0);
      expect(ticks + (first.feed['empty_side'] ?? 0)).toBe(5_397);
    },
  );
});
