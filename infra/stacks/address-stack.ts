/**
 * The fixed addresses that signed calls leave by: what users write into the IP whitelist of their exchange keys. Kept whatever
 * becomes of the rest: with an address every key that is bound to it would stop working.
 */
import { CfnOutput, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnEIP } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface AddressStackProps extends StackProps {
  readonly settings: Settings;
}

/** One per way out: an instance, or a gateway in each zone. */
const ADDRESSES: Readonly<Record<Settings['nat'], number>> = { instance: 1, 'gateway-per-zone': 2 };

export class AddressStack extends Stack {
  readonly allocationIds: readonly string[];

  constructor(scope: Construct, id: string, { settings, ...props }: AddressStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const made = Array.from({ length: ADDRESSES[settings.nat] }, (_, n) => {
      const address = new CfnEIP(this, `Address${n + 1}`, { domain: 'vpc' });
      address.applyRemovalPolicy(RemovalPolicy.RETAIN);
      return address;
    });
    this.allocationIds = made.map(({ attrAllocationId }) => attrAllocationId);
    new CfnOutput(this, 'EgressAddresses', {
      description: 'For the IP whitelist of exchange keys: all of them, with commas between',
      value: Fn.join(
        ',',
        made.map(({ attrPublicIp }) => attrPublicIp),
      ),
    });
  }
}
