/** An access token that API Gateway has not looked at: of a connection, and of a machine client in a body. */
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { lazily } from '../../shared/domain/lazily.ts';

/** The issuer's keys are not to be had, or not what they should be. */
const KEYS_FAULTS = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);

/** An error of jose's about the token itself. */
const isTokensFault = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^ERR_J(WT|WS|WK|OSE)/.test(error.code) &&
  !KEYS_FAULTS.has(error.code);

export interface AccessClaims extends JWTPayload {
  readonly client_id: string;
  readonly exp: number;
}

/** Null: not a good access token of the issuer. */
export type ReadAccessToken = (token: string) => Promise<AccessClaims | null>;

/** `issuer`: its keys are below `/.well-known/jwks.json`. @throws when they cannot be read */
export function accessTokens(issuer: string): ReadAccessToken {
  // Made with the first token: it brings a second HTTP client of Node's, which a cold start need not wait for.
  const keys = lazily(() => createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)));
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys(), { issuer });
      const { exp, token_use: use, client_id: client } = payload;
      return use === 'access' && typeof client === 'string' && exp !== undefined
        ? { ...payload, client_id: client, exp }
        : null;
    } catch (error) {
      if (isTokensFault(error)) return null;
      throw error;
    }
  };
}
