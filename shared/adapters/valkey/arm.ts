/** arm.lua as a typed step: arming for use cases, and loading during a rebuild. */
import * as z from 'zod';
import type { Versioned } from '../../domain/triggers/model.ts';
import type { Hit, Level } from '../../domain/triggers/types.ts';
import type { ArmResult, LoadResult } from '../../ports/trigger-index.ts';
import arm from './arm.lua';
import { hitText, levelText } from './codec.ts';
import index from './index.lua';
import { indexKeys } from './keys.ts';
import { defineScript } from './script.ts';

export interface ArmStep {
  /** The token of the rebuild that loads; null: levels of a built index are armed. */
  readonly building: string | null;
  readonly symbol: string;
  readonly nowMs: number;
  readonly remove: readonly Versioned[];
  readonly hits: readonly Hit[];
  readonly levels: readonly Level[];
}

export const armScript = defineScript<ArmStep, ArmResult | Extract<LoadResult, { outcome: 'lost' }>>({
  name: 'arm',
  source: [index, arm],
  keys: ({ symbol }) => indexKeys(symbol),
  args: ({ building, nowMs, remove, hits, levels }) => [
    building ?? '',
    String(nowMs),
    String(remove.length),
    ...remove.flatMap(({ member, version }) => [member, String(version)]),
    String(hits.length),
    ...hits.flatMap((hit) => [hit.member, String(hit.version), hitText(hit)]),
    ...levels.map(levelText),
  ],
  reply: () =>
    z.union([
      z
        .tuple([z.literal('armed'), z.coerce.number().int(), z.int(), z.int()])
        .transform(([outcome, armedTick, hits, wake]) => ({ outcome, armedTick, hits, wake: wake === 1 })),
      z.tuple([z.enum(['rebuild', 'lost'])]).transform(([outcome]) => ({ outcome })),
    ]),
});
