/** The queues (design section 15). Their messages are pointers to work whose record is in the tables. */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type QueueProps,
} from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionName } from '../bundle/entries.ts';
import { visibilityFor } from './timeouts.ts';

/** A worker that receives a message this often without finishing it gives it up to the dead-letter queue. */
const MAX_RECEIVE_COUNT = 5;
const DEAD_LETTER_RETENTION = Duration.days(14);

export type QueueName = 'submit' | 'exits' | 'executions' | 'triggers' | 'reconcile';
export type Queues = Readonly<Record<QueueName, WorkQueue>>;

/** A queue that is never without a dead-letter queue, encryption and a visibility that fits its worker. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { worker, fifo }: { worker: FunctionName; fifo: boolean }) {
    super(scope, id);
    const kind = fifo ? HIGH_THROUGHPUT_FIFO : {};
    this.deadLetterQueue = makeDeadLetterQueue(this, 'DeadLetters', fifo);
    this.queue = new Queue(this, 'Queue', {
      ...kind,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: visibilityFor(worker),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }
}

/** Groups do not share a limit: one busy order never slows another. */
const HIGH_THROUGHPUT_FIFO: QueueProps = {
  fifo: true,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
};

/** Holds what could not be done for as long as SQS keeps anything. The dead letters of a FIFO queue are FIFO. */
export function makeDeadLetterQueue(scope: Construct, id: string, fifo = false): Queue {
  return new Queue(scope, id, {
    ...(fifo ? { fifo: true } : {}),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: DEAD_LETTER_RETENTION,
  });
}

export class QueuesStack extends Stack {
  readonly queues: Queues;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    this.queues = {
      submit: new WorkQueue(this, 'Submit', { worker: 'submit', fifo: false }),
      exits: new WorkQueue(this, 'Exits', { worker: 'exits', fifo: false }),
      executions: new WorkQueue(this, 'Executions', { worker: 'executions', fifo: true }),
      triggers: new WorkQueue(this, 'Triggers', { worker: 'evaluate', fifo: false }),
      reconcile: new WorkQueue(this, 'Reconcile', { worker: 'reconcile', fifo: false }),
    };
  }
}
