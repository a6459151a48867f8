/**
 * A client's call under a key of its own (design section 5): the same key and body is the same call, and nothing is
 * done again, whatever others have changed meanwhile; another body under it is refused.
 *
 * The call is written in the transaction of what it changes, and must not exist there: of calls at the same time one
 * is made, and the others find it.
 */
import { ok, type Result } from '../domain/result.ts';
import type { Call, Ledger } from '../ports/ledger.ts';
import { canonicalHash } from './derive-ids.ts';
import { type Refusal, refuse } from './refusal.ts';

export type CallKind = 'close' | 'protection' | 'amend' | 'cancel' | 'cancel_all' | 'signal';

export interface KeyedCall {
  readonly ownerId: string;
  readonly kind: CallKind;
  /** Null: every call is its own. */
  readonly key: string | null;
  readonly bodyHash: string;
}

/** `body`: everything that makes the call what it is. */
export const keyedCall = (kind: CallKind, ownerId: string, key: string | null, body: unknown): KeyedCall => ({
  ownerId,
  kind,
  key,
  bodyHash: canonicalHash(body),
});

/** What to write with what the call changes; null without a key. */
export const callRecord = (call: KeyedCall, at: number, orderIds: readonly string[] = []): Call | null => {
  const { key, ...facts } = call;
  return key === null ? null : { ...facts, key, at, orderIds };
};

/** The same call as it was made before; null when it was not. Another call under its key is refused. */
export async function formerCall(
  ledger: Pick<Ledger, 'callOf'>,
  call: KeyedCall,
): Promise<Result<Call | null, Refusal>> {
  if (call.key === null) return ok(null);
  const former = await ledger.callOf(call.ownerId, call.key);
  if (former === null || (former.kind === call.kind && former.bodyHash === call.bodyHash)) return ok(former);
  return refuse(
    'idempotency_mismatch',
    'Idempotency-Key',
    `another call was made under this key (${former.kind})`,
    'repeat the same body, or use a new key',
  );
}
