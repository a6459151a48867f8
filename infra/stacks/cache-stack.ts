/** Valkey Serverless (design section 16): prices, levels, hits. Losing all of it loses no money. */
import { Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { type IVpc, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache, CfnUser, CfnUserGroup } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface CacheStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  /** The one group that may connect. */
  readonly appSecurityGroup: SecurityGroup;
}

const ENGINE = 'valkey';

/** Limits that stop a bill, not a load: above them the cache throttles and says so in its metrics. */
const MAX_STORAGE_GB = 5;
const MAX_ECPU_PER_SECOND = 30_000;

/** All keys; no command that shows or empties the whole cache or changes the server. */
export const ACCESS = 'on ~* +@all -@dangerous';

export interface Cache {
  /** `rediss://host:port`. */
  readonly url: string;
  /** `iam:USER@CACHE`: by the role of whoever connects (functions/compose/open-valkey.ts). */
  readonly login: string;
  /** What a role has to be allowed `elasticache:Connect` to. */
  readonly connectTo: readonly string[];
}

export class CacheStack extends Stack {
  readonly cache: Cache;
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
    const name = `moniqo-${settings.stage}`;
    const user = new CfnUser(this, 'User', {
      engine: ENGINE,
      // With IAM both have to be the same.
      userId: name,
      userName: name,
      authenticationMode: { Type: 'iam' },
      accessString: ACCESS,
    });
    const users = new CfnUserGroup(this, 'Users', { engine: ENGINE, userGroupId: name, userIds: [user.ref] });
    const cache = new CfnServerlessCache(this, 'Cache', {
      engine: ENGINE,
      majorEngineVersion: '8',
      serverlessCacheName: name,
      // Without a group of users everybody in the VPC who reaches it would be let in.
      userGroupId: users.ref,
      description: 'Prices, trigger levels and hits',
      subnetIds: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds,
      securityGroupIds: [securityGroup.securityGroupId],
      cacheUsageLimits: {
        dataStorage: { maximum: MAX_STORAGE_GB, unit: 'GB' },
        ecpuPerSecond: { maximum: MAX_ECPU_PER_SECOND },
      },
    });
    this.watched = { clusterId: name, maxBytes: MAX_STORAGE_GB * 1e9 };
    this.cache = {
      url: Fn.join('', ['rediss://', cache.attrEndpointAddress, ':', cache.attrEndpointPort]),
      login: `iam:${name}@${name}`,
      connectTo: [cache.attrArn, user.attrArn],
    };
  }
}
