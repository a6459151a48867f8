/** Asks for the delivery of events to the webhooks of their user. */
import { type Appended, CHANNEL_OF } from '../../ports/push.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { Delivery, SentEvent, Webhook, WebhookQueue, WebhookStore } from '../../ports/webhooks.ts';
import { eventView } from './event-view.ts';

interface Needs {
  readonly webhooks: Pick<WebhookStore, 'ofUser' | 'delivery' | 'note'>;
  readonly queue: WebhookQueue;
  readonly clock: Clock;
}

/** Noted before it is sent: what became of it would be hidden by a note that comes late. */
export const pendingDelivery = (webhookId: string, { id, type }: SentEvent, at: number): Delivery => ({
  ...{ webhookId, eventId: id, eventType: type, status: 'pending', attempts: 0 },
  ...{ httpStatus: null, error: null, nextAttemptAt: at, createdAt: at, updatedAt: at },
});

export function makeAskDeliveries({ webhooks, queue, clock }: Needs) {
  async function ask({ webhookId, userId }: Webhook, { event, isNew }: Appended): Promise<void> {
    const sent = eventView(event);
    const known = isNew ? null : await webhooks.delivery(webhookId, sent.id);
    // Somebody has worked on it. One that nobody has may never have been sent: it is sent again.
    if (known !== null && known.attempts > 0) return;
    if (known === null) await webhooks.note(pendingDelivery(webhookId, sent, clock.now()));
    await queue.send({ userId, webhookId, attempt: 1, event: sent });
  }

  /** @throws when one could not be asked for: it is to be tried again with the same events */
  return async (userId: string, appended: readonly Appended[]): Promise<void> => {
    for (const webhook of await webhooks.ofUser(userId)) {
      const wanted = appended.filter(({ event }) => webhook.channels.includes(CHANNEL_OF[event.type]));
      for (const one of wanted) await ask(webhook, one);
    }
  };
}
