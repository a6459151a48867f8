/** The VPC: functions and cache in private subnets, a way out for SQS and venues, DynamoDB by its gateway. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  InstanceClass,
  InstanceSize,
  InstanceType,
  IpAddresses,
  type IVpc,
  type NatInstanceProviderV2,
  NatProvider,
  NatTrafficDirection,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface NetworkStackProps extends StackProps {
  readonly settings: Settings;
}

export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Everything of ours that speaks to the cache: no way in, every way out. */
  readonly appSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { settings, ...props }: NetworkStackProps) {
    super(scope, id, props);
    const natInstance = settings.nat === 'instance' ? makeNatInstance() : undefined;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/16'),
      maxAzs: 2,
      natGateways: settings.nat === 'instance' ? 1 : 2,
      natGatewayProvider: natInstance ?? NatProvider.gateway(),
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 22, mapPublicIpOnLaunch: false },
        { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
      gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB } },
      // Emptying the default group takes a custom resource with a function of its own; nothing here uses it.
      restrictDefaultSecurityGroup: false,
    });
    // The instance forwards what comes from inside and nothing else.
    natInstance?.connections.allowFrom(Peer.ipv4(vpc.vpcCidrBlock), Port.allTraffic());
    // The library's own class misses its interface under exactOptionalPropertyTypes (an absent VPN gateway).
    this.vpc = vpc as IVpc;
    this.appSecurityGroup = new SecurityGroup(this, 'App', {
      vpc: this.vpc,
      description: 'Moniqo functions and streamer: outbound only',
    });
  }
}

function makeNatInstance(): NatInstanceProviderV2 {
  return NatProvider.instanceV2({
    instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.NANO),
    defaultAllowedTraffic: NatTrafficDirection.OUTBOUND_ONLY,
  });
}
