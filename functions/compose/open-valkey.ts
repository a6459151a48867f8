/** The connection to the cache, with its login where it wants one (VALKEY_LOGIN). */
import * as z from 'zod';
import type { Credentials } from '../../shared/adapters/gateway/sigv4.ts';
import { createValkey, type Valkey, type ValkeyOptions } from '../../shared/adapters/valkey/client.ts';
import { iamLogin } from '../../shared/adapters/valkey/iam-login.ts';
import { given } from './variables.ts';

/** `iam:USER@CACHE`: by the process's own role. Not set: whoever reaches the cache is let in, as on a laptop. */
const LOGIN = /^iam:([a-z][a-z0-9-]*)@([a-z][a-z0-9-]*)$/;

export const VALKEY_VARIABLES = {
  VALKEY_URL: z.url({ protocol: /^rediss?$/ }),
  VALKEY_LOGIN: given(z.string().regex(LOGIN, 'iam:USER@CACHE is expected')),
};

export interface CacheConfig {
  readonly url: string;
  readonly login: { readonly user: string; readonly cache: string } | null;
}

interface CacheVariables {
  readonly VALKEY_URL: string;
  readonly VALKEY_LOGIN?: string | undefined;
}

export function cacheOf({ VALKEY_URL: url, VALKEY_LOGIN: text = '' }: CacheVariables): CacheConfig {
  const [, user, cache] = LOGIN.exec(text) ?? [];
  return { url, login: user === undefined || cache === undefined ? null : { user, cache } };
}

export interface OpenValkeyOptions extends Pick<ValkeyOptions, 'commandTimeoutMs' | 'onError'> {
  /** Default: those of the environment, where Lambda puts a function's own. */
  readonly credentials?: () => Promise<Credentials>;
}

/** Connects with the first command, which fails (and `onError` is told) where a login is wanted and there are no credentials. */
export function openValkey({ url, login }: CacheConfig, options: OpenValkeyOptions): Valkey {
  const { credentials = fromEnvironment, ...others } = options;
  if (login === null) return createValkey(url, others);
  // A token for the cache is not for everybody on the way.
  if (!url.startsWith('rediss:')) throw new Error('VALKEY_LOGIN: needs a VALKEY_URL with rediss://');
  const region = process.env['AWS_REGION'] ?? '';
  if (region === '') throw new Error('AWS_REGION: is needed where VALKEY_LOGIN is set');
  return createValkey(url, { ...others, login: iamLogin({ ...login, region, credentials, now: Date.now }) });
}

async function fromEnvironment(): Promise<Credentials> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error('no AWS credentials in the environment to log in to the cache with');
  return { accessKeyId, secretAccessKey, sessionToken };
}
