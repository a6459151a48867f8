/** The record of every call that changes something: who, what, when, with which result (design section 17). */
import type { Page, PageQuery } from './ledger.ts';

export interface AuditRecord {
  readonly userId: string;
  /** The machine client that asked; null = the user. */
  readonly clientId: string | null;
  /** When the answer was known, epoch ms. */
  readonly at: number;
  readonly requestId: string;
  readonly operation: string;
  /** What it was about and what it made, by the API's names (`order_id`). Nothing else of a body. */
  readonly ids: Readonly<Record<string, string>>;
  /** The HTTP status. */
  readonly status: number;
  /** Why it was refused; null = it was not. */
  readonly code: string | null;
}

export interface AuditStore {
  add(record: AuditRecord): Promise<void>;
  /** Newest first; strongly consistent. @throws BadCursorError */
  ofUser(userId: string, query: PageQuery): Promise<Page<AuditRecord>>;
}
