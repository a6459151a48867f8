/** Who changed what, and what became of it. */
import { describe, expect, it } from 'vitest';
import { recordCalls } from '../../../functions/api/audit.ts';
import { ROUTES } from '../../../functions/api/routes.ts';
import type { Done } from '../../../shared/http/handler.ts';
import { own } from './routes-cases.ts';
import { ApiWorld } from './world.ts';

const listed = async (world: ApiWorld, query = '') =>
  (await world.call('GET', `/api/v1/audit${query}`)).body.items;

describe('the audit record', () => {
  it('says who did what, with which ids and which result', async () => {
    const world = new ApiWorld();
    const { wallet, position, order } = await own(world, 'alice');
    await world.call('POST', `/api/v1/orders/${order}/cancel`, { client: 'bot-of-alice' });
    await world.call('POST', `/api/v1/orders/${order}/cancel`, { client: 'bot-of-alice', scope: 'read' });
    await world.call('POST', '/api/v1/orders', { key: 'odd', raw: '{"wallet_id":' });
    world.now += 1_000;
    const items = await listed(world);
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          operation: 'createOrder',
          client_id: null,
          status: 201,
          code: null,
          ids: expect.objectContaining({
            wallet_id: wallet,
            order_id: expect.any(String),
            position_id: position,
          }),
        }),
        expect.objectContaining({
          ...{ operation: 'cancelOrder', client_id: 'bot-of-alice', code: null },
          ids: expect.objectContaining({ order_id: order }),
        }),
        expect.objectContaining({
          ...{ operation: 'cancelOrder', client_id: 'bot-of-alice', status: 403, code: 'insufficient_scope' },
        }),
        expect.objectContaining({ operation: 'createOrder', status: 400, code: 'invalid_json', ids: {} }),
        expect.objectContaining({ operation: 'createWallet', ids: { wallet_id: wallet } }),
      ]),
    );
    for (const { at, request_id: id } of items) {
      expect(at).toMatch(/^2026-/);
      expect(id).toMatch(/^req-/);
    }
  });

  it('is of every call that may change something, and of none that only looks', async () => {
    for (const { method, path, name } of ROUTES) {
      const world = new ApiWorld();
      await world.call(method, path.replaceAll(/\{\w+\}/g, 'x'), { raw: '{}', key: 'k' });
      const looks = method === 'GET' || name === 'previewOrder';
      expect([name, (await listed(world)).map((one: { operation: string }) => one.operation)]).toEqual([
        name,
        looks ? [] : [name],
      ]);
    }
  });

  it('keeps nothing of a body but ids', async () => {
    const world = new ApiWorld();
    const body = {
      ...{ name: 'mine', type: 'binance', api_key: 'AAA-KEY', secret_key: 'SSS-SECRET' },
      environment: 'binance_testnet',
    };
    await world.call('POST', '/api/v1/wallets', { body, key: 'IDEM-KEY' });
    const [record] = await listed(world);
    expect(record).toMatchObject({ operation: 'createWallet' });
    expect(JSON.stringify([...world.audit.items])).not.toMatch(/AAA|SSS|IDEM|mine/);
  });

  it('is of nobody without a token, and shows each user their own', async () => {
    const world = new ApiWorld();
    await world.call('POST', '/api/v1/orders', { user: null });
    expect(world.audit.items.size).toBe(0);
    await own(world, 'bob');
    expect(await listed(world)).toEqual([]);
    const page = (await world.call('GET', '/api/v1/audit?limit=1', { user: 'bob' })).body;
    expect([page.items.length, page.next_cursor]).toEqual([1, expect.any(String)]);
    const next = await world.call('GET', `/api/v1/audit?limit=1&cursor=${page.next_cursor}`, {
      user: 'alice',
    });
    expect([next.status, next.body.code]).toEqual([400, 'invalid_cursor']);
    expect((await world.call('GET', '/api/v1/audit', { scope: 'moniqo/trade' })).status).toBe(403);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('table is away'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ])('that %s fails no call: it is logged whole, and counted', async (_what, add) => {
    const told: [string, object][] = [];
    const counted: string[] = [];
    const tell = (code: string, fields: object = {}): void => void told.push([code, fields]);
    const record = recordCalls({
      audit: { add },
      counters: { add: async (increments) => void counted.push(...Object.keys(increments)) },
      clock: { now: () => 7 },
      log: { debug: tell, info: tell, warn: tell, error: tell },
    });
    const route = ROUTES.find(({ name }) => name === 'cancelOrder');
    if (route === undefined) throw new Error('no such route');
    const done: Done = {
      ...{ route, body: undefined, params: { order_id: 'o-1' }, requestId: 'r-1', status: 202, answer: {} },
      bearer: { userId: 'alice', clientId: 'bot', scopes: new Set(['trade']) },
    };
    await record(done);
    expect(counted).toEqual(['api:audit_failed_total']);
    expect(told).toEqual([
      [
        'AUDIT_NOT_WRITTEN',
        expect.objectContaining({
          ...{ userId: 'alice', clientId: 'bot', operation: 'cancelOrder', status: 202, at: 7 },
          ids: '{"order_id":"o-1"}',
        }),
      ],
    ]);
  });
});
