/**
 * Who we are to a managed cache: its user, and in place of a password a request to be let in that is signed with the process's
 * own role (ElastiCache, "Authenticating with IAM"). It holds for 15 minutes; a connection that it opened for 12 hours.
 */
import { type Credentials, signedQuery } from '../gateway/sigv4.ts';
import type { Login } from './client.ts';

const HOLDS_SECONDS = 900;

export interface IamLogin {
  readonly user: string;
  /** The cache's name, not its address. */
  readonly cache: string;
  readonly region: string;
  /** Asked for each login: those of a role are renewed. */
  readonly credentials: () => Promise<Credentials>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A login that is made anew for each connection. */
export const iamLogin =
  ({ user, cache, region, credentials, now }: IamLogin): Login =>
  async () => {
    const signing = { region, service: 'elasticache', credentials: await credentials(), now: now() };
    const query = { Action: 'connect', ResourceType: 'ServerlessCache', User: user };
    return {
      username: user,
      password: `${cache}/?${signedQuery({ host: cache, query }, HOLDS_SECONDS, signing)}`,
    };
  };
