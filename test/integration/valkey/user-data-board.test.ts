/** What streamers say of user data, on both kinds of Redis. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createUserDataBoard } from '../../../shared/adapters/valkey/user-data-board.ts';
import type { UserDataStatus } from '../../../shared/ports/user-data.ts';
import { type RedisServer, realRedisMissing, startJsRedis, startRealRedis } from '../../support/redis.ts';

const NOW = 1_790_000_000_000;

const status = (wallets: readonly string[], at = NOW, shard = 0): UserDataStatus => ({
  shards: [{ shard, of: 2, at }],
  connections: [
    {
      name: 'user-data 1',
      at,
      connected: true,
      healthy: true,
      messagesReceived: 3,
      errors: 0,
      failures: 0,
      reconnects: 0,
      lastMessageAt: NOW,
      connectedSince: NOW,
      lastError: null,
    },
  ],
  wallets: wallets.map((walletId) => ({
    walletId,
    at,
    subscribedSince: NOW,
    lastEventAt: null,
    lastBalancesAt: null,
    problem: { code: 'venue_-2015', message: 'Invalid API-key', at: NOW },
    events: { executionReport: 2 },
    reportsSent: 2,
    buffered: 0,
    foreignOrders: 1,
    gapOpen: false,
  })),
});

describe.each([
  ['the real server', startRealRedis, realRedisMissing],
  ['the one in process', startJsRedis, null],
] as const)('the board on %s', (_, start, missing) => {
  let server: RedisServer;
  let valkey: Valkey;
  beforeAll(async () => {
    if (missing !== null) return;
    server = await start();
    valkey = createValkey(server.url);
  });
  afterAll(async () => {
    await valkey?.close();
    await server?.stop();
  });

  it.skipIf(missing !== null)('shows what was written, by all streamers, until it is old', async () => {
    const board = createUserDataBoard(valkey);
    expect(await board.read('binance', NOW)).toEqual({ connections: [], wallets: [], shards: [] });
    await board.write('binance', 'one', status(['a', 'b']), []);
    await board.write('binance', 'two', status(['b'], NOW, 1), ['a']);
    await board.write('binance_testnet', 'one', status(['c']), []);
    const read = await board.read('binance', NOW + 1_000);
    expect(read.wallets).toEqual(status(['b']).wallets);
    expect(read.connections).toHaveLength(2);
    expect(read.shards.toSorted((a, b) => a.shard - b.shard)).toEqual([
      { shard: 0, of: 2, at: NOW },
      { shard: 1, of: 2, at: NOW },
    ]);
    expect(await board.readWallet('binance', 'b', NOW)).toEqual(status(['b']).wallets[0]);
    expect(await board.readWallet('binance', 'a', NOW)).toBeNull();
    expect(await board.readWallet('binance', 'b', NOW + 61_000)).toBeNull();
    expect(await board.read('binance', NOW + 61_000)).toEqual({ connections: [], wallets: [], shards: [] });
    const life = await valkey.command(['PTTL', 'userdata:{binance}']);
    expect(Number(life)).toBeGreaterThan(50_000);
  });

  it.skipIf(missing !== null)('takes off what streamers said that have gone', async () => {
    const key = 'userdata:{binance_demo}';
    const fields = async () => ((await valkey.command(['HKEYS', key])) as string[]).toSorted();
    const board = createUserDataBoard(valkey);
    await createUserDataBoard(valkey).write('binance_demo', 'gone', status(['a', 'b']), []);
    await valkey.command(['HSET', key, 'connection:older:user-data 1', '{"shape":"of another version"}']);
    await board.write('binance_demo', 'new', status(['a'], NOW + 59_000), []);
    expect(await fields()).toEqual([
      'connection:gone:user-data 1',
      'connection:new:user-data 1',
      'shard:0',
      'wallet:a',
      'wallet:b',
    ]);
    // Looked at once a minute.
    await board.write('binance_demo', 'new', status(['a'], NOW + 61_000), []);
    expect(await fields()).toHaveLength(5);
    await board.write('binance_demo', 'new', status(['a'], NOW + 119_000), []);
    expect(await fields()).toEqual(['connection:new:user-data 1', 'shard:0', 'wallet:a']);
  });
});
