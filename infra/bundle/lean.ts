/**
 * What a bundle leaves out because nothing in it is ever used (design section 22: at most 1 MB per function). Each part
 * that is left out throws when it is called, or the build fails when somebody imports it: none is missed in silence.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { AWS_PLUGINS } from './lean-aws.ts';
import { REDIS_PLUGINS } from './lean-redis.ts';
import { ZOD_PLUGINS } from './lean-zod.ts';

/** Lua scripts are imported as text. Their comment lines are for readers; the server needs only the code. */
export const luaWithoutComments: Plugin = {
  name: 'lua-without-comments',
  setup({ onLoad }) {
    onLoad({ filter: /\.lua$/ }, async ({ path }) => ({
      contents: stripLuaComments(await readFile(path, 'utf8')),
      loader: 'text',
    }));
  },
};

/** Takes out lines that are only a comment. A line inside a long string or long comment is refused, not guessed. */
export function stripLuaComments(source: string): string {
  if (/\[=*\[/.test(source))
    throw new Error('a Lua script with long brackets cannot be stripped line by line');
  return source
    .split('\n')
    .filter((line) => !/^\s*(--.*)?$/.test(line))
    .join('\n');
}

export const LEAN_PLUGINS: readonly Plugin[] = [
  luaWithoutComments,
  ...REDIS_PLUGINS,
  ...AWS_PLUGINS,
  ...ZOD_PLUGINS,
];
