/** The functions' configuration, read once from the environment; all errors are named at once (design section 19). */
import * as z from 'zod';

const name = z.string().min(1);
const count = (text: string) => z.coerce.number<string>().int().positive().prefault(text);
const flag = (text: 'true' | 'false') =>
  z
    .enum(['true', 'false'])
    .prefault(text)
    .transform((value) => value === 'true');

const MonitorEnv = z.object({
  SWEEP_SHARDS: count('1'),
  ORDER_MONITOR_ENABLED: flag('true'),
  ORDER_MONITOR_CHECK_INTERVAL_SECONDS: count('1'),
});

const DispatchEnv = MonitorEnv.extend({ TRIGGERS_QUEUE_URL: z.url() });

const Env = MonitorEnv.extend({
  STAGE: name.prefault('local'),
  ORDERS_TABLE: name,
  POSITIONS_TABLE: name,
  WALLETS_TABLE: name,
  DEMO_VENUE_TABLE: name,
  PRICE_TAPE_TABLE: name,
  SUBMIT_QUEUE_URL: z.url(),
  EXITS_QUEUE_URL: z.url(),
  EXECUTIONS_QUEUE_URL: z.url(),
  TRIGGERS_QUEUE_URL: z.url(),
  VALKEY_URL: z.url({ protocol: /^rediss?$/ }),
});

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface MonitorConfig {
  readonly shards: number;
  readonly enabled: boolean;
  readonly intervalSeconds: number;
}

export interface DispatchConfig {
  readonly monitor: MonitorConfig;
  readonly triggersQueueUrl: string;
}

export interface Config {
  readonly stage: string;
  readonly monitor: MonitorConfig;
  readonly tables: Readonly<Record<'orders' | 'positions' | 'wallets' | 'demoVenue' | 'priceTape', string>>;
  readonly queues: Readonly<Record<'submit' | 'exits' | 'executions' | 'triggers', string>>;
  readonly valkeyUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every bad variable, never echoing a value. */
function parse<T>(schema: z.ZodType<T>, env: Environment): T {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
}

const monitorOf = (env: z.output<typeof MonitorEnv>): MonitorConfig => ({
  shards: env.SWEEP_SHARDS,
  enabled: env.ORDER_MONITOR_ENABLED,
  intervalSeconds: env.ORDER_MONITOR_CHECK_INTERVAL_SECONDS,
});

export function loadDispatchConfig(env: Environment): DispatchConfig {
  const parsed = parse(DispatchEnv, env);
  return { monitor: monitorOf(parsed), triggersQueueUrl: parsed.TRIGGERS_QUEUE_URL };
}

export function loadConfig(env: Environment): Config {
  const e = parse(Env, env);
  return {
    stage: e.STAGE,
    monitor: monitorOf(e),
    tables: {
      orders: e.ORDERS_TABLE,
      positions: e.POSITIONS_TABLE,
      wallets: e.WALLETS_TABLE,
      demoVenue: e.DEMO_VENUE_TABLE,
      priceTape: e.PRICE_TAPE_TABLE,
    },
    queues: {
      submit: e.SUBMIT_QUEUE_URL,
      exits: e.EXITS_QUEUE_URL,
      executions: e.EXECUTIONS_QUEUE_URL,
      triggers: e.TRIGGERS_QUEUE_URL,
    },
    valkeyUrl: e.VALKEY_URL,
  };
}
