/**
 * One attempt to tell a webhook of an event. It counts when the answer is a 2xx; else it is tried again later, a bounded
 * number of times, then given up with the last reason.
 */
import type { Clock, Log } from '../../ports/runtime.ts';
import type {
  Attempt,
  WebhookMessage,
  WebhookQueue,
  WebhookSender,
  WebhookStore,
} from '../../ports/webhooks.ts';
import { pendingDelivery } from './ask-deliveries.ts';
import { SIGNATURE_HEADER, signature } from './signature.ts';

/** After the first attempt, the second, ...: seconds until the next. */
export const RETRY_SECONDS = [1, 5, 30, 120, 600] as const;
export const MAX_ATTEMPTS = RETRY_SECONDS.length + 1;

/** Given up: another attempt of the queue's own would not help. */
export class DeliveryGivenUpError extends Error {
  override readonly name = 'DeliveryGivenUpError';
}

interface Needs {
  readonly webhooks: Pick<WebhookStore, 'get' | 'delivery' | 'note'>;
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
  readonly clock: Clock;
  readonly log: Log;
}

const problemOf = (attempt: Attempt): string | null => {
  if (attempt.outcome === 'failed') return attempt.reason;
  const { status } = attempt;
  return status >= 200 && status < 300 ? null : `answered ${status}`;
};

/** @throws DeliveryGivenUpError after the last attempt */
export function makeDeliverWebhook({ webhooks, queue, sender, clock, log }: Needs) {
  return async (message: WebhookMessage): Promise<void> => {
    const { userId, webhookId, attempt, event } = message;
    const webhook = await webhooks.get(userId, webhookId);
    // Deleted meanwhile: nobody wants to be told any more.
    if (webhook === null) return;
    const known = await webhooks.delivery(webhookId, event.id);
    if (known?.status === 'delivered') return;
    const body = JSON.stringify(event);
    const answer = await sender.post(webhook.url, body, {
      'content-type': 'application/json',
      'user-agent': 'Moniqo-Webhooks/1',
      'moniqo-event-id': event.id,
      'moniqo-attempt': String(attempt),
      [SIGNATURE_HEADER]: signature(webhook.secret, clock.now(), body),
    });
    const problem = problemOf(answer);
    const at = clock.now();
    const waitSeconds = RETRY_SECONDS[attempt - 1];
    const isOver = problem === null || waitSeconds === undefined;
    await webhooks.note({
      ...(known ?? pendingDelivery(webhookId, event, at)),
      status: problem === null ? 'delivered' : isOver ? 'failed' : 'pending',
      attempts: (known?.attempts ?? 0) + 1,
      httpStatus: answer.outcome === 'answered' ? answer.status : null,
      error: problem,
      nextAttemptAt: isOver ? null : at + waitSeconds * 1000,
      updatedAt: at,
    });
    if (problem === null) return;
    log.warn('WEBHOOK_NOT_TAKEN', { webhookId, eventId: event.id, attempt, reason: problem });
    if (waitSeconds === undefined) throw new DeliveryGivenUpError(problem);
    await queue.send({ ...message, attempt: attempt + 1 }, waitSeconds);
  };
}
