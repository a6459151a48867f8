/** The audit record in memory, held to the real one by test/contracts/audit.ts. */
import { decodeCursor, encodeCursor } from '../../../shared/adapters/dynamodb/cursor.ts';
import { sortText } from '../../../shared/adapters/dynamodb/items.ts';
import type { AuditRecord, AuditStore } from '../../../shared/ports/audit.ts';
import type { Page, PageQuery } from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';

export class MemoryAudit implements AuditStore {
  /** By user and place. */
  readonly items = new Map<string, AuditRecord>();

  async add(record: AuditRecord): Promise<void> {
    this.items.set(`${record.userId} ${placeOf(record)}`, frozen(record));
  }

  async ofUser(userId: string, { limit, cursor }: PageQuery): Promise<Page<AuditRecord>> {
    const scope = `audit/${userId}`;
    const from = cursor === null ? null : decodeCursor(scope, cursor).sort;
    const own = [...this.items.values()]
      .filter((record) => record.userId === userId && (from === null || placeOf(record) < from))
      .sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
    const items = own.slice(0, limit);
    const last = items.at(-1);
    const isMore = last !== undefined && own.length > limit;
    return { items, cursor: isMore ? encodeCursor(scope, { pk: userId, sort: placeOf(last) }) : null };
  }
}

const placeOf = ({ at, requestId }: AuditRecord): string => sortText(at, requestId);
