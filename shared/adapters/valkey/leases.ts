/** Leases with fencing numbers, and once-only keys, on Valkey (design sections 10, 11). */
import * as z from 'zod';
import type { Lease, Leases } from '../../ports/trigger-index.ts';
import type { Valkey } from './client.ts';
import hold from './hold.lua';
import { fenceKey, holderKey, leaseKey } from './keys.ts';
import release from './release.lua';
import { defineScript } from './script.ts';

const holdScript = defineScript<{ name: string; token: string; ttlMs: number }, Lease>({
  name: 'hold',
  source: [hold],
  keys: ({ name }) => [leaseKey(name), fenceKey(name), holderKey(name)],
  args: ({ token, ttlMs }) => [token, String(ttlMs)],
  reply: () =>
    z.union([
      z
        .tuple([z.literal('held'), z.coerce.number().int(), z.coerce.number().int()])
        .transform(([, fence, otherFence]) => ({ held: true, fence, otherFence }) as const),
      z.tuple([z.literal('other')]).transform(() => ({ held: false }) as const),
    ]),
});

const releaseScript = defineScript<{ name: string; token: string }, string>({
  name: 'release',
  source: [release],
  keys: ({ name }) => [leaseKey(name)],
  args: ({ token }) => [token],
  reply: () => z.tuple([z.enum(['released', 'other'])]).transform(([outcome]) => outcome),
});

export function createLeases(valkey: Valkey): Leases {
  return {
    hold: (name, token, ttlMs) => holdScript.run(valkey, { name, token, ttlMs }),
    release: async (name, token) => {
      await releaseScript.run(valkey, { name, token });
    },
    once: async (key, ttlMs) => (await valkey.command(['SET', key, '1', 'NX', 'PX', String(ttlMs)])) === 'OK',
  };
}
