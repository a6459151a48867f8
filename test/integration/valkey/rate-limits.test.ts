/** Requests per minute, on both servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createRateLimits } from '../../../shared/adapters/valkey/rate-limits.ts';
import { type RedisServer, realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';

const NOW = 1_700_000_000_000;

describe.each<[string, () => Promise<RedisServer>, boolean]>([
  ['redis-server', startRealRedis, realRedisMissing !== null],
  ['js-redis-server', startJsRedis, false],
])('rate limits on %s', (_name, start, missing) => {
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

  // One request in 600 ms, three at once.
  const read = { name: 'read', perMinute: 100, burst: 3 };

  it.runIf(!missing)('lets a burst through, then one by one as time passes', async () => {
    const limits = createRateLimits(valkey);
    const take = (now: number) => limits.take('u-1', [read], now);
    expect(await take(NOW)).toEqual({
      taken: true,
      stands: [{ remaining: 2, fullInMs: 600, nextInMs: 0 }],
    });
    await take(NOW);
    expect(await take(NOW)).toEqual({
      taken: true,
      stands: [{ remaining: 0, fullInMs: 1_800, nextInMs: 600 }],
    });
    for (const _ of [1, 2]) {
      expect(await take(NOW)).toEqual({
        taken: false,
        stands: [{ remaining: 0, fullInMs: 1_800, nextInMs: 600 }],
      });
    }
    expect((await take(NOW + 599)).taken).toBe(false);
    expect((await take(NOW + 600)).taken).toBe(true);
    expect((await take(NOW + 600)).taken).toBe(false);
    expect(await take(NOW + 60_000)).toMatchObject({ taken: true, stands: [{ remaining: 2 }] });
    const left = Number(await valkey.command(['PTTL', 'requests:{u-1}:read']));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(600);
  });

  it.runIf(!missing)('takes from all buckets or from none', async () => {
    const limits = createRateLimits(valkey);
    const small = { name: 'read:bot', perMinute: 60, burst: 1 };
    expect((await limits.take('u-2', [read, small], NOW)).stands.map((s) => s.remaining)).toEqual([2, 0]);
    expect(await limits.take('u-2', [read, small], NOW)).toMatchObject({
      taken: false,
      stands: [{ remaining: 2 }, { remaining: 0, nextInMs: 1_000 }],
    });
    expect((await limits.take('u-2', [read], NOW)).stands[0]?.remaining).toBe(1);
    expect((await limits.take('u-3', [read, small], NOW)).taken).toBe(true);
  });

  it.runIf(!missing)('is not shut for longer by a clock that was ahead', async () => {
    const limits = createRateLimits(valkey);
    for (const _ of [1, 2, 3]) await limits.take('u-4', [read], NOW + 86_400_000);
    expect((await limits.take('u-4', [read], NOW)).stands[0]?.nextInMs).toBeLessThanOrEqual(600);
    expect((await limits.take('u-4', [read], NOW + 600)).taken).toBe(true);
  });
});
