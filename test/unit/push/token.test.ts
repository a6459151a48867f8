/** Whose token lets in to the WebSocket: the laptop's issuer signs as Cognito does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { offeredToken, tokenCheck } from '../../../functions/publish/token.ts';
import { createIssuer, type Issuer } from '../../../infra/local/http/issuer.ts';

let server: Server;
let address: string;
let issuer: Issuer;
let isAway = false;

beforeAll(async () => {
  server = createServer((request, response) => {
    const isKeys = !isAway && request.url === '/.well-known/jwks.json';
    response.writeHead(isKeys ? 200 : 503, { 'content-type': 'application/json' });
    response.end(isKeys ? JSON.stringify(issuer.jwks) : '{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer = await createIssuer(address, 'app-1');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const check = (clients: readonly string[] = ['app-1']) =>
  tokenCheck({
    issuer: address,
    clients,
    findClient: async (clientId) =>
      clientId.startsWith('bot')
        ? {
            ...{ userId: 'owner-1', scopes: ['read' as const] },
            revokedAt: clientId === 'bot-revoked' ? 5 : null,
          }
        : null,
  });

it('a good one names its user and its end', async () => {
  const token = await issuer.issue({ sub: 'user-1', expiresInSeconds: 600 });
  const good = await check()(token);
  expect(good).toMatchObject({ outcome: 'good', userId: 'user-1' });
  if (good.outcome === 'good') expect(Math.abs(good.until - Date.now() - 600_000)).toBeLessThan(5_000);
});

it('of a machine client names the user that it acts for, as long as it is registered', async () => {
  const of = async (id: string) => check()(await issuer.issueToClient(id, 'moniqo/read moniqo/trade'));
  expect(await of('bot-1')).toMatchObject({ outcome: 'good', userId: 'owner-1' });
  expect((await of('bot-revoked')).outcome).not.toBe('good');
  expect((await of('nobody')).outcome).not.toBe('good');
});

it('an expired, foreign or changed one lets nobody in, one without a scope neither', async () => {
  const token = await issuer.issue({ sub: 'user-1' });
  const expired = await issuer.issue({ sub: 'user-1', expiresInSeconds: -60 });
  const foreign = await (await createIssuer(address, 'app-1')).issue({ sub: 'user-1' });
  const elsewhere = await (await createIssuer('http://elsewhere', 'app-1')).issue({ sub: 'user-1' });
  for (const bad of [expired, foreign, elsewhere, `${token}x`, 'nonsense', ''])
    expect(await check()(bad), bad).toEqual({ outcome: 'bad' });
  expect(await check(['app-2'])(token)).toEqual({ outcome: 'bad' });
  expect(await check()(await issuer.issue({ sub: 'user-1', scope: 'other' }))).toEqual({
    outcome: 'forbidden',
  });
});

it('is neither good nor bad while the keys cannot be read', async () => {
  isAway = true;
  await expect(check()(await issuer.issue({ sub: 'user-1' }))).rejects.toThrow();
  isAway = false;
});

it('is found in the header or among the subprotocols, and nowhere else', () => {
  expect(offeredToken({ AUTHORIZATION: 'bearer a.b.c' })).toEqual({
    token: 'a.b.c',
    isProtocolOffered: false,
  });
  expect(offeredToken({ 'sec-websocket-protocol': 'moniqo.v1,bearer.a.b.c' })).toEqual({
    ...{ token: 'a.b.c', isProtocolOffered: true },
  });
  expect(offeredToken({ authorization: 'Basic x', cookie: 'token=a.b.c' }).token).toBeNull();
});
