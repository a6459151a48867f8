/** The streamer's configuration, read once from the environment; all errors are named at once (design section 19). */
import * as z from 'zod';
import {
  type LivePolicies,
  type LiveSources,
  parseLivePolicies,
  parseLiveSources,
} from '../../shared/domain/prices/live-sources.ts';
import { WATCHED } from '../../shared/domain/watched-symbols.ts';
import {
  BINANCE_VARIABLES,
  type BinanceConfig,
  binanceOf,
  binanceProblems,
  KEY_CIPHER_VARIABLE,
} from '../compose/binance-config.ts';
import { type CacheConfig, cacheOf, VALKEY_VARIABLES } from '../compose/open-valkey.ts';
import {
  POLYGON_VARIABLES,
  type PolygonConfig,
  polygonOf,
  polygonProblems,
} from '../compose/polygon-config.ts';
import { type ConfigProblem, given } from '../compose/variables.ts';

const count = (text: string): z.ZodType<number> => z.coerce.number<string>().int().min(0).prefault(text);
/** Without a wait a server that refuses is asked again at once, and again. */
const wait = (text: string): z.ZodType<number> =>
  z.coerce.number<string>().int().min(1, 'a whole number of seconds from 1 on is expected').prefault(text);
const flag = z
  .enum(['true', 'false'])
  .prefault('false')
  .transform((text) => text === 'true');
// A name, not an address: local queues have hosts that no URL parser takes.
const queueUrl = z.string().regex(/^https?:\/\/\S+$/, 'a queue URL is expected');
const REPLAY = /^replay:(.+)$/;
/** A pair, or the ticker of a stock. */
const SYMBOL = /^([^/\s]{1,20}\/[^/\s]{1,20}|[A-Z]{1,5}(\.[A-Z])?)$/;
/** Plain HTTP stays on this machine. */
const keepsKey = (text: string): boolean =>
  /^https:/i.test(text) || ['127.0.0.1', 'localhost', '[::1]'].includes(URL.parse(text)?.hostname ?? '');

const isPolicies = (read: unknown): read is LivePolicies => read instanceof Map;

const Env = z.object({
  FEED: z
    .string()
    .refine(
      (text) => text === 'synthetic' || parseLiveSources(text) !== null || REPLAY.test(text),
      'synthetic, binance, polygon, binance+polygon, polygon+binance or replay:FILE is expected',
    )
    .prefault('synthetic'),
  FEED_POLICIES: z
    .string()
    .prefault('')
    .transform(parseLivePolicies)
    .pipe(
      z.custom<LivePolicies>(
        (policies) => isPolicies(policies) && [...policies.keys()].every((symbol) => SYMBOL.test(symbol)),
        'SYMBOL=SOURCES,... is expected, sources as in FEED, each symbol once',
      ),
    ),
  REPLAY_SPEED: z
    .union([z.literal('max'), z.coerce.number<string>().positive()], 'a number above 0 or max is expected')
    .prefault('1'),
  REPLAY_STRICT: flag,
  REPLAY_START: z.enum(['now', 'on_demand']).prefault('now'),
  FEED_SYMBOLS: z
    .string()
    .prefault('')
    .transform((text) => text.split(',').flatMap((symbol) => symbol.trim() || []))
    .pipe(z.array(z.string().regex(SYMBOL, 'BASE/QUOTE,BASE/QUOTE,... is expected'))),
  POLYGON_REST_URL: z
    .url({ protocol: /^https?$/ })
    .refine(keepsKey, 'https is expected: a key does not travel in the open')
    .prefault('https://api.massive.com'),
  POLYGON_REQUESTS_PER_MINUTE: z.coerce.number<string>().int().min(1).max(6000).prefault('5'),
  FEED_SEED: count('1'),
  FEED_TICKS_PER_SECOND: z.coerce.number<string>().positive().max(1000).prefault('10'),
  SHARD: count('0'),
  HEALTH_PORT: given(z.coerce.number<string>().int().min(1).max(65_535)),
  USER_DATA_SHARD: count('0'),
  USER_DATA_SHARDS: z.coerce.number<string>().int().min(1).max(64).prefault('1'),
  STREAMER_PARTS: z
    .string()
    .prefault('prices,user-data')
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(['prices', 'user-data'])).min(1)),
  ...VALKEY_VARIABLES,
  TRIGGERS_QUEUE_URL: queueUrl,
  PRICE_TAPE_TABLE: z.string().min(1),
  ORDERS_TABLE: z.string().min(1),
  POSITIONS_TABLE: z.string().min(1),
  SWEEP_SHARDS: z.coerce.number<string>().int().positive().prefault('1'),
  STAGE: z.string().min(1).prefault('local'),
  MONIQO_WAKE_UPS: z.enum(['on', 'off']).prefault('on'),
  WS_RECONNECT_MAX_ATTEMPTS: count('10'),
  WS_RECONNECT_DELAY_SECONDS: wait('1'),
  WS_RECONNECT_MAX_DELAY_SECONDS: wait('60'),
  ...BINANCE_VARIABLES,
  ...POLYGON_VARIABLES,
  KEY_CIPHER: KEY_CIPHER_VARIABLE,
  WALLETS_TABLE: z.string().min(1).optional(),
  SYMBOLS_TABLE: z.string().min(1).optional(),
  EXECUTIONS_QUEUE_URL: queueUrl.optional(),
  SUBMIT_QUEUE_URL: queueUrl.optional(),
  EXITS_QUEUE_URL: queueUrl.optional(),
  RECONCILE_QUEUE_URL: queueUrl.optional(),
});

/** What user data needs, where a Binance environment is served. */
const USER_DATA_VARIABLES = [
  'WALLETS_TABLE',
  'SYMBOLS_TABLE',
  'EXECUTIONS_QUEUE_URL',
  'SUBMIT_QUEUE_URL',
  'EXITS_QUEUE_URL',
  'RECONCILE_QUEUE_URL',
] as const;

/** Market data alone, without a key, where no Binance environment is served. */
const PUBLIC_STREAM = 'wss://data-stream.binance.vision';
const PUBLIC_REST = 'https://data-api.binance.vision';

/** Base URLs of the market streams and of REST. */
export interface BinanceFeedConfig {
  readonly stream: string;
  readonly rest: string;
}

export type FeedConfig =
  | { readonly kind: 'synthetic'; readonly seed: number; readonly ticksPerSecond: number }
  | ({ readonly kind: 'binance' } & BinanceFeedConfig)
  | ({ readonly kind: 'polygon' } & PolygonConfig)
  /** Two live sources: the first one triggers, the other one checks and takes over. */
  | {
      readonly kind: 'two';
      readonly order: LiveSources;
      readonly policies: LivePolicies;
      readonly binance: BinanceFeedConfig;
      readonly polygon: PolygonConfig;
    }
  | {
      readonly kind: 'replay';
      readonly file: string;
      readonly speed: number | 'max';
      readonly strict: boolean;
      readonly onDemand: boolean;
    };

export interface UserDataConfig {
  /** Which of so many processes this one is: each has the wallets whose id falls into its shard. */
  readonly shard: number;
  readonly shards: number;
  readonly binance: BinanceConfig;
  readonly keyCipher: string;
  readonly walletsTable: string;
  readonly symbolsTable: string;
  readonly executionsQueueUrl: string;
  readonly submitQueueUrl: string;
  readonly exitsQueueUrl: string;
  readonly reconcileQueueUrl: string;
}

export interface HistoryConfig {
  readonly url: string;
  readonly key: string;
  readonly requestsPerMinute: number;
}

export interface StreamerConfig {
  readonly feed: FeedConfig;
  /** Followed whether somebody needs them or not. */
  readonly fixedSymbols: readonly string[];
  /** Where minutes from before a symbol was followed are asked for; null = nowhere. */
  readonly history: HistoryConfig | null;
  /** What this process does of the two: where they leave by different addresses they are two processes. */
  readonly parts: readonly ('prices' | 'user-data')[];
  /** Where health.sh asks, on this machine's own address; null = nobody asks. */
  readonly healthPort: number | null;
  readonly shard: number;
  readonly shards: number;
  readonly stage: string;
  readonly wakeUps: boolean;
  readonly cache: CacheConfig;
  readonly triggersQueueUrl: string;
  readonly priceTapeTable: string;
  readonly ordersTable: string;
  readonly positionsTable: string;
  /** Null = no exchange is served: prices only. */
  readonly userData: UserDataConfig | null;
  /** Behind which address this process calls the venue (EGRESS_ADDRESS). */
  readonly egressAddress: string;
  /** For the connections. */
  readonly reconnect: { readonly attempts: number; readonly firstMs: number; readonly longestMs: number };
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Throws ConfigError naming every bad variable, never echoing a value. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): StreamerConfig {
  const parsed = Env.safeParse(env);
  const issues = parsed.error?.issues.map(({ path, message }) => ({ path: path.join('.'), message })) ?? [];
  const problems = [
    ...issues,
    ...binanceProblems(env, { keys: opensKeys(env) }),
    ...missing(env),
    ...shardProblems(parsed.data),
    // Who brings no prices has nobody's key to them.
    ...(bringsPrices(env) ? [...polygonProblems(env), ...foreignPrices(env), ...policyProblems(env)] : []),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
  }
  const e = parsed.data;
  return {
    feed: feedOf(e),
    fixedSymbols: e.FEED_SYMBOLS,
    history: historyOf(e),
    parts: e.STREAMER_PARTS,
    healthPort: e.HEALTH_PORT ?? null,
    shard: e.SHARD,
    shards: e.SWEEP_SHARDS,
    stage: e.STAGE,
    wakeUps: e.MONIQO_WAKE_UPS === 'on',
    cache: cacheOf(e),
    triggersQueueUrl: e.TRIGGERS_QUEUE_URL,
    userData: userDataOf(e),
    egressAddress: e.EGRESS_ADDRESS,
    priceTapeTable: e.PRICE_TAPE_TABLE,
    ordersTable: e.ORDERS_TABLE,
    positionsTable: e.POSITIONS_TABLE,
    reconnect: {
      attempts: e.WS_RECONNECT_MAX_ATTEMPTS,
      firstMs: e.WS_RECONNECT_DELAY_SECONDS * 1000,
      longestMs: e.WS_RECONNECT_MAX_DELAY_SECONDS * 1000,
    },
  };
}

/** Prices alone need no key of anybody. */
const opensKeys = ({ STREAMER_PARTS: parts }: Readonly<Record<string, string | undefined>>): boolean =>
  parts === undefined || parts.split(',').includes('user-data');

const bringsPrices = ({ STREAMER_PARTS: parts }: Readonly<Record<string, string | undefined>>): boolean =>
  parts === undefined || parts.split(',').includes('prices');

const isWatched = (symbol: string): boolean => WATCHED.some((spec) => spec.symbol === symbol);
const isSet = (text: string | undefined): text is string => text !== undefined && text !== '';

function missing(env: Readonly<Record<string, string | undefined>>): readonly ConfigProblem[] {
  if (!isSet(env['BINANCE_ENVIRONMENT']) && env['BINANCE_TESTNET'] !== 'true') {
    if (env['STREAMER_PARTS'] !== 'user-data') return [];
    return [{ path: 'STREAMER_PARTS', message: 'user-data alone needs a Binance environment' }];
  }
  return USER_DATA_VARIABLES.filter((name) => !isSet(env[name])).map((path) => ({
    path,
    message: 'is needed where a Binance environment is served',
  }));
}

/** Wallets of a shard that nobody is would not be heard of, and one beyond the last would have none. */
function shardProblems(e: z.output<typeof Env> | undefined): readonly ConfigProblem[] {
  if (e === undefined || e.USER_DATA_SHARD < e.USER_DATA_SHARDS) return [];
  return [{ path: 'USER_DATA_SHARD', message: 'a number from 0 on and below USER_DATA_SHARDS is expected' }];
}

/** What a policy by symbol says has to be there. */
function policyProblems(env: Readonly<Record<string, string | undefined>>): readonly ConfigProblem[] {
  if (!isSet(env['FEED_POLICIES']) || (parseLiveSources(env['FEED'] ?? '')?.length ?? 0) > 1) return [];
  return [{ path: 'FEED_POLICIES', message: 'goes with two live sources in FEED' }];
}

/**
 * Stops at a real exchange never follow made-up or old prices, and other prices than its own only while it is away. The
 * simulator may follow any.
 */
function foreignPrices(env: Readonly<Record<string, string | undefined>>): readonly ConfigProblem[] {
  const isTestnet = env['BINANCE_TESTNET'] === 'true';
  const environment = env['BINANCE_ENVIRONMENT'] || (isTestnet ? 'binance_testnet' : 'binance_simulator');
  if (environment === 'binance_simulator') return [];
  const isOwn = (sources: LiveSources | null): boolean => sources?.[0] === 'binance';
  const problems: ConfigProblem[] = [];
  if (!isOwn(parseLiveSources(env['FEED'] ?? ''))) {
    const message = 'binance is needed where an exchange is served, alone or first';
    problems.push({ path: 'FEED', message });
  }
  // What only Polygon has is traded at no exchange.
  const foreign = [...(parseLivePolicies(env['FEED_POLICIES'] ?? '') ?? [])].some(
    ([symbol, sources]) => !isOwn(sources) && !isWatched(symbol),
  );
  if (foreign) {
    const message = 'binance comes first where an exchange is served, but for symbols that are only watched';
    problems.push({ path: 'FEED_POLICIES', message });
  }
  return problems;
}

function userDataOf(e: z.output<typeof Env>): UserDataConfig | null {
  const binance = binanceOf(e);
  if (binance === null) return null;
  return {
    binance,
    shard: e.USER_DATA_SHARD,
    shards: e.USER_DATA_SHARDS,
    keyCipher: e.KEY_CIPHER ?? '',
    walletsTable: e.WALLETS_TABLE ?? '',
    symbolsTable: e.SYMBOLS_TABLE ?? '',
    executionsQueueUrl: e.EXECUTIONS_QUEUE_URL ?? '',
    submitQueueUrl: e.SUBMIT_QUEUE_URL ?? '',
    exitsQueueUrl: e.EXITS_QUEUE_URL ?? '',
    reconcileQueueUrl: e.RECONCILE_QUEUE_URL ?? '',
  };
}

/** Made-up and recorded prices have no history in the real world. */
function historyOf(e: z.output<typeof Env>): HistoryConfig | null {
  const { POLYGON_REST_URL: url, POLYGON_API_KEY: key, POLYGON_REQUESTS_PER_MINUTE: requestsPerMinute } = e;
  if (key === undefined || e.FEED === 'synthetic' || REPLAY.test(e.FEED)) return null;
  return { url, key, requestsPerMinute };
}

function binanceFeedOf(e: z.output<typeof Env>): BinanceFeedConfig {
  const endpoints = binanceOf(e)?.endpoints;
  return {
    stream: endpoints?.stream ?? e.BINANCE_STREAM_URL ?? PUBLIC_STREAM,
    rest: endpoints?.rest ?? e.BINANCE_REST_URL ?? PUBLIC_REST,
  };
}

function feedOf(e: z.output<typeof Env>): FeedConfig {
  const order = parseLiveSources(e.FEED);
  if (order?.length === 2) {
    return {
      kind: 'two',
      ...{ order, policies: e.FEED_POLICIES, binance: binanceFeedOf(e), polygon: polygonOf(e) },
    };
  }
  if (order?.[0] === 'binance') return { kind: 'binance', ...binanceFeedOf(e) };
  if (order?.[0] === 'polygon') return { kind: 'polygon', ...polygonOf(e) };
  const file = REPLAY.exec(e.FEED)?.[1];
  if (file === undefined) {
    return { kind: 'synthetic', seed: e.FEED_SEED, ticksPerSecond: e.FEED_TICKS_PER_SECOND };
  }
  const onDemand = e.REPLAY_START === 'on_demand';
  return { kind: 'replay', file, speed: e.REPLAY_SPEED, strict: e.REPLAY_STRICT, onDemand };
}
