/** The trigger index on both servers: its contract, what the keys hold, and how long it takes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { createTriggerIndex } from '../../../shared/adapters/valkey/trigger-index.ts';
import type { Units } from '../../../shared/domain/triggers/types.ts';
import type { TriggerIndex } from '../../../shared/ports/trigger-index.ts';
import { aStop, aTrailing, describeTriggerIndex } from '../../contracts/trigger-index.ts';
import { aBatch, build } from '../../support/index-model.ts';
import { type RedisServer, realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';
import { aTick } from '../../support/trigger-histories.ts';

const NONE = { bid: null, ask: null, last: null, mid: null };

describe.each<[string, () => Promise<RedisServer>, boolean, { histories: number; levels: number }]>([
  ['redis-server', startRealRedis, realRedisMissing !== null, { histories: 400, levels: 10_000 }],
  ['js-redis-server', startJsRedis, false, { histories: 40, levels: 200 }],
])('the trigger index on %s', (name, start, missing, size) => {
  let server: RedisServer | null = null;
  let valkey: Valkey;
  let index: TriggerIndex;
  let running = 0;

  beforeAll(async () => {
    if (missing) return;
    server = await start();
    valkey = createValkey(server.url, { commandTimeoutMs: 30_000 });
    index = createTriggerIndex(valkey);
  });
  afterAll(async () => {
    await valkey?.close();
    await server?.stop();
  });

  const test = it.runIf(!missing);
  /** A symbol of its own for each test, ready to be armed. */
  const aSymbol = async (): Promise<string> => {
    running += 1;
    const symbol = `L${running}/USDT`;
    await build(index, symbol);
    return symbol;
  };
  const apply = (symbol: string, batch: number, ...ticks: ReturnType<typeof aTick>[]) =>
    index.applyBatch(aBatch(symbol, batch, ticks, 1000 + batch));

  if (!missing) {
    describeTriggerIndex(
      'as its contract says',
      async ({ shards }) => ({
        index: createTriggerIndex(valkey, { shards }),
        flush: async () => {
          await valkey.command(['FLUSHALL']);
        },
        writeBars: createPriceCache(valkey).writeBars,
      }),
      { histories: size.histories },
    );
  }

  test('writes nothing while the epoch is missing', async () => {
    const symbol = 'MISSING/USDT';
    expect(await apply(symbol, 1, aTick(1, 100))).toEqual({ outcome: 'rebuild' });
    expect(await valkey.command(['EXISTS', `price:{${symbol}}`, `state:{${symbol}}`])).toBe(0);
  });

  test('has no trailing stop of a rebuild to rewrite when the price passes the peaks of all', async () => {
    running += 1;
    const symbol = `L${running}/USDT`;
    const levels = Array.from({ length: 1_200 }, (_, i) => {
      const peak = (500_000 + ((i * 7_919) % 1_200)) as Units;
      const facts = { member: `p${i}|trailing`, armedTick: 1, peak };
      return i % 2 === 0 ? aTrailing(facts) : aTrailing({ ...facts, side: 'short', source: 'ask' });
    });
    await index.beginRebuild(symbol, 'e');
    await index.loadRebuilt(symbol, 'e', levels, [], 1);
    await index.finishRebuild(symbol, 'e', 1);
    // Each of those that are parked is rewritten by itself in the step that passes it.
    for (const side of ['long:bid', 'short:ask']) {
      expect(await valkey.command(['ZCARD', `trail:{${symbol}}:${side}:parked`])).toBe(0);
    }
    await apply(symbol, 1, aTick(2, 500_600), aTick(3, 501_200), aTick(4, 500_000));
    const found = await index.levels(symbol);
    expect(found).toHaveLength(levels.length);
    const peaks = new Set(found.map((level) => level.kind === 'trailing' && level.peak));
    // The store has its own order of members, another one in each server.
    expect([...peaks].toSorted()).toEqual([500_000, 501_200]);
  });

  test(`holds ${size.levels} levels armed in one call, and tells how long it takes`, async () => {
    const symbol = await aSymbol();
    await apply(symbol, 1, aTick(1, 500_000));
    const levels = Array.from({ length: size.levels }, (_, i) =>
      i % 10 < 7
        ? aStop(499_000 - i, { member: `p${i}|stop` })
        : aTrailing({ member: `p${i}|trailing`, distance: { bp: 100 + (i % 100) } }),
    );
    const timed = async <T>(work: () => Promise<T>): Promise<[T, string]> => {
      const from = performance.now();
      const result = await work();
      return [result, `${(performance.now() - from).toFixed(1)} ms`];
    };
    const [armed, arming] = await timed(() => index.arm(symbol, levels, [], 2));
    expect(armed).toMatchObject({ outcome: 'armed', hits: 0 });
    expect(await index.levels(symbol)).toHaveLength(size.levels);
    const quiet = Array.from({ length: 100 }, (_, i) => aTick(2 + i, 500_000 - (i % 2)));
    const [, still] = await timed(() => apply(symbol, 2, ...quiet));
    const highs = Array.from({ length: 100 }, (_, i) => aTick(200 + i, 500_001 + i));
    const [, rising] = await timed(() => apply(symbol, 3, ...highs));
    const [fallen, falling] = await timed(() => apply(symbol, 4, aTick(500, 1000)));
    expect(fallen).toMatchObject({ hits: size.levels, wake: true, nearest: { falls: NONE, rises: NONE } });
    expect(await index.levels(symbol)).toEqual([]);
    console.log(
      `${name}: ${size.levels} levels: armed in ${arming}; 100 quiet ticks ${still}; 100 new highs ${rising}; ` +
        `one tick that reaches all ${falling}`,
    );
  }, 120_000);
});
