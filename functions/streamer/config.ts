/** The streamer's configuration, read once from the environment; all errors are named at once (design section 19). */
import * as z from 'zod';

const count = (text: string): z.ZodType<number> => z.coerce.number<string>().int().min(0).prefault(text);
const flag = z
  .enum(['true', 'false'])
  .prefault('false')
  .transform((text) => text === 'true');
const REPLAY = /^replay:(.+)$/;

const Env = z.object({
  FEED: z
    .string()
    .refine((text) => text === 'synthetic' || REPLAY.test(text), 'synthetic or replay:FILE is expected')
    .prefault('synthetic'),
  REPLAY_SPEED: z
    .union([z.literal('max'), z.coerce.number<string>().positive()], 'a number above 0 or max is expected')
    .prefault('1'),
  REPLAY_STRICT: flag,
  REPLAY_START: z.enum(['now', 'on_demand']).prefault('now'),
  FEED_SEED: count('1'),
  FEED_TICKS_PER_SECOND: z.coerce.number<string>().positive().max(1000).prefault('10'),
  SHARD: count('0'),
  VALKEY_URL: z.url({ protocol: /^rediss?$/ }),
  // A name, not an address: local queues have hosts that no URL parser takes.
  TRIGGERS_QUEUE_URL: z.string().regex(/^https?:\/\/\S+$/, 'a queue URL is expected'),
  PRICE_TAPE_TABLE: z.string().min(1),
  ORDERS_TABLE: z.string().min(1),
  POSITIONS_TABLE: z.string().min(1),
  SWEEP_SHARDS: z.coerce.number<string>().int().positive().prefault('1'),
  STAGE: z.string().min(1).prefault('local'),
  MONIQO_WAKE_UPS: z.enum(['on', 'off']).prefault('on'),
  WS_RECONNECT_MAX_ATTEMPTS: count('10'),
  WS_RECONNECT_DELAY_SECONDS: count('1'),
  WS_RECONNECT_MAX_DELAY_SECONDS: count('60'),
});

export type FeedConfig =
  | { readonly kind: 'synthetic'; readonly seed: number; readonly ticksPerSecond: number }
  | {
      readonly kind: 'replay';
      readonly file: string;
      readonly speed: number | 'max';
      readonly strict: boolean;
      readonly onDemand: boolean;
    };

export interface StreamerConfig {
  readonly feed: FeedConfig;
  readonly shard: number;
  readonly shards: number;
  readonly stage: string;
  readonly wakeUps: boolean;
  readonly valkeyUrl: string;
  readonly triggersQueueUrl: string;
  readonly priceTapeTable: string;
  readonly ordersTable: string;
  readonly positionsTable: string;
  /** For the feeds that hold sockets. */
  readonly reconnect: { readonly attempts: number; readonly firstMs: number; readonly longestMs: number };
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Throws ConfigError naming every bad variable, never echoing a value. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): StreamerConfig {
  const parsed = Env.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ConfigError(problems.join('; '));
  }
  const e = parsed.data;
  return {
    feed: feedOf(e),
    shard: e.SHARD,
    shards: e.SWEEP_SHARDS,
    stage: e.STAGE,
    wakeUps: e.MONIQO_WAKE_UPS === 'on',
    valkeyUrl: e.VALKEY_URL,
    triggersQueueUrl: e.TRIGGERS_QUEUE_URL,
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

function feedOf(e: z.output<typeof Env>): FeedConfig {
  const file = REPLAY.exec(e.FEED)?.[1];
  if (file === undefined) {
    return { kind: 'synthetic', seed: e.FEED_SEED, ticksPerSecond: e.FEED_TICKS_PER_SECOND };
  }
  const onDemand = e.REPLAY_START === 'on_demand';
  return { kind: 'replay', file, speed: e.REPLAY_SPEED, strict: e.REPLAY_STRICT, onDemand };
}
