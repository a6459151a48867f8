/** claim.lua as a typed step. */
import * as z from 'zod';
import type { Claim, ClaimResult } from '../../ports/trigger-index.ts';
import claim from './claim.lua';
import { parseTick } from './codec.ts';
import { epochKey, stateKey } from './keys.ts';
import { defineScript } from './script.ts';

export const claimScript = defineScript<Claim, ClaimResult>({
  name: 'claim',
  source: [claim],
  keys: ({ symbol }) => [epochKey(symbol), stateKey(symbol)],
  args: ({ leaseToken, fence }) => [leaseToken, String(fence)],
  reply: () =>
    z.union([
      z
        .tuple([z.literal('claimed'), z.string()])
        .transform(
          ([outcome, tick]) => ({ outcome, standing: tick === '' ? null : parseTick(tick) }) as const,
        ),
      z.tuple([z.enum(['rebuild', 'not_leader'])]).transform(([outcome]) => ({ outcome }) as const),
    ]),
});
