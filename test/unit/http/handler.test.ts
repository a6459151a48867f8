import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BODY_LIMIT_BYTES } from '../../../shared/http/body.ts';
import { httpError } from '../../../shared/http/errors.ts';
import { type Admit, httpHandler, type Operations } from '../../../shared/http/handler.ts';
import type { HttpEvent, HttpResponse } from '../../../shared/http/types.ts';
import { decimalField, positiveField, validate } from '../../../shared/http/validate.ts';
import type { Log, LogFields } from '../../../shared/ports/runtime.ts';

const ROUTES = [
  { method: 'POST', path: '/things/{thing_id}', name: 'makeThing', scopes: ['trade', 'admin'] },
  { method: 'GET', path: '/open', name: 'openThing', open: true },
  { method: 'GET', path: '/broken', name: 'brokenThing', scopes: ['read'] },
] as const;

const Thing = z.strictObject({
  quantity: positiveField,
  price: decimalField.optional(),
  colour: z.enum(['red', 'blue']).optional(),
  inner: z.strictObject({ deep: positiveField }).optional(),
});

const operations: Operations<(typeof ROUTES)[number]> = {
  makeThing: async (request) => {
    const body = validate(() => Thing, request.body);
    return {
      status: 201,
      body: { user: request.userId, id: request.params['thing_id'], got: body.quantity },
    };
  },
  openThing: async (request) => ({ status: 200, body: { query: request.query } }),
  brokenThing: async () => {
    throw new Error('secret: table orders-prod is on fire');
  },
};

interface Told {
  readonly level: string;
  readonly code: string;
  readonly fields: LogFields;
}

function aHandler(admit?: Admit) {
  const told: Told[] = [];
  const tell =
    (level: string) =>
    (code: string, fields: LogFields = {}): void => {
      told.push({ level, code, fields });
    };
  const log: Log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
  let now = 1_000;
  const handler = httpHandler({
    routes: ROUTES,
    operations,
    log,
    clock: { now: () => (now += 5) },
    ...(admit !== undefined && { admit }),
  });
  return { told, call: (event: HttpEvent) => handler(event, {} as Context) };
}

const anEvent = (routeKey: string, more: Partial<HttpEvent> = {}): HttpEvent => ({
  routeKey,
  rawPath: '/x',
  headers: {},
  isBase64Encoded: false,
  requestContext: {
    requestId: 'req-1',
    authorizer: { jwt: { claims: { sub: 'alice', scope: 'moniqo/read moniqo/trade openid' } } },
  },
  ...more,
});

const post = (body: string, more: Partial<HttpEvent> = {}): HttpEvent =>
  anEvent('POST /things/{thing_id}', { pathParameters: { thing_id: 'a%2Fb' }, body, ...more });

const problem = (response: HttpResponse): Record<string, unknown> => {
  expect(response.headers['content-type']).toBe('application/problem+json');
  return JSON.parse(response.body) as Record<string, unknown>;
};

describe('the HTTP handler', () => {
  it('answers JSON with the request id, and logs STARTED and COMPLETED once', async () => {
    const { call, told } = aHandler();
    const response = await call(post('{"quantity":"0.5"}', { headers: { 'Content-Type': 'text/plain' } }));
    expect(response).toMatchObject({
      statusCode: 201,
      headers: { 'content-type': 'application/json', 'x-request-id': 'req-1' },
    });
    expect(JSON.parse(response.body)).toEqual({ user: 'alice', id: 'a/b', got: '0.5' });
    expect(told.map((t) => t.code)).toEqual(['REQUEST_STARTED', 'REQUEST_COMPLETED']);
    expect(told[1]?.fields).toMatchObject({ request_id: 'req-1', status: 201, duration_ms: 5 });
  });

  it('reads a base64 body', async () => {
    const body = Buffer.from('{"quantity":"2"}').toString('base64');
    expect(await aHandler().call(post(body, { isBase64Encoded: true }))).toMatchObject({ statusCode: 201 });
  });

  it('needs no token for an open route, and a subject for every other', async () => {
    const { call } = aHandler();
    const context = { requestId: 'req-2' };
    expect(await call(anEvent('GET /open', { requestContext: context }))).toMatchObject({ statusCode: 200 });
    const refused = await call(post('{"quantity":"1"}', { requestContext: context }));
    expect(problem(refused)).toMatchObject({ status: 401, code: 'unauthenticated', request_id: 'req-2' });
    expect(refused.headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['moniqo/trade', 201],
    ['admin', 201],
    ['moniqo/read moniqo/close-only', 403],
    ['other/trade', 403],
    ['trade-more', 403],
    ['', 403],
    [undefined, 403],
    [['moniqo/trade'], 403],
  ])('asks for a scope of the route: %j answers %s', async (scope, status) => {
    const authorizer = { jwt: { claims: { sub: 'alice', scope } } };
    const response = await aHandler().call(
      post('{"quantity":"1"}', { requestContext: { requestId: 'req-3', authorizer } }),
    );
    expect(response.statusCode).toBe(status);
    if (status === 201) return;
    expect(problem(response)).toMatchObject({
      code: 'insufficient_scope',
      scopes_needed: ['moniqo/trade', 'moniqo/admin'],
    });
    expect(response.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", scope="moniqo/trade moniqo/admin"',
    );
  });

  it('answers 404 for a route that is not its own', async () => {
    expect(problem(await aHandler().call(anEvent('GET /nowhere')))).toMatchObject({
      status: 404,
      code: 'no_such_route',
    });
  });

  it('hides what went wrong inside, and logs it', async () => {
    const { call, told } = aHandler();
    const response = await call(anEvent('GET /broken'));
    expect(problem(response)).toMatchObject({ status: 500, code: 'internal', request_id: 'req-1' });
    expect(response.body).not.toContain('secret');
    expect(told.map((t) => t.code)).toEqual(['REQUEST_STARTED', 'REQUEST_FAILED', 'REQUEST_COMPLETED']);
    expect(told[1]?.fields['error']).toContain('on fire');
    expect(told[2]?.fields['status']).toBe(500);
  });

  it('has every member of a problem document', async () => {
    const document = problem(await aHandler().call(post('{"quantity":5}')));
    expect(Object.keys(document).sort()).toEqual(
      ['code', 'detail', 'field', 'next_action', 'request_id', 'status', 'title', 'type'].sort(),
    );
    expect(document).toMatchObject({ code: 'number_not_text', field: 'quantity', status: 400 });
    expect(document['type']).toBe('urn:moniqo:error:number_not_text');
    expect(document['next_action']).toContain('string');
  });

  it.each([
    ['no JSON', 'hello', 400, 'invalid_json', null],
    ['half a document', '{"quantity":', 400, 'invalid_json', null],
    ['an array', '[]', 400, 'invalid_json', null],
    ['null', 'null', 400, 'invalid_json', null],
    ['no body', '', 400, 'missing_field', 'quantity'],
    ['a number for text', '{"quantity":0.1}', 400, 'number_not_text', 'quantity'],
    ['an exponent', '{"quantity":"1e3"}', 400, 'invalid_field', 'quantity'],
    ['19 decimals', '{"quantity":"0.1234567890123456789"}', 422, 'over_precise', 'quantity'],
    ['not a number', '{"quantity":"NaN"}', 400, 'invalid_field', 'quantity'],
    ['spaces', '{"quantity":" 1"}', 400, 'invalid_field', 'quantity'],
    ['a negative amount', '{"quantity":"-1"}', 422, 'not_positive', 'quantity'],
    ['zero', '{"quantity":"0.00"}', 422, 'not_positive', 'quantity'],
    ['an unknown field', '{"quantity":"1","qauntity":"2"}', 400, 'unknown_field', 'qauntity'],
    [
      'an unknown inner field',
      '{"quantity":"1","inner":{"deep":"1","x":1}}',
      400,
      'unknown_field',
      'inner.x',
    ],
    ['a missing inner field', '{"quantity":"1","inner":{}}', 400, 'missing_field', 'inner.deep'],
    ['a word that is not one of them', '{"quantity":"1","colour":"green"}', 400, 'invalid_field', 'colour'],
    ['a field twice', '{"quantity":"1","quantity":"2"}', 400, 'duplicate_field', 'quantity'],
    [
      'a field twice, once escaped',
      '{"quantity":"1","quant\\u0069ty":"2"}',
      400,
      'duplicate_field',
      'quantity',
    ],
    [
      'an inner field twice',
      '{"quantity":"1","inner":{"deep":"1","deep":"1"}}',
      400,
      'duplicate_field',
      'inner.deep',
    ],
    ['a field twice in an array', '{"x":["{",{},{"a\\"":1,"a\\"":2}]}', 400, 'duplicate_field', 'x.2.a"'],
    ['a prototype member', '{"quantity":"1","__proto__":{"x":1}}', 400, 'unknown_field', '__proto__'],
  ])('refuses %s', async (_what, body, status, code, field) => {
    const response = await aHandler().call(post(body));
    expect(response.statusCode).toBe(status);
    expect(problem(response)).toMatchObject({ status, code, field });
  });

  it.each([
    [z.string().min(1), '', 'x must have at least 1 characters.'],
    [z.string().max(2), 'abc', 'x must have at most 2 characters.'],
    [z.array(z.string()).min(1), [], 'x must have at least 1 items.'],
    [z.array(z.string()).max(1), ['a', 'b'], 'x must have at most 1 items.'],
    [z.number().max(1), 2, 'x must be at most 1.'],
    [z.number().positive(), 0, 'x must be more than 0.'],
    [z.number().lt(1), 1, 'x must be less than 1.'],
    [z.string().regex(/^a$/, 'must be a'), 'b', 'x must be a.'],
  ])('says bounds in words of its own (%#)', (field, x, detail) => {
    expect(() => validate(() => z.strictObject({ x: field }), { x })).toThrow(detail);
  });

  it('lists every complaint when there are more than one', async () => {
    const document = problem(await aHandler().call(post('{"quantity":"-1","colour":"green","x":1}')));
    expect(document['errors']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'not_positive', field: 'quantity' }),
        expect.objectContaining({ code: 'invalid_field', field: 'colour' }),
        expect.objectContaining({ code: 'unknown_field', field: 'x' }),
      ]),
    );
  });

  it('refuses a body above the limit without parsing it', async () => {
    const large = await aHandler().call(post('x'.repeat(BODY_LIMIT_BYTES + 1)));
    expect(problem(large)).toMatchObject({ status: 413, code: 'body_too_large' });
    const umlauts = await aHandler().call(post('ä'.repeat(BODY_LIMIT_BYTES / 2 + 1)));
    expect(umlauts.statusCode).toBe(413);
  });

  it('says to browsers what an answer is, errors too, and asks for TLS only where there is TLS', async () => {
    const { call } = aHandler();
    const always = {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    };
    for (const event of [post('{"quantity":"1"}'), post('hello'), anEvent('GET /broken')]) {
      const { headers } = await call(event);
      expect(headers).toMatchObject(always);
      expect(headers['strict-transport-security']).toBeUndefined();
      const tls = await call({ ...event, headers: { 'X-Forwarded-Proto': 'https' } });
      expect(tls.headers['strict-transport-security']).toContain('max-age=63072000');
    }
  });

  it('answers nothing of a stack or a cause', async () => {
    const { body, headers } = await aHandler().call(anEvent('GET /broken'));
    expect(`${body}${JSON.stringify(headers)}`).not.toMatch(/on fire|orders-prod|\.ts|at \w+ \(/);
  });

  it('lets each bearer send only what is admitted, and shows what is left on every answer', async () => {
    const asked: unknown[] = [];
    const { call } = aHandler(async ({ bearer, route, body }) => {
      asked.push([bearer.userId, bearer.clientId, route.name, body]);
      if (asked.length > 2) throw httpError('rate_limited', 'Too many.');
      return { 'ratelimit-remaining': '7' };
    });
    const good = await call(post('{"quantity":"1"}'));
    expect([good.statusCode, good.headers['ratelimit-remaining']]).toEqual([201, '7']);
    // What cannot be read has been sent all the same.
    const bad = await call(post('hello'));
    expect([bad.statusCode, bad.headers['ratelimit-remaining']]).toEqual([400, '7']);
    expect(problem(await call(post('{"quantity":"1"}')))).toMatchObject({
      status: 429,
      code: 'rate_limited',
    });
    expect(asked.slice(0, 2)).toEqual([
      ['alice', null, 'makeThing', { quantity: '1' }],
      ['alice', null, 'makeThing', undefined],
    ]);
    const context = { requestId: 'req-2' };
    await call(post('{"quantity":"1"}', { requestContext: context }));
    await call(anEvent('GET /open', { requestContext: context }));
    expect(asked).toHaveLength(3);
  });
});
