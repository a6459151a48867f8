/** What every store of webhooks keeps to. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BadCursorError } from '../../shared/ports/ledger.ts';
import type { Delivery, Webhook, WebhookStore } from '../../shared/ports/webhooks.ts';

const webhook = (webhookId: string, userId: string, createdAt: number): Webhook => ({
  ...{ webhookId, userId, url: 'https://example.com/', channels: ['fills', 'positions'] },
  ...{ description: null, secret: `whsec_${webhookId}`, createdAt },
});

const delivery = (eventId: string, changes: Partial<Delivery> = {}): Delivery => ({
  ...{ webhookId: 'b', eventId, eventType: 'fill', status: 'pending', attempts: 0, httpStatus: null },
  ...{ error: null, nextAttemptAt: 5, createdAt: 5, updatedAt: 5 },
  ...changes,
});

export function describeWebhooks(name: string, open: () => Promise<WebhookStore>): void {
  describe(name, () => {
    let store: WebhookStore;
    beforeEach(async () => {
      store = await open();
    });

    it('keeps webhooks per user, oldest first', async () => {
      expect(await store.create(webhook('b', 'user-1', 1))).toBe(true);
      await store.create(webhook('a', 'user-1', 2));
      await store.create(webhook('c', 'user-2', 1));
      expect(await store.ofUser('user-1')).toEqual([webhook('b', 'user-1', 1), webhook('a', 'user-1', 2)]);
      expect(await store.get('user-1', 'c')).toBeNull();
      expect(await store.get('user-2', 'c')).toEqual(webhook('c', 'user-2', 1));
      await store.remove('user-1', 'c');
      expect(await store.ofUser('user-2')).toHaveLength(1);
      await store.remove('user-2', 'c');
      expect(await store.ofUser('user-2')).toEqual([]);
      expect(await store.create(webhook('b', 'user-1', 9))).toBe(false);
      expect(await store.get('user-1', 'b')).toEqual(webhook('b', 'user-1', 1));
    });

    it('keeps what became of each event, newest event first, page by page', async () => {
      expect(await store.delivery('b', '01')).toBeNull();
      for (const id of ['02', '01', '03']) await store.note(delivery(id));
      const done = { status: 'delivered', attempts: 2, httpStatus: 204, nextAttemptAt: null } as const;
      await store.note(delivery('02', done));
      await store.note({ ...delivery('04'), webhookId: 'other' });
      expect(await store.delivery('b', '02')).toEqual(delivery('02', done));
      const first = await store.deliveries('b', { limit: 2, cursor: null });
      expect(first.items.map(({ eventId }) => eventId)).toEqual(['03', '02']);
      const rest = await store.deliveries('b', { limit: 2, cursor: first.cursor });
      expect(rest).toMatchObject({ items: [{ eventId: '01' }], cursor: null });
      await expect(store.deliveries('b', { limit: 2, cursor: 'nonsense' })).rejects.toThrow(BadCursorError);
    });
  });
}
