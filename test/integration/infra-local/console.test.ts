/** The console's server on a laptop: what it serves, to whom it gives a token, and what it refuses. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { securityHeaders } from '../../../infra/console/headers.ts';
import { ConsoleServer } from '../../../infra/local/http/console-server.ts';
import { corsHeaders, withOrigins } from '../../../infra/local/http/cors.ts';
import { PortTakenError } from '../../../infra/local/http/gateway.ts';
import { Logs } from '../../../infra/local/processes/logs.ts';

const API = 'http://127.0.0.1:1';
const PUSH = 'ws://127.0.0.1:1/push';
const PAGE = '<html><head><title>the page</title></head></html>';
const TIMEOUT_MS = 5_000;

let folder: string;
let logs: Logs;
let server: ConsoleServer;
let origin: string;
let host: string;
let issued = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moniqo-console-'));
  const dist = join(folder, 'dist');
  mkdirSync(join(dist, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(dist, '.hidden.txt'), 'secret');
  writeFileSync(join(dist, 'index.html'), PAGE);
  writeFileSync(join(dist, 'favicon.svg'), '<svg/>');
  writeFileSync(join(dist, 'assets', 'main-1a2b.js'), 'void 0;');
  symlinkSync(dist, join(dist, 'assets', 'again'));
  logs = new Logs({ directory: join(folder, 'logs'), verbose: false, show: () => undefined });
  server = new ConsoleServer(logs);
  origin = await server.listen(0);
  host = new URL(origin).host;
});

afterAll(async () => {
  await server.close();
  await logs.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** As it is written: `fetch` would put paths right, and set `Host` and `Origin` by itself. */
const ask = (
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      origin,
      { path, method, headers: { host, ...headers }, timeout: TIMEOUT_MS, agent: false },
      (got) => {
        const chunks: Buffer[] = [];
        got.on('data', (chunk: Buffer) => chunks.push(chunk));
        got.on('error', reject);
        got.on('end', () =>
          resolve({
            status: got.statusCode ?? 0,
            headers: got.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${path}`)));
    sent.on('error', reject);
    sent.end(body);
  });

const TOKEN = '/local-sign-in/token';
const JSON_TYPE = { 'content-type': 'application/json' };
const askToken = (headers: OutgoingHttpHeaders, more: { method?: string; body?: string } = {}) =>
  ask(TOKEN, { method: 'POST', body: '{}', ...more, headers });

describe('the console on a laptop', () => {
  it('says that it is starting until the system is there', async () => {
    expect(await ask('/')).toMatchObject({ status: 503, headers: { 'cache-control': 'no-store' } });
    expect((await askToken({ ...JSON_TYPE, origin })).status).toBe(503);
    server.open({
      dist: join(folder, 'dist'),
      api: API,
      push: PUSH,
      signIn: async () => {
        issued += 1;
        return { token: `token-${issued}`, seconds: 60 };
      },
    });
    expect((await ask('/')).status).toBe(200);
  });

  it.each(['/', '/index.html', '/positions/p-1', '/wallets/?x=1'])('serves the page for %s', async (path) => {
    const { status, headers, body } = await ask(path);
    expect({ status, body }).toEqual({ status: 200, body: PAGE });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    });
  });

  it('lets hashed files be kept for good, and no other', async () => {
    expect(await ask('/assets/main-1a2b.js')).toMatchObject({
      status: 200,
      body: 'void 0;',
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
      },
    });
    expect(await ask('/favicon.svg', { method: 'HEAD' })).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-type': 'image/svg+xml', 'content-length': '6', 'cache-control': 'no-store' },
    });
  });

  it('says beside every answer, an error too, what CloudFront says', async () => {
    const expected = securityHeaders([API, 'ws://127.0.0.1:1']);
    expect(expected['content-security-policy']).toContain(`connect-src 'self' ${API} ws://127.0.0.1:1;`);
    for (const path of ['/', '/assets/main-1a2b.js', '/config.json', '/gone.js', TOKEN])
      expect((await ask(path)).headers).toMatchObject(expected);
    expect((await ask('/', { headers: { host: 'evil.example' } })).headers).toMatchObject(expected);
  });

  it.each([
    '/gone.js',
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//secret.txt',
    '/.hidden.txt',
    '/assets/main-1a2b.js/x.js',
    '/assets/main-1a2b.js%00.txt',
  ])('has no file at %s', async (path) => {
    const { status, body, headers } = await ask(path);
    expect({ status, body }).toEqual({ status: 404, body: 'Not Found\n' });
    expect(headers['cache-control']).toBe('no-store');
  });

  it('tells the page where everything is, under the name by which it was opened', async () => {
    for (const name of ['127.0.0.1', 'localhost']) {
      const own = `${name}:${new URL(origin).port}`;
      const { headers, body } = await ask('/config.json', { headers: { host: own } });
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
      expect(JSON.parse(body)).toEqual({
        stage: 'laptop',
        api: `${API}/api/v1`,
        push: PUSH,
        sign_in: { kind: 'local', token_url: `http://${own}${TOKEN}` },
      });
    }
  });

  it('answers nobody who came by another name, as a page that lets its name point here would', async () => {
    for (const wrong of ['evil.example', `evil.example:${new URL(origin).port}`, '127.0.0.1', 'localhost:1'])
      for (const path of ['/', '/config.json', TOKEN])
        expect((await ask(path, { headers: { host: wrong } })).status).toBe(403);
  });

  it('takes no port that is taken', async () => {
    const second = new ConsoleServer(logs);
    await expect(second.listen(Number(new URL(origin).port))).rejects.toThrow(PortTakenError);
  });
});

describe('a token for one click', () => {
  it('is given to the console itself', async () => {
    const before = issued;
    const { status, headers, body } = await askToken({
      ...JSON_TYPE,
      origin,
      'sec-fetch-site': 'same-origin',
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      access_token: `token-${before + 1}`,
      token_type: 'Bearer',
      expires_in: 60,
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const byName = `localhost:${new URL(origin).port}`;
    expect((await askToken({ ...JSON_TYPE, host: byName, origin: `http://${byName}` })).status).toBe(200);
  });

  it.each<[string, number, () => Promise<Answer>]>([
    ['a page of another site', 403, () => askToken({ ...JSON_TYPE, origin: 'https://evil.example' })],
    ['a page of another port of this machine', 403, () => askToken({ ...JSON_TYPE, origin: API })],
    [
      'the other name of this machine',
      403,
      () => askToken({ ...JSON_TYPE, origin: origin.replace('127.0.0.1', 'localhost') }),
    ],
    ['a page without an origin', 403, () => askToken({ ...JSON_TYPE, origin: 'null' })],
    ['whoever says no origin', 403, () => askToken(JSON_TYPE)],
    [
      'what a browser calls cross-site',
      403,
      () => askToken({ ...JSON_TYPE, origin, 'sec-fetch-site': 'cross-site' }),
    ],
    ['another host name', 403, () => askToken({ ...JSON_TYPE, origin, host: 'evil.example' })],
    ['GET', 405, () => askToken({ origin }, { method: 'GET' })],
    [
      'a preflight',
      405,
      () => askToken({ origin, 'access-control-request-method': 'POST' }, { method: 'OPTIONS', body: '' }),
    ],
    ['a form', 415, () => askToken({ origin, 'content-type': 'text/plain' })],
    ['what is no JSON', 400, () => askToken({ ...JSON_TYPE, origin }, { body: '{' })],
    ['who asks for somebody else', 400, () => askToken({ ...JSON_TYPE, origin }, { body: '{"sub":"x"}' })],
    ['a body without end', 413, () => askToken({ ...JSON_TYPE, origin }, { body: `"${'x'.repeat(5_000)}"` })],
  ])('is refused to %s', async (_who, status, asked) => {
    const before = issued;
    const answer = await asked();
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('token-');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(issued).toBe(before);
  });
});

describe('the API', () => {
  it('lets the console of this machine in, beside those that the template names', () => {
    const mine = server.origins;
    expect(mine).toEqual([origin, origin.replace('127.0.0.1', 'localhost')]);
    const named = withOrigins(undefined, mine);
    expect(corsHeaders(named, origin)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'DELETE,GET,PATCH,POST,PUT',
      'access-control-allow-headers': 'authorization,content-type,idempotency-key,prefer',
    });
    expect(corsHeaders(named, 'https://evil.example')).toEqual({});
    expect(withOrigins(undefined, [])).toBeUndefined();
  });
});
