/** What a bundle leaves out because nothing in it is ever used (design section 22: at most 1 MB per function). */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

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

/**
 * The Redis client's table of what each command may do: read only by its cluster and its client-side cache. Neither
 * is switched on here, so an empty table changes nothing.
 */
export const redisWithoutCommandTable: Plugin = {
  name: 'redis-without-command-table',
  setup({ onLoad }) {
    onLoad(
      { filter: /@redis[\\/]client[\\/]dist[\\/]lib[\\/]command-metadata[\\/]command-metadata-data\.js$/ },
      () => ({
        contents: 'exports.COMMAND_METADATA = {};',
        loader: 'js',
      }),
    );
  },
};

export const LEAN_PLUGINS: readonly Plugin[] = [luaWithoutComments, redisWithoutCommandTable];
