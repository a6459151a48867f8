/** Wakes whoever tells prices, by a queue of its own: version 1 (design section 15). There is nothing to say but that. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { err, ok, type Result } from '../../domain/result.ts';
import type { PriceWakes } from '../../ports/push.ts';
import type { UnreadableMessage } from './messages.ts';

const WAKE = JSON.stringify({ v: 1 });

export const decodePriceWake = (text: string): Result<null, UnreadableMessage> =>
  text === WAKE ? ok(null) : err({ code: 'unreadable_message', reason: 'not a wake-up of version 1' });

export const createPriceWakes = (client: SQSClient, queueUrl: string): PriceWakes => ({
  async wake() {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: WAKE }));
  },
});
