/** peaks.lua as a typed step: levels as they stand. */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { Level } from '../../domain/triggers/types.ts';
import { parseLevel } from './codec.ts';
import index from './index.lua';
import { indexKeys } from './keys.ts';
import peaks from './peaks.lua';
import { chunks, defineScript } from './script.ts';

const count = z.coerce.number().int();
const row = lazily(() =>
  z
    .tuple([z.string(), count, z.union([z.literal('').transform(() => null), count])])
    .transform(([json, armedTick, peak]): Level => parseLevel(json, armedTick, peak)),
);

export const peaksScript = defineScript<{ symbol: string; members: readonly string[] }, Level[]>({
  name: 'peaks',
  source: [index, peaks],
  keys: ({ symbol }) => indexKeys(symbol),
  args: ({ members }) => members,
  reply: () => z.array(z.string()).transform((flat) => chunks(flat, 3).map((three) => row().parse(three))),
});
