/** Webhooks over the API: made with a secret that only that call shows, private to their user. */
import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_WEBHOOKS } from '../../../shared/usecases/push/webhooks.ts';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
beforeEach(() => {
  world = new ApiWorld();
});

const body = { url: 'https://example.com/hook', channels: ['fills', 'positions', 'fills'] };
const create = (more: object = {}) => world.call('POST', '/api/v1/webhooks', { body: { ...body, ...more } });

describe('webhooks', () => {
  it('are made with a secret that no later answer has', async () => {
    const made = await create({ description: 'my bot' });
    expect(made).toMatchObject({
      status: 201,
      body: { url: body.url, channels: ['fills', 'positions'], description: 'my bot' },
    });
    expect(made.body.secret).toMatch(/^whsec_/);
    const listed = await world.call('GET', '/api/v1/webhooks');
    const { secret: _, ...shown } = made.body;
    expect(listed.body).toEqual({ items: [shown], next_cursor: null });
  });

  it.each([
    [{ url: 'http://example.com/' }, 422, 'webhook_url', 'url'],
    [{ url: 'https://169.254.169.254/' }, 422, 'webhook_url', 'url'],
    [{ channels: [] }, 400, 'invalid_field', 'channels'],
    [{ channels: ['prices'] }, 400, 'invalid_field', 'channels.0'],
    [{ secret: 'mine' }, 400, 'unknown_field', 'secret'],
  ])('%j is refused', async (more, status, code, field) => {
    expect(await create(more)).toMatchObject({ status, body: { code, field } });
    expect((await world.call('GET', '/api/v1/webhooks')).body.items).toEqual([]);
  });

  it('are made once under one key, and a repeat answers the secret that the first answer had', async () => {
    const keyed = (more: object = {}, user = 'alice') =>
      world.call('POST', '/api/v1/webhooks', { body: { ...body, ...more }, key: 'mine', user });
    const first = await keyed();
    expect(first.status).toBe(201);
    world.now += 3_600_000;
    const again = await keyed({ channels: ['positions', 'fills'] });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect((await world.call('GET', '/api/v1/webhooks')).body.items).toHaveLength(1);
    expect(await keyed({ url: 'https://example.com/other' })).toMatchObject({
      ...{ status: 422, body: { code: 'idempotency_mismatch', field: 'Idempotency-Key' } },
    });
    // Of somebody else it is another call, and of one without a key each is its own.
    const theirs = await keyed({}, 'bob');
    expect(theirs).toMatchObject({ status: 201 });
    expect(theirs.body.secret).not.toBe(first.body.secret);
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(201);
    // A repeat is answered where there is no room for another one.
    for (let n = 3; n < MAX_WEBHOOKS; n++) await create();
    expect((await create()).status).toBe(409);
    expect((await keyed()).status).toBe(200);
  });

  it('of calls at the same time under one key are one', async () => {
    const call = () => world.call('POST', '/api/v1/webhooks', { body, key: 'twice' });
    const both = await Promise.all([call(), call()]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(new Set(both.map((one) => one.body.secret)).size).toBe(1);
  });

  it('are no more than a user may have', async () => {
    for (let n = 0; n < MAX_WEBHOOKS; n++) expect((await create()).status).toBe(201);
    expect(await create()).toMatchObject({ status: 409, body: { code: 'webhook_limit' } });
  });

  it('are tried out, with a delivery to read', async () => {
    const { webhook_id: id } = (await create()).body;
    const tried = await world.call('POST', `/api/v1/webhooks/${id}/test`);
    expect(tried).toMatchObject({ status: 202, body: { event_id: expect.stringMatching(/^test-/) } });
    expect(world.webhookQueue.sent).toMatchObject([
      { message: { webhookId: id, attempt: 1, event: { type: 'test', id: tried.body.event_id } } },
    ]);
    const deliveries = await world.call('GET', `/api/v1/webhooks/${id}/deliveries`);
    expect(deliveries.body).toMatchObject({
      items: [{ event_id: tried.body.event_id, status: 'pending', attempts: 0, http_status: null }],
      next_cursor: null,
    });
    const bad = await world.call('GET', `/api/v1/webhooks/${id}/deliveries?cursor=nonsense`);
    expect(bad).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  it('of another user are not there, and stay as they are', async () => {
    const { webhook_id: id } = (await create()).body;
    for (const [method, path] of [
      ['DELETE', `/api/v1/webhooks/${id}`],
      ['POST', `/api/v1/webhooks/${id}/test`],
      ['GET', `/api/v1/webhooks/${id}/deliveries`],
    ] as const) {
      expect(await world.call(method, path, { user: 'stranger' })).toMatchObject({
        ...{ status: 404, body: { code: 'not_found', field: 'webhook_id' } },
      });
    }
    expect((await world.call('GET', '/api/v1/webhooks', { user: 'stranger' })).body.items).toEqual([]);
    expect(world.webhookQueue.sent).toEqual([]);
    expect(await world.call('DELETE', `/api/v1/webhooks/${id}`)).toMatchObject({ status: 200 });
    expect(await world.call('DELETE', `/api/v1/webhooks/${id}`)).toMatchObject({ status: 404 });
  });
});
