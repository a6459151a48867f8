/** Deliveries: asked for once, tried a bounded number of times, signed so that docs/push.md's sample accepts them. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeWebhook, encodeWebhook } from '../../../shared/adapters/sqs/webhook-queue.ts';
import type { Attempt, Webhook } from '../../../shared/ports/webhooks.ts';
import { makeAskDeliveries } from '../../../shared/usecases/push/ask-deliveries.ts';
import {
  DeliveryGivenUpError,
  MAX_ATTEMPTS,
  makeDeliverWebhook,
  RETRY_SECONDS,
} from '../../../shared/usecases/push/deliver-webhook.ts';
import { signature } from '../../../shared/usecases/push/signature.ts';
import { MemoryWebhookQueue, MemoryWebhooks } from '../../support/fakes/memory-webhooks.ts';

const NOW = Date.UTC(2026, 10, 29, 12);
const webhook: Webhook = {
  ...{ webhookId: 'hook-1', userId: 'user-1', url: 'https://example.com/', channels: ['fills'] },
  ...{ description: null, secret: 'whsec_x', createdAt: NOW },
};
const event = { id: '0000000000000007', type: 'fill', at: '2026-11-29T12:00:00.000Z', data: { amount: '1' } };
const message = { userId: 'user-1', webhookId: 'hook-1', attempt: 1, event };

let webhooks: MemoryWebhooks;
let queue: MemoryWebhookQueue;
let answers: Attempt[];
let posts: { url: string; body: string; headers: Readonly<Record<string, string>> }[];
const clock = { now: () => NOW };
const ignore = (): undefined => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const deliver = () =>
  makeDeliverWebhook({
    webhooks,
    queue,
    clock,
    log,
    sender: {
      post: async (url, body, headers) => {
        posts.push({ url, body, headers });
        return answers.shift() ?? { outcome: 'answered', status: 200 };
      },
    },
  });

beforeEach(async () => {
  webhooks = new MemoryWebhooks();
  queue = new MemoryWebhookQueue();
  answers = [];
  posts = [];
  await webhooks.create(webhook);
});

describe('an attempt', () => {
  it('counts with a 2xx, and is not made again by a message that comes twice', async () => {
    await deliver()(message);
    await deliver()(message);
    expect(posts).toMatchObject([
      {
        url: 'https://example.com/',
        body: JSON.stringify(event),
        headers: { 'moniqo-event-id': event.id, 'moniqo-attempt': '1' },
      },
    ]);
    expect(await webhooks.delivery('hook-1', event.id)).toMatchObject({
      ...{ status: 'delivered', attempts: 1, httpStatus: 200, error: null, nextAttemptAt: null },
    });
    expect(queue.sent).toEqual([]);
  });

  it('that is not taken comes again later, each time later than before, then is given up', async () => {
    let next = message;
    for (const seconds of RETRY_SECONDS) {
      answers.push(
        seconds === 5 ? { outcome: 'failed', reason: 'refused' } : { outcome: 'answered', status: 500 },
      );
      await deliver()(next);
      expect(await webhooks.delivery('hook-1', event.id)).toMatchObject({
        status: 'pending',
        error: seconds === 5 ? 'refused' : 'answered 500',
        nextAttemptAt: NOW + seconds * 1000,
      });
      const sent = queue.sent.shift();
      expect(sent).toEqual({ message: { ...next, attempt: next.attempt + 1 }, delaySeconds: seconds });
      next = { ...next, attempt: next.attempt + 1 };
    }
    answers.push({ outcome: 'answered', status: 302 });
    await expect(deliver()(next)).rejects.toThrow(DeliveryGivenUpError);
    expect(queue.sent).toEqual([]);
    expect(await webhooks.delivery('hook-1', event.id)).toMatchObject({
      ...{ status: 'failed', attempts: MAX_ATTEMPTS, httpStatus: 302, nextAttemptAt: null },
    });
  });

  it('is not made for a webhook that was deleted', async () => {
    await webhooks.remove('user-1', 'hook-1');
    await deliver()(message);
    expect(posts).toEqual([]);
  });
});

describe('asking for deliveries', () => {
  const appended = (seq: number, isNew: boolean, type: 'fill' | 'order' = 'fill') => ({
    isNew,
    event: { seq, type, at: NOW, data: {} },
  });
  const ask = () => makeAskDeliveries({ webhooks, queue, clock })('user-1', [appended(7, true)]);
  const again = () => makeAskDeliveries({ webhooks, queue, clock })('user-1', [appended(7, false)]);

  it('is done for the channels of the webhook, with a delivery that can be read', async () => {
    await makeAskDeliveries({ webhooks, queue, clock })('user-1', [
      appended(6, true, 'order'),
      appended(7, true),
    ]);
    expect(queue.sent.map(({ message }) => [message.event.id, message.attempt])).toEqual([[event.id, 1]]);
    expect(await webhooks.delivery('hook-1', event.id)).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await webhooks.delivery('hook-1', '0000000000000006')).toBeNull();
  });

  it('is done again for an event whose message may never have left, not for one that was worked on', async () => {
    await again();
    await again();
    expect(queue.sent).toHaveLength(2);
    await deliver()(message);
    await again();
    expect(queue.sent).toHaveLength(2);
  });

  it('asks nobody of another user', async () => {
    await makeAskDeliveries({ webhooks, queue, clock })('user-2', [appended(7, true)]);
    expect(queue.sent).toEqual([]);
    await ask();
    expect(queue.sent).toHaveLength(1);
  });
});

it('messages are read as they were written, others are told apart', () => {
  expect(decodeWebhook(encodeWebhook(message))).toEqual({ ok: true, value: message });
  expect(decodeWebhook('no JSON').ok).toBe(false);
  expect(decodeWebhook(JSON.stringify({ v: 1, ...message, more: 1 })).ok).toBe(false);
});

describe('the signature', () => {
  it('is an HMAC over time and body', () => {
    const expected = createHmac('sha256', 'whsec_x')
      .update(`${NOW / 1000}.{}`)
      .digest('hex');
    expect(signature('whsec_x', NOW, '{}')).toBe(`t=${NOW / 1000},v1=${expected}`);
  });

  it('is accepted by the sample of docs/push.md, and nothing else is', async () => {
    const [, code = ''] =
      /```js\n(\/\/ verify\n[\s\S]*?)```/.exec(readFileSync('docs/push.md', 'utf8')) ?? [];
    const module: { isFromMoniqo?: unknown } = await import(
      `data:text/javascript,${encodeURIComponent(code)}`
    );
    const verify = module.isFromMoniqo as (secret: string, header: string, body: string) => boolean;
    const now = Date.now();
    const header = signature('whsec_x', now, '{"a":1}');
    expect(verify('whsec_x', header, '{"a":1}')).toBe(true);
    expect(verify('whsec_y', header, '{"a":1}')).toBe(false);
    expect(verify('whsec_x', header, '{"a":2}')).toBe(false);
    expect(verify('whsec_x', signature('whsec_x', now - 10 * 60_000, '{"a":1}'), '{"a":1}')).toBe(false);
    expect(verify('whsec_x', 'nonsense', '{"a":1}')).toBe(false);
  });
});
