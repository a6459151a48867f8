/**
 * The audit record: written for every call that may change something, once its answer is known, and read by its user
 * (design section 17; docs/authorization.md).
 *
 * A call never fails because its record could not be written: that is logged with everything that the record would have
 * said, and counted.
 */
import type { Done, RecordCall } from '../../shared/http/handler.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import type { AuditRecord, AuditStore } from '../../shared/ports/audit.ts';
import type { Clock, Log } from '../../shared/ports/runtime.ts';
import type { Counters } from '../../shared/ports/trigger-index.ts';
import { time } from '../../shared/usecases/views/text.ts';
import { ListClientsQuery } from './client-schemas.ts';
import { pageResponse } from './page.ts';
import { kindOf } from './request-limits.ts';
import { inTime } from './wait.ts';

/** A call does not wait longer for its record. */
const PATIENCE_MS = 1_000;
const LONGEST_ID = 128;
/** The record has them by itself, or under another name. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['request_id', 'user_id', 'user_wallet_id']);

/** Members that are ids, and nothing else: a body may hold secrets. */
function idsIn(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, id]) =>
    /^[a-z_]{1,40}_id$/.test(name) && typeof id === 'string' && id.length <= LONGEST_ID
      ? [[name, id] as const]
      : [],
  );
}

const codeIn = (status: number, body: unknown): string | null =>
  status >= 400 && typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : null;

/** What is kept of a call. */
export const auditOf = (
  { bearer, route, params, body, requestId, status, answer }: Done,
  at: number,
): AuditRecord => ({
  userId: bearer.userId,
  clientId: bearer.clientId,
  at,
  requestId,
  operation: route.name,
  ids: Object.fromEntries(
    [...idsIn(body), ...(status < 400 ? idsIn(answer) : []), ...idsIn(params)].filter(
      ([name]) => !SAID_ELSEWHERE.has(name),
    ),
  ),
  status,
  code: codeIn(status, answer),
});

interface Needs {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly counters: Pick<Counters, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

export const recordCalls =
  ({ audit, counters, clock, log }: Needs): RecordCall =>
  async (done) => {
    if (kindOf(done.route, done.body) === 'read') return;
    const record = auditOf(done, clock.now());
    try {
      await inTime(audit.add(record), PATIENCE_MS);
    } catch (error) {
      const { ids, ...facts } = record;
      const cause = error instanceof Error ? error.message : String(error);
      log.error('AUDIT_NOT_WRITTEN', { ...facts, ids: JSON.stringify(ids), error: cause });
      counters.add({ 'api:audit_failed_total': 1 }).catch((failure: unknown) => {
        log.debug('COUNTER_NOT_ADDED', { error: String(failure) });
      });
    }
  };

/** A record as its user reads it. */
export const auditView = ({ at, requestId, clientId, operation, ids, status, code }: AuditRecord) => ({
  at: time(at),
  request_id: requestId,
  client_id: clientId,
  operation,
  ids,
  status,
  code,
});

export const auditOperations = ({ audit }: { readonly audit: Pick<AuditStore, 'ofUser'> }) => ({
  listAudit: async (request: UserRequest): Promise<ApiResponse> => {
    const page = audit.ofUser(request.userId, validate(ListClientsQuery, request.query));
    return pageResponse(page.then(({ items, cursor }) => ({ items: items.map(auditView), cursor })));
  },
});
