import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeysGiven, readKeys } from '../../../shared/usecases/key-format.ts';
import { alphanumerics, ed25519Keys, hmacKeys, rsaKeys } from '../../support/exchange-keys.ts';

const apiKey = alphanumerics();
const pem = (privateKey: string): KeysGiven => ({ apiKey, secretKey: null, privateKey });
const refusal = (given: KeysGiven) => {
  const result = readKeys(given);
  if (result.ok) throw new Error('it was taken');
  return result.error;
};

describe('keys as given', () => {
  it('tell their own type', () => {
    const hmac = hmacKeys();
    expect(readKeys({ apiKey: hmac.apiKey, secretKey: hmac.secret, privateKey: null })).toEqual({
      ok: true,
      value: hmac,
    });
    for (const keys of [ed25519Keys(), rsaKeys(2048), rsaKeys(4096)]) {
      const given = { apiKey: keys.apiKey, secretKey: null, privateKey: keys.secret };
      expect(readKeys(given)).toEqual({ ok: true, value: keys });
      const windows = { ...given, privateKey: `\r\n${keys.secret.replaceAll('\n', '\r\n')}` };
      expect(readKeys(windows)).toEqual({ ok: true, value: keys });
    }
  });

  it('are refused by field, with the fix', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ed = generateKeyPairSync('ed25519');
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;
    const locked = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'open' };
    const good = ed.privateKey.export(pkcs8).toString();
    const text = (value: string | Buffer): string => value.toString();
    const secret = alphanumerics();
    const table: readonly [string, KeysGiven, string, RegExp][] = [
      ['an API key that is cut off', { apiKey: 'abc', secretKey: secret, privateKey: null }, 'api_key', /64/],
      [
        'an API key with a line end',
        { apiKey: `${apiKey}\n`, secretKey: secret, privateKey: null },
        'api_key',
        /64/,
      ],
      ['no secret at all', { apiKey, secretKey: null, privateKey: null }, 'secret_key', /private_key/],
      ['both kinds', { apiKey, secretKey: secret, privateKey: good }, 'private_key', /exclude/],
      ['a short secret', { apiKey, secretKey: 'abc', privateKey: null }, 'secret_key', /64/],
      ['the API key twice', { apiKey, secretKey: apiKey, privateKey: null }, 'secret_key', /API key/],
      ['a PEM as secret', { apiKey, secretKey: good, privateKey: null }, 'secret_key', /private_key/],
      ['no PEM', pem(secret), 'private_key', /BEGIN PRIVATE KEY/],
      [
        'the public half',
        pem(text(ed.publicKey.export({ format: 'pem', type: 'spki' }))),
        'private_key',
        /public/,
      ],
      [
        'the public half of PKCS#1',
        pem(text(rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }))),
        'private_key',
        /public/,
      ],
      ['an encrypted PEM', pem(text(ed.privateKey.export(locked))), 'private_key', /passphrase/],
      [
        'an encrypted PEM of the old form',
        pem(
          text(
            rsa.privateKey.export({
              format: 'pem',
              type: 'pkcs1',
              cipher: 'aes-256-cbc',
              passphrase: 'open',
            }),
          ),
        ),
        'private_key',
        /passphrase/,
      ],
      [
        'PKCS#1',
        pem(text(rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }))),
        'private_key',
        /openssl pkcs8/,
      ],
      [
        'an EC key of its own form',
        pem(text(ec.privateKey.export({ format: 'pem', type: 'sec1' }))),
        'private_key',
        /Ed25519 or RSA/,
      ],
      ['an EC key in PKCS#8', pem(text(ec.privateKey.export(pkcs8))), 'private_key', /2048 or 4096/],
      ['an RSA-PSS key', pem(text(pss.privateKey.export(pkcs8))), 'private_key', /rsa-pss/],
      ['an RSA key of 1024 bits', pem(text(small.privateKey.export(pkcs8))), 'private_key', /1024 bits/],
      ['an SSH key', pem('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n'), 'private_key', /SSH/],
      ['another PEM', pem('-----BEGIN X509 CRL-----\nAAAA\n'), 'private_key', /another kind/],
      ['line ends as text', pem(good.replaceAll('\n', '\\n')), 'private_key', /backslash/],
      ['a damaged PEM', pem(good.replace(/^M.*$/m, 'MC4CAQ')), 'private_key', /cannot be read/],
      ['two PEMs', pem(`${good}${good}`), 'private_key', /more than one/],
    ];
    for (const [what, given, field, words] of table) {
      const { code, field: named, message, fix } = refusal(given);
      expect([what, code, named]).toEqual([what, 'key_format', field]);
      expect(`${what}: ${message} ${fix}`).toMatch(words);
      expect(fix).not.toBe('');
    }
  });

  it('never come back in a refusal', () => {
    const good = ed25519Keys().secret;
    const body = good.split('\n')[1] ?? '';
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.stringMatching(/^[A-Za-z0-9+/]{1,3}$/), (at, inserted) => {
        const damaged = `${body.slice(0, at)}${inserted}${body.slice(at + inserted.length)}`;
        const result = readKeys(pem(good.replace(body, damaged)));
        const said = result.ok ? '' : JSON.stringify(result.error);
        for (let i = 0; i + 12 <= damaged.length; i += 6) {
          expect(said).not.toContain(damaged.slice(i, i + 12));
        }
        expect(said).not.toContain(apiKey);
      }),
      { numRuns: 50 },
    );
  });

  it('are judged whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.string()),
        fc.option(fc.string()),
        (key, secretKey, privateKey) => {
          const result = readKeys({ apiKey: key, secretKey, privateKey });
          if (!result.ok) expect(result.error.code).toBe('key_format');
        },
      ),
    );
  });
});
