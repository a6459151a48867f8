/** The specification's counters on Valkey: one plain key each, so that any tool can read them. */
import * as z from 'zod';
import type { Counters } from '../../ports/trigger-index.ts';
import type { Valkey } from './client.ts';

export function createCounters(valkey: Valkey): Counters {
  return {
    add: async (increments) => {
      await Promise.all(
        Object.entries(increments).map(([name, by]) =>
          // A name is always added in one way: INCRBY refuses what INCRBYFLOAT has made a fraction.
          valkey.command([typeof by === 'number' ? 'INCRBY' : 'INCRBYFLOAT', name, String(by)]),
        ),
      );
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
