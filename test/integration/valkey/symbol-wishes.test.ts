/** A wish for new trading rules, on both servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createSymbolWishes } from '../../../shared/adapters/valkey/symbol-wishes.ts';
import { type RedisServer, realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';

describe.each<[string, () => Promise<RedisServer>, boolean]>([
  ['redis-server', startRealRedis, realRedisMissing !== null],
  ['js-redis-server', startJsRedis, false],
])('a wish on %s', (_name, start, missing) => {
  let server: RedisServer | null = null;
  let valkey: Valkey;
  beforeAll(async () => {
    if (missing) return;
    server = await start();
    valkey = createValkey(server.url);
  });
  afterAll(async () => {
    await valkey?.close();
    await server?.stop();
  });

  it.runIf(!missing)('says when it was last made, for its environment alone, for an hour', async () => {
    let now = 1_700_000_000_000;
    const wishes = createSymbolWishes(valkey, () => now);
    expect(await wishes.askedAt('binance')).toBeNull();
    await wishes.ask('binance');
    now += 5;
    await wishes.ask('binance');
    expect(await wishes.askedAt('binance')).toBe(now);
    expect(await wishes.askedAt('binance_testnet')).toBeNull();
    const left = Number(await valkey.command(['PTTL', 'symbols:{binance}:wanted']));
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });
});
