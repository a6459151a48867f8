/** Signing in with Cognito: only a code that this tab has asked for is taken, and the address brings nothing else. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { matchPath } from '../../../console/src/app/paths.ts';
import { parseConfig } from '../../../console/src/config.ts';
import { authorizeUrl, grantOfCode, localGrant, renewedGrant } from '../../../console/src/sign-in/issuer.ts';
import { challengeOf } from '../../../console/src/sign-in/pkce.ts';

const ORIGIN = 'https://console.example';
const cognito = {
  ...{ kind: 'cognito' as const, domain: 'https://signin.example', client_id: 'abc', redirect_path: '/' },
  scopes: ['openid', 'moniqo/read'],
};
const storage = () => {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
};

let calls: { readonly url: string; readonly body: string }[];
let answer: () => Response;
beforeEach(() => {
  calls = [];
  answer = () => Response.json({ access_token: 't', expires_in: 60, refresh_token: 'r2' });
  vi.stubGlobal('fetch', async (url: string, init: { readonly body: string }) => {
    calls.push({ url, body: init.body });
    return answer();
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('signing in with Cognito', () => {
  it('asks with a challenge, and exchanges the code with what it is the challenge of', async () => {
    const tab = storage();
    const url = new URL(await authorizeUrl(cognito, ORIGIN, '/orders?status=open', tab));
    expect(url.origin + url.pathname).toBe('https://signin.example/oauth2/authorize');
    const sent = Object.fromEntries(url.searchParams);
    expect(sent).toMatchObject({
      ...{ response_type: 'code', client_id: 'abc', redirect_uri: `${ORIGIN}/`, scope: 'openid moniqo/read' },
      code_challenge_method: 'S256',
    });
    const back = new URLSearchParams({ code: 'c', state: sent['state'] ?? '' });
    const arrived = await grantOfCode(cognito, ORIGIN, back, tab);
    expect(arrived).toMatchObject({
      to: '/orders?status=open',
      grant: { accessToken: 't', refreshToken: 'r2' },
    });
    expect(calls[0]?.url).toBe('https://signin.example/oauth2/token');
    const form = new URLSearchParams(calls[0]?.body);
    expect(Object.fromEntries(form)).toMatchObject({ grant_type: 'authorization_code', code: 'c' });
    expect(await challengeOf(form.get('code_verifier') ?? '')).toBe(sent['code_challenge']);
    // Used up: the same address brings nothing a second time.
    await expect(grantOfCode(cognito, ORIGIN, back, tab)).rejects.toThrow('not begun here');
  });

  it('takes no code that it has not asked for', async () => {
    const tab = storage();
    await authorizeUrl(cognito, ORIGIN, '/', tab);
    const forged = new URLSearchParams({ code: 'c', state: 'another' });
    await expect(grantOfCode(cognito, ORIGIN, forged, tab)).rejects.toThrow('not begun here');
    await expect(grantOfCode(cognito, ORIGIN, forged, storage())).rejects.toThrow('not begun here');
    expect(calls).toEqual([]);
    expect(await grantOfCode(cognito, ORIGIN, new URLSearchParams({ access_token: 't' }), tab)).toBeNull();
  });

  it('says why it was refused', async () => {
    const refused = new URLSearchParams({ error: 'access_denied', error_description: 'not for you' });
    const tab = storage();
    await authorizeUrl(cognito, ORIGIN, '/', tab);
    await expect(grantOfCode(cognito, ORIGIN, refused, tab)).rejects.toThrow('not for you');
    // A link of somebody else's puts no words into the page.
    await expect(grantOfCode(cognito, ORIGIN, refused, storage())).rejects.toThrow('not begun here');
  });

  it('is renewed by its refresh token, which stays where no other comes', async () => {
    answer = () => Response.json({ access_token: 't2', expires_in: 60 });
    const old = { accessToken: 't', expiresAt: 0, refreshToken: 'r' };
    expect(await renewedGrant(cognito, old)).toMatchObject({ accessToken: 't2', refreshToken: 'r' });
    answer = () => new Response('{}', { status: 400 });
    await expect(renewedGrant(cognito, old)).rejects.toMatchObject({ name: 'SignedOut' });
    answer = () => new Response('', { status: 503 });
    await expect(renewedGrant(cognito, old)).rejects.toMatchObject({ name: 'Error' });
    await expect(renewedGrant(cognito, { ...old, refreshToken: null })).rejects.toMatchObject({
      name: 'SignedOut',
    });
  });

  it('on the laptop is one call', async () => {
    const grant = await localGrant({ kind: 'local', token_url: 'http://127.0.0.1:1/token' });
    expect(grant.accessToken).toBe('t');
    answer = () => Response.json({ token: 't' });
    await expect(localGrant({ kind: 'local', token_url: 'http://127.0.0.1:1/token' })).rejects.toThrow(
      'without a token',
    );
  });
});

describe('the configuration of the host', () => {
  const good = {
    stage: 'prod',
    api: 'https://api.example/api/v1',
    push: 'wss://push.example/p',
    sign_in: cognito,
  };

  it('is taken as it is', () => expect(parseConfig(good)).toEqual(good));

  it.each([
    [{ ...good, stage: 'x' }, 'stage'],
    [{ ...good, api: 'ftp://x' }, 'api'],
    [{ ...good, push: 7 }, 'push'],
    [{ ...good, sign_in: { kind: 'magic' } }, 'sign_in.kind'],
    [{ ...good, sign_in: { ...cognito, domain: 'http://signin.example' } }, 'domain'],
    [{ ...good, sign_in: { ...cognito, scopes: 'openid' } }, 'scopes'],
    [null, 'config.json'],
  ])('is refused by the member that is wrong (%#: %s)', (given, name) => {
    expect(() => parseConfig(given)).toThrow(name);
  });
});

describe('a path', () => {
  it.each([
    ['/', '/', {}],
    ['/orders', '/orders/', {}],
    ['/positions/:position_id', '/positions/a%2Fb', { position_id: 'a/b' }],
    ['/positions/:position_id', '/positions', null],
    ['/positions/:position_id', '/positions/%E0%A4%A', null],
    ['/orders', '/wallets', null],
  ])('%s finds in %s %j', (pattern, path, found) => expect(matchPath(pattern, path)).toEqual(found));
});
