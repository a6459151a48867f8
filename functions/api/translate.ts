/** Which refusal an error is that is no refusal yet; apart from the catalogue, which clients read too. */
import { isAway } from '../../shared/adapters/away.ts';
import type { ProblemError } from '../../shared/http/errors.ts';
import { KeysUnavailableError } from '../../shared/ports/keys.ts';
import { ContendedError } from '../../shared/usecases/conflicts.ts';
import { apiError } from './errors.ts';

/**
 * What is no bug: a race that could not be won in time, and keys that cannot be sealed now, where nothing was changed; and a store
 * that does not answer, where nobody knows. The caller may try again.
 */
export function translateError(error: unknown): ProblemError | null {
  if (error instanceof ContendedError) {
    return apiError('conflict', 'Too many changes of the same thing at once; nothing was changed.');
  }
  if (error instanceof KeysUnavailableError) {
    return apiError('keys_unavailable', 'The keys could not be sealed; nothing was stored.');
  }
  return isAway(error)
    ? apiError('temporarily_unavailable', 'Whether what was asked for was done is not known.')
    : null;
}
