/** The local SQS does what every queue does: what stands in for it in other tests is held to the same. */

import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeQueue, type QueueUnderTest } from '../../contracts/queue.ts';
import { type BareSqs, startBareSqs } from '../../support/sqs.ts';

const MAX_RECEIVES = 2;

describe('a queue of SQS', () => {
  let sqs: BareSqs;
  let queues = 0;

  beforeAll(async () => {
    sqs = await startBareSqs();
  });
  afterAll(() => sqs?.stop());

  const open = async ({ isFifo }: { readonly isFifo: boolean }): Promise<QueueUnderTest> => {
    queues += 1;
    const { server, client } = sqs;
    const fifo: Record<string, string> = isFifo
      ? { FifoQueue: 'true', DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }
      : {};
    const make = (name: string, attributes: Record<string, string>) =>
      server.createQueue(`${name}-${queues}${isFifo ? '.fifo' : ''}`, {
        attributes: { ...fifo, ...attributes },
      });
    const dead = make('dead', {});
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: dead.queueArn,
      maxReceiveCount: String(MAX_RECEIVES),
    });
    const { queueUrl: QueueUrl } = make('queue', { VisibilityTimeout: '1', RedrivePolicy });

    const receive = async (url: string, limit: number) => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: limit,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      );
      return Messages.map(({ Body = '', ReceiptHandle, Attributes }) => ({
        body: Body,
        receives: Number(Attributes?.ApproximateReceiveCount),
        delete: async () => {
          await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
        },
      }));
    };
    return {
      send: async (body, { delaySeconds, group, deduplicationId } = {}) => {
        await client.send(
          new SendMessageCommand({
            ...{ QueueUrl, MessageBody: body, DelaySeconds: delaySeconds },
            ...{ MessageGroupId: group, MessageDeduplicationId: deduplicationId },
          }),
        );
      },
      receive: (limit) => receive(QueueUrl, limit),
      deadLetters: async () => {
        const found = await receive(dead.queueUrl, 10);
        for (const message of found) await message.delete();
        return found.map(({ body }) => body);
      },
      pass: sleep,
    };
  };

  describeQueue('the local one', open, { visibilityMs: 1000, maxReceives: MAX_RECEIVES, isVirtual: false });
});
