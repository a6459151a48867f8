/** Webhooks of a user: made, listed, tried out, deleted. */
import { ok, type Result } from '../../domain/result.ts';
import type { Page } from '../../ports/ledger.ts';
import type { Channel } from '../../ports/push.ts';
import type { Clock, Ids } from '../../ports/runtime.ts';
import type { Delivery, SentEvent, Webhook, WebhookQueue, WebhookStore } from '../../ports/webhooks.ts';
import { canonicalHash, webhookIdFor } from '../derive-ids.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { time, timeOrNull } from '../views/text.ts';
import { pendingDelivery } from './ask-deliveries.ts';

export const MAX_WEBHOOKS = 10;

export interface WebhookPorts {
  readonly webhooks: WebhookStore;
  readonly queue: WebhookQueue;
  /** Why an address cannot be one; ok: it can. */
  readonly checkUrl: (url: string) => Result<URL, string>;
  readonly newSecret: () => string;
  readonly ids: Ids;
  readonly clock: Clock;
}

export interface CreateWebhook {
  readonly userId: string;
  readonly url: string;
  readonly channels: readonly Channel[];
  readonly description: string | null;
  /** The caller's key; null: every call makes a webhook of its own. */
  readonly key: string | null;
}

export interface WebhookCreated {
  readonly webhook: Webhook;
  readonly repeated: boolean;
}

/** What was asked for; the rest is made. */
const askedOf = ({ url, channels, description }: Pick<Webhook, 'url' | 'channels' | 'description'>): string =>
  canonicalHash({ url, channels: [...channels].sort(), description });

/** The secret is not among them: it is shown when it is made. */
export const webhookView = ({ webhookId, url, channels, description, createdAt }: Webhook) => ({
  webhook_id: webhookId,
  url,
  channels,
  description,
  created_at: time(createdAt),
});

export const deliveryView = (delivery: Delivery) => ({
  event_id: delivery.eventId,
  event_type: delivery.eventType,
  status: delivery.status,
  attempts: delivery.attempts,
  http_status: delivery.httpStatus,
  error: delivery.error,
  next_attempt_at: timeOrNull(delivery.nextAttemptAt),
  created_at: time(delivery.createdAt),
  updated_at: time(delivery.updatedAt),
});

export type Webhooks = ReturnType<typeof makeWebhooks>;

export function makeWebhooks({ webhooks, queue, checkUrl, newSecret, ids, clock }: WebhookPorts) {
  return {
    /**
     * A repeat under the same key answers what the first call did, the secret too: that answer may have been lost, and with
     * it a secret that nobody could read again.
     */
    async create(command: CreateWebhook): Promise<Result<WebhookCreated, Refusal>> {
      const { userId, url, channels, description, key } = command;
      const target = checkUrl(url);
      if (!target.ok) {
        return refuse(
          'webhook_url',
          'url',
          `the address ${target.error}`,
          'send an https address that the internet reaches',
        );
      }
      const asked: Webhook = {
        webhookId: key === null ? ids.token() : webhookIdFor(userId, key),
        userId,
        url: target.value.href,
        channels: [...new Set(channels)],
        description,
        secret: newSecret(),
        createdAt: clock.now(),
      };
      const there = await webhooks.ofUser(userId);
      const isThere = there.some(({ webhookId }) => webhookId === asked.webhookId);
      if (!isThere && there.length >= MAX_WEBHOOKS) {
        return refuse(
          'webhook_limit',
          null,
          `there are ${MAX_WEBHOOKS} webhooks`,
          'delete one of them first',
        );
      }
      if (await webhooks.create(asked)) return ok({ webhook: asked, repeated: false });
      const webhook = await webhooks.get(userId, asked.webhookId);
      if (webhook === null) {
        const message = 'the webhook was deleted meanwhile';
        return refuse('conflict', null, message, 'create it again');
      }
      if (askedOf(webhook) !== askedOf(asked)) {
        return refuse(
          'idempotency_mismatch',
          'Idempotency-Key',
          'another webhook was made under this key',
          'repeat the same body, or use a new key',
        );
      }
      return ok({ webhook, repeated: true });
    },
    list: (userId: string): Promise<readonly Webhook[]> => webhooks.ofUser(userId),
    /** False: there is none. */
    async remove(userId: string, webhookId: string): Promise<boolean> {
      if ((await webhooks.get(userId, webhookId)) === null) return false;
      await webhooks.remove(userId, webhookId);
      return true;
    },
    /** Sends an event of type `test`; null: there is no such webhook. */
    async test(userId: string, webhookId: string): Promise<SentEvent | null> {
      if ((await webhooks.get(userId, webhookId)) === null) return null;
      const at = clock.now();
      const event: SentEvent = {
        id: `test-${ids.token()}`,
        type: 'test',
        at: time(at),
        data: { webhook_id: webhookId },
      };
      await webhooks.note(pendingDelivery(webhookId, event, at));
      await queue.send({ userId, webhookId, attempt: 1, event });
      return event;
    },
    /** Null: there is no such webhook. */
    async deliveries(
      userId: string,
      webhookId: string,
      query: { readonly limit: number; readonly cursor: string | null },
    ): Promise<Page<Delivery> | null> {
      if ((await webhooks.get(userId, webhookId)) === null) return null;
      return webhooks.deliveries(webhookId, query);
    },
  };
}
