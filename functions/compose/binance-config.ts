/**
 * Which Binance this deployment serves (design sections 13, 19): exactly one environment, or none.
 *
 * Shared by the functions and the streamer: `BinanceEnv` is a part of their schemas, `binanceOf` reads its answer.
 */
import * as z from 'zod';
import { BINANCE_ENVIRONMENTS, type BinanceEnvironment } from '../../shared/domain/types.ts';
import { type BinanceEndpoints, binanceEndpoints } from '../../shared/venues/binance/endpoints.ts';
import { type ConfigProblem, given, httpUrl, wsUrl } from './variables.ts';

const Variables = z.object({
  BINANCE_ENVIRONMENT: given(
    z.enum(BINANCE_ENVIRONMENTS, { error: `one of ${BINANCE_ENVIRONMENTS.join(', ')} is expected` }),
  ),
  /** The specification's name: `true` is `binance_testnet`; `false` alone serves nothing, real money is named. */
  BINANCE_TESTNET: given(z.enum(['true', 'false'])),
  BINANCE_REST_URL: httpUrl,
  BINANCE_WS_API_URL: wsUrl,
  BINANCE_STREAM_URL: wsUrl,
  EGRESS_ADDRESS: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dots, dashes and underscores are expected')
    .prefault('default'),
});

const KeyCipher = given(
  z
    .string()
    .regex(
      /^(kms:arn:\S+|file:.+)$/,
      'kms: and the ARN of a key, or file: and the path of a key file is expected',
    ),
);

/** Names of all variables of this part. */
export const BINANCE_VARIABLES = Variables.shape;
export const KEY_CIPHER_VARIABLE = KeyCipher;

export interface BinanceConfig {
  readonly environment: BinanceEnvironment;
  /** The environment's own addresses, or those that were given instead. */
  readonly endpoints: BinanceEndpoints;
  /** Names the shared bucket of request weight: everything behind one address has the same. */
  readonly egressAddress: string;
}

type BinanceVariables = z.output<typeof Variables>;

/**
 * What is missing or contradicts itself among variables that are well formed one by one. `keys`: the process seals
 * or opens keys.
 */
export function binanceProblems(
  env: Readonly<Record<string, string | undefined>>,
  { keys = false }: { readonly keys?: boolean } = {},
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const named = BINANCE_ENVIRONMENTS.find((one) => one === env['BINANCE_ENVIRONMENT']);
  const testnet = ['true', 'false'].find((one) => one === env['BINANCE_TESTNET']);
  // Malformed: named by the schema that these variables are a part of.
  if (
    (env['BINANCE_ENVIRONMENT'] && named === undefined) ||
    (env['BINANCE_TESTNET'] && testnet === undefined)
  )
    return problems;
  if (
    named !== undefined &&
    testnet !== undefined &&
    (testnet === 'true') !== (named === 'binance_testnet')
  ) {
    problems.push({ path: 'BINANCE_TESTNET', message: 'contradicts BINANCE_ENVIRONMENT' });
  }
  if (named === 'binance_simulator') {
    for (const path of ['BINANCE_REST_URL', 'BINANCE_WS_API_URL', 'BINANCE_STREAM_URL'] as const) {
      if (!env[path]) problems.push({ path, message: 'is needed for binance_simulator' });
    }
  }
  if (keys && (named !== undefined || testnet === 'true') && !env['KEY_CIPHER']) {
    problems.push({ path: 'KEY_CIPHER', message: 'is needed where a Binance environment is served' });
  }
  return problems;
}

const environmentOf = (env: BinanceVariables): BinanceEnvironment | undefined =>
  env.BINANCE_ENVIRONMENT ?? (env.BINANCE_TESTNET === 'true' ? 'binance_testnet' : undefined);

/** Null = no Binance is served. */
export function binanceOf(env: BinanceVariables): BinanceConfig | null {
  const environment = environmentOf(env);
  if (environment === undefined) return null;
  return {
    environment,
    endpoints: binanceEndpoints(environment, {
      rest: env.BINANCE_REST_URL,
      wsApi: env.BINANCE_WS_API_URL,
      stream: env.BINANCE_STREAM_URL,
    }),
    egressAddress: env.EGRESS_ADDRESS,
  };
}
