/**
 * A function of ours: its bundle, its log group, its environment and the least it may touch.
 *
 * Every function that may write to Valkey or reach a venue is in the VPC; what it may touch is said by the
 * caller in the words of the tables and queues, and follows into its role.
 */
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { type IVpc, type SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  type FunctionProps,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../../shared/adapters/metrics/emf.ts';
import type { FunctionName } from '../bundle/entries.ts';
import { MAX_RECEIVE_COUNT, QUEUE_NAMES, urlVariable } from '../queues.ts';
import type { Cache } from './cache-stack.ts';
import type { TableName, Tables } from './data-stack.ts';
import { makeFunctionRole } from './function-role.ts';
import { grantAccess, grantSend } from './grants.ts';
import type { QueueName, Queues } from './queues-stack.ts';
import type { Settings } from './settings.ts';
import { TIMEOUT_SECONDS } from './timeouts.ts';

/** What the stacks that run code are given. */
export interface Platform {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly appSecurityGroup: SecurityGroup;
  readonly tables: Tables;
  readonly queues: Queues;
  readonly cache: Cache;
  readonly walletKey: IKey;
}

/** What a function or the streamer may touch, and nothing else. */
export interface Access {
  readonly reads?: readonly TableName[];
  readonly writes?: readonly TableName[];
  /** Puts alone: what is there is neither read nor changed. */
  readonly appends?: readonly TableName[];
  /** Whose symbols with something live are asked for: the only index that is read as a whole. */
  readonly listsLive?: readonly TableName[];
  readonly sends?: readonly QueueName[];
  readonly cache?: boolean;
  /** Of exchange accounts: who may seal keys cannot open them, who opens them cannot seal. */
  readonly keys?: 'seal' | 'open';
}

/** A queue that the function works on. */
export interface Worker {
  readonly queue: QueueName;
  readonly batchSize: number;
  /** Batches at the same time; left out for FIFO, where the groups are the bound. */
  readonly maxConcurrency?: number;
}

export interface ServiceFunctionProps extends Access {
  readonly name: FunctionName;
  readonly platform: Platform;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** False only for what never speaks to Valkey or a venue. */
  readonly inVpc: boolean;
  readonly worksOn?: Worker;
  readonly more?: Pick<FunctionProps, 'onFailure' | 'retryAttempts' | 'maxEventAge'>;
}

export class ServiceFunction extends Construct {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { name, platform, worksOn } = props;
    const { settings } = platform;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
    });
    this.fn = new LambdaFunction(this, 'Function', {
      ...props.more,
      role: makeFunctionRole(this, { logGroup, inVpc: props.inVpc }),
      ...(props.inVpc ? vpcPlacement(platform) : {}),
      // Work that sends itself on (a step, then the next) is how the queues are used here; the bound is the
      // escalation ladder's own counter. Lambda's would cut a chain after 16 hops.
      ...(worksOn === undefined ? {} : { recursiveLoop: RecursiveLoop.ALLOW }),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(join(settings.distDir, name)),
      timeout: Duration.seconds(TIMEOUT_SECONDS[name]),
      memorySize: props.memoryMb,
      description: `Moniqo ${name} (${settings.stage})`,
      logGroup,
      environment: {
        ...props.environment,
        ...keyEnvironment(platform, props),
        ...workerEnvironment(platform, worksOn),
        STAGE: settings.stage,
        POWERTOOLS_SERVICE_NAME: name,
      },
    });
    grantAccess(this.fn, platform, { ...props, cache: props.inVpc });
    if (worksOn !== undefined) this.workOn(platform, worksOn);
  }

  private workOn({ queues }: Platform, { queue, batchSize, maxConcurrency }: Worker): void {
    const { queue: source, deadLetterQueue } = queues[queue];
    // What it cannot do it puts there itself, with the reason; what kills it, SQS moves.
    grantSend(this.fn, deadLetterQueue);
    this.fn.addEventSource(
      new SqsEventSource(source, {
        batchSize,
        reportBatchItemFailures: true,
        ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      }),
    );
  }
}

function vpcPlacement({ vpc, appSecurityGroup }: Platform) {
  return {
    vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    securityGroups: [appSecurityGroup],
  };
}

/** Where a function that works on a queue gives up messages, and after how many receives. */
const workerEnvironment = ({ queues }: Platform, worksOn: Worker | undefined): Record<string, string> =>
  worksOn === undefined
    ? {}
    : {
        DEAD_LETTER_QUEUE_URL: queues[worksOn.queue].deadLetterQueue.queueUrl,
        MAX_RECEIVE_COUNT: String(MAX_RECEIVE_COUNT),
      };

/** KEY_CIPHER for whoever has to do with keys. */
export const keyEnvironment = ({ walletKey }: Platform, { keys }: Access): Record<string, string> =>
  keys === undefined ? {} : { KEY_CIPHER: `kms:${walletKey.keyArn}` };

/** Names of tables, queues and cache, for whatever runs the use cases. */
export function useCaseEnvironment(platform: Platform): Record<string, string> {
  const { settings, tables, queues } = platform;
  return {
    ORDERS_TABLE: tables.orders.tableName,
    POSITIONS_TABLE: tables.positions.tableName,
    WALLETS_TABLE: tables.wallets.tableName,
    DEMO_VENUE_TABLE: tables.demoVenue.tableName,
    PRICE_TAPE_TABLE: tables.priceTape.tableName,
    CLIENTS_TABLE: tables.clients.tableName,
    AUDIT_TABLE: tables.audit.tableName,
    ...exchangeEnvironment(platform, 'nat'),
    ...Object.fromEntries(QUEUE_NAMES.map((name) => [urlVariable(name), queues[name].queue.queueUrl])),
    ...cacheEnvironment(platform),
    SWEEP_SHARDS: String(settings.sweepShards),
    ORDER_MONITOR_ENABLED: 'true',
    ORDER_MONITOR_CHECK_INTERVAL_SECONDS: '1',
    POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
  };
}

export const cacheEnvironment = ({ cache }: Platform): Record<string, string> => ({
  VALKEY_URL: cache.url,
  VALKEY_LOGIN: cache.login,
});

/** Webhooks: their table, their queue, and which addresses they may have. */
export const webhookEnvironment = ({ tables, queues }: Platform): Record<string, string> => ({
  WEBHOOKS_TABLE: tables.webhooks.tableName,
  [urlVariable('webhooks')]: queues.webhooks.queue.queueUrl,
  WEBHOOK_TARGETS: 'public',
});

/**
 * The served Binance and its symbols. `egress` names the way out: what leaves by the same address shares one budget
 * of request weight. Several gateways count as one, so that the budget is never too large.
 */
export function exchangeEnvironment(
  { settings, tables }: Platform,
  egress: 'nat' | 'streamer',
): Record<string, string> {
  return {
    SYMBOLS_TABLE: tables.symbols.tableName,
    EGRESS_ADDRESS: egress,
    ...(settings.binance === null ? {} : { BINANCE_ENVIRONMENT: settings.binance }),
  };
}
