/** The environment of what runs: the template's own, plus what Lambda or ECS add, pointed at the laptop. */

import { LOCAL_CREDENTIALS } from '../services/dynamodb.ts';
import type { DeclaredFunction } from '../template/declared.ts';
import { arn, type LocalAddresses, REGION } from '../template/intrinsics.ts';

export interface Endpoints extends LocalAddresses {
  readonly dynamoEndpoint: string;
  /** Stands for the template's KMS key: the file that seals the keys of exchange accounts. */
  readonly keyFile: string;
  /** Which Binance is served here (its BINANCE_* variables), whatever the template says; empty for none. */
  readonly exchange: Environment;
}

export type Environment = Readonly<Record<string, string>>;

/** Whoever has this variable has to do with an exchange. All of a laptop leaves it by one address. */
const EGRESS = 'EGRESS_ADDRESS';
const LOCAL_EGRESS = 'laptop';
const TARGETS = 'WEBHOOK_TARGETS';

/** Of the machine's own environment only what programs need to run at all, and where Node keeps compiled code if it does. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot', 'NODE_COMPILE_CACHE'];

/** Nothing listens on the discard port: a service that has no stand-in fails at once and never reaches AWS. */
const NOWHERE = 'http://127.0.0.1:9';

function base(endpoints: Endpoints): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    TZ: 'UTC',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: NOWHERE,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoEndpoint,
    AWS_ENDPOINT_URL_SQS: endpoints.sqsEndpoint,
  };
}

/** The environment of the template, with what stands here for the managed services. */
const localised = (environment: Environment, endpoints: Endpoints): Record<string, string> =>
  withOwnMachine(withoutTls(withKeyFile(withExchange(environment, endpoints), endpoints), endpoints));

/** The exchange that was chosen at the start instead of the template's. */
function withExchange(environment: Environment, { exchange }: Endpoints): Record<string, string> {
  if (environment[EGRESS] === undefined) return environment;
  const others = Object.entries(environment).filter(([name]) => !name.startsWith('BINANCE_'));
  return { ...Object.fromEntries(others), ...exchange, [EGRESS]: LOCAL_EGRESS };
}

function withKeyFile(environment: Environment, { keyFile }: Endpoints): Record<string, string> {
  const key = `kms:${arn('kms', 'key/')}`;
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.startsWith(key) ? `file:${keyFile}` : value,
    ]),
  );
}

/** Webhooks may go to the machine itself: what listens there is its owner's. */
const withOwnMachine = (environment: Record<string, string>): Record<string, string> =>
  environment[TARGETS] === undefined ? environment : { ...environment, [TARGETS]: 'loopback' };

/** Nobody asks a container on a laptop how it is, and several of them would want one port. */
const withoutHealth = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => name !== 'HEALTH_PORT'));

/** The managed cache speaks TLS only and wants a login; its stand-in on the loopback neither. */
function withoutTls(
  environment: Environment,
  { cacheHost, cachePort }: LocalAddresses,
): Record<string, string> {
  const secure = `rediss://${cacheHost}:${cachePort}`;
  const told = Object.entries(environment).filter(([name]) => name !== 'VALKEY_LOGIN');
  return Object.fromEntries(
    told.map(([name, value]) => [
      name,
      value.startsWith(secure) ? `redis${value.slice('rediss'.length)}` : value,
    ]),
  );
}

/** The environment of a Lambda function's process. */
export const functionEnvironment = (
  declared: DeclaredFunction,
  endpoints: Endpoints,
  overrides: Environment,
): Environment => ({
  ...base(endpoints),
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: declared.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(declared.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${declared.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_MAX_CONCURRENCY: '1000',
  LAMBDA_TASK_ROOT: declared.codeDirectory,
  MONIQO_FUNCTION_ARN: declared.arn,
  ...localised(declared.environment, endpoints),
  ...overrides,
});

/** The environment of a container; secrets come from the environment of `npm start`, under their own names. */
export function containerEnvironment(
  environment: Environment,
  secrets: readonly string[],
  endpoints: Endpoints,
  overrides: Environment,
): Environment {
  const given = secrets.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...base(endpoints),
    ...localised(withoutHealth(environment), endpoints),
    ...Object.fromEntries(given),
    ...overrides,
  };
}
