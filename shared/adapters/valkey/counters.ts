/** The specification's counters on Valkey: one plain key each, so that any tool can read them. */
import * as z from 'zod';
import type { Counters } from '../../ports/trigger-index.ts';
import add from './add.lua';
import type { Valkey } from './client.ts';
import { defineScript } from './script.ts';

const addScript = defineScript<{ name: string; by: string }, boolean>({
  name: 'add',
  source: [add],
  keys: ({ name }) => [name],
  args: ({ by }) => [by],
  reply: () =>
    z.union([
      z.tuple([z.literal('added'), z.string()]).transform(() => true),
      z.tuple([z.literal('no_decimal')]).transform(() => false),
    ]),
});

export function createCounters(valkey: Valkey): Counters {
  const addOne = async (name: string, by: number | string): Promise<void> => {
    if (typeof by === 'number') await valkey.command(['INCRBY', name, String(by)]);
    else if (!(await addScript.run(valkey, { name, by }))) {
      throw new Error(`counter ${name}: what it holds, or what is added, is not a decimal`);
    }
  };
  return {
    add: async (increments) => {
      await Promise.all(Object.entries(increments).map(([name, by]) => addOne(name, by)));
    },
    set: async (values, ttlMs) => {
      const life = ttlMs === undefined ? [] : ['PX', String(ttlMs)];
      await Promise.all(
        Object.entries(values).map(([name, value]) => valkey.command(['SET', name, value, ...life])),
      );
    },
    read: async (names) => {
      const values = await Promise.all(names.map((name) => valkey.command(['GET', name])));
      return Object.fromEntries(names.map((name, i) => [name, z.string().nullable().parse(values[i])]));
    },
  };
}
