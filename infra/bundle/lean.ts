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

/** A module of the Redis client, by its path below `dist/lib`, with other code in its place. */
const redisModule = (name: string, path: string, contents: string): Plugin => ({
  name,
  setup({ onLoad }) {
    const file = path.replaceAll('/', String.raw`[\\/]`).replaceAll('.', String.raw`\.`);
    const filter = new RegExp(String.raw`@redis[\\/]client[\\/]dist[\\/]lib[\\/]${file}$`);
    onLoad({ filter }, () => ({ contents, loader: 'js' }));
  },
});

/**
 * The Redis client's table of what each command may do: read only by its cluster and its client-side cache. Neither
 * is switched on here, so an empty table changes nothing.
 */
export const redisWithoutCommandTable = redisModule(
  'redis-without-command-table',
  'command-metadata/command-metadata-data.js',
  'exports.COMMAND_METADATA = {};',
);

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
export const redisWithoutPool = redisModule(
  'redis-without-pool',
  'client/pool.js',
  "exports.RedisClientPool = { create() { throw new Error('a pool of connections is not in this bundle'); } };",
);

/** The Redis client's own cache of answers, which only its option `clientSideCache` makes. */
export const redisWithoutCache = redisModule(
  'redis-without-cache',
  'client/cache.js',
  "class Absent { constructor() { throw new Error('a client-side cache is not in this bundle'); } }" +
    'exports.ClientSideCacheProvider = exports.BasicClientSideCache = Absent;' +
    'exports.PooledClientSideCacheProvider = exports.BasicPooledClientSideCache = Absent;',
);

/** The Redis client's OpenTelemetry metrics, which nobody switches on: each of them counts nothing, as it does without. */
export const redisWithoutTelemetry = redisModule(
  'redis-without-telemetry',
  'opentelemetry/metrics.js',
  "const nothing = new Proxy(() => nothing, { get: (_, name) => (name === 'then' ? undefined : nothing) });" +
    'exports.OTelMetrics = { instance: nothing, isInitialized: () => false };',
);

export const LEAN_PLUGINS: readonly Plugin[] = [
  luaWithoutComments,
  redisWithoutCommandTable,
  redisWithoutMethods,
  redisWithoutPool,
  redisWithoutCache,
  redisWithoutTelemetry,
];
