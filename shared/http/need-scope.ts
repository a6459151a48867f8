/** A request needs a scope: its route's, or one that follows from what it asks for (design section 17). */
import { HTTP_ERRORS, ProblemError } from './errors.ts';
import { fullScope, type Scope } from './scopes.ts';
import type { Bearer } from './types.ts';

/**
 * Lets pass who has one of the scopes.
 * @throws ProblemError `insufficient_scope`, which names them
 */
export function needScope({ scopes }: Pick<Bearer, 'scopes'>, oneOf: readonly Scope[]): void {
  if (oneOf.some((scope) => scopes.has(scope))) return;
  const names = oneOf.map(fullScope);
  const called = names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
  throw new ProblemError(
    HTTP_ERRORS.insufficient_scope,
    [
      {
        code: 'insufficient_scope',
        field: 'Authorization',
        detail: `The token has not the scope that this needs: ${called}.`,
        nextAction: null,
      },
    ],
    { scopes_needed: names },
  );
}
