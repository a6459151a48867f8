/** What a function that works on a queue exports: its batches, and where it gives up messages (sqs-batch.ts). */
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createDeadLetters, isFifo } from '../../shared/adapters/sqs/dead-letters.ts';
import { loadWorkerConfig } from './config.ts';
import { type BatchWork, workFifoBatch, workStandardBatch } from './sqs-batch.ts';

export type QueueHandler = (
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

/**
 * Works on the queue that this function was given; in order per group where that is FIFO, as its dead-letter queue
 * then is. Throws ConfigError naming every variable that is wrong.
 */
export function queueWorker<T>(work: BatchWork<T>, env: NodeJS.ProcessEnv = process.env): QueueHandler {
  const { worker, deadLetterQueueUrl, maxReceives } = loadWorkerConfig(env);
  const deadLetters = createDeadLetters(createSqsClient(), deadLetterQueueUrl);
  const workBatch = isFifo(deadLetterQueueUrl) ? workFifoBatch<T> : workStandardBatch<T>;
  return (event, context) =>
    workBatch({
      ...work,
      worker,
      deadLetters,
      maxReceives,
      event,
      remainingMs: context.getRemainingTimeInMillis(),
    });
}
