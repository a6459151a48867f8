/** A login to the managed cache by the process's own role, and where it is wanted. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cacheOf, openValkey, VALKEY_VARIABLES } from '../../../functions/compose/open-valkey.ts';
import { iamLogin } from '../../../shared/adapters/valkey/iam-login.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'a+session/token==',
};
const now = Date.UTC(2026, 10, 29, 23, 5, 7);
const name = 'moniqo-sandbox';

const login = (at = now, more: object = {}) =>
  iamLogin({
    ...{ user: name, cache: name, region: 'eu-west-1', now: () => at },
    credentials: async () => ({ ...credentials, ...more }),
  })();

describe('the password', () => {
  it('is the request to connect as the signer of the AWS SDK signs it, without a protocol', async () => {
    const { username, password } = await login();
    expect(username).toBe(name);
    const [address, query] = password.split('?');
    expect(address).toBe('moniqo-sandbox/');
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      Action: 'connect',
      User: name,
      ResourceType: 'ServerlessCache',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20261129/eu-west-1/elasticache/aws4_request',
      'X-Amz-Date': '20261129T230507Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Security-Token': 'a+session/token==',
      // From @smithy/signature-v4, `presign` of the same request.
      'X-Amz-Signature': '590735e78664445c88b696ece26fe9603134039f32cc394ebcb7f7fb3252d207',
    });
    expect(query).toContain('X-Amz-Security-Token=a%2Bsession%2Ftoken%3D%3D');
  });

  it('is another one at another time and with other credentials', async () => {
    const made = [await login(), await login(now + 1_000), await login(now, { sessionToken: undefined })];
    expect(new Set(made.map(({ password }) => password)).size).toBe(3);
    expect(made[2]?.password).not.toContain('Security-Token');
  });
});

describe('VALKEY_LOGIN', () => {
  const read = (VALKEY_LOGIN?: string) =>
    cacheOf(z.object(VALKEY_VARIABLES).parse({ VALKEY_URL: 'rediss://cache:6379', VALKEY_LOGIN }));

  it('names user and cache, or nobody', () => {
    expect(read('iam:app@the-cache').login).toEqual({ user: 'app', cache: 'the-cache' });
    expect(read().login).toBeNull();
    expect(read('').login).toBeNull();
    // A token is not for everybody on the way.
    const options = { credentials: async () => credentials };
    expect(() =>
      openValkey({ url: 'redis://cache:6379', login: { user: 'app', cache: 'c' } }, options),
    ).toThrow('VALKEY_URL with rediss://');
    for (const wrong of ['app@cache', 'iam:app', 'iam:@cache', 'password:app@cache'])
      expect(() => read(wrong)).toThrow('iam:USER@CACHE is expected');
  });
});
