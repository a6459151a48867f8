/**
 * The laptop is wired as the template is: what it would run is compared with the template's own text, and whatever the
 * template says of a thing that runs is either taken over or listed here as AWS's own matter.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  containerEnvironment,
  type Endpoints,
  type Environment,
  functionEnvironment,
} from '../../../infra/local/functions/environment.ts';
import { loadAssembly } from '../../../infra/local/template/assembly.ts';
import type { DeclaredSystem } from '../../../infra/local/template/declared.ts';
import { readSystem } from '../../../infra/local/template/read-system.ts';
import { mentions, type Resource, synthesise } from './synthesised.ts';

const endpoints: Endpoints = {
  sqsEndpoint: 'http://127.0.0.1:1',
  cacheHost: '127.0.0.1',
  cachePort: 2,
  apiEndpoint: 'http://127.0.0.1:3',
  dynamoEndpoint: 'http://127.0.0.1:4',
  keyFile: '/data/wallet-key',
  exchange: {},
};

/** Variables that differ on a laptop, and why. */
const DIFFERS: Readonly<Record<string, string>> = {
  VALKEY_URL: 'the stand-in for the cache speaks no TLS',
  VALKEY_LOGIN: 'the stand-in for the cache wants no login',
  KEY_CIPHER: 'a key file stands for the KMS key',
  EGRESS_ADDRESS: 'all of a laptop leaves by one address',
  BINANCE_ENVIRONMENT: 'the exchange that was chosen at the start',
  WEBHOOK_TARGETS: 'webhooks may go to the machine itself',
  HEALTH_PORT: 'nobody asks a container how it is',
};

/** By type: what the laptop reads of it, and what it leaves to AWS, because it changes nothing in how the system behaves. */
const PROPERTIES: Readonly<Record<string, { read: string; awsOnly: string }>> = {
  'AWS::Lambda::Function': {
    read: 'Handler Code Environment Timeout MemorySize RecursiveLoop',
    awsOnly: 'Architectures Runtime Role LoggingConfig VpcConfig Description Tags',
  },
  'AWS::Lambda::EventSourceMapping': {
    read:
      'FunctionName EventSourceArn BatchSize StartingPosition BisectBatchOnFunctionError MaximumRetryAttempts ' +
      'MaximumRecordAgeInSeconds DestinationConfig FunctionResponseTypes ScalingConfig',
    awsOnly: 'Tags',
  },
  'AWS::Lambda::EventInvokeConfig': {
    read: 'FunctionName MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig',
    awsOnly: 'Qualifier',
  },
  'AWS::SQS::Queue': {
    read:
      'QueueName VisibilityTimeout MessageRetentionPeriod FifoQueue DeduplicationScope FifoThroughputLimit ' +
      'SqsManagedSseEnabled RedrivePolicy',
    awsOnly: 'Tags',
  },
  'AWS::DynamoDB::Table': {
    read: 'AttributeDefinitions KeySchema GlobalSecondaryIndexes TimeToLiveSpecification StreamSpecification',
    awsOnly: 'BillingMode PointInTimeRecoverySpecification DeletionProtectionEnabled Tags',
  },
  'AWS::Events::Rule': {
    read: 'ScheduleExpression State Targets',
    // By pattern: what AWS's own services tell, which are not here.
    awsOnly: 'EventPattern Description Tags',
  },
  'AWS::ApiGatewayV2::Api': {
    read: 'ProtocolType CorsConfiguration',
    awsOnly: 'Name RouteSelectionExpression Tags',
  },
  'AWS::ApiGatewayV2::Route': {
    read: 'ApiId RouteKey Target AuthorizationType AuthorizerId AuthorizationScopes',
    awsOnly: '',
  },
  'AWS::ApiGatewayV2::Authorizer': {
    read: 'AuthorizerType IdentitySource JwtConfiguration',
    awsOnly: 'ApiId Name',
  },
  'AWS::ApiGatewayV2::Stage': {
    read: 'ApiId StageName',
    // Limits and logs of the gateway.
    awsOnly: 'AutoDeploy DefaultRouteSettings AccessLogSettings Tags',
  },
  'AWS::ECS::Service': {
    read: 'TaskDefinition DesiredCount',
    awsOnly:
      'Cluster DeploymentConfiguration LaunchType NetworkConfiguration LoadBalancers EnableECSManagedTags PropagateTags Tags',
  },
};

describe.each(['sandbox', 'prod'] as const)('the laptop and the template of %s', (stage) => {
  // The laptop serves the console by itself, and leaves its stacks out (infra/local/services/synth-host.ts).
  const template = synthesise(stage, { console: 'off' });
  afterAll(() => template.remove());
  let local: DeclaredSystem;
  beforeAll(async () => {
    local = readSystem(await loadAssembly(template.outdir), endpoints);
  });

  /** The resource that stands for what the laptop calls so. */
  const resourceOf = (type: string, name: string): Resource => {
    const found = template
      .ofType(type)
      .filter(({ stack, id, properties }) =>
        typeof properties['QueueName'] === 'string'
          ? properties['QueueName'] === name
          : name === `${stack}-${id}`.slice(0, 75),
      );
    expect(found, name).toHaveLength(1);
    return found[0] as Resource;
  };
  const names = (type: string): readonly string[] =>
    template
      .ofType(type)
      .map(({ stack, id, properties }) => String(properties['QueueName'] ?? `${stack}-${id}`.slice(0, 75)));

  it('have the same functions, tables, queues, rules and containers, and nothing that is not run', () => {
    expect(local.functions.map(({ name }) => name)).toEqual(names('AWS::Lambda::Function'));
    expect(local.tables.map(({ name }) => name)).toEqual(names('AWS::DynamoDB::Table'));
    expect(local.queues.map(({ name }) => name)).toEqual(names('AWS::SQS::Queue'));
    const rules = template.ofType('AWS::Events::Rule');
    const ofAws = rules.filter(({ properties }) => properties['EventPattern'] !== undefined);
    for (const { stack } of ofAws) expect(stack).toMatch(/-monitoring$/);
    expect(local.rules).toHaveLength(rules.length - ofAws.length);
    expect(local.containers).toHaveLength(template.ofType('AWS::ECS::Service').length);
    expect(local.notRun).toEqual([]);
  });

  it('give functions the same time, memory and leave to send themselves on', () => {
    for (const { name, timeoutSeconds, memoryMb, allowsRecursion, handler } of local.functions) {
      const { properties } = resourceOf('AWS::Lambda::Function', name);
      expect({ timeoutSeconds, memoryMb, allowsRecursion, handler }).toEqual({
        timeoutSeconds: properties['Timeout'],
        memoryMb: properties['MemorySize'],
        allowsRecursion: properties['RecursiveLoop'] === 'Allow',
        handler: properties['Handler'],
      });
    }
  });

  it('have the same queues between the same functions', () => {
    for (const { name, attributes } of local.queues) {
      const { properties } = resourceOf('AWS::SQS::Queue', name);
      const { QueueName: _name, RedrivePolicy: redrive, Tags: _tags, ...plain } = properties;
      const { RedrivePolicy: own = 'null', ...others } = attributes;
      expect(others).toEqual(
        Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, String(value)])),
      );
      const most = (policy: unknown) => (policy as { maxReceiveCount?: number } | null)?.maxReceiveCount;
      expect(most(JSON.parse(own))).toBe(most(redrive));
    }
    const mappings = template.ofType('AWS::Lambda::EventSourceMapping');
    expect(local.queueSources.length + local.streamSources.length).toBe(mappings.length);
    for (const source of local.queueSources) {
      const fn = resourceOf('AWS::Lambda::Function', source.functionName);
      const queue = resourceOf('AWS::SQS::Queue', source.queueArn.split(':').at(-1) ?? '');
      const [mapping, more] = mappings.filter(
        ({ properties }) =>
          mentions(properties['FunctionName'], fn.id) && mentions(properties['EventSourceArn'], queue.id),
      );
      expect(more).toBeUndefined();
      expect(source).toMatchObject({
        batchSize: mapping?.properties['BatchSize'],
        windowSeconds: 0,
        reportsItemFailures: true,
        maxConcurrency: (mapping?.properties['ScalingConfig'] as { MaximumConcurrency: number } | undefined)
          ?.MaximumConcurrency,
      });
    }
  });

  it('have the same routes, for the same scopes', () => {
    const declared = template.ofType('AWS::ApiGatewayV2::Route');
    const http = declared.filter(({ stack }) => stack.endsWith('-api'));
    expect(local.api?.routes.map(({ key, authorizer }) => [key, authorizer?.scopes ?? []])).toEqual(
      http.map(({ properties }) => [properties['RouteKey'], properties['AuthorizationScopes'] ?? []]),
    );
    expect(Object.keys(local.socketApi?.routes ?? {})).toEqual(
      declared.filter((route) => !http.includes(route)).map(({ properties }) => properties['RouteKey']),
    );
  });

  it('tell every process the same, but for what is listed with its reason', () => {
    const differing = new Set<string>();
    const compare = (declared: Environment, told: Environment): void => {
      for (const [name, value] of Object.entries(declared)) if (told[name] !== value) differing.add(name);
      // Nothing of ours is told beside: what is added has the names of Lambda, Node and the system.
      for (const name of Object.keys(told))
        if (!(name in declared))
          expect(name).toMatch(
            /^(AWS_|LAMBDA_|MONIQO_FUNCTION_ARN$|NODE_COMPILE_CACHE$|PATH$|HOME$|TMPDIR$|LANG$|TZ$)/,
          );
    };
    for (const one of local.functions) {
      const { properties } = resourceOf('AWS::Lambda::Function', one.name);
      const { Variables } = properties['Environment'] as { Variables: object };
      expect(Object.keys(one.environment)).toEqual(Object.keys(Variables));
      compare(one.environment, functionEnvironment(one, endpoints, {}));
    }
    for (const { environment, secrets } of local.containers)
      compare(environment, containerEnvironment(environment, secrets, endpoints, {}));
    expect([...differing].sort()).toEqual(Object.keys(DIFFERS).sort());
  });

  it('leave out nothing that the template says of what runs', () => {
    const left = Object.entries(PROPERTIES).flatMap(([type, { read, awsOnly }]) => {
      const known = new Set(`${read} ${awsOnly}`.split(' '));
      return template
        .ofType(type)
        .flatMap(({ properties }) => Object.keys(properties).filter((name) => !known.has(name)))
        .map((name) => `${type}: ${name}`);
    });
    expect([...new Set(left)]).toEqual([]);
  });
});
