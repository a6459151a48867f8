/**
 * What of the synthesised templates is billed for being there, and how it is set. Every type of resource is known here as billed
 * or as free: one that is neither is an error, so that nothing new stays out of the bill unseen.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });
type Resource = z.output<typeof Resource>;

export interface Inventory {
  /** vCPU and GB of each task that always runs. */
  readonly tasks: readonly { readonly cpu: number; readonly gb: number; readonly count: number }[];
  readonly publicAddresses: number;
  readonly natInstances: number;
  readonly natGateways: number;
  /** Interface endpoints by zone. */
  readonly endpointZones: number;
  readonly caches: number;
  readonly keys: number;
  readonly secrets: number;
  /** Metrics of all alarms: one of several metrics pays for each. */
  readonly alarmMetrics: number;
  readonly dashboards: number;
  /** Queues that a function polls. */
  readonly polledQueues: number;
  readonly rules: number;
  readonly pointInTime: boolean;
  /** Memory of each function in GB, by its name. */
  readonly functionGb: Readonly<Record<string, number>>;
}

/** Of types that are billed by use alone, or not at all. */
const NOT_FOR_BEING_THERE = [
  /^AWS::IAM::/,
  /^AWS::ApiGatewayV2::/,
  /^AWS::Cognito::/,
  /^AWS::Lambda::(Permission|EventInvokeConfig|Version|Alias|LayerVersion)$/,
  /^AWS::SQS::/,
  /^AWS::SNS::/,
  /^AWS::Logs::/,
  /^AWS::DynamoDB::GlobalTable$/,
  /^AWS::EC2::(VPC|Subnet|RouteTable|Route|InternetGateway|VPCGatewayAttachment|SubnetRouteTableAssociation)$/,
  /^AWS::EC2::(SecurityGroup|SecurityGroupIngress|SecurityGroupEgress|NetworkInterface|LaunchTemplate|FlowLog)$/,
  /^AWS::EC2::(EIPAssociation|NetworkInterfaceAttachment|KeyPair)$/,
  /^AWS::ECS::(Cluster|TaskDefinition|ClusterCapacityProviderAssociations)$/,
  /^AWS::ElastiCache::(User|UserGroup|SubnetGroup)$/,
  /^AWS::KMS::Alias$/,
  /^AWS::SSM::Parameter$/,
  /^AWS::CDK::Metadata$/,
  // The console: a megabyte, and what is read of it; CloudFront's first terabyte a month is free.
  /^AWS::S3::(Bucket|BucketPolicy)$/,
  /^AWS::CloudFront::(Distribution|CachePolicy|ResponseHeadersPolicy|Function|OriginAccessControl)$/,
  /^AWS::CloudWatch::(CompositeAlarm)$/,
  /^AWS::Events::EventBusPolicy$/,
  /^Custom::/,
  /^AWS::CloudFormation::/,
];

const BILLED = new Set([
  ...['AWS::ECS::Service', 'AWS::EC2::EIP', 'AWS::EC2::Instance', 'AWS::EC2::NatGateway'],
  ...['AWS::EC2::VPCEndpoint', 'AWS::ElastiCache::ServerlessCache', 'AWS::KMS::Key'],
  ...['AWS::SecretsManager::Secret', 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::Dashboard'],
  ...[
    'AWS::Lambda::EventSourceMapping',
    'AWS::Lambda::Function',
    'AWS::Events::Rule',
    'AWS::DynamoDB::Table',
  ],
]);

/** All templates of an assembly's folder. @throws ZodError, or Error for a type that is not known */
export function readInventory(assembly: string): Inventory {
  const files = readdirSync(assembly).filter((name) => name.endsWith('.template.json'));
  if (files.length === 0) throw new Error(`there are no templates in ${assembly}`);
  const resources = files.flatMap((name) =>
    Object.entries(Template.parse(JSON.parse(readFileSync(join(assembly, name), 'utf8'))).Resources),
  );
  return inventoryOf(resources);
}

/** @throws Error naming the types that are neither billed nor free */
export function inventoryOf(resources: readonly (readonly [id: string, resource: Resource])[]): Inventory {
  const unknown = [...new Set(resources.map(([, { Type }]) => Type))].filter(
    (type) => !BILLED.has(type) && !NOT_FOR_BEING_THERE.some((one) => one.test(type)),
  );
  if (unknown.length > 0) {
    throw new Error(`is this billed? Say so in infra/cost/inventory.ts: ${unknown.join(', ')}`);
  }
  const of = (type: string): readonly Resource[] =>
    resources.flatMap(([, resource]) => (resource.Type === type ? [resource] : []));
  const instances = of('AWS::EC2::Instance');
  const services = of('AWS::ECS::Service').map((service) => ServiceSchema.parse(service.Properties));
  const addressedTasks = services.filter(({ assigned }) => assigned).map(({ count }) => count);
  // One that AWS gives it at its start goes when an elastic one takes its place.
  const associated = of('AWS::EC2::EIPAssociation').length;
  const ofInstances = Math.max(
    0,
    instances.filter(({ Properties }) => hasOwnAddress(Properties)).length - associated,
  );
  return {
    tasks: services.map(({ task, count }) => ({ ...taskNamed(resources, task), count })),
    publicAddresses: of('AWS::EC2::EIP').length + ofInstances + total(addressedTasks),
    natInstances: instances.length,
    natGateways: of('AWS::EC2::NatGateway').length,
    endpointZones: total(of('AWS::EC2::VPCEndpoint').map(({ Properties }) => zonesOf(Properties))),
    caches: of('AWS::ElastiCache::ServerlessCache').length,
    keys: of('AWS::KMS::Key').length,
    secrets: of('AWS::SecretsManager::Secret').length,
    alarmMetrics: total(of('AWS::CloudWatch::Alarm').map(({ Properties }) => metricsOf(Properties))),
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    polledQueues: of('AWS::Lambda::EventSourceMapping').filter(({ Properties }) =>
      JSON.stringify(Properties['EventSourceArn']).includes('Queue'),
    ).length,
    rules: of('AWS::Events::Rule').length,
    pointInTime: of('AWS::DynamoDB::Table').some(({ Properties }) =>
      JSON.stringify(Properties['PointInTimeRecoverySpecification'] ?? null).includes('true'),
    ),
    functionGb: Object.fromEntries(of('AWS::Lambda::Function').map(functionOf)),
  };
}

const total = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

const ServiceSchema = z
  .looseObject({
    DesiredCount: z.number().default(1),
    TaskDefinition: z.looseObject({ Ref: z.string() }),
    NetworkConfiguration: z.looseObject({
      AwsvpcConfiguration: z.looseObject({ AssignPublicIp: z.string().default('DISABLED') }),
    }),
  })
  .transform(({ DesiredCount, TaskDefinition, NetworkConfiguration }) => ({
    count: DesiredCount,
    task: TaskDefinition.Ref,
    assigned: NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp === 'ENABLED',
  }));

const TaskSchema = z.looseObject({ Cpu: z.coerce.number(), Memory: z.coerce.number() });
const CPU_UNITS = 1024;

function taskNamed(
  resources: readonly (readonly [string, Resource])[],
  name: string,
): { readonly cpu: number; readonly gb: number } {
  const found = resources.find(([id, { Type }]) => id === name && Type === 'AWS::ECS::TaskDefinition');
  if (found === undefined) throw new Error(`there is no task definition ${name}`);
  const { Cpu, Memory } = TaskSchema.parse(found[1].Properties);
  return { cpu: Cpu / CPU_UNITS, gb: Memory / CPU_UNITS };
}

/** An elastic one is a resource of its own. */
const hasOwnAddress = (properties: Readonly<Record<string, unknown>>): boolean =>
  JSON.stringify(properties).includes('"AssociatePublicIpAddress":true');

/** A gateway endpoint is free. */
const zonesOf = (properties: Readonly<Record<string, unknown>>): number =>
  properties['VpcEndpointType'] === 'Interface'
    ? z.array(z.unknown()).parse(properties['SubnetIds']).length
    : 0;

const AlarmMetrics = z.array(z.looseObject({ MetricStat: z.unknown().optional() }));

const metricsOf = (properties: Readonly<Record<string, unknown>>): number =>
  properties['Metrics'] === undefined
    ? 1
    : AlarmMetrics.parse(properties['Metrics']).filter(({ MetricStat }) => MetricStat !== undefined).length;

const FunctionSchema = z.looseObject({
  MemorySize: z.number().default(128),
  Environment: z.looseObject({ Variables: z.record(z.string(), z.unknown()) }).default({ Variables: {} }),
});

const MB_OF_GB = 1024;

function functionOf({ Properties }: Resource): readonly [string, number] {
  const { MemorySize, Environment } = FunctionSchema.parse(Properties);
  // The CDK's own helpers have no name of ours and run at deployments alone.
  return [String(Environment.Variables['POWERTOOLS_SERVICE_NAME'] ?? 'helper'), MemorySize / MB_OF_GB];
}
