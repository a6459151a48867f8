/**
 * The laptop's stand-in for Cognito: signs access tokens with a key made at the start, and checks them as
 * API Gateway's JWT authorizer does. The claims are those of a Cognito access token.
 */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { SCOPES } from '../../../shared/http/scopes.ts';
import { CLIENT_TOKEN_SECONDS, MachineClients } from './machine-clients.ts';

const ALGORITHM = 'ES256';
/** Who asks here owns the machine: a token can everything unless it is asked to do less. */
export const DEFAULT_SCOPE = SCOPES.join(' ');
/** The printed token outlives a working day. */
export const DEFAULT_EXPIRY_SECONDS = 24 * 60 * 60;

/** Tokens whose signature is not looked at again. */
const MOST_KNOWN = 1_000;

export interface TokenRequest {
  readonly sub: string;
  /** Scopes separated by spaces, as the routes declare them (`moniqo/read`) or by their last part alone (`read`). */
  readonly scope?: string;
  /** May be negative: an expired token, for tests. */
  readonly expiresInSeconds?: number;
}

export interface Issuer {
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly clients: MachineClients;
  issue(request: TokenRequest): Promise<string>;
  /** A machine client's own token: about nobody but the client, as Cognito's are. */
  issueToClient(clientId: string, scope: string): Promise<string>;
  /** The claims of a good token. @throws jose's error for an expired or forged one */
  verify(token: string, audience: readonly string[]): Promise<JWTPayload>;
}

/**
 * `clientId` is the declared app client: what the template's authorizer accepts as audience. `scopes` are those that
 * the routes ask for: a token carries them in full, as Cognito's do.
 */
export async function createIssuer(
  issuer: string,
  clientId: string,
  scopes: readonly string[] = [],
): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' };
  const clients = new MachineClients();
  const inFull = (text: string): string =>
    text
      .split(' ')
      .map((asked) => scopes.find((scope) => scope.split('/').at(-1) === asked) ?? asked)
      .join(' ');

  const sign = (
    sub: string,
    claims: JWTPayload,
    scope: string,
    expiresInSeconds: number,
  ): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ ...claims, scope: inFull(scope), token_use: 'access', auth_time: now })
      .setProtectedHeader({ alg: ALGORITHM, kid })
      .setSubject(sub)
      .setIssuer(issuer)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + expiresInSeconds)
      .sign(privateKey);
  };

  /** Signatures that were found good, by token: a user sends the same one again and again. The oldest go first. */
  const known = new Map<string, JWTPayload>();
  const claimsOf = async (token: string): Promise<JWTPayload> => {
    const before = known.get(token);
    // One that has expired is refused in jose's words.
    if (before?.exp !== undefined && before.exp > Math.floor(Date.now() / 1000)) return before;
    known.delete(token);
    const { payload } = await jwtVerify(token, publicKey, { issuer, algorithms: [ALGORITHM] });
    known.set(token, payload);
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KNOWN) break;
      known.delete(oldest);
    }
    return payload;
  };

  return {
    jwks: { keys: [jwk] },
    clients,
    issue: ({ sub, scope = DEFAULT_SCOPE, expiresInSeconds = DEFAULT_EXPIRY_SECONDS }) =>
      sign(sub, { client_id: clientId, username: sub }, scope, expiresInSeconds),
    issueToClient: (id, scope) => sign(id, { client_id: id }, scope, CLIENT_TOKEN_SECONDS),
    async verify(token, audience) {
      const payload = await claimsOf(token);
      // Cognito's access tokens have no `aud`; API Gateway compares `client_id` instead.
      const claimed = payload.aud ?? payload['client_id'];
      const given = Array.isArray(claimed) ? claimed : [claimed];
      // Machine clients are in the audience as well: the template names them when it is deployed (`machine-clients`).
      const isMeant = (one: unknown): boolean =>
        typeof one === 'string' && (audience.includes(one) || clients.has(one));
      if (!given.some(isMeant)) throw new Error('wrong audience');
      return payload;
    },
  };
}
