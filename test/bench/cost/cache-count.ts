/** What the cache's scripts have taken so far, by its own INFO: what ElastiCache bills a script by, beside its size. */
import { createClient } from '@redis/client';
import type { CacheCount } from './figures.ts';

/** @throws Error when the server does not tell (the one in process does not) */
export async function cacheCount(url: string): Promise<CacheCount> {
  const client = createClient({ url });
  await client.connect();
  try {
    return readInfo(String(await client.sendCommand(['INFO', 'everything'])));
  } finally {
    await client.close();
  }
}

/** @throws Error when the text is no INFO of a server */
export function readInfo(text: string): CacheCount {
  if (!text.includes('cmdstat_')) throw new Error('INFO does not tell of commands');
  let [scripts, scriptUsec, plain, plainUsec] = [0, 0, 0, 0];
  for (const [, name = '', calls = '0', took = '0'] of text.matchAll(
    /^cmdstat_(\S+):calls=(\d+),usec=(\d+)/gm,
  )) {
    const [count, time] = [Number.parseInt(calls, 10), Number.parseInt(took, 10)]; // not money: counts
    if (name === 'evalsha' || name === 'eval') {
      scripts += count;
      scriptUsec += time;
    } else if (name === 'get') {
      plain += count;
      plainUsec += time;
    }
  }
  return {
    scripts,
    scriptUsec,
    plain,
    plainUsec,
  };
}

export const cacheSince = (before: CacheCount, after: CacheCount): CacheCount => ({
  scripts: after.scripts - before.scripts,
  scriptUsec: after.scriptUsec - before.scriptUsec,
  plain: after.plain - before.plain,
  plainUsec: after.plainUsec - before.plainUsec,
});
