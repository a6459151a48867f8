/** That the trading rules are wanted anew: a key that says since when. The schedule compares it with the last import. */
import * as z from 'zod';
import type { SymbolWishes } from '../../ports/symbols.ts';
import type { Valkey } from './client.ts';

/** Longer than any pause of the schedule; a wish that outlives it has been overtaken by the usual refresh. */
const KEEP_MS = 3_600_000;

const keyOf = (environment: string): string => `symbols:{${environment}}:wanted`;
const time = z.coerce.number().int().nullable();

export function createSymbolWishes(valkey: Valkey, now: () => number): SymbolWishes {
  return {
    ask: async (environment) => {
      await valkey.command(['SET', keyOf(environment), String(now()), 'PX', String(KEEP_MS)]);
    },
    askedAt: async (environment) => {
      const text = await valkey.command(['GET', keyOf(environment)]);
      return text === null ? null : time.parse(text);
    },
  };
}
