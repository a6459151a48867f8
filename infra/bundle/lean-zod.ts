/** What a bundle leaves out of zod. */
import type { Plugin } from 'esbuild';
import { absent } from './absent.ts';

/**
 * Schemas as JSON Schema: ours check what comes in, and are never written out as documents. Asked for one
 * (`toJSONSchema`, or a schema's own figures like `minLength`), they throw.
 */
export const ZOD_PLUGINS: readonly Plugin[] = ['json-schema-processors', 'to-json-schema'].map((module) =>
  absent(`zod-without-${module}`, `zod/v4/core/${module}.js`, 'JSON Schema is'),
);
