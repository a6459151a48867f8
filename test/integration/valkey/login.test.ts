/** A server that lets in nobody but the user whom the template makes, with the rights that it gives. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ACCESS } from '../../../infra/stacks/cache-stack.ts';
import { createValkey, type Login, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createCounters } from '../../../shared/adapters/valkey/counters.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { type RedisServer, realRedisMissing, startRealRedis } from '../../support/redis.ts';

const ADAPTERS = 'shared/adapters/valkey';

/** Words in capitals that open a list, or are called in a script: commands, and others that the server does not know. */
const spoken = (): readonly string[] => {
  const words = readdirSync(ADAPTERS).flatMap((file) => {
    const text = readFileSync(`${ADAPTERS}/${file}`, 'utf8');
    const calls = file.endsWith('.lua') ? /redis\.call\('([A-Z]+)'/g : /\[\s*'([A-Z]{3,})'/g;
    return [...text.matchAll(calls)].map(([, word = '']) => word);
  });
  return [...new Set(words)].sort();
};

describe.skipIf(realRedisMissing !== null)('a cache that wants a login', () => {
  let server: RedisServer;
  let admin: Valkey;
  let logins = 0;
  let word = 'first';
  const login: Login = async () => {
    logins += 1;
    return { username: 'app', password: word };
  };
  const errors: string[] = [];
  const open = (more: object = {}): Valkey =>
    createValkey(server.url, {
      ...{ commandTimeoutMs: 1_000, login, onError: ({ message }: Error) => errors.push(message) },
      ...more,
    });

  beforeAll(async () => {
    server = await startRealRedis();
    admin = createValkey(server.url);
    await admin.command(['ACL', 'SETUSER', 'admin', 'on', '>admin', '~*', '+@all']);
    await admin.command(['AUTH', 'admin', 'admin']);
    await admin.command(['ACL', 'SETUSER', 'app', ...ACCESS.split(' '), '>first']);
    await admin.command(['ACL', 'SETUSER', 'default', 'off']);
  });
  afterAll(async () => {
    await admin.close();
    await server.stop();
  });

  it('lets nobody in without one, or with a wrong one', async () => {
    const none = createValkey(server.url, { commandTimeoutMs: 300 });
    await expect(none.command(['GET', 'x'])).rejects.toThrow();
    await none.close();
    const wrong = open({ login: async () => ({ username: 'app', password: 'no' }), commandTimeoutMs: 300 });
    await expect(wrong.command(['GET', 'x'])).rejects.toThrow();
    await wrong.close();
    expect(errors.join()).toContain('WRONGPASS');
  });

  it('does the work of our adapters, scripts included', async () => {
    const valkey = open();
    const lease = await createLeases(valkey).hold('a', 'token', 1_000);
    expect(lease.held).toBe(true);
    await createCounters(valkey).add({ 'ws:messages_total': 2 });
    expect(await valkey.command(['GET', 'ws:messages_total'])).toBe('2');
    await valkey.close();
  });

  it('permits every command that an adapter or a script speaks, and none that shows or empties it all', async () => {
    const categories = async (command: string): Promise<readonly string[] | null> => {
      const [info] = (await admin.command(['COMMAND', 'INFO', command])) as (null | unknown[])[];
      return info === null || info === undefined ? null : (info[6] as string[]);
    };
    const known = await Promise.all(
      spoken().map(async (command) => ({ command, of: await categories(command) })),
    );
    const commands = known.filter(({ of }) => of !== null);
    expect(commands.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['EVALSHA', 'HSET', 'ZADD', 'ZRANGEBYSCORE', 'TIME', 'PEXPIRE']),
    );
    expect(commands.filter(({ of }) => of?.includes('@dangerous'))).toEqual([]);
    const valkey = open();
    for (const command of [['FLUSHALL'], ['KEYS', '*'], ['CONFIG', 'GET', '*'], ['ACL', 'LIST']])
      await expect(valkey.command(command)).rejects.toThrow('NOPERM');
    await valkey.close();
  });

  it('is asked again with each connection and after a while on one that lasts', async () => {
    const valkey = open({ loginAgainMs: 50 });
    const before = logins;
    await valkey.command(['GET', 'x']);
    expect(logins).toBe(before + 1);
    await sleep(60);
    await valkey.command(['GET', 'x']);
    await vi.waitFor(() => expect(logins).toBe(before + 2));
    // The word of a role's login is another one each time.
    await admin.command(['ACL', 'SETUSER', 'app', 'resetpass', '>second']);
    word = 'second';
    const [id] =
      /id=(\d+)(?= .*user=app)/.exec(String(await admin.command(['CLIENT', 'LIST'])))?.slice(1) ?? [];
    await admin.command(['CLIENT', 'KILL', 'ID', id ?? '']);
    await vi.waitFor(async () => expect(await valkey.command(['GET', 'x'])).toBeNull());
    expect(logins).toBeGreaterThanOrEqual(before + 3);
    await valkey.close();
  });
});
