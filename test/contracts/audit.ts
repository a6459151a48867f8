/** What every store of audit records does. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord, AuditStore } from '../../shared/ports/audit.ts';
import { BadCursorError } from '../../shared/ports/ledger.ts';

const NOW = 1_800_000_000_000;

export const aRecord = (changes: Partial<AuditRecord> = {}): AuditRecord => ({
  userId: 'alice',
  clientId: null,
  at: NOW,
  requestId: 'r-1',
  operation: 'createOrder',
  ids: { wallet_id: 'w-1', order_id: 'o-1' },
  status: 201,
  code: null,
  ...changes,
});

export function describeAudit(name: string, open: () => Promise<AuditStore>): void {
  describe(name, () => {
    let audit: AuditStore;
    beforeEach(async () => {
      audit = await open();
    });

    it('keeps what it was told, the same call once', async () => {
      const refused = aRecord({
        requestId: 'r-2',
        clientId: 'bot',
        status: 403,
        code: 'client_limit',
        ids: {},
      });
      for (const record of [aRecord(), aRecord(), refused]) await audit.add(record);
      const { items } = await audit.ofUser('alice', { limit: 10, cursor: null });
      expect(items).toEqual([refused, aRecord()]);
    });

    it('answers newest first, page by page, to each user their own', async () => {
      const ids = [1, 2, 3, 4].map((n) => `r-${n}`);
      for (const [n, requestId] of ids.entries()) await audit.add(aRecord({ requestId, at: NOW + n }));
      await audit.add(aRecord({ userId: 'bob' }));
      const first = await audit.ofUser('alice', { limit: 3, cursor: null });
      const rest = await audit.ofUser('alice', { limit: 3, cursor: first.cursor });
      const seen = [...first.items, ...rest.items].map(({ requestId }) => requestId);
      expect([seen, rest.cursor]).toEqual([ids.toReversed(), null]);
      await expect(audit.ofUser('bob', { limit: 3, cursor: first.cursor })).rejects.toThrow(BadCursorError);
    });
  });
}
