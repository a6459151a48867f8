import { describe, expect, it } from 'vitest';
import { toHttpAnswer } from '../../../infra/local/http/http-event.ts';
import { createRouter } from '../../../infra/local/http/routes.ts';

const route = (key: string) => ({ key, functionName: 'api', timeoutMs: 1000, authorizer: undefined });

describe('routes', () => {
  const router = createRouter(
    ['GET /a/{id}', 'GET /a/fixed', 'ANY /a/{id}', 'GET /{all+}', 'POST /a/{id}/b'].map(route),
  );

  it.each([
    ['GET', '/a/fixed', 'GET /a/fixed', {}],
    ['GET', '/a/1', 'GET /a/{id}', { id: '1' }],
    ['PUT', '/a/1', 'ANY /a/{id}', { id: '1' }],
    ['POST', '/a/BTC%2FUSDT/b', 'POST /a/{id}/b', { id: 'BTC/USDT' }],
    ['GET', '/x/y/z', 'GET /{all+}', { all: 'x/y/z' }],
    ['GET', '/a/%zz', 'GET /a/{id}', { id: '%zz' }],
  ])('%s %s', (method, path, key, pathParameters) => {
    expect(router(method, path)).toMatchObject({ route: { key }, pathParameters });
  });

  it('finds nothing for another method, an empty parameter or a longer path', () => {
    expect(router('POST', '/x/y')).toBeUndefined();
    expect(router('PUT', '/a/')).toBeUndefined();
    expect(router('POST', '/a/1/b/c')).toBeUndefined();
  });

  it('falls back to $default', () => {
    expect(createRouter([route('$default')])('GET', '/any')?.route.key).toBe('$default');
  });
});

describe("a function's answer", () => {
  it('is a JSON body with 200 when it names no status', () => {
    const answer = toHttpAnswer({ a: 1 });
    expect([answer.status, answer.headers, answer.body.toString()]).toEqual([
      200,
      { 'content-type': 'application/json' },
      '{"a":1}',
    ]);
  });

  it('keeps status, headers, cookies and a body in base64', () => {
    const answer = toHttpAnswer({
      statusCode: 202,
      headers: { 'X-A': 1 },
      cookies: ['c=d'],
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    });
    expect(answer).toEqual({
      status: 202,
      headers: { 'x-a': '1', 'set-cookie': ['c=d'] },
      body: Buffer.from([0, 255]),
    });
  });
});
