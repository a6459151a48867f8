/** What the templates promise about the way out and the way in (design section 20). */
import { afterAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../../infra/stacks/build-app.ts';
import { mentions, type Synthesised, synthesise } from './synthesised.ts';

const sandbox = synthesise('sandbox');
const prod = synthesise('prod');
const EIP = 'AWS::EC2::EIP';
const GROUP = 'AWS::EC2::SecurityGroup';

const outputsOf = (from: Synthesised, stack: string): Record<string, { Value: unknown }> => {
  const template = from.stacks.get(stack)?.toJSON() as { Outputs?: Record<string, { Value: unknown }> };
  return template.Outputs ?? {};
};

describe('the fixed address', () => {
  it('is in a stack of its own that nothing deletes, and is told for the IP whitelist of keys', () => {
    for (const [system, stage, addresses] of [
      [sandbox, 'sandbox', 1],
      [prod, 'prod', 2],
    ] as const) {
      const made = system.ofType(EIP);
      expect(made).toHaveLength(addresses);
      for (const { stack, deletionPolicy } of made) {
        expect(stack).toBe(`Moniqo-${stage}-address`);
        expect(deletionPolicy).toBe('Retain');
      }
      const stack = system.app.node.findChild(`Moniqo-${stage}-address`) as unknown as {
        terminationProtection: boolean;
      };
      expect(stack.terminationProtection).toBe(true);
      const told = outputsOf(system, `Moniqo-${stage}-address`)['EgressAddresses']?.Value;
      for (const { id } of made) expect(mentions(told, id)).toBe(true);
    }
  });

  it('is what everything private leaves by', () => {
    const [association, more] = sandbox.ofType('AWS::EC2::EIPAssociation');
    expect(more).toBeUndefined();
    const [instance] = sandbox.ofType('AWS::EC2::Instance');
    expect(mentions(association?.properties['InstanceId'], instance?.id ?? '?')).toBe(true);
    expect(mentions(association?.properties['AllocationId'], 'Address1')).toBe(true);
    const gateways = prod.ofType('AWS::EC2::NatGateway');
    expect(gateways).toHaveLength(2);
    for (const [n, { properties }] of gateways.entries())
      expect(mentions(properties['AllocationId'], `Address${n + 1}`)).toBe(true);
  });

  it('is there for an instance that can reach the internet from its first second, and forwards', () => {
    const [instance] = sandbox.ofType('AWS::EC2::Instance');
    expect(instance?.properties['NetworkInterfaces']).toMatchObject([{ AssociatePublicIpAddress: true }]);
    expect(instance?.properties['SourceDestCheck']).toBe(false);
    expect(JSON.stringify(instance?.properties['BlockDeviceMappings'])).toContain('"Encrypted":true');
    const setup = JSON.stringify(instance?.properties['UserData']);
    for (const step of ['until dnf install', 'ip_forward=1', 'MASQUERADE', 'iptables-save'])
      expect(setup).toContain(step);
    const routes = sandbox
      .ofType('AWS::EC2::Route')
      .filter(({ properties }) => mentions(properties['InstanceId'], instance?.id ?? '?'));
    expect(routes.map(({ id }) => id.replace(/Subnet(\d).*/, '$1'))).toEqual(['Vpcprivate1', 'Vpcprivate2']);
  });
});

describe('who signs', () => {
  it('is behind the fixed address, wherever prices come in', () => {
    const subnets = (system: Synthesised, id: string): string =>
      JSON.stringify(
        system.ofType('AWS::ECS::Service').find((one) => one.id.startsWith(id))?.properties[
          'NetworkConfiguration'
        ],
      );
    expect(subnets(sandbox, 'Service')).toContain('privateSubnet1');
    expect(subnets(sandbox, 'Service')).toContain('"AssignPublicIp":"DISABLED"');
    expect(subnets(prod, 'UserDataService')).toContain('privateSubnet1');
    expect(subnets(prod, 'UserDataService')).toContain('"AssignPublicIp":"DISABLED"');
    expect(subnets(prod, 'Service')).toContain('publicSubnet1');
    for (const system of [sandbox, prod]) {
      for (const name of ['Submit', 'Exits', 'Reconcile']) {
        const fn = system.one('AWS::Lambda::Function', `${name}Function`);
        expect(JSON.stringify(fn.properties['VpcConfig'])).toContain('privateSubnet1');
      }
    }
  });

  it('is the only process of prod where no exchange is served: there is nothing to sign', () => {
    const other = synthesise('prod', { binance: 'none' });
    try {
      expect(other.ofType('AWS::ECS::Service').map(({ id }) => id.slice(0, 7))).toEqual(['Service']);
    } finally {
      other.remove();
    }
  });
});

describe('the security groups', () => {
  it('let nobody in from outside, and the application out to TLS and the cache only', () => {
    for (const system of [sandbox, prod]) {
      const rules = [
        ...system.ofType(GROUP).flatMap(({ properties }) => properties['SecurityGroupIngress'] ?? []),
        ...system.ofType('AWS::EC2::SecurityGroupIngress').map(({ properties }) => properties),
      ] as { CidrIp?: string; FromPort?: number }[];
      expect(rules.length).toBeGreaterThan(0);
      for (const { CidrIp } of rules) expect([undefined, '10.20.0.0/16']).toContain(CidrIp);
      const out = system.one(GROUP, 'App').properties['SecurityGroupEgress'] as {
        CidrIp: string;
        FromPort: number;
        ToPort: number;
      }[];
      expect(out.map(({ CidrIp, FromPort, ToPort }) => [CidrIp, FromPort, ToPort])).toEqual([
        ['0.0.0.0/0', 443, 443],
        ['0.0.0.0/0', 9443, 9443],
        ['10.20.0.0/16', 6379, 6380],
      ]);
    }
  });
});

describe('the endpoints', () => {
  const services = (system: Synthesised, type: string): string[] =>
    system
      .ofType('AWS::EC2::VPCEndpoint')
      .filter(({ properties }) => properties['VpcEndpointType'] === type)
      .map(({ properties }) => /\.(\w+)"?\]*\}?$/.exec(JSON.stringify(properties['ServiceName']))?.[1] ?? '')
      .sort();

  it('are gateways of DynamoDB and S3 everywhere, for which nobody pays', () => {
    for (const system of [sandbox, prod]) expect(services(system, 'Gateway')).toEqual(['dynamodb', 's3']);
  });

  it('are of SQS and KMS in prod, for the application only', () => {
    expect(services(sandbox, 'Interface')).toEqual([]);
    expect(services(prod, 'Interface')).toEqual(['kms', 'sqs']);
    const group = prod.one(GROUP, 'Endpoints');
    for (const { properties } of prod
      .ofType('AWS::EC2::VPCEndpoint')
      .filter(({ properties: { VpcEndpointType } }) => VpcEndpointType === 'Interface')) {
      expect(properties['PrivateDnsEnabled']).toBe(true);
      expect(JSON.stringify(properties['SecurityGroupIds'])).toContain(group.id);
    }
  });
});

describe('the zones', () => {
  const named = synthesise('sandbox', { zones: 'us-east-1b, us-east-1c' });
  afterAll(() => named.remove());

  it('are the first two of the region, or those that are named', () => {
    const of = (system: Synthesised): unknown[] =>
      system.ofType('AWS::EC2::Subnet').map(({ properties }) => properties['AvailabilityZone']);
    expect(of(sandbox)[0]).toEqual({ 'Fn::Select': [0, { 'Fn::GetAZs': '' }] });
    expect(new Set(of(named))).toEqual(new Set(['us-east-1b', 'us-east-1c']));
  });

  it('are refused where they are anything but two of one region', () => {
    for (const zones of ['us-east-1a', 'us-east-1a,us-east-1a', 'us-east-1a,eu-west-1a', 'a,b'])
      expect(() => buildApp({ context: { zones } })).toThrow('use two of one region');
  });
});
