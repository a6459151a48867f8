/** What a bundle leaves out of the Redis client. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';
import { inPackages } from './absent.ts';

/** A module of the Redis client (CommonJS), by its path below `dist/lib`, with other code in its place. */
const redisModule = (name: string, path: string, contents: string): Plugin => ({
  name,
  setup({ onLoad }) {
    onLoad({ filter: inPackages(`@redis/client/dist/lib/${path}`) }, ({ path: file }) => ({
      contents: `Object.defineProperty(exports, '__esModule', { value: true });${contents}`,
      loader: 'js',
      resolveDir: dirname(file),
    }));
  },
});

/** In place of a class or function. */
const thrower = (what: string): string => `function () { throw new Error('${what} not in this bundle'); }`;

/**
 * The Redis client's table of what each command may do: read by its cluster and its client-side cache. Neither is
 * switched on here.
 */
const withoutCommandMetadata = redisModule(
  'redis-without-command-metadata',
  'command-metadata/index.js',
  `exports.isCacheable = ${thrower('what commands may do is')};` +
    'exports.defaultCommandMetadata = { lookup: exports.isCacheable };',
);

/** Commands that the Redis client itself sends while it connects. */
export const REDIS_OWN_COMMANDS = ['AUTH', 'CLIENT_SETNAME', 'READONLY'] as const;

/**
 * The Redis client's methods, one per command (about 450): ours are sent as words (`shared/adapters/valkey/client.ts`),
 * so only those that the client sends by itself are kept.
 */
const withoutMethods: Plugin = {
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
const withoutPool = redisModule(
  'redis-without-pool',
  'client/pool.js',
  "exports.RedisClientPool = { create() { throw new Error('a pool of connections is not in this bundle'); } };",
);

/** The Redis client's own cache of answers, which only its option `clientSideCache` makes. */
const withoutCache = redisModule(
  'redis-without-cache',
  'client/cache.js',
  "class Absent { constructor() { throw new Error('a client-side cache is not in this bundle'); } }" +
    'exports.ClientSideCacheProvider = exports.BasicClientSideCache = Absent;' +
    'exports.PooledClientSideCacheProvider = exports.BasicPooledClientSideCache = Absent;',
);

/** The Redis client's OpenTelemetry metrics, which nobody switches on: each of them counts nothing, as it does without. */
const withoutTelemetry = redisModule(
  'redis-without-telemetry',
  'opentelemetry/metrics.js',
  "const nothing = new Proxy(() => nothing, { get: (_, name) => (name === 'then' ? undefined : nothing) });" +
    'exports.OTelMetrics = { instance: nothing, isInitialized: () => false };',
);

/** The rest of its OpenTelemetry: the list of clients that its metrics would read. */
const withoutTelemetryApi = redisModule(
  'redis-without-telemetry-api',
  'opentelemetry/index.js',
  "exports.ClientRegistry = require('./client-registry').ClientRegistry;" +
    `exports.OpenTelemetry = { init: ${thrower('OpenTelemetry is')} };`,
);

/** Transactions of its own methods, and the ways of its version 3: ours are scripts. */
const withoutMulti = redisModule(
  'redis-without-multi',
  'client/multi-command.js',
  `exports.default = { extend: () => ${thrower('MULTI is')} };`,
);
const withoutLegacyMode = redisModule(
  'redis-without-legacy-mode',
  'client/legacy-mode.js',
  `exports.RedisLegacyClient = ${thrower('the legacy mode is')};`,
);

/** Access tokens of identity providers: who is let in is told by the network, or by the URL. */
const withoutTokens = redisModule(
  'redis-without-tokens',
  'authx/token-manager.js',
  `exports.TokenManager = exports.IDPError = ${thrower('a token manager is')};`,
);

/** Slots of channels, which only a cluster's client moves. */
const withoutSlots = redisModule(
  'redis-without-slots',
  'utils/calculate-slot.js',
  `exports.default = ${thrower('the slot of a key is')};`,
);

/** Notices of maintenance, which Redis Enterprise sends to a client of RESP 3. Ours speaks RESP 2 and gets none. */
const withoutMaintenance = redisModule(
  'redis-without-maintenance',
  'client/enterprise-maintenance-manager.js',
  "const absent = () => { throw new Error('notices of maintenance are not in this bundle'); };" +
    "exports.SMIGRATED_EVENT = '__SMIGRATED'; exports.dbgMaintenance = exports.emitDiagnostics = () => undefined;" +
    'exports.default = class { constructor() { absent(); }' +
    ' static getHandshakeCommand(options) { if (options.maintNotifications !== "disabled") absent(); return Promise.resolve(); }' +
    ' static setupDefaultMaintOptions(options) {' +
    '  if (options.RESP !== 2 || options.maintNotifications !== undefined) absent();' +
    '  options.maintNotifications = "disabled"; } };',
);

/** How the answers of its methods are read. Of that file only `parseArgs` is called, for the commands it sends itself. */
const withoutTransformers: Plugin = {
  name: 'redis-without-transformers',
  setup({ onLoad }) {
    onLoad(
      { filter: inPackages('@redis/client/dist/lib/commands/generic-transformers.js') },
      async ({ path }) => {
        const [parseArgs] = /^function parseArgs\([\s\S]*?^\}\n/m.exec(await readFile(path, 'utf8')) ?? [];
        if (parseArgs === undefined) throw new Error(`no function parseArgs in ${path}`);
        return {
          contents: `const parser_1 = require('../client/parser');\n${parseArgs}exports.parseArgs = parseArgs;`,
          loader: 'js',
          resolveDir: dirname(path),
        };
      },
    );
  },
};

export const REDIS_PLUGINS: readonly Plugin[] = [
  withoutCommandMetadata,
  withoutMethods,
  withoutPool,
  withoutCache,
  withoutTelemetry,
  withoutTelemetryApi,
  withoutMulti,
  withoutLegacyMode,
  withoutTokens,
  withoutSlots,
  withoutMaintenance,
  withoutTransformers,
];
