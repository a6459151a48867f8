/** Configuration of the functions that tell users what happens; all errors are named at once (design section 19). */
import * as z from 'zod';
import { TARGET_POLICIES } from '../../shared/adapters/webhooks/targets.ts';
import { BINANCE_VARIABLES, binanceOf, binanceProblems } from '../compose/binance-config.ts';
import { ConfigError } from '../compose/config.ts';
import { cacheOf, VALKEY_VARIABLES } from '../compose/open-valkey.ts';
import type { ConfigProblem } from '../compose/variables.ts';

const name = z.string().min(1);

const Connections = {
  PUSH_URL: z.url({ protocol: /^wss?$/ }),
  AWS_REGION: name,
  AWS_ACCESS_KEY_ID: name,
  AWS_SECRET_ACCESS_KEY: name,
  AWS_SESSION_TOKEN: name.optional(),
  CONNECTIONS_TABLE: name,
};
const Gateway = { ...Connections, EVENTS_TABLE: name };

const PublishEnv = z.object({
  ...Gateway,
  ORDERS_TABLE: name,
  POSITIONS_TABLE: name,
  WEBHOOKS_TABLE: name,
  WEBHOOKS_QUEUE_URL: z.url(),
});

/** Whose tokens are taken: the issuer's address, and the clients that they are made for. */
const SocketEnv = z.object({
  ...Gateway,
  TOKEN_ISSUER: z.url({ protocol: /^https?$/ }),
  TOKEN_CLIENTS: name,
  CLIENTS_TABLE: name,
  // Which symbols there are, and who is told that somebody follows their prices.
  SYMBOLS_TABLE: name,
  ...BINANCE_VARIABLES,
  PRICES_QUEUE_URL: z.url(),
});

const PricesEnv = z.object({
  ...Connections,
  ...VALKEY_VARIABLES,
  PRICES_QUEUE_URL: z.url(),
});

const WebhooksEnv = z.object({
  WEBHOOKS_TABLE: name,
  WEBHOOKS_QUEUE_URL: z.url(),
  WEBHOOK_TARGETS: z.enum(TARGET_POLICIES),
});

const gatewayOf = (e: z.output<z.ZodObject<typeof Connections>>) => ({
  pushUrl: e.PUSH_URL,
  region: e.AWS_REGION,
  credentials: {
    accessKeyId: e.AWS_ACCESS_KEY_ID,
    secretAccessKey: e.AWS_SECRET_ACCESS_KEY,
    sessionToken: e.AWS_SESSION_TOKEN,
  },
});

/** Throws ConfigError naming every bad variable, never echoing a value. */
function parse<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv, more: readonly ConfigProblem[] = []): T {
  // Read once: to compile a reader for it would take longer than the reading.
  const parsed = schema.safeParse(env, { jitless: true });
  if (parsed.success && more.length === 0) return parsed.data;
  const issues = parsed.error?.issues.map(({ path, message }) => ({ path: path.join('.'), message })) ?? [];
  throw new ConfigError([...issues, ...more].map(({ path, message }) => `${path}: ${message}`).join('; '));
}

export function loadPublishConfig(env: NodeJS.ProcessEnv) {
  const e = parse(PublishEnv, env);
  return {
    gateway: gatewayOf(e),
    tables: {
      events: e.EVENTS_TABLE,
      connections: e.CONNECTIONS_TABLE,
      orders: e.ORDERS_TABLE,
      positions: e.POSITIONS_TABLE,
      webhooks: e.WEBHOOKS_TABLE,
    },
    webhooksQueueUrl: e.WEBHOOKS_QUEUE_URL,
  };
}

export function loadSocketConfig(env: NodeJS.ProcessEnv) {
  const e = parse(SocketEnv, env, binanceProblems(env));
  return {
    gateway: gatewayOf(e),
    tables: {
      events: e.EVENTS_TABLE,
      connections: e.CONNECTIONS_TABLE,
      clients: e.CLIENTS_TABLE,
      symbols: e.SYMBOLS_TABLE,
    },
    environment: binanceOf(e)?.environment ?? null,
    pricesQueueUrl: e.PRICES_QUEUE_URL,
    issuer: e.TOKEN_ISSUER,
    clients: e.TOKEN_CLIENTS.split(','),
  };
}

export function loadPricesConfig(env: NodeJS.ProcessEnv) {
  const e = parse(PricesEnv, env);
  return {
    gateway: gatewayOf(e),
    connectionsTable: e.CONNECTIONS_TABLE,
    cache: cacheOf(e),
    pricesQueueUrl: e.PRICES_QUEUE_URL,
  };
}

export function loadWebhooksConfig(env: NodeJS.ProcessEnv) {
  const e = parse(WebhooksEnv, env);
  return {
    webhooksTable: e.WEBHOOKS_TABLE,
    webhooksQueueUrl: e.WEBHOOKS_QUEUE_URL,
    targets: e.WEBHOOK_TARGETS,
  };
}
