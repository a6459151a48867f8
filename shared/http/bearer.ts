/**
 * Who is behind a token: a user, or a machine client that acts for one (design section 17).
 *
 * API Gateway refuses a missing, forged or expired token and one without the scopes before us; this is the second lock.
 */
import { httpError } from './errors.ts';
import { type Scope, scopesOf } from './scopes.ts';
import type { Bearer, HttpEvent } from './types.ts';

/** A registered machine client. */
export interface KnownClient {
  readonly userId: string;
  readonly scopes: readonly Scope[];
  readonly revokedAt: number | null;
}

/** Null when no user has registered it. */
export type FindClient = (clientId: string) => Promise<KnownClient | null>;

/**
 * The bearer of the event's token.
 * @throws ProblemError `unauthenticated`, `unknown_client`, `client_revoked`
 */
export const bearerOf = (event: HttpEvent, findClient: FindClient): Promise<Bearer> =>
  bearerOfClaims(event.requestContext.authorizer?.jwt?.claims ?? {}, findClient);

/** The same of the claims of a token that was checked already. */
export async function bearerOfClaims(
  claims: Readonly<Record<string, unknown>>,
  findClient: FindClient,
): Promise<Bearer> {
  const { sub, client_id: clientId } = claims;
  if (typeof sub !== 'string' || sub === '') {
    throw httpError('unauthenticated', 'The request carries no token with a subject.');
  }
  const scopes = scopesOf(claims);
  // A token by client credentials is about nobody but the client itself.
  if (sub !== clientId) return { userId: sub, clientId: null, scopes };
  const client = await findClient(sub);
  if (client === null) {
    throw httpError('unknown_client', 'No user has registered this client, so it can act for nobody.');
  }
  if (client.revokedAt !== null) throw httpError('client_revoked', 'The client was revoked by its user.');
  const granted = client.scopes.filter((scope) => scopes.has(scope));
  return { userId: client.userId, clientId: sub, scopes: new Set(granted) };
}
