/** take.lua, settle.lua and finish.lua as typed steps. */
import * as z from 'zod';
import type { Versioned } from '../../domain/triggers/model.ts';
import type { FinishResult } from '../../ports/trigger-index.ts';
import finish from './finish.lua';
import { epochKey, hitKey, hitsKey, stateKey, struckKey } from './keys.ts';
import { defineScript } from './script.ts';
import settle from './settle.lua';
import take from './take.lua';

export const takeScript = defineScript<
  { symbol: string; limit: number; nowMs: number; againMs: number },
  string[]
>({
  name: 'take',
  source: [take],
  keys: ({ symbol }) => [hitsKey(symbol), hitKey(symbol)],
  args: ({ limit, nowMs, againMs }) => [String(limit), String(nowMs), String(againMs)],
  reply: () => z.array(z.string()),
});

export const settleScript = defineScript<{ symbol: string; hits: readonly Versioned[] }, number>({
  name: 'settle',
  source: [settle],
  keys: ({ symbol }) => [hitsKey(symbol), hitKey(symbol), struckKey(symbol)],
  args: ({ hits }) => hits.flatMap(({ member, version }) => [member, String(version)]),
  reply: () => z.tuple([z.literal('settled'), z.int()]).transform(([, count]) => count),
});

export const finishScript = defineScript<{ symbol: string; token: string; nowMs: number }, FinishResult>({
  name: 'finish',
  source: [finish],
  keys: ({ symbol }) => [epochKey(symbol), hitsKey(symbol), stateKey(symbol)],
  args: ({ token, nowMs }) => [token, String(nowMs)],
  reply: () =>
    z
      .tuple([z.enum(['finished', 'lost']), z.int()])
      .transform(([outcome, visible]) =>
        outcome === 'lost' ? { outcome } : { outcome, wake: visible === 1 },
      ),
});
