/**
 * Which machine client a token is of (docs/authorization.md). Whoever registers a client shows one: its tokens are had with
 * its secret alone, so nobody registers a client of somebody else's.
 */
import * as z from 'zod';
import { accessTokens } from '../compose/access-token.ts';
import { ConfigError } from '../compose/config.ts';

/** Null: not a good token of a machine client. */
export type ClientOf = (token: string) => Promise<string | null>;

const Env = z.object({ TOKEN_ISSUER: z.url({ protocol: /^https?$/ }) });

/** @throws ConfigError when it is not told the issuer */
export function startClientProof(env: NodeJS.ProcessEnv = process.env): ClientOf {
  const parsed = Env.safeParse(env);
  if (!parsed.success) throw new ConfigError('TOKEN_ISSUER: the address of an issuer is expected');
  const read = accessTokens(parsed.data.TOKEN_ISSUER);
  return async (token) => {
    const claims = await read(token);
    // One by client credentials is about nobody but the client itself.
    return claims !== null && claims.sub === claims.client_id ? claims.client_id : null;
  };
}
