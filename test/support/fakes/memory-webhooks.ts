/** Webhooks and their deliveries in memory; as strict as the table. */
import { createHash } from 'node:crypto';
import { BadCursorError } from '../../../shared/ports/ledger.ts';
import type {
  Delivery,
  Webhook,
  WebhookMessage,
  WebhookQueue,
  WebhookStore,
} from '../../../shared/ports/webhooks.ts';
import { frozen } from './frozen.ts';

const cursorOf = (webhookId: string, eventId: string): string => {
  const mark = createHash('sha256').update(`${webhookId}\n${eventId}`).digest('hex').slice(0, 8);
  return Buffer.from(`${mark}${eventId}`).toString('base64url');
};

export class MemoryWebhooks implements WebhookStore {
  readonly items = new Map<string, Webhook>();
  readonly #deliveries = new Map<string, Delivery>();

  async create(webhook: Webhook): Promise<boolean> {
    if (this.items.has(webhook.webhookId)) return false;
    this.items.set(webhook.webhookId, frozen(webhook));
    return true;
  }

  async get(userId: string, webhookId: string): Promise<Webhook | null> {
    const found = this.items.get(webhookId);
    return found?.userId === userId ? found : null;
  }

  async ofUser(userId: string): Promise<readonly Webhook[]> {
    const place = ({ createdAt, webhookId }: Webhook) => `${String(createdAt).padStart(15, '0')}${webhookId}`;
    const own = [...this.items.values()].filter((webhook) => webhook.userId === userId);
    return own.sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }

  async remove(userId: string, webhookId: string): Promise<void> {
    if ((await this.get(userId, webhookId)) !== null) this.items.delete(webhookId);
  }

  async delivery(webhookId: string, eventId: string): Promise<Delivery | null> {
    return this.#deliveries.get(`${webhookId}#${eventId}`) ?? null;
  }

  async note(delivery: Delivery): Promise<void> {
    this.#deliveries.set(`${delivery.webhookId}#${delivery.eventId}`, frozen(delivery));
  }

  async deliveries(webhookId: string, { limit, cursor }: { limit: number; cursor: string | null }) {
    const all = [...this.#deliveries.values()]
      .filter((delivery) => delivery.webhookId === webhookId)
      .sort((a, b) => (a.eventId < b.eventId ? 1 : -1));
    const after = all.findIndex(({ eventId }) => cursorOf(webhookId, eventId) === cursor);
    if (cursor !== null && after === -1) throw new BadCursorError('this cursor does not belong to this list');
    const items = all.slice(after + 1, after + 1 + limit);
    const last = items.at(-1);
    const isMore = after + 1 + limit < all.length;
    return { items, cursor: isMore && last !== undefined ? cursorOf(webhookId, last.eventId) : null };
  }
}

/** Keeps what was sent, with its delay. */
export class MemoryWebhookQueue implements WebhookQueue {
  readonly sent: { readonly message: WebhookMessage; readonly delaySeconds: number }[] = [];

  async send(message: WebhookMessage, delaySeconds = 0): Promise<void> {
    if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > 900)
      throw new RangeError(`a delay of ${delaySeconds} s`);
    this.sent.push({ message: structuredClone(message), delaySeconds });
  }
}
