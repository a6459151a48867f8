/** The streamer: the one always-on process, WebSockets in, prices and wake-ups out (design sections 10, 11, 20). */
import { join } from 'node:path';
import { Duration, Size, Stack, type StackProps } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  AwsLogDriverMode,
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { STREAMER } from '../bundle/entries.ts';
import {
  type Access,
  exchangeEnvironment,
  grantAccess,
  keyEnvironment,
  type Platform,
  useCaseEnvironment,
} from './service-function.ts';
import type { Settings } from './settings.ts';
import { NODE_FLAGS, TASK_MIB } from './streamer-memory.ts';

export interface StreamerStackProps extends StackProps {
  readonly platform: Platform;
}

/** From SIGTERM to SIGKILL: enough to release the lease, close the sockets and write the open minute. */
const STOP_TIMEOUT = Duration.seconds(30);

const ACCESS: Access = {
  // At start it asks the ledger which symbols have live orders and positions; wallets, and the symbols they may
  // trade, come and go.
  reads: ['orders', 'positions', 'wallets', 'symbols'],
  writes: ['priceTape'],
  // Execution reports; after a gap of a user-data stream every live order is asked for, and the wallet compared.
  sends: ['triggers', 'executions', 'submit', 'exits', 'reconcile'],
  // The subscription to user data is signed.
  keys: 'open',
};

export class StreamerStack extends Stack {
  readonly service: FargateService;
  readonly cluster: Cluster;

  constructor(scope: Construct, id: string, { platform, ...props }: StreamerStackProps) {
    super(scope, id, props);
    const { settings, vpc, appSecurityGroup } = platform;
    this.cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: settings.containerInsights
        ? ContainerInsights.ENABLED
        : ContainerInsights.DISABLED,
    });
    this.service = new FargateService(this, 'Service', {
      // The class misses its own interface under exactOptionalPropertyTypes.
      cluster: this.cluster as ICluster,
      taskDefinition: this.makeTask(platform),
      desiredCount: 1,
      // The new task runs beside the old one; the lease decides which of them writes.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      // Market data comes straight in, not through the NAT; nothing may connect to it.
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      assignPublicIp: true,
      securityGroups: [appSecurityGroup],
    });
  }

  private makeTask(platform: Platform): FargateTaskDefinition {
    const { settings } = platform;
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: TASK_MIB,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    task.addContainer(STREAMER, {
      containerName: STREAMER,
      image: ContainerImage.fromAsset(join(settings.distDir, STREAMER), {
        platform: ImagePlatform.LINUX_ARM64,
      }),
      // In place of the image's: NODE_OPTIONS does not take all of these flags.
      command: ['node', ...NODE_FLAGS, '--enable-source-maps', 'index.mjs'],
      essential: true,
      readonlyRootFilesystem: true,
      stopTimeout: STOP_TIMEOUT,
      // A full log buffer drops lines instead of stopping the price loop.
      logging: LogDrivers.awsLogs({
        streamPrefix: STREAMER,
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(4),
        logGroup: new LogGroup(this, 'Logs', {
          retention: settings.logRetention,
          removalPolicy: settings.removalPolicy,
        }),
      }),
      environment: {
        ...useCaseEnvironment(platform),
        ...exchangeEnvironment(platform, 'streamer'),
        ...keyEnvironment(platform, ACCESS),
        STAGE: settings.stage,
        POWERTOOLS_SERVICE_NAME: STREAMER,
        AWS_REGION: this.region,
        FEED: settings.feed,
        FEED_SYMBOLS: settings.feedSymbols,
        ...settings.feedVariables,
        SHARD: '0',
        WS_RECONNECT_MAX_ATTEMPTS: '10',
        WS_RECONNECT_DELAY_SECONDS: '1',
        WS_RECONNECT_MAX_DELAY_SECONDS: '60',
      },
      ...(settings.hasPolygonKey && { secrets: { POLYGON_API_KEY: this.polygonKey(settings) } }),
    });
    grantAccess(task.taskRole, platform, ACCESS);
    return task;
  }

  /** A SecureString that somebody has to put there first: no template can hold or make it. */
  private polygonKey({ stage }: Settings): Secret {
    const parameterName = `/moniqo/${stage}/polygon-api-key`;
    return Secret.fromSsmParameter(
      StringParameter.fromSecureStringParameterAttributes(this, 'PolygonKey', { parameterName }),
    );
  }
}
