/** The functions' configuration, read once from the environment; all errors are named at once (design section 19). */
import * as z from 'zod';
import { lazily } from '../../shared/domain/lazily.ts';
import {
  BINANCE_VARIABLES,
  type BinanceConfig,
  binanceOf,
  binanceProblems,
  KEY_CIPHER_VARIABLE,
} from './binance-config.ts';
import { type CacheConfig, cacheOf, VALKEY_VARIABLES } from './open-valkey.ts';
import type { ConfigProblem } from './variables.ts';

const name = z.string().min(1);
const url = z.url();
const whole = z.coerce.number<string>().int().positive();
const count = (text: string) => whole.prefault(text);
const flag = (text: 'true' | 'false') =>
  z
    .enum(['true', 'false'])
    .prefault(text)
    .transform((value) => value === 'true');

// Made when a process asks for its own: a cold start waits for no other's.
const monitorFields = () => ({
  SWEEP_SHARDS: count('1'),
  ORDER_MONITOR_ENABLED: flag('true'),
  ORDER_MONITOR_CHECK_INTERVAL_SECONDS: count('1'),
});

const DispatchEnv = lazily(() => z.object({ ...monitorFields(), TRIGGERS_QUEUE_URL: url }));

const Env = lazily(() =>
  z.object({
    ...monitorFields(),
    STAGE: name.prefault('local'),
    ORDERS_TABLE: name,
    POSITIONS_TABLE: name,
    WALLETS_TABLE: name,
    DEMO_VENUE_TABLE: name,
    PRICE_TAPE_TABLE: name,
    SUBMIT_QUEUE_URL: url,
    EXITS_QUEUE_URL: url,
    EXECUTIONS_QUEUE_URL: url,
    TRIGGERS_QUEUE_URL: url,
    RECONCILE_QUEUE_URL: url,
    SYMBOLS_TABLE: name,
    CLIENTS_TABLE: name,
    AUDIT_TABLE: name,
    AUDIT_DAYS: count('90'),
    ...VALKEY_VARIABLES,
    ...BINANCE_VARIABLES,
    KEY_CIPHER: KEY_CIPHER_VARIABLE,
    REQUESTS_PER_MINUTE: z
      .string()
      .regex(/^\d{1,6}\/\d{1,6}\/\d{1,6}$/, 'must be READS/CHANGES/CLOSES, three whole numbers')
      .prefault('6000/3000/3000')
      .transform((text) => {
        const [read = 0, change = 0, close = 0] = text.split('/').map(Number);
        return { read, change, close };
      })
      .refine((limits) => Object.values(limits).every((one) => one > 0), 'must be above zero'),
  }),
);

/** Of every function that works on a queue. */
const WorkerEnv = lazily(() =>
  z.object({ POWERTOOLS_SERVICE_NAME: name, DEAD_LETTER_QUEUE_URL: url, MAX_RECEIVE_COUNT: whole }),
);

const SymbolsEnv = lazily(() =>
  z.object({
    STAGE: name.prefault('local'),
    SYMBOLS_TABLE: name,
    ...VALKEY_VARIABLES,
    ...BINANCE_VARIABLES,
  }),
);

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

/** How a function that works on a queue gives messages up. */
export interface WorkerConfig {
  /** The function's own name. */
  readonly worker: string;
  readonly deadLetterQueueUrl: string;
  readonly maxReceives: number;
}

export interface Config {
  readonly stage: string;
  readonly monitor: MonitorConfig;
  readonly tables: Readonly<Record<TableName, string>>;
  readonly queues: Readonly<Record<'submit' | 'exits' | 'executions' | 'triggers' | 'reconcile', string>>;
  readonly cache: CacheConfig;
  /** How long the record of a call is kept. */
  readonly auditDays: number;
  /** What one user may ask of the API. */
  readonly requestsPerMinute: Readonly<Record<'read' | 'change' | 'close', number>>;
  /** Null = only the demo wallet is served. */
  readonly binance: BinanceConfig | null;
  /** What keys are sealed with: `kms:ARN` or `file:PATH`; null where this function has to do with no keys. */
  readonly keyCipher: string | null;
}

type TableName =
  | 'orders'
  | 'positions'
  | 'wallets'
  | 'demoVenue'
  | 'priceTape'
  | 'symbols'
  | 'clients'
  | 'audit';

/** Of the function that keeps the symbols. */
export interface SymbolsConfig {
  readonly stage: string;
  readonly symbolsTable: string;
  readonly cache: CacheConfig;
  readonly binance: BinanceConfig | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every bad variable, the `more` included, never echoing a value. */
function parse<T>(schema: z.ZodType<T>, env: Environment, more: readonly ConfigProblem[] = []): T {
  // Read once: to compile a reader for it would take longer than the reading.
  const parsed = schema.safeParse(env, { jitless: true });
  const issues = parsed.error?.issues.map((i) => ({ path: i.path.join('.'), message: i.message })) ?? [];
  const problems = [...issues, ...more];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigError(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
}

const monitorOf = (env: z.output<z.ZodObject<ReturnType<typeof monitorFields>>>): MonitorConfig => ({
  shards: env.SWEEP_SHARDS,
  enabled: env.ORDER_MONITOR_ENABLED,
  intervalSeconds: env.ORDER_MONITOR_CHECK_INTERVAL_SECONDS,
});

export function loadDispatchConfig(env: Environment): DispatchConfig {
  const parsed = parse(DispatchEnv(), env);
  return { monitor: monitorOf(parsed), triggersQueueUrl: parsed.TRIGGERS_QUEUE_URL };
}

export function loadWorkerConfig(env: Environment): WorkerConfig {
  const parsed = parse(WorkerEnv(), env);
  return {
    worker: parsed.POWERTOOLS_SERVICE_NAME,
    deadLetterQueueUrl: parsed.DEAD_LETTER_QUEUE_URL,
    maxReceives: parsed.MAX_RECEIVE_COUNT,
  };
}

export function loadSymbolsConfig(env: Environment): SymbolsConfig {
  const e = parse(SymbolsEnv(), env, binanceProblems(env));
  return {
    stage: e.STAGE,
    symbolsTable: e.SYMBOLS_TABLE,
    cache: cacheOf(e),
    binance: binanceOf(e),
  };
}

/** `keys`: this function seals or opens keys, so a served Binance needs KEY_CIPHER. */
export function loadConfig(env: Environment, { keys = false }: { readonly keys?: boolean } = {}): Config {
  const e = parse(Env(), env, binanceProblems(env, { keys }));
  return {
    stage: e.STAGE,
    monitor: monitorOf(e),
    tables: {
      orders: e.ORDERS_TABLE,
      positions: e.POSITIONS_TABLE,
      wallets: e.WALLETS_TABLE,
      demoVenue: e.DEMO_VENUE_TABLE,
      priceTape: e.PRICE_TAPE_TABLE,
      symbols: e.SYMBOLS_TABLE,
      clients: e.CLIENTS_TABLE,
      audit: e.AUDIT_TABLE,
    },
    queues: {
      submit: e.SUBMIT_QUEUE_URL,
      exits: e.EXITS_QUEUE_URL,
      executions: e.EXECUTIONS_QUEUE_URL,
      triggers: e.TRIGGERS_QUEUE_URL,
      reconcile: e.RECONCILE_QUEUE_URL,
    },
    cache: cacheOf(e),
    auditDays: e.AUDIT_DAYS,
    requestsPerMinute: e.REQUESTS_PER_MINUTE,
    binance: binanceOf(e),
    keyCipher: e.KEY_CIPHER ?? null,
  };
}
