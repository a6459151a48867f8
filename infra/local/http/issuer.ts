/**
 * The laptop's stand-in for Cognito: signs access tokens with a key made at the start, and checks them as
 * API Gateway's JWT authorizer does. The claims are those of a Cognito access token.
 */
import { randomUUID } from 'node:crypto';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';

const ALGORITHM = 'ES256';
export const DEFAULT_SCOPE = 'read trade close-only';
/** The printed token outlives a working day. */
export const DEFAULT_EXPIRY_SECONDS = 24 * 60 * 60;

export interface TokenRequest {
  readonly sub: string;
  /** Scopes separated by spaces. */
  readonly scope?: string;
  /** May be negative: an expired token, for tests. */
  readonly expiresInSeconds?: number;
}

export interface Issuer {
  readonly jwks: { readonly keys: readonly JWK[] };
  issue(request: TokenRequest): Promise<string>;
  /** The claims of a good token. @throws jose's error for an expired or forged one */
  verify(token: string, audience: readonly string[]): Promise<JWTPayload>;
}

/** `clientId` is the declared app client: what the template's authorizer accepts as audience. */
export async function createIssuer(issuer: string, clientId: string): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' };
  return {
    jwks: { keys: [jwk] },
    issue: (request) => sign(request, privateKey, kid, issuer, clientId),
    async verify(token, audience) {
      const { payload } = await jwtVerify(token, publicKey, { issuer, algorithms: [ALGORITHM] });
      // Cognito's access tokens have no `aud`; API Gateway compares `client_id` instead.
      const claimed = payload.aud ?? payload['client_id'];
      const given = Array.isArray(claimed) ? claimed : [claimed];
      if (!given.some((one) => typeof one === 'string' && audience.includes(one)))
        throw new Error('wrong audience');
      return payload;
    },
  };
}

function sign(
  { sub, scope = DEFAULT_SCOPE, expiresInSeconds = DEFAULT_EXPIRY_SECONDS }: TokenRequest,
  key: CryptoKey,
  kid: string,
  issuer: string,
  clientId: string,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ scope, client_id: clientId, token_use: 'access', username: sub, auth_time: now })
    .setProtectedHeader({ alg: ALGORITHM, kid })
    .setSubject(sub)
    .setIssuer(issuer)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + expiresInSeconds)
    .sign(key);
}
