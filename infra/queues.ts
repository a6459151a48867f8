/**
 * The work queues, one line each (design section 15): what is declared here has a dead-letter queue, alarms, a place
 * in the functions' environment and in `npm run redrive`.
 */
import type { FunctionName } from './bundle/entries.ts';

interface WorkQueueSpec {
  /** The function that works on it; its timeout decides the queue's visibility. */
  readonly worker: FunctionName;
  /** In order per group. */
  readonly fifo: boolean;
  /** An oldest message of this age is alarmed. */
  readonly lateAfterSeconds: number;
}

export const WORK_QUEUES = {
  submit: { worker: 'submit', fifo: false, lateAfterSeconds: 60 },
  exits: { worker: 'exits', fifo: false, lateAfterSeconds: 60 },
  executions: { worker: 'executions', fifo: true, lateAfterSeconds: 60 },
  // Sweeps wait here for up to 130 s by design.
  triggers: { worker: 'evaluate', fifo: false, lateAfterSeconds: 300 },
  reconcile: { worker: 'reconcile', fifo: false, lateAfterSeconds: 300 },
  // What waits for its next attempt counts from when it was sent: the longest wait is ten minutes.
  webhooks: { worker: 'webhooks', fifo: false, lateAfterSeconds: 900 },
  // A wake-up that failed comes again three minutes later.
  prices: { worker: 'prices', fifo: false, lateAfterSeconds: 600 },
} as const satisfies Record<string, WorkQueueSpec>;

export type QueueName = keyof typeof WORK_QUEUES;

export const QUEUE_NAMES = Object.keys(WORK_QUEUES) as readonly QueueName[];

export const isQueueName = (name: string): name is QueueName => Object.hasOwn(WORK_QUEUES, name);

/** A worker that receives a message this often without finishing it gives it up to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 5;

/** The names of a queue and its dead-letter queue in a stage: the same on AWS and on the laptop. */
export function physicalNames(stage: string, name: QueueName): { queue: string; deadLetters: string } {
  const ending = WORK_QUEUES[name].fifo ? '.fifo' : '';
  return {
    queue: `moniqo-${stage}-${name}${ending}`,
    deadLetters: `moniqo-${stage}-${name}-dead-letters${ending}`,
  };
}

/** The variable that tells a function where to send: `EXITS_QUEUE_URL`. */
export const urlVariable = (name: QueueName): string => `${name.toUpperCase()}_QUEUE_URL`;
