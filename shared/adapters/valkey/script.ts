/** A Lua step as a typed function: keys and arguments in, a parsed reply out. */
import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { Valkey } from './client.ts';

export interface Script<Input, Reply> {
  readonly name: string;
  /** Runs it, by its hash; the text travels only when the server does not know it yet (NOSCRIPT). */
  run(valkey: Valkey, input: Input): Promise<Reply>;
}

/** A command takes fewer arguments than this on Valkey Serverless; wrappers divide their work. */
export const MAX_ARGUMENTS = 3900;

export class ScriptReplyError extends Error {
  override readonly name = 'ScriptReplyError';
}

export function defineScript<Input, Reply>(definition: {
  readonly name: string;
  /** Parts are put together in order: shared fragments first. */
  readonly source: readonly string[];
  /** All in one slot. */
  readonly keys: (input: Input) => readonly string[];
  readonly args: (input: Input) => readonly string[];
  /** Made with the first reply that needs it. */
  readonly reply: () => z.ZodType<Reply>;
  /** The usual reply without a schema, for what is called thousands of times a second; null: it is another one. */
  readonly usual?: (reply: unknown) => Reply | null;
}): Script<Input, Reply> {
  const source = definition.source.join('\n');
  const sha = createHash('sha1').update(source).digest('hex');
  const { name } = definition;
  const schema = lazily(definition.reply);
  return {
    name,
    run: async (valkey, input) => {
      const keys = definition.keys(input);
      const args = definition.args(input);
      if (keys.length + args.length > MAX_ARGUMENTS) {
        throw new Error(`script ${name}: ${args.length} arguments are more than one command takes`);
      }
      const rest = [String(keys.length), ...keys, ...args];
      const reply = await valkey.command(['EVALSHA', sha, ...rest]).catch((error: unknown) => {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return valkey.command(['EVAL', source, ...rest]);
      });
      const usual = definition.usual?.(reply) ?? null;
      if (usual !== null) return usual;
      const parsed = schema().safeParse(reply);
      if (!parsed.success) throw new ScriptReplyError(`script ${name}: ${parsed.error.message}`);
      return parsed.data;
    },
  };
}

/** Splits work into runs of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const runs: T[][] = [];
  for (let i = 0; i < items.length; i += size) runs.push(items.slice(i, i + size));
  return runs;
}
