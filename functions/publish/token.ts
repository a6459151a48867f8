/**
 * Who connects: the access token of a user, checked here because API Gateway has no JWT authorizer for WebSocket APIs.
 *
 * A program sends it as `Authorization: Bearer TOKEN`. A browser cannot set headers on a WebSocket; it offers the two
 * subprotocols `moniqo.v1` and `bearer.TOKEN`. Not in the address: addresses end up in logs.
 */
import { bearerOfClaims, type FindClient } from '../../shared/http/bearer.ts';
import { ProblemError } from '../../shared/http/errors.ts';
import { accessTokens } from '../compose/access-token.ts';

export const SUBPROTOCOL = 'moniqo.v1';
const TOKEN_PROTOCOL = 'bearer.';
export interface Offered {
  readonly token: string | null;
  /** The client offered our subprotocol: it is then to be chosen in the answer. */
  readonly isProtocolOffered: boolean;
}

/** `headers`: names in any case. */
export function offeredToken(headers: Readonly<Record<string, string | undefined>>): Offered {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const protocols = (byName.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim());
  const bearer = /^Bearer\s+(\S+)$/i.exec(byName.get('authorization') ?? '')?.[1];
  const inProtocol = protocols.find((one) => one.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length);
  return { token: bearer ?? inProtocol ?? null, isProtocolOffered: protocols.includes(SUBPROTOCOL) };
}

export type TokenCheck =
  | { readonly outcome: 'good'; readonly userId: string; readonly until: number }
  | { readonly outcome: 'bad' | 'forbidden' };

export type CheckToken = (token: string) => Promise<TokenCheck>;

export interface TokenIssuer {
  /** Its keys are below `/.well-known/jwks.json`. */
  readonly issuer: string;
  /** The app clients whose tokens are taken. */
  readonly clients: readonly string[];
  /** Whom a machine client acts for. */
  readonly findClient: FindClient;
}

/** @throws when the issuer's keys cannot be read */
export function tokenCheck({ issuer, clients, findClient }: TokenIssuer): CheckToken {
  const read = accessTokens(issuer);
  return async (token) => {
    const claims = await read(token);
    // A machine client is let in by its registration: below, whoever is not registered acts for nobody.
    if (claims === null || (!clients.includes(claims.client_id) && claims.client_id !== claims.sub)) {
      return { outcome: 'bad' };
    }
    try {
      const { userId, scopes } = await bearerOfClaims(claims, findClient);
      // Whoever may do anything here may look.
      return scopes.size === 0
        ? { outcome: 'forbidden' }
        : { outcome: 'good', userId, until: claims.exp * 1000 };
    } catch (error) {
      // A client that nobody registered, or that was revoked.
      if (error instanceof ProblemError) return { outcome: error.entry.status === 403 ? 'forbidden' : 'bad' };
      throw error;
    }
  };
}
