/** Asks the issuers for tokens: the laptop's by one click, Cognito's by authorization code with PKCE. */
import type { SignInConfig } from '../config.ts';
import { challengeOf, randomText } from './pkce.ts';
import { type Grant, SignedOut } from './session.ts';

type Local = Extract<SignInConfig, { kind: 'local' }>;
type Cognito = Extract<SignInConfig, { kind: 'cognito' }>;

const TIMEOUT_MS = 10_000;
const PENDING_AS = 'moniqo.signing-in';

/** What has to come back with the code. */
interface Pending {
  readonly state: string;
  readonly verifier: string;
  /** Where the user wanted to go. */
  readonly to: string;
}

type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A token of the laptop's issuer. @throws SignedOut when it refuses */
export function localGrant({ token_url }: Local): Promise<Grant> {
  return askForGrant(
    token_url,
    { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
    null,
  );
}

/** Where Cognito asks the user; what must come back is kept in the tab. */
export async function authorizeUrl(
  config: Cognito,
  origin: string,
  to: string,
  storage: TabStorage,
): Promise<string> {
  const pending: Pending = { state: randomText(), verifier: randomText(), to };
  storage.setItem(PENDING_AS, JSON.stringify(pending));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: config.client_id,
    redirect_uri: `${origin}${config.redirect_path}`,
    scope: config.scopes.join(' '),
    state: pending.state,
    code_challenge_method: 'S256',
    code_challenge: await challengeOf(pending.verifier),
  });
  return `${config.domain}/oauth2/authorize?${query}`;
}

/** Only a code that this tab asked for is taken: `search` as Cognito sent the browser back. Null = it brought none. */
export async function grantOfCode(
  config: Cognito,
  origin: string,
  search: URLSearchParams,
  storage: TabStorage,
): Promise<{ readonly grant: Grant; readonly to: string } | null> {
  const code = search.get('code');
  const kept = storage.getItem(PENDING_AS);
  const refusal = search.get('error_description') ?? search.get('error');
  if (code === null && refusal === null) return null;
  storage.removeItem(PENDING_AS);
  const pending = kept === null ? null : (JSON.parse(kept) as Pending);
  if (refusal !== null && pending !== null) throw new SignedOut(refusal);
  if (code === null || pending === null || search.get('state') !== pending.state)
    throw new SignedOut('this sign-in was not begun here: try again');
  const grant = await tokenOf(config, null, {
    grant_type: 'authorization_code',
    code,
    code_verifier: pending.verifier,
    redirect_uri: `${origin}${config.redirect_path}`,
  });
  return { grant, to: pending.to };
}

/** @throws SignedOut when there is no refresh token, or it is refused */
export async function renewedGrant(config: Cognito, { refreshToken }: Grant): Promise<Grant> {
  if (refreshToken === null) throw new SignedOut('the session is over');
  return tokenOf(config, refreshToken, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

export const logoutUrl = (config: Cognito, origin: string): string =>
  `${config.domain}/logout?${new URLSearchParams({ client_id: config.client_id, logout_uri: `${origin}${config.redirect_path}` })}`;

function tokenOf(
  config: Cognito,
  refreshToken: string | null,
  form: Readonly<Record<string, string>>,
): Promise<Grant> {
  const body = new URLSearchParams({ client_id: config.client_id, ...form }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return askForGrant(`${config.domain}/oauth2/token`, { method: 'POST', body, headers }, refreshToken);
}

/** `refreshToken`: the one that stays where the answer has none. */
async function askForGrant(url: string, init: RequestInit, refreshToken: string | null): Promise<Grant> {
  const response = await fetch(url, {
    ...init,
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status >= 400 && response.status < 500 && response.status !== 429)
    throw new SignedOut(`the issuer refused (${response.status})`);
  if (!response.ok) throw new Error(`the issuer answered ${response.status}`);
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  const { access_token, expires_in, refresh_token } = answer;
  if (typeof access_token !== 'string' || typeof expires_in !== 'number')
    throw new Error('the issuer answered without a token');
  return {
    accessToken: access_token,
    expiresAt: Date.now() + expires_in * 1_000,
    refreshToken: typeof refresh_token === 'string' ? refresh_token : refreshToken,
  };
}
