/** The way out of a sandbox: one small instance that forwards, for a fifth of what a gateway costs. */
import {
  CfnEIPAssociation,
  type CfnInstance,
  InstanceClass,
  InstanceSize,
  InstanceType,
  type NatInstanceProviderV2,
  NatProvider,
  NatTrafficDirection,
  Peer,
  Port,
  UserData,
  type Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/**
 * What the instance does when it first starts. The library's own commands are not taken: they are tried once, find the
 * interface with a program that Amazon Linux 2023 need not have, and install packages in less memory than that takes.
 */
const SETUP = [
  // Installing takes more than the half GiB that there is.
  'dd if=/dev/zero of=/swap bs=1M count=1024 && chmod 600 /swap && mkswap /swap && swapon /swap',
  // The first address may go while the fixed one comes: tried until it is there.
  'until dnf install -y iptables-services; do sleep 5; done',
  'echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf',
  'sysctl -p /etc/sysctl.d/90-nat.conf',
  'systemctl enable --now iptables',
  'iptables -F FORWARD',
  "iptables -t nat -A POSTROUTING -o $(ip -o -4 route show default | awk '{print $5; exit}') -j MASQUERADE",
  'iptables-save > /etc/sysconfig/iptables',
];

export function makeNatInstance(): NatInstanceProviderV2 {
  const userData = UserData.forLinux();
  userData.addCommands(...SETUP);
  return NatProvider.instanceV2({
    instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.NANO),
    defaultAllowedTraffic: NatTrafficDirection.OUTBOUND_ONLY,
    // Until the fixed address is its own. Without any it would have no way out at all.
    associatePublicIpAddress: true,
    userData,
  });
}

/** To be called when its VPC is made: whom it serves, its address, its disk. */
export function finishNatInstance(
  scope: Construct,
  provider: NatInstanceProviderV2,
  vpc: Vpc,
  { cidr, allocationId }: { readonly cidr: string; readonly allocationId: string },
): void {
  // It forwards what comes from inside and nothing else.
  provider.connections.allowFrom(Peer.ipv4(cidr), Port.allTraffic(), 'from inside the VPC');
  const [instance] = provider.gatewayInstances;
  if (instance === undefined) throw new Error('the VPC made no instance to forward with');
  const own = instance.node.defaultChild as CfnInstance;
  own.blockDeviceMappings = [
    {
      deviceName: '/dev/xvda',
      ebs: { encrypted: true, volumeType: 'gp3', volumeSize: 8, deleteOnTermination: true },
    },
  ];
  const association = new CfnEIPAssociation(scope, 'NatAddress', {
    allocationId,
    instanceId: instance.instanceId,
  });
  // An address cannot be given to what the internet does not reach.
  association.node.addDependency(vpc.internetConnectivityEstablished);
}
