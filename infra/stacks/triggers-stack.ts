/**
 * The trigger engine's functions (design section 10): dispatch, each minute, sends the sweeps of the time to
 * come; evaluate works on sweeps, wake-ups and rebuilds.
 */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { makeDeadLetterQueue } from './queues-stack.ts';
import { type Platform, ServiceFunction, useCaseEnvironment } from './service-function.ts';

export interface TriggersStackProps extends StackProps {
  readonly platform: Platform;
}

/** A firing that is later than this is of no use: the next has sent the same sweeps. */
const FIRING_MAX_AGE = Duration.minutes(2);
const FIRING_RETRIES = 2;

export class TriggersStack extends Stack {
  readonly functions: Readonly<Record<'dispatch' | 'evaluate', LambdaFunction>>;
  /** Firings that could not be delivered and firings that dispatch did not finish. */
  readonly dispatchDeadLetters: Queue;

  constructor(scope: Construct, id: string, { platform, ...props }: TriggersStackProps) {
    super(scope, id, props);
    const { settings, queues } = platform;
    // Here and not with the other queues: its policy names the rule, and stacks must not need each other.
    this.dispatchDeadLetters = makeDeadLetterQueue(this, 'DispatchDeadLetters');
    const dispatch = new ServiceFunction(this, 'Dispatch', {
      name: 'dispatch',
      platform,
      memoryMb: 256,
      inVpc: false,
      environment: {
        TRIGGERS_QUEUE_URL: queues.triggers.queue.queueUrl,
        SWEEP_SHARDS: String(settings.sweepShards),
      },
      sends: ['triggers'],
      more: {
        onFailure: new SqsDestination(this.dispatchDeadLetters),
        retryAttempts: FIRING_RETRIES,
        maxEventAge: FIRING_MAX_AGE,
      },
    });
    const evaluate = new ServiceFunction(this, 'Evaluate', {
      name: 'evaluate',
      platform,
      memoryMb: 1024,
      inVpc: true,
      environment: useCaseEnvironment(platform),
      writes: ['orders', 'positions', 'wallets', 'demoVenue', 'priceTape'],
      reads: ['symbols'],
      sends: ['submit', 'exits', 'executions', 'triggers'],
      worksOn: { queue: 'triggers', batchSize: 10, maxConcurrency: 10 },
    });
    new Rule(this, 'EachMinute', {
      description: 'Sends the sweeps of the next two minutes',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        new LambdaTarget(dispatch.fn, {
          deadLetterQueue: this.dispatchDeadLetters,
          retryAttempts: FIRING_RETRIES,
          maxEventAge: FIRING_MAX_AGE,
        }),
      ],
    });
    this.functions = { dispatch: dispatch.fn, evaluate: evaluate.fn };
  }
}
