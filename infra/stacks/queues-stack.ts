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
import { MAX_RECEIVE_COUNT, physicalNames, QUEUE_NAMES, type QueueName, WORK_QUEUES } from '../queues.ts';
import type { Stage } from './settings.ts';
import { visibilityFor } from './timeouts.ts';

const DEAD_LETTER_RETENTION = Duration.days(14);

export type { QueueName } from '../queues.ts';
export type Queues = Readonly<Record<QueueName, WorkQueue>>;

interface WorkQueueProps {
  readonly stage: Stage;
  readonly name: QueueName;
}

/** A queue that is never without a dead-letter queue, encryption and a visibility that fits its worker. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { stage, name }: WorkQueueProps) {
    super(scope, id);
    const { worker, fifo } = WORK_QUEUES[name];
    // Names of our own: whoever operates a stage finds its queues by them (npm run redrive).
    const names = physicalNames(stage, name);
    this.deadLetterQueue = makeDeadLetterQueue(this, 'DeadLetters', { fifo, queueName: names.deadLetters });
    this.queue = new Queue(this, 'Queue', {
      ...(fifo ? HIGH_THROUGHPUT_FIFO : {}),
      queueName: names.queue,
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
export function makeDeadLetterQueue(
  scope: Construct,
  id: string,
  { fifo = false, queueName }: { readonly fifo?: boolean; readonly queueName?: string } = {},
): Queue {
  return new Queue(scope, id, {
    ...(fifo ? { fifo: true } : {}),
    ...(queueName === undefined ? {} : { queueName }),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: DEAD_LETTER_RETENTION,
  });
}

export interface QueuesStackProps extends StackProps {
  readonly stage: Stage;
}

/** `Exits` for `exits`: the id of its construct. */
const idOf = (name: QueueName): string => name.charAt(0).toUpperCase() + name.slice(1);

export class QueuesStack extends Stack {
  readonly queues: Queues;

  constructor(scope: Construct, id: string, { stage, ...props }: QueuesStackProps) {
    super(scope, id, props);
    const made = QUEUE_NAMES.map((name) => [name, new WorkQueue(this, idOf(name), { stage, name })] as const);
    this.queues = Object.fromEntries(made) as Record<QueueName, WorkQueue>;
  }
}
