/**
 * Ledger against venue (design sections 3, 13): each minute a message for every wallet that is due, and one wallet at a
 * time from its queue. It signs requests, as submit and exits do.
 */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { QUEUE_NAMES } from '../queues.ts';
import { type Platform, ServiceFunction, useCaseEnvironment } from './service-function.ts';

export interface ReconcileStackProps extends StackProps {
  readonly platform: Platform;
}

/** The next minute does what this one did not, so a failed firing is not tried again and is no dead letter. */
const ONCE = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };

/** `submit=URL,exits=URL,...` (functions/reconcile/dead-letter-queues.ts reads it). */
const deadLetterQueuesOf = ({ queues }: Platform): string =>
  QUEUE_NAMES.map((name) => `${name}=${queues[name].deadLetterQueue.queueUrl}`).join(',');

export class ReconcileStack extends Stack {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, { platform, ...props }: ReconcileStackProps) {
    super(scope, id, props);
    this.fn = new ServiceFunction(this, 'Reconcile', {
      name: 'reconcile',
      platform,
      memoryMb: 512,
      inVpc: true,
      environment: { ...useCaseEnvironment(platform), DEAD_LETTER_QUEUES: deadLetterQueuesOf(platform) },
      keys: 'open',
      writes: ['orders', 'positions', 'wallets'],
      reads: ['priceTape', 'symbols', 'demoVenue'],
      listsLive: ['orders', 'positions'],
      sends: ['submit', 'exits', 'executions', 'triggers', 'reconcile'],
      worksOn: { queue: 'reconcile', batchSize: 1, maxConcurrency: 5 },
      more: ONCE,
    }).fn;
    // Counted for health.
    for (const name of QUEUE_NAMES)
      platform.queues[name].deadLetterQueue.grant(this.fn, 'sqs:GetQueueAttributes');
    new Rule(this, 'ReconcileEachMinute', {
      description: 'Compares the wallets whose comparison is due with their venue',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(this.fn, ONCE)],
    });
  }
}
