/** What a bundle leaves out because nothing in it is ever used (design section 22: at most 1 MB per function). */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/** Commands that the Redis client itself sends while it connects. */
export const REDIS_OWN_COMMANDS = ['AUTH', 'CLIENT_SETNAME', 'READONLY'] as const;

/**
 * The Redis client's methods, one per command (about 450): ours are sent as words (`shared/adapters/valkey/client.ts`),
 * so only those that the client sends by itself are kept.
 */
export const redisWithoutMethods: Plugin = {
  name: 'redis-without-methods',
  setup({ onLoad }) {
    onLoad({ filter: /@redis[\\/]client[\\/]dist[\\/]lib[\\/]commands[\\/]index\.js$/ }, ({ path }) => {
      const kept = REDIS_OWN_COMMANDS.map((name) => `${name}: require('./${name}').default`);
      return {
        contents:
          "Object.defineProperty(exports, '__esModule', { value: true });" +
          `exports.default = { ${kept.join(', ')} }; exports.NON_STICKY_COMMANDS = {};`,
        loader: 'js',
        resolveDir: dirname(path),
      };
    });
  },
};

/** The Redis client's pool of connections: one is all that is used here (`shared/adapters/valkey/client.ts`). */
export const redisWithoutPool: Plugin = {
  name: 'redis-without-pool',
  setup({ onLoad }) {
    onLoad({ filter: /@redis[\\/]client[\\/]dist[\\/]lib[\\/]client[\\/]pool\.js$/ }, () => ({
      contents:
        "exports.RedisClientPool = { create() { throw new Error('a pool of connections is not in this bundle'); } };",
      loader: 'js',
    }));
  },
};

/** The Redis client's OpenTelemetry metrics, which nobody switches on: each of them counts nothing, as it does without. */
export const redisWithoutTelemetry: Plugin = {
  name: 'redis-without-telemetry',
  setup({ onLoad }) {
    onLoad({ filter: /@redis[\\/]client[\\/]dist[\\/]lib[\\/]opentelemetry[\\/]metrics\.js$/ }, () => ({
      contents:
        "const nothing = new Proxy(() => nothing, { get: (_, name) => (name === 'then' ? undefined : nothing) });" +
        'exports.OTelMetrics = { instance: nothing, isInitialized: () => false };',
      loader: 'js',
    }));
  },
};

export const LEAN_PLUGINS: readonly Plugin[] = [
  luaWithoutComments,
  redisWithoutCommandTable,
  redisWithoutMethods,
  redisWithoutPool,
  redisWithoutTelemetry,
];
