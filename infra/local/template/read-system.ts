/** Reads everything the laptop runs from an assembly. Pure: files were read before, ports are passed in. */
import type { Assembly } from './assembly.ts';
import type { Cursor } from './cursor.ts';
import type { DeclaredSystem } from './declared.ts';
import { createResolver, type LocalAddresses } from './intrinsics.ts';
import { readApi, readSocketApi } from './read-api.ts';
import { readContainers } from './read-containers.ts';
import { readQueues, readTables } from './read-data.ts';
import { readFunctions, readQueueSources, readRules, readStreamSources } from './read-functions.ts';

/** Types that the readers turn into something that runs, and types that only matter on AWS itself. */
const UNDERSTOOD = [
  'AWS::ApiGatewayV2::',
  'AWS::CDK::',
  'AWS::CloudWatch::',
  'AWS::Cognito::',
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::EC2::',
  'AWS::ECS::Cluster',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElastiCache::',
  'AWS::Events::Rule',
  'AWS::IAM::',
  'AWS::KMS::',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Logs::',
  'AWS::SNS::',
  'AWS::SQS::Queue',
  'AWS::SSM::',
  'Custom::',
];

/**
 * What the assembly declares, with every reference resolved to its value on the laptop.
 * @throws TemplateError when something that is needed cannot be resolved
 */
export function readSystem(assembly: Assembly, local: LocalAddresses): DeclaredSystem {
  const cursor: Cursor = { assembly, resolver: createResolver(assembly, local) };
  const queueSources = readQueueSources(cursor);
  const streamSources = readStreamSources(cursor);
  const rules = readRules(cursor);
  const api = readApi(cursor);
  const socketApi = readSocketApi(cursor);
  const called = new Set([
    ...[...queueSources, ...streamSources].map((source) => source.functionName),
    ...Object.values(socketApi?.routes ?? {}),
    ...(api?.routes ?? []).map((route) => route.functionName),
    ...rules.flatMap((rule) => rule.targets.map((target) => target.arn)),
  ]);
  const types = new Set(
    assembly.stacks.flatMap(({ template }) => Object.values(template.Resources).map(({ Type }) => Type)),
  );
  return {
    tables: readTables(cursor),
    queues: readQueues(cursor),
    functions: readFunctions(cursor, called),
    queueSources,
    streamSources,
    api,
    socketApi,
    rules,
    containers: readContainers(cursor),
    notRun: [...types].filter((type) => !UNDERSTOOD.some((prefix) => type.startsWith(prefix))).sort(),
  };
}
