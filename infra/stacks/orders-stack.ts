/** Work on orders: entries and exits to the venue, execution reports from it (design section 15). */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type Platform, ServiceFunction, useCaseEnvironment } from './service-function.ts';

export interface OrdersStackProps extends StackProps {
  readonly platform: Platform;
}

export class OrdersStack extends Stack {
  readonly functions: Readonly<Record<'submit' | 'exits' | 'executions', LambdaFunction>>;

  constructor(scope: Construct, id: string, { platform, ...props }: OrdersStackProps) {
    super(scope, id, props);
    const common = {
      platform,
      memoryMb: 512,
      inVpc: true,
      environment: useCaseEnvironment(platform),
      writes: ['orders', 'positions', 'wallets', 'demoVenue'],
      reads: ['priceTape', 'symbols'],
      sends: ['submit', 'exits', 'executions', 'triggers'],
    } as const;
    // What sends orders asks for a comparison where an exit finds its coins gone.
    const sending = { ...common, sends: [...common.sends, 'reconcile'] } as const;
    const submit = new ServiceFunction(this, 'Submit', {
      ...sending,
      name: 'submit',
      keys: 'open',
      worksOn: { queue: 'submit', batchSize: 1, maxConcurrency: 10 },
    });
    // The same code as submit on its own queue: exits never wait behind entries.
    const exits = new ServiceFunction(this, 'Exits', {
      ...sending,
      name: 'exits',
      keys: 'open',
      worksOn: { queue: 'exits', batchSize: 1, maxConcurrency: 20 },
    });
    const executions = new ServiceFunction(this, 'Executions', {
      ...common,
      name: 'executions',
      worksOn: { queue: 'executions', batchSize: 10 },
    });
    this.functions = { submit: submit.fn, exits: exits.fn, executions: executions.fn };
  }
}
