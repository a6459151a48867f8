/** Queues: work that was given up, that is late, and that piles up. */
import { Duration } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { WORK_QUEUES } from '../../../queues.ts';
import type { QueueName, Queues } from '../../queues-stack.ts';
import type { AlarmSet } from '../alarm-set.ts';
import { MINUTE } from '../metrics.ts';
import type { Watched } from '../watched.ts';
import { above } from './shapes.ts';

/** Messages that wait for a worker: more are not worked off within the minute that makes them late. */
const BACKLOG = 1_000;

export type QueueEntry = [QueueName, Queues[QueueName]];

export const depthOf = (queue: Queue, label?: string) =>
  queue.metricApproximateNumberOfMessagesVisible({
    period: MINUTE,
    statistic: 'Maximum',
    ...(label !== undefined && { label }),
  });

export const ageOf = (queue: Queue, label?: string) =>
  queue.metricApproximateAgeOfOldestMessage({
    period: MINUTE,
    statistic: 'Maximum',
    ...(label !== undefined && { label }),
  });

/** Every dead-letter queue there is, by what it is told under. */
export const deadLetterQueues = ({ queues, dispatchDeadLetters, publishDeadLetters }: Watched) =>
  [
    ...(Object.entries(queues) as QueueEntry[]).map(
      ([name, { deadLetterQueue }]) => [name, deadLetterQueue] as const,
    ),
    ['dispatch', dispatchDeadLetters] as const,
    ['publish', publishDeadLetters] as const,
  ] as const;

export function addQueueAlarms(alarms: AlarmSet, watched: Watched): void {
  for (const [name, queue] of deadLetterQueues(watched)) {
    alarms.add(`DeadLetters-${name}`, {
      severity: 'critical',
      says: `Work of ${name} was given up and lies in its dead-letter queue.`,
      ...above(0, depthOf(queue)),
    });
  }
  for (const [name, { queue }] of Object.entries(watched.queues) as QueueEntry[]) {
    const { lateAfterSeconds } = WORK_QUEUES[name];
    alarms.add(`LateWork-${name}`, {
      severity: 'warning',
      says: `The oldest message of ${name} waits for more than ${lateAfterSeconds} s.`,
      ...above(lateAfterSeconds, ageOf(queue), 2),
    });
    alarms.add(`Backlog-${name}`, {
      severity: 'warning',
      says: `More than ${BACKLOG} messages of ${name} wait for a worker.`,
      ...above(BACKLOG, depthOf(queue), 2),
    });
  }
  alarms.add('EventsLate', {
    severity: 'warning',
    says: 'What happens to orders and positions is told to their users more than a minute late.',
    ...above(
      Duration.minutes(1).toMilliseconds(),
      watched.functions.publish.metric('IteratorAge', { period: MINUTE, statistic: 'Maximum' }),
      2,
    ),
  });
}
