/** Work for webhooks, as text: version 1 (design section 15). */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import { err, ok, type Result } from '../../domain/result.ts';
import type { WebhookMessage, WebhookQueue } from '../../ports/webhooks.ts';
import type { UnreadableMessage } from './messages.ts';

const ids = z.string().min(1).max(200);

const schema = lazily(() =>
  z.strictObject({
    v: z.literal(1),
    userId: ids,
    webhookId: ids,
    attempt: z.int().min(1),
    event: z.strictObject({ id: ids, type: ids, at: ids, data: z.record(z.string(), z.unknown()) }),
  }),
);

export const encodeWebhook = (message: WebhookMessage): string => JSON.stringify({ v: 1, ...message });

export function decodeWebhook(text: string): Result<WebhookMessage, UnreadableMessage> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err({ code: 'unreadable_message', reason: 'no JSON' });
  }
  const parsed = schema().safeParse(json);
  if (!parsed.success) {
    const reason = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    return err({ code: 'unreadable_message', reason });
  }
  const { v: _, ...message } = parsed.data;
  return ok(message);
}

export const createWebhookQueue = (client: SQSClient, queueUrl: string): WebhookQueue => ({
  async send(message, delaySeconds = 0) {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: encodeWebhook(message),
        DelaySeconds: delaySeconds,
      }),
    );
  },
});
