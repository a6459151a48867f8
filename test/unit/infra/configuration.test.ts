/** Each function and the streamer find in their template environment what their configuration asks for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  loadConfig,
  loadDispatchConfig,
  loadSymbolsConfig,
  loadWorkerConfig,
} from '../../../functions/compose/config.ts';
import {
  loadPricesConfig,
  loadPublishConfig,
  loadSocketConfig,
  loadWebhooksConfig,
} from '../../../functions/publish/config.ts';
import { readConfig } from '../../../functions/streamer/config.ts';
import { FUNCTION_ENTRIES, type FunctionName } from '../../../infra/bundle/entries.ts';
import { WORK_QUEUES } from '../../../infra/queues.ts';
import { type Synthesised, synthesise } from './synthesised.ts';

type Environment = Readonly<Record<string, string>>;

/** What stands in a deployment where the template has a reference. */
function resolved(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (name.endsWith('_QUEUE_URL')) return 'https://sqs.eu-west-1.amazonaws.com/000000000000/queue';
  if (name === 'VALKEY_URL') return 'rediss://cache.example:6379';
  if (name === 'PUSH_URL') return 'wss://api.execute-api.eu-west-1.amazonaws.com/push';
  if (name === 'TOKEN_ISSUER') return 'https://cognito-idp.eu-west-1.amazonaws.com/pool';
  if (name === 'KEY_CIPHER') return 'kms:arn:aws:kms:eu-west-1:000000000000:key/one';
  return 'name';
}

const environment = (variables: readonly (readonly [string, unknown])[]): Environment =>
  Object.fromEntries(variables.map(([name, value]) => [name, resolved(name, value)]));

function functionEnvironments(from: Synthesised): ReadonlyMap<string, Environment> {
  return new Map(
    from.ofType('AWS::Lambda::Function').map(({ properties }) => {
      const { Variables } = properties['Environment'] as { Variables: Record<string, unknown> };
      return [String(Variables['POWERTOOLS_SERVICE_NAME']), environment(Object.entries(Variables))];
    }),
  );
}

/** By the name of the container. */
function containerEnvironments(from: Synthesised): ReadonlyMap<string, Environment> {
  return new Map(
    from.ofType('AWS::ECS::TaskDefinition').map(({ properties }) => {
      const [container] = properties['ContainerDefinitions'] as [
        {
          Name: string;
          Environment: readonly { Name: string; Value: unknown }[];
          Secrets?: readonly { Name: string }[];
        },
      ];
      return [
        container.Name,
        environment([
          ...container.Environment.map(({ Name, Value }) => [Name, Value] as const),
          ...(container.Secrets ?? []).map(({ Name }) => [Name, 'a-secret'] as const),
        ]),
      ];
    }),
  );
}

const READ: Readonly<Record<FunctionName, (env: Environment) => unknown>> = {
  api: (env) => loadConfig(env, { keys: true }),
  submit: (env) => loadConfig(env, { keys: true }),
  exits: (env) => loadConfig(env, { keys: true }),
  executions: (env) => loadConfig(env),
  evaluate: (env) => loadConfig(env),
  dispatch: loadDispatchConfig,
  symbols: loadSymbolsConfig,
  reconcile: (env) => loadConfig(env, { keys: true }),
  // Lambda has these by itself.
  publish: (env) => loadPublishConfig({ ...env, ...LAMBDA }),
  socket: (env) => loadSocketConfig({ ...env, ...LAMBDA }),
  webhooks: loadWebhooksConfig,
  prices: (env) => loadPricesConfig({ ...env, ...LAMBDA }),
  docs: () => null,
};

const LAMBDA = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' };

/** They know nothing of stages and exchanges. */
const PLAIN: readonly string[] = ['dispatch', 'publish', 'socket', 'webhooks', 'prices', 'docs'];

describe.each([
  ['sandbox', 'binance_testnet'],
  ['prod', 'binance'],
] as const)('in %s', (stage, served) => {
  let system: Synthesised;
  beforeAll(() => {
    system = synthesise(stage);
  });
  afterAll(() => system.remove());

  it.each(Object.keys(FUNCTION_ENTRIES) as FunctionName[])('%s is configured', (name) => {
    const env = functionEnvironments(system).get(name) ?? {};
    const read = READ[name](env);
    if (!PLAIN.includes(name)) expect(read).toMatchObject({ stage, binance: { environment: served } });
  });

  it('the socket knows the symbols of the exchange that is served', () => {
    const env = functionEnvironments(system).get('socket') ?? {};
    expect(READ.socket(env)).toMatchObject({ environment: served });
  });

  it.each(Object.entries(WORK_QUEUES))('the worker of %s knows when to give up', (_name, { worker }) => {
    const env = functionEnvironments(system).get(worker) ?? {};
    expect(loadWorkerConfig(env)).toMatchObject({ worker, maxReceives: 5 });
  });

  it('the streamer is configured, and serves the same exchange', () => {
    const configs = [...containerEnvironments(system)].map(([name, env]) => [name, readConfig(env)] as const);
    for (const [, config] of configs) expect(JSON.stringify(config)).toContain(`"environment":"${served}"`);
    expect(Object.fromEntries(configs.map(([name, { parts }]) => [name, parts]))).toEqual(
      stage === 'sandbox'
        ? { streamer: ['prices', 'user-data'] }
        : { streamer: ['prices'], 'user-data': ['user-data'] },
    );
  });
});

describe.each([{ feed: 'binance+polygon' }, { feed: 'polygon', binance: 'none' }])('with %o', (context) => {
  it.each(['sandbox', 'prod'] as const)(
    'each process of %s finds all that it asks for, keys included',
    (stage) => {
      const system = synthesise(stage, context);
      const processes = [...containerEnvironments(system)];
      system.remove();
      expect(processes.map(([name]) => name)).toContain('streamer');
      for (const [name, env] of processes) expect(readConfig(env).parts, name).not.toEqual([]);
    },
  );
});

describe('a part of the streamer by itself', () => {
  const env = { ...containerEnvironments(synthesise('sandbox')).get('streamer') };

  it('needs a key of nobody for prices, and an exchange for user data', () => {
    const { KEY_CIPHER: _key, ...without } = env;
    expect(readConfig({ ...without, STREAMER_PARTS: 'prices' }).parts).toEqual(['prices']);
    expect(() => readConfig(without)).toThrow('KEY_CIPHER');
    expect(() => readConfig({ ...without, STREAMER_PARTS: 'user-data' })).toThrow('KEY_CIPHER');
    const { BINANCE_ENVIRONMENT: _served, ...nowhere } = env;
    expect(() => readConfig({ ...nowhere, STREAMER_PARTS: 'user-data' })).toThrow('STREAMER_PARTS');
    expect(() => readConfig({ ...env, STREAMER_PARTS: 'orders' })).toThrow('STREAMER_PARTS');
  });
});
