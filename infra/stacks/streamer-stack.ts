/** The streamer: the one always-on process, WebSockets in, prices and wake-ups out (design sections 10, 11, 20). */
import { join } from 'node:path';
import { Duration, Size, Stack, type StackProps } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  AwsLogDriverMode,
  Capability,
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type HealthCheck,
  type ICluster,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  PropagatedTagSource,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { STREAMER } from '../bundle/entries.ts';
import { grantAccess } from './grants.ts';
import {
  exchangeEnvironment,
  keyEnvironment,
  type Platform,
  useCaseEnvironment,
} from './service-function.ts';
import type { Settings } from './settings.ts';
import { NODE_FLAGS, TASK_MIB } from './streamer-memory.ts';
import { type StreamerService, streamerServices } from './streamer-services.ts';

export interface StreamerStackProps extends StackProps {
  readonly platform: Platform;
}

/** From SIGTERM to SIGKILL: enough to release the lease, close the sockets and write the open minute. */
const STOP_TIMEOUT = Duration.seconds(30);

/** As the image's own, which ECS does not look at (functions/streamer/Dockerfile). */
const HEALTH_CHECK: HealthCheck = {
  command: ['CMD', 'bash', '/app/health.sh'],
  interval: Duration.seconds(15),
  timeout: Duration.seconds(6),
  retries: 3,
  startPeriod: Duration.seconds(60),
};

export class StreamerStack extends Stack {
  /** The one that brings prices first. */
  readonly services: readonly FargateService[];
  readonly cluster: Cluster;

  constructor(scope: Construct, id: string, { platform, ...props }: StreamerStackProps) {
    super(scope, id, props);
    const { settings, vpc } = platform;
    this.cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: settings.containerInsights
        ? ContainerInsights.ENABLED
        : ContainerInsights.DISABLED,
    });
    this.services = streamerServices(settings).map((service) => this.makeService(platform, service));
  }

  private makeService(platform: Platform, service: StreamerService): FargateService {
    const isPublic = service.subnet === 'public';
    return new FargateService(this, `${service.prefix}Service`, {
      // The class misses its own interface under exactOptionalPropertyTypes.
      cluster: this.cluster as ICluster,
      taskDefinition: this.makeTask(platform, service),
      desiredCount: 1,
      // The new task runs beside the old one; the lease decides which of them writes.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      // Nothing may connect to it, wherever it is.
      vpcSubnets: { subnetType: isPublic ? SubnetType.PUBLIC : SubnetType.PRIVATE_WITH_EGRESS },
      assignPublicIp: isPublic,
      securityGroups: [platform.appSecurityGroup],
      propagateTags: PropagatedTagSource.SERVICE,
    });
  }

  private makeTask(platform: Platform, service: StreamerService): FargateTaskDefinition {
    const { settings } = platform;
    const { prefix, container, parts, access } = service;
    const hasPrices = parts.includes('prices');
    const task = new FargateTaskDefinition(this, `${prefix}Task`, {
      cpu: 256,
      memoryLimitMiB: TASK_MIB,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    task.addContainer(container, {
      containerName: container,
      image: ContainerImage.fromAsset(join(settings.distDir, STREAMER), {
        platform: ImagePlatform.LINUX_ARM64,
      }),
      // In place of the image's: NODE_OPTIONS does not take all of these flags.
      command: ['node', ...NODE_FLAGS, '--enable-source-maps', 'index.mjs'],
      essential: true,
      readonlyRootFilesystem: true,
      linuxParameters: this.linuxParameters(container),
      healthCheck: HEALTH_CHECK,
      stopTimeout: STOP_TIMEOUT,
      // A full log buffer drops lines instead of stopping the price loop.
      logging: LogDrivers.awsLogs({
        streamPrefix: container,
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(4),
        logGroup: new LogGroup(this, `${prefix}Logs`, {
          retention: settings.logRetention,
          removalPolicy: settings.removalPolicy,
        }),
      }),
      environment: {
        ...useCaseEnvironment(platform),
        // What leaves by the fixed address shares its budget.
        ...exchangeEnvironment(platform, service.subnet === 'private' ? 'nat' : 'streamer'),
        ...keyEnvironment(platform, access),
        STAGE: settings.stage,
        POWERTOOLS_SERVICE_NAME: container,
        AWS_REGION: this.region,
        STREAMER_PARTS: parts.join(','),
        HEALTH_PORT: '8080',
        FEED: settings.feed,
        FEED_SYMBOLS: settings.feedSymbols,
        ...settings.feedVariables,
        SHARD: '0',
        USER_DATA_SHARD: String(service.userDataShard),
        USER_DATA_SHARDS: String(settings.userDataShards),
        WS_RECONNECT_MAX_ATTEMPTS: '10',
        WS_RECONNECT_DELAY_SECONDS: '1',
        WS_RECONNECT_MAX_DELAY_SECONDS: '60',
      },
      ...(settings.hasPolygonKey && hasPrices && { secrets: { POLYGON_API_KEY: this.polygonKey(settings) } }),
    });
    grantAccess(task.taskRole, platform, access);
    return task;
  }

  /** Init hands signals on and clears away what health checks leave; a process that may do nothing special needs no right to. */
  private linuxParameters(container: string): LinuxParameters {
    const parameters = new LinuxParameters(this, `Linux-${container}`, { initProcessEnabled: true });
    parameters.dropCapabilities(Capability.ALL);
    return parameters;
  }

  /** A SecureString that somebody has to put there first: no template can hold or make it. */
  private polygonKey({ stage }: Settings): Secret {
    const parameterName = `/moniqo/${stage}/polygon-api-key`;
    return Secret.fromSsmParameter(
      StringParameter.fromSecureStringParameterAttributes(this, 'PolygonKey', { parameterName }),
    );
  }
}
