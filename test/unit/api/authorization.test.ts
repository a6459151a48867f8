/** Who may do what: every route of the table, with every kind of token and with the ids of somebody else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClientProof } from '../../../functions/api/client-proof.ts';
import { ROUTES, type Route } from '../../../functions/api/routes.ts';
import { Gateway } from '../../../infra/local/http/gateway.ts';
import { createIssuer, type Issuer } from '../../../infra/local/http/issuer.ts';
import { Logs } from '../../../infra/local/processes/logs.ts';
import { fullScope, SCOPES, type Scope } from '../../../shared/http/scopes.ts';
import type { HttpEvent } from '../../../shared/http/types.ts';
import { CASES, type Owned, own, type RouteCase } from './routes-cases.ts';
import { ApiWorld } from './world.ts';

const routes: readonly Route[] = ROUTES;
const closed = routes.flatMap((route) => (route.open === true ? [] : [route]));
const casesOf = ({ name }: Route): readonly RouteCase[] => CASES[name as keyof typeof CASES];

const NOBODY: Owned = {
  ...{ wallet: 'w-none', order: 'o-none', position: 'p-none', client: 'c-none' },
  webhook: 'h-none',
};

/** The path with its ids; nothing else is in braces. */
function pathOf({ path }: Route, ids: Owned): string {
  const values: Readonly<Record<string, string>> = {
    wallet_id: ids.wallet,
    order_id: ids.order,
    position_id: ids.position,
    client_id: ids.client,
    webhook_id: ids.webhook,
    symbol: 'BTC-USDT',
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`say here whose a ${name} is`);
    return value;
  });
}

const keys = (() => {
  let count = 0;
  return (): string => `key-${++count}`;
})();

const call = (world: ApiWorld, route: Route, one: RouteCase, ids: Owned, user: string, scope?: string) => {
  const query = one.query === undefined ? '' : `?${one.query(ids)}`;
  return world.call(route.method, `${pathOf(route, ids)}${query}`, {
    ...{ user, key: keys(), ...(scope !== undefined && { scope }) },
    ...(one.body !== undefined && { body: one.body(ids) }),
  });
};

/** Everything that is kept of anybody. */
const kept = ({ ledger, wallets, clients, outbox, webhooks, webhookQueue }: ApiWorld): string =>
  JSON.stringify([
    [...ledger.orderItems],
    [...ledger.positionItems],
    [...ledger.actionItems],
    [...ledger.signalItems].map(([id, signals]) => [id, [...signals]]),
    [...ledger.riskItems],
    [...wallets.items],
    [...clients.items],
    outbox.queue,
    [...webhooks.items],
    webhookQueue.sent,
  ]);

describe('ids of somebody else', () => {
  for (const route of closed) {
    for (const [n, one] of casesOf(route).entries()) {
      if (one.answer === 'shared') continue;
      it(`${route.name} ${n + 1}: ${one.answer}, and nothing is changed`, async () => {
        const world = new ApiWorld();
        const alice = await own(world, 'alice');
        await own(world, 'bob');
        const before = kept(world);
        const answer = await call(world, route, one, alice, 'bob');
        if (one.answer === 'not_found') {
          expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
        }
        if (one.answer === 'nothing') expect([answer.status, answer.body.items]).toEqual([200, []]);
        if (one.answer === 'own') expect(answer.status).toBeLessThan(300);
        for (const id of Object.values(alice)) expect(JSON.stringify(answer.body)).not.toContain(id);
        if (one.answer !== 'own') expect(kept(world)).toBe(before);
        // The very same request is a good one when its owner sends it.
        const owners = await call(world, route, one, alice, 'alice');
        expect([400, 401, 403, 404, 500]).not.toContain(owners.status);
        if (one.answer === 'nothing') expect(owners.body.items).not.toEqual([]);
      });
    }
  }

  it('are looked for wherever a path has one', () => {
    for (const route of closed) {
      const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const isShared = names.every((name) => name === 'symbol');
      if (!isShared)
        expect([route.name, casesOf(route).map(({ answer }) => answer)]).toContainEqual(
          expect.arrayContaining(['not_found']),
        );
    }
  });
});

describe('scopes in the function', () => {
  const refusedBy = ({ scopes }: (typeof closed)[number]): readonly Scope[] =>
    SCOPES.filter((scope) => !scopes.includes(scope));

  it.each(closed.map((route) => [route.name, route] as const))('%s', async (_name, route) => {
    const world = new ApiWorld();
    const [one] = casesOf(route);
    if (one === undefined) throw new Error(`${route.name} has no case`);
    const ask = (scope: string) => call(world, route, one, NOBODY, 'alice', scope);
    for (const scope of refusedBy(route)) {
      const answer = await ask(fullScope(scope));
      expect([scope, answer.status, answer.body.code, answer.body.scopes_needed]).toEqual([
        ...[scope, 403, 'insufficient_scope'],
        route.scopes.map(fullScope),
      ]);
    }
    expect((await ask('')).body.code).toBe('insufficient_scope');
    for (const scope of route.scopes) {
      const { status, body } = await ask(fullScope(scope));
      // What opens a position, or may loosen a stop, asks for more than its route (below).
      if (route.name === 'createOrder' && scope === 'close-only') continue;
      expect([scope, status === 401 || body.code === 'insufficient_scope']).toEqual([scope, false]);
    }
    const nobody = await world.call(route.method, pathOf(route, NOBODY), { user: null });
    expect([nobody.status, nobody.body.code]).toEqual([401, 'unauthenticated']);
  });

  it('lets a close-only token close, cancel and signal a close, and never open', async () => {
    const world = new ApiWorld();
    const { wallet, order, position } = await own(world, 'alice');
    const ask = (method: string, path: string, body?: unknown) =>
      world.call(method, `/api/v1${path}`, { scope: fullScope('close-only'), key: keys(), body });
    const buy = { wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' };
    const positions = world.ledger.positionItems.size;
    for (const body of [
      buy,
      { ...buy, side: 'sell' },
      { ...buy, side: 'sell', position_side: 'short', leverage: 2 },
      { ...buy, position_id: null },
      { ...buy, position_id: position, position_effect: 'open' },
    ]) {
      const refused = await ask('POST', '/orders', body);
      expect([refused.status, refused.body.code, refused.body.scopes_needed]).toEqual([
        ...[403, 'insufficient_scope'],
        ['moniqo/trade'],
      ]);
    }
    // A buy under the name of a position is no way in: a long is closed by a sell.
    expect((await ask('POST', '/orders', { ...buy, position_id: position })).body.code).toBe('wrong_side');
    const adjust = { signal: 'adjust', confidence: '0.9', adjust: { stop_loss: '30000' } };
    expect((await ask('POST', `/positions/${position}/signals`, adjust)).status).toBe(403);
    expect((await ask('PATCH', `/positions/${position}/protection`, { stop_loss: '1' })).status).toBe(403);
    expect((await ask('PATCH', `/orders/${order}`, { quantity: '9' })).status).toBe(403);
    expect(world.ledger.positionItems.size).toBe(positions);
    const part = { ...buy, side: 'sell', quantity: '0.001', position_id: position };
    expect((await ask('POST', '/orders', part)).status).toBe(201);
    expect((await ask('POST', `/orders/${order}/cancel`)).status).toBeLessThan(300);
    const close = { signal: 'close', confidence: '0.9' };
    expect((await ask('POST', `/positions/${position}/signals`, close)).status).toBe(201);
    expect((await ask('POST', `/wallets/${wallet}/pause`, {})).status).toBe(200);
    expect((await ask('POST', `/wallets/${wallet}/resume`)).status).toBe(403);
  });
});

describe('tokens at the gateway', () => {
  const logs = mkdtempSync(join(tmpdir(), 'moniqo-gateway-'));
  const gateway = new Gateway(new Logs({ directory: logs, verbose: false, show: () => undefined }));
  const world = new ApiWorld();
  let api = '';
  let issuer: Issuer;
  let stranger: Issuer;

  beforeAll(async () => {
    api = await gateway.listen(0);
    const scopes = SCOPES.map(fullScope);
    issuer = await createIssuer(`${api}/local-issuer`, 'our-client', scopes);
    world.clientOf = startClientProof({ TOKEN_ISSUER: `${api}/local-issuer` });
    stranger = await createIssuer(`${api}/local-issuer`, 'our-client', scopes);
    gateway.open({
      issuer,
      functions: new Map([['api', { invoke: (event) => world.handle(event as HttpEvent) }]]),
      api: {
        ...{ id: 'api', cors: undefined },
        routes: routes.map(({ method, path, scopes: asked }) => ({
          ...{ key: `${method} ${path}`, functionName: 'api', timeoutMs: 5_000 },
          authorizer: asked && { audience: ['our-client'], scopes: asked.map(fullScope) },
        })),
      },
    });
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(logs, { recursive: true, force: true });
  });

  const ask = async (route: Route, token: string | null) => {
    const response = await fetch(`${api}${pathOf(route, NOBODY)}`, {
      method: route.method,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it.each(closed.map((route) => [route.name, route] as const))('%s', async (_name, route) => {
    const good = await issuer.issue({ sub: 'alice' });
    const [head = '', claims = '', signature = ''] = good.split('.');
    const others = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...others, sub: 'bob' })).toString('base64url');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const bad = {
      'no token': null,
      'no JWT': 'nonsense',
      expired: await issuer.issue({ sub: 'alice', expiresInSeconds: -1 }),
      'signed by somebody else': await stranger.issue({ sub: 'alice' }),
      'for somebody else': `${head}.${changed}.${signature}`,
      'without a signature': `${unsigned}.${claims}.`,
    };
    for (const [what, token] of Object.entries(bad)) {
      expect([what, await ask(route, token)]).toEqual([
        what,
        { status: 401, body: { message: 'Unauthorized' } },
      ]);
    }
    for (const scope of SCOPES) {
      const { status, body } = await ask(route, await issuer.issue({ sub: 'alice', scope }));
      const isForbidden = status === 403 && body['message'] === 'Forbidden';
      expect([scope, isForbidden]).toEqual([scope, !route.scopes.includes(scope)]);
    }
    expect((await ask(route, good)).status).not.toBe(401);
  });

  it('opens what is open to everybody, whatever token comes along', async () => {
    for (const route of routes.filter(({ open }) => open === true)) {
      expect((await ask(route, null)).status).toBe(200);
      expect((await ask(route, 'nonsense')).status).toBe(200);
    }
  });

  it("takes a machine client's tokens, whose secrets are exchanged without a gap", async () => {
    const send = async (path: string, init: RequestInit) => {
      const response = await fetch(`${api}${path}`, { method: 'POST', ...init });
      return { status: response.status, body: (await response.json()) as Record<string, string> };
    };
    const asJson = (body: object, headers: Record<string, string> = {}): RequestInit => ({
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const tokenFor = (id = '', secret = '', more: Record<string, string> = {}) =>
      send('/local-issuer/oauth2/token', {
        body: new URLSearchParams({
          ...{ grant_type: 'client_credentials', client_id: id, client_secret: secret, ...more },
        }),
      });
    const made = await send('/local-issuer/clients', asJson({}));
    expect(made.status).toBe(201);
    const { client_id: id = '', client_secret: first = '', client_secret_id: firstId } = made.body;
    const token = (await tokenFor(id, first)).body['access_token'] ?? '';
    const bearer = { authorization: `Bearer ${token}` };
    const wallets = () => send('/api/v1/wallets', { method: 'GET', headers: bearer });
    expect((await wallets()).body['code']).toBe('unknown_client');
    const alice = { authorization: `Bearer ${await issuer.issue({ sub: 'alice' })}` };
    const settings = { client_id: id, client_token: token, name: 'bot', scopes: ['read'] };
    // The token of a user says nothing of a client, nor does one that was changed.
    for (const other of [await issuer.issue({ sub: 'alice' }), `${token}x`]) {
      const forged = await send('/api/v1/clients', asJson({ ...settings, client_token: other }, alice));
      expect([forged.status, forged.body['code']]).toEqual([422, 'client_not_proven']);
    }
    expect((await send('/api/v1/clients', asJson(settings, alice))).status).toBe(201);
    expect((await wallets()).status).toBe(200);
    expect((await send('/api/v1/clients', { method: 'GET', headers: bearer })).body['message']).toBe(
      'Forbidden',
    );

    const second = await send(`/local-issuer/clients/${id}/secrets`, asJson({}));
    expect((await send(`/local-issuer/clients/${id}/secrets`, asJson({}))).status).toBe(409);
    const valid = async () =>
      Promise.all([first, second.body['client_secret']].map(async (one) => (await tokenFor(id, one)).status));
    expect(await valid()).toEqual([200, 200]);
    const remove = (secretId = '') =>
      send(`/local-issuer/clients/${id}/secrets/${secretId}`, { method: 'DELETE' });
    expect((await remove(firstId)).status).toBe(200);
    expect(await valid()).toEqual([401, 200]);
    expect((await remove(second.body['client_secret_id'])).status).toBe(409);
    expect((await tokenFor(id, second.body['client_secret'], { scope: 'moniqo/admin' })).body).toEqual({
      error: 'invalid_scope',
    });
    expect((await tokenFor('other', first)).status).toBe(401);
    expect((await tokenFor(id, first, { grant_type: 'password' })).status).toBe(400);
    const basic = { authorization: `Basic ${btoa(`${id}:${second.body['client_secret']}`)}` };
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' });
    const narrow = await send('/local-issuer/oauth2/token', { headers: basic, body: form });
    const claims = JSON.parse(
      Buffer.from(narrow.body['access_token']?.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims).toMatchObject({ sub: id, client_id: id, scope: 'moniqo/read' });
    // A page of another site may send a form, and makes no client with it.
    expect((await send('/local-issuer/clients', { body: new URLSearchParams({}) })).status).toBe(415);
  });
});
