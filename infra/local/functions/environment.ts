/** The environment of what runs: the template's own, plus what Lambda or ECS add, pointed at the laptop. */

import { LOCAL_CREDENTIALS } from '../services/dynamodb.ts';
import type { DeclaredFunction } from '../template/declared.ts';
import { type LocalAddresses, REGION } from '../template/intrinsics.ts';

export interface Endpoints extends LocalAddresses {
  readonly dynamoEndpoint: string;
}

export type Environment = Readonly<Record<string, string>>;

/** Of the machine's own environment only what programs need to run at all. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot'];

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

/** The managed cache speaks TLS only; its stand-in on the loopback speaks none. */
function withoutTls(
  environment: Environment,
  { cacheHost, cachePort }: LocalAddresses,
): Record<string, string> {
  const secure = `rediss://${cacheHost}:${cachePort}`;
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
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
  ...withoutTls(declared.environment, endpoints),
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
    ...withoutTls(environment, endpoints),
    ...Object.fromEntries(given),
    ...overrides,
  };
}
