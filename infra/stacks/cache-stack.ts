/** Valkey Serverless (design section 16): prices, levels, hits. Losing all of it loses no money. */
import { Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { type IVpc, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface CacheStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  /** The one group that may connect. */
  readonly appSecurityGroup: SecurityGroup;
}

/** Limits that stop a bill, not a load: above them the cache throttles and says so in its metrics. */
const MAX_STORAGE_GB = 5;
const MAX_ECPU_PER_SECOND = 30_000;

export class CacheStack extends Stack {
  /** `rediss://host:port`. */
  readonly url: string;
  /** The name that its metrics bear, and what it may hold. */
  readonly watched: { readonly clusterId: string; readonly maxBytes: number };

  constructor(scope: Construct, id: string, { settings, vpc, appSecurityGroup, ...props }: CacheStackProps) {
    super(scope, id, props);
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Moniqo cache: from the application only',
      allowAllOutbound: false,
    });
    // 6379 writes and reads, 6380 reads from replicas.
    securityGroup.addIngressRule(appSecurityGroup, Port.tcpRange(6379, 6380), 'application');
    const serverlessCacheName = `moniqo-${settings.stage}`;
    const cache = new CfnServerlessCache(this, 'Cache', {
      engine: 'valkey',
      majorEngineVersion: '8',
      serverlessCacheName,
      description: 'Prices, trigger levels and hits',
      subnetIds: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds,
      securityGroupIds: [securityGroup.securityGroupId],
      cacheUsageLimits: {
        dataStorage: { maximum: MAX_STORAGE_GB, unit: 'GB' },
        ecpuPerSecond: { maximum: MAX_ECPU_PER_SECOND },
      },
    });
    this.watched = { clusterId: serverlessCacheName, maxBytes: MAX_STORAGE_GB * 1024 ** 3 };
    this.url = Fn.join('', ['rediss://', cache.attrEndpointAddress, ':', cache.attrEndpointPort]);
  }
}
