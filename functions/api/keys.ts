/** The caller's own key for a change, so that a repeat finds what the first call made (design section 5). */
import { httpError } from '../../shared/http/errors.ts';
import type { ApiRequest } from '../../shared/http/types.ts';
import { apiError } from './errors.ts';
import { keyField } from './schemas/fields.ts';

/**
 * The `Idempotency-Key` header; null when there is none.
 * @throws ProblemError `invalid_field` when it cannot be a key
 */
export function idempotencyKey(request: ApiRequest): string | null {
  const text = request.headers['idempotency-key'];
  if (text === undefined) return null;
  const parsed = keyField().safeParse(text);
  if (parsed.success) return parsed.data;
  throw httpError('invalid_field', 'Idempotency-Key must have 1 to 100 printable ASCII characters.', {
    field: 'Idempotency-Key',
  });
}

/** The header, or the refusal that asks for it. */
export function requiredKey(request: ApiRequest, why: string): string {
  const key = idempotencyKey(request);
  if (key === null) throw apiError('idempotency_key_required', why, { field: 'Idempotency-Key' });
  return key;
}
