/**
 * The VPC: functions and cache in private subnets, a way out by fixed addresses for venues (and in the sandbox for SQS and
 * KMS), DynamoDB and S3 by their gateways.
 */
import { Stack, type StackProps } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { finishNatInstance, makeNatInstance } from './nat-instance.ts';
import type { Settings } from './settings.ts';

export interface NetworkStackProps extends StackProps {
  readonly settings: Settings;
  /** Of the fixed addresses (address-stack.ts): one for an instance, one per zone for gateways. */
  readonly allocationIds: readonly string[];
}

const CIDR = '10.20.0.0/16';

/** HTTPS and WebSockets; 9443 is the other port of the exchange's streams. */
const OUTSIDE_PORTS = [443, 9443];

export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Everything of ours that runs in the VPC: no way in, and out no further than it has to. */
  readonly appSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { settings, allocationIds, ...props }: NetworkStackProps) {
    super(scope, id, props);
    const natInstance = settings.nat === 'instance' ? makeNatInstance() : undefined;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(CIDR),
      ...(settings.zones.length > 0 ? { availabilityZones: [...settings.zones] } : { maxAzs: 2 }),
      natGateways: settings.nat === 'instance' ? 1 : 2,
      natGatewayProvider: natInstance ?? NatProvider.gateway({ eipAllocationIds: [...allocationIds] }),
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 22, mapPublicIpOnLaunch: false },
        { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
      // Both cost nothing. S3 holds the layers of images and the packages of Amazon Linux.
      gatewayEndpoints: {
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: GatewayVpcEndpointAwsService.S3 },
      },
      // Emptying the default group takes a custom resource with a function of its own; nothing here uses it.
      restrictDefaultSecurityGroup: false,
    });
    if (natInstance !== undefined) {
      const [allocationId = ''] = allocationIds;
      finishNatInstance(this, natInstance, vpc, { cidr: CIDR, allocationId });
    }
    // The library's own class misses its interface under exactOptionalPropertyTypes (an absent VPN gateway).
    this.vpc = vpc as IVpc;
    this.appSecurityGroup = this.makeAppGroup();
    if (settings.interfaceEndpoints) this.addInterfaceEndpoints(vpc);
    vpc.addFlowLog('Refused', {
      trafficType: FlowLogTrafficType.REJECT,
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'RefusedTraffic', {
          retention: settings.logRetention,
          removalPolicy: settings.removalPolicy,
        }),
      ),
    });
  }

  private makeAppGroup(): SecurityGroup {
    const group = new SecurityGroup(this, 'App', {
      vpc: this.vpc,
      description: 'Moniqo functions and streamer: outbound only',
      allowAllOutbound: false,
    });
    for (const port of OUTSIDE_PORTS) {
      group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), 'AWS services and venues');
    }
    group.addEgressRule(Peer.ipv4(CIDR), Port.tcpRange(6379, 6380), 'cache');
    return group;
  }

  /** So that the queues and keys of a prod do not hang on the way out. */
  private addInterfaceEndpoints(vpc: Vpc): void {
    const group = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'Moniqo endpoints of SQS and KMS: from the application only',
      allowAllOutbound: false,
    });
    group.addIngressRule(this.appSecurityGroup, Port.tcp(443), 'application');
    const services = {
      Sqs: InterfaceVpcEndpointAwsService.SQS,
      Kms: InterfaceVpcEndpointAwsService.KMS,
    };
    for (const [id, service] of Object.entries(services)) {
      vpc.addInterfaceEndpoint(id, { service, securityGroups: [group], open: false });
    }
  }
}
