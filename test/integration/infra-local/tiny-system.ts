/** A small template with small functions, to see what the laptop runner does with each property. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Assembly, TemplateResource } from '../../../infra/local/template/assembly.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Functions say what they saw in a file, one JSON document per line. */
const RECORD = `
import { appendFileSync } from 'node:fs';
export const record = (entry) => appendFileSync(process.env.RECORD_FILE, JSON.stringify({ ...entry, at: Date.now(), pid: process.pid }) + '\\n');
`;

const SOURCES = {
  web: `
export const handler = async (event, context) => {
  const path = event.rawPath;
  if (path === '/crash') process.exit(1);
  if (path === '/throw') throw new Error('as asked');
  if (path === '/hang') await new Promise(() => setInterval(() => undefined, 1000));
  if (path === '/status') return { statusCode: 201, headers: { 'X-Own': 'yes' }, cookies: ['a=b'], body: 'made' };
  return { event, env: process.env, remaining: context.getRemainingTimeInMillis(), requestId: context.awsRequestId };
};`,
  worker: `${RECORD}
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
export const handler = async (event) => {
  const bodies = event.Records.map((one) => one.body);
  record({ fn: 'worker', bodies, groups: event.Records.map((one) => one.attributes.MessageGroupId), counts: event.Records.map((one) => one.attributes.ApproximateReceiveCount) });
  const batchItemFailures = [];
  for (const { body, messageId, attributes } of event.Records) {
    const first = attributes.ApproximateReceiveCount === '1';
    if (body.startsWith('slow')) await sleep(150);
    if (body === 'malformed' && first) return { batchItemFailures: [{ itemIdentifier: 'nobody' }] };
    if (body === 'crash' && first) process.exit(1);
    if (body === 'poison' || (body === 'fail' && first)) batchItemFailures.push({ itemIdentifier: messageId });
  }
  record({ fn: 'worker-done', bodies });
  return { batchItemFailures };
};`,
  ticker: `${RECORD}
export const handler = async (event) => { record({ fn: 'ticker', event }); };`,
  looper: `${RECORD}
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const client = new SQSClient({});
export const handler = async (event) => {
  record({ fn: 'looper' });
  for (const { body } of event.Records) {
    await client.send(new SendMessageCommand({ QueueUrl: process.env.LOOP_URL, MessageBody: body }));
  }
};`,
  daemon: `${RECORD}
record({ fn: 'daemon', feed: process.env.FEED, queue: process.env.WORK_URL });
process.on('SIGTERM', () => { record({ fn: 'daemon-stopped' }); process.exit(0); });
setInterval(() => undefined, 1000);`,
} as const;

export interface TinyOptions {
  readonly batchSize?: number;
  readonly visibilitySeconds?: number;
  readonly windowSeconds?: number;
  readonly webTimeoutSeconds?: number;
  readonly loopAllowed?: boolean;
  /** Replaces or adds resources. */
  readonly resources?: Readonly<Record<string, TemplateResource>>;
}

export interface Entry {
  readonly fn: string;
  readonly at: number;
  readonly pid: number;
  readonly bodies?: readonly string[];
  readonly groups?: readonly string[];
  readonly counts?: readonly string[];
  readonly feed?: string;
  readonly queue?: string;
  readonly event?: { readonly 'detail-type'?: string };
}

export interface Tiny {
  readonly assembly: Assembly;
  readonly directory: string;
  entries(fn: string): readonly Entry[];
  remove(): void;
}

/** Builds the bundles and the assembly in a temporary folder. */
export async function tinySystem(options: TinyOptions = {}): Promise<Tiny> {
  const directory = mkdtempSync(join(tmpdir(), 'moniqo-tiny-'));
  const recordFile = join(directory, 'record.jsonl');
  writeFileSync(recordFile, '');
  const files = new Map<string, string>();
  for (const [name, contents] of Object.entries(SOURCES)) {
    const folder = join(directory, name);
    mkdirSync(folder);
    await build({
      stdin: { contents, resolveDir: PROJECT_ROOT, loader: 'js' },
      outfile: join(folder, 'index.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      mainFields: ['module', 'main'],
      banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
      logLevel: 'error',
    });
    files.set(`hash${name}`, folder);
  }
  writeFileSync(
    join(directory, 'daemon', 'Dockerfile'),
    'FROM node\nCOPY index.mjs ./\nCMD ["node", "index.mjs"]\n',
  );
  const images = new Map([
    ['hashdaemon', { directory: join(directory, 'daemon'), dockerFile: 'Dockerfile' }],
  ]);
  const template = { Resources: { ...resources(options, recordFile), ...options.resources } };
  return {
    assembly: { stacks: [{ name: 'tiny', template }], files, images },
    directory,
    entries: (fn) =>
      readFileSync(recordFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Entry)
        .filter((entry) => entry.fn === fn),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const resource = (Type: string, Properties: Record<string, unknown>): TemplateResource => ({
  Type,
  Properties,
});
const att = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });

function lambda(name: string, variables: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return resource('AWS::Lambda::Function', {
    FunctionName: name,
    Handler: 'index.handler',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}' }, S3Key: `hash${name}.zip` },
    Environment: { Variables: variables },
    Timeout: 5,
    ...more,
  });
}

function route(key: string, more: Record<string, unknown> = {}) {
  const Target = { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] };
  return resource('AWS::ApiGatewayV2::Route', { ApiId: { Ref: 'Api' }, RouteKey: key, Target, ...more });
}

const redrive = (id: string) => ({ deadLetterTargetArn: att(id, 'Arn'), maxReceiveCount: 2 });

function resources(options: TinyOptions, recordFile: string): Record<string, TemplateResource> {
  const {
    batchSize = 3,
    visibilitySeconds = 1,
    windowSeconds = 0,
    webTimeoutSeconds = 1,
    loopAllowed,
  } = options;
  const RECORD_FILE = recordFile;
  const jwt = { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Authorizer' } };
  const source = (fn: string, queue: string, more: Record<string, unknown> = {}) =>
    resource('AWS::Lambda::EventSourceMapping', {
      FunctionName: { Ref: fn },
      EventSourceArn: att(queue, 'Arn'),
      BatchSize: batchSize,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ...more,
    });
  return {
    Table: resource('AWS::DynamoDB::Table', {
      TableName: 'things',
      AttributeDefinitions: ['pk', 'sk', 'owner'].map((name) => ({
        AttributeName: name,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by_owner',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
    }),
    Cache: resource('AWS::ElastiCache::ServerlessCache', { Engine: 'valkey' }),
    WorkDead: resource('AWS::SQS::Queue', { QueueName: 'work-dead' }),
    Work: resource('AWS::SQS::Queue', {
      QueueName: 'work',
      VisibilityTimeout: visibilitySeconds,
      RedrivePolicy: redrive('WorkDead'),
    }),
    Ordered: resource('AWS::SQS::Queue', {
      QueueName: 'ordered.fifo',
      FifoQueue: true,
      VisibilityTimeout: 5,
    }),
    LoopDead: resource('AWS::SQS::Queue', { QueueName: 'loop-dead' }),
    Loop: resource('AWS::SQS::Queue', { QueueName: 'loop', RedrivePolicy: redrive('LoopDead') }),
    Web: lambda(
      'web',
      {
        TABLE: { Ref: 'Table' },
        VALKEY_URL: {
          'Fn::Join': [
            '',
            ['rediss://', att('Cache', 'Endpoint.Address'), ':', att('Cache', 'Endpoint.Port')],
          ],
        },
      },
      { Timeout: webTimeoutSeconds },
    ),
    Worker: lambda('worker', { RECORD_FILE }),
    Ticker: lambda('ticker', { RECORD_FILE }),
    Looper: lambda(
      'looper',
      { RECORD_FILE, LOOP_URL: { Ref: 'Loop' } },
      loopAllowed ? { RecursiveLoop: 'Allow' } : {},
    ),
    WorkSource: source('Worker', 'Work', {
      ScalingConfig: { MaximumConcurrency: 2 },
      MaximumBatchingWindowInSeconds: windowSeconds,
    }),
    OrderedSource: source('Worker', 'Ordered'),
    LoopSource: source('Looper', 'Loop', { BatchSize: 1 }),
    Rule: resource('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Arn: att('Ticker', 'Arn'), Id: 'T0' }],
    }),
    Api: resource('AWS::ApiGatewayV2::Api', {
      ProtocolType: 'HTTP',
      CorsConfiguration: { AllowOrigins: ['http://console.example'], AllowMethods: ['GET'] },
    }),
    Integration: resource('AWS::ApiGatewayV2::Integration', {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: att('Web', 'Arn'),
      PayloadFormatVersion: '2.0',
    }),
    Client: resource('AWS::Cognito::UserPoolClient', {}),
    Authorizer: resource('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Audience: [{ Ref: 'Client' }], Issuer: 'https://issuer.example' },
    }),
    RouteEcho: route('POST /things/{thing_id}', jwt),
    RouteAdmin: route('GET /admin', { ...jwt, AuthorizationScopes: ['admin'] }),
    RouteOpen: route('GET /{name}'),
    RouteStatus: route('GET /status'),
    Task: resource('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        {
          Name: 'daemon',
          Image: {
            // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
            'Fn::Sub': '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/assets:hashdaemon',
          },
          Environment: [
            { Name: 'RECORD_FILE', Value: recordFile },
            { Name: 'FEED', Value: 'from-template' },
            { Name: 'WORK_URL', Value: { Ref: 'Work' } },
          ],
          LogConfiguration: { Options: { group: { Ref: 'NotDeclaredHere' } } },
        },
      ],
    }),
    Service: resource('AWS::ECS::Service', { TaskDefinition: { Ref: 'Task' }, DesiredCount: 1 }),
  };
}
