import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../../functions/compose/log.ts';
import { REDACTED, redacted } from '../../../functions/compose/redact.ts';

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----';

describe('what a log may not hold', () => {
  it.each([
    'secret_key',
    'secretKey',
    'api_key',
    'apiKey',
    'private_key',
    'client_secret',
    'token',
    'access_token',
    'Authorization',
    'set-cookie',
    'password',
    'sealedKeys',
    'signature',
  ])('goes by its name: %s', (name) => {
    expect(redacted({ [name]: 'plain-word' })).toEqual({ [name]: REDACTED });
  });

  it.each([
    [`refused: Bearer ${JWT}`, 'refused: Bearer [redacted]'],
    [`header authorization: Basic dXNlcjpwYXNz= was bad`, 'header authorization: Basic [redacted] was bad'],
    [`the token ${JWT} is old`, 'the token [redacted] is old'],
    [`cannot read ${PEM} as a key`, 'cannot read [redacted] as a key'],
    [`cut ${PEM.slice(0, 40)}`, 'cut [redacted]'],
    [
      'GET /api/v3/account?timestamp=1&signature=abc123 failed',
      'GET /api/v3/account?timestamp=1&signature=[redacted] failed',
    ],
    ['body {"api_key":"kkk","secret_key":"sss"}', 'body {"api_key":"[redacted]","secret_key":"[redacted]"}'],
    ['body {\\"client_secret\\":\\"sss\\"}', 'body {\\"client_secret\\":\\"[redacted]\\"}'],
    ['X-MBX-APIKEY: kkk', 'X-MBX-APIKEY: [redacted]'],
    ['POLYGON_API_KEY: is needed; api_key: island', 'POLYGON_API_KEY: is needed; api_key: [redacted]'],
  ])('goes by its look: %s', (text, left) => {
    expect(redacted({ error: text })).toEqual({ error: left });
  });

  it('is all: ids, codes and figures stay', () => {
    const fields = {
      ...{ orderId: '0Ab', idempotency_key: 'my-order', key_hint: 'abcd', tokens: 3, clientId: 'bot' },
      ...{ error: 'no such key: secret sauce', ok: true, none: null },
    };
    expect(redacted(fields)).toEqual(fields);
  });
});

describe('the log of the functions', () => {
  afterEach(() => vi.restoreAllMocks());

  it('writes nothing else', () => {
    const lines: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    }
    createLog('api').error('REQUEST_FAILED', { error: `Error: Bearer ${JWT}`, secret_key: 'sss' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('REQUEST_FAILED');
    expect(lines[0]).not.toMatch(/eyJ|sss/);
  });
});
