/** One queue with its dead-letter queue on a local SQS, and a worker on it that can be told what to do. */
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { type BatchWork, workFifoBatch, workStandardBatch } from '../../../functions/compose/sqs-batch.ts';
import { received, toEvent } from '../../../infra/local/sources/sqs-event.ts';
import { physicalNames, type QueueName, WORK_QUEUES } from '../../../infra/queues.ts';
import { findPlace, type Place } from '../../../infra/redrive/place.ts';
import { createDeadLetters } from '../../../shared/adapters/sqs/dead-letters.ts';
import type { Log } from '../../../shared/ports/runtime.ts';
import type { Sqs } from '../../support/sqs.ts';

export const MAX_RECEIVES = 2;
const VISIBILITY_SECONDS = 1;

export interface BenchOptions<T> extends Omit<BatchWork<T>, 'log'> {
  readonly sqs: Sqs;
  /** A stage of its own for each test. */
  readonly stage: string;
  readonly queue: QueueName;
}

export interface QueueBench {
  readonly place: Place;
  send(body: string, group?: string): Promise<void>;
  /** How many lie in the dead-letter queue, hidden ones too. */
  dead(): Promise<number>;
  /** Works until stopped. `dies`: the function is killed in each of its calls. */
  work(dies?: boolean): () => Promise<void>;
}

const tell = (): void => undefined;
const silent: Log = { debug: tell, info: tell, warn: tell, error: tell };

export async function queueBench<T>({ sqs, stage, queue, ...work }: BenchOptions<T>): Promise<QueueBench> {
  const { client, endpoint } = sqs;
  const { fifo } = WORK_QUEUES[queue];
  const names = physicalNames(stage, queue);
  const kind = fifo ? { FifoQueue: 'true' } : {};
  await client.send(new CreateQueueCommand({ QueueName: names.deadLetters, Attributes: kind }));
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${names.deadLetters}`;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVES });
  const Attributes = { ...kind, RedrivePolicy, VisibilityTimeout: String(VISIBILITY_SECONDS) };
  await client.send(new CreateQueueCommand({ QueueName: names.queue, Attributes }));
  const place = await findPlace(queue, { kind: 'endpoint', url: endpoint, stage });
  const deadLetters = createDeadLetters(client, place.deadLetterUrl);
  const workBatch = fifo ? workFifoBatch<T> : workStandardBatch<T>;
  let sent = 0;

  async function turn(dies: boolean): Promise<void> {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: place.queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0 || dies) return;
    const batch = Messages.map(received);
    const { batchItemFailures } = await workBatch({
      ...work,
      log: silent,
      worker: WORK_QUEUES[queue].worker,
      maxReceives: MAX_RECEIVES,
      deadLetters,
      event: toEvent(batch, 'arn') as Parameters<typeof workBatch>[0]['event'],
      remainingMs: 5_000,
    });
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { messageId, receiptHandle } of batch) {
      if (failed.has(messageId)) continue;
      await client.send(new DeleteMessageCommand({ QueueUrl: place.queueUrl, ReceiptHandle: receiptHandle }));
    }
  }

  return {
    place,
    async send(body, group) {
      sent += 1;
      await client.send(
        new SendMessageCommand({
          QueueUrl: place.queueUrl,
          MessageBody: body,
          ...(fifo ? { MessageGroupId: group ?? 'none', MessageDeduplicationId: `sent-${sent}` } : {}),
        }),
      );
    },
    async dead() {
      const { Attributes: found = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: place.deadLetterUrl, AttributeNames: ['All'] }),
      );
      return Number(found.ApproximateNumberOfMessages) + Number(found.ApproximateNumberOfMessagesNotVisible);
    },
    work(dies = false) {
      let isOver = false;
      const loop = (async () => {
        while (!isOver) await turn(dies);
      })();
      return async () => {
        isOver = true;
        await loop;
      };
    },
  };
}
