import { describe, expect, it } from 'vitest';
import { ApiProblem, createClient } from '../../../shared/client/client.ts';

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': status < 300 ? 'application/json' : 'application/problem+json', ...headers },
    });
const problem = (status: number, code: string, headers = {}) => json(status, { code, detail: 'no' }, headers);
const unreachable = () => {
  throw new TypeError('fetch failed');
};

/** A client whose calls are answered in turn. */
function clientOf(...answers: readonly (() => Response)[]) {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const left = [...answers];
  const ask = async (url: string | URL | Request, init: RequestInit = {}) => {
    const { method = 'GET', headers, body } = init;
    sent.push({
      url: String(url),
      method,
      headers: new Headers(headers),
      body: body == null ? null : String(body),
    });
    const next = left.shift();
    if (next === undefined) throw new Error('one call too many');
    return next();
  };
  const sleep = async (ms: number) => {
    slept.push(ms);
  };
  const client = createClient({ api: 'http://api', token: async () => 'T', fetch: ask, sleep });
  return { client, sent, slept };
}

const order = { wallet_id: 'w', symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '1' } as const;

describe('a call', () => {
  it('goes to its route, with path, query, token and body', async () => {
    const { client, sent } = clientOf(
      json(200, { order_id: 'o' }),
      json(200, { items: [], next_cursor: null }),
    );
    expect((await client.call('getOrder', { params: { order_id: 'a/b' } })).order_id).toBe('o');
    await client.call('listOrders', { query: { status: ['open', 'filled'], limit: 5 } });
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET http://api/api/v1/orders/a%2Fb',
      'GET http://api/api/v1/orders?status=open%2Cfilled&limit=5',
    ]);
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer T');
    expect(sent[0]?.headers.get('idempotency-key')).toBeNull();
  });

  it('is repeated with the same key and body until it is answered', async () => {
    const { client, sent, slept } = clientOf(
      unreachable,
      problem(503, 'conflict', { 'retry-after': '1' }),
      json(201, { order_id: 'o' }),
    );
    await client.call('createOrder', { body: order, waitSeconds: 5 });
    const keys = new Set(sent.map(({ headers, body }) => `${headers.get('idempotency-key')} ${body}`));
    expect([sent.length, keys.size]).toEqual([3, 1]);
    expect(sent[0]?.headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/);
    expect(sent[0]?.headers.get('prefer')).toBe('wait=5');
    expect(slept[0]).toBeLessThan(200);
    expect(slept[1]).toBe(1_000);
  });

  it('has another key each time, or the one that is given', async () => {
    const { client, sent } = clientOf(...Array.from({ length: 3 }, () => json(201, {})));
    await client.call('createOrder', { body: order });
    await client.call('createOrder', { body: order });
    await client.call('createOrder', { body: order, key: 'mine' });
    const keys = sent.map(({ headers }) => headers.get('idempotency-key'));
    expect([new Set(keys).size, keys[2]]).toEqual([3, 'mine']);
  });

  it('is not repeated without end, and not where that could do something twice', async () => {
    const four = clientOf(...Array.from({ length: 4 }, () => unreachable));
    await expect(four.client.call('getWallet', { params: { wallet_id: 'w' } })).rejects.toMatchObject({
      name: 'ApiProblem',
      status: 0,
      code: 'unreachable',
    });
    expect(four.sent).toHaveLength(4);
    const once = clientOf(unreachable);
    const paused = once.client.call('pauseWallet', { params: { wallet_id: 'w' }, body: { flatten: true } });
    await expect(paused).rejects.toBeInstanceOf(ApiProblem);
    expect(once.sent).toHaveLength(1);
  });

  it('that is refused throws the refusal, at once', async () => {
    const { client, sent } = clientOf(problem(422, 'below_min_notional'));
    const call = client.call('createOrder', { body: order });
    await expect(call).rejects.toMatchObject({
      status: 422,
      code: 'below_min_notional',
      problem: { detail: 'no' },
    });
    expect(sent).toHaveLength(1);
  });

  it('says what API Gateway said, where it answers by itself', async () => {
    const gateway = json(401, { message: 'Unauthorized' }, { 'content-type': 'application/json' });
    const { client } = clientOf(gateway);
    const call = client.call('listWallets', {});
    await expect(call).rejects.toMatchObject({ status: 401, code: 'no_problem_document', problem: null });
  });
});

it('a list is read page by page', async () => {
  const { client, sent } = clientOf(
    json(200, { items: [{ order_id: 'a' }, { order_id: 'b' }], next_cursor: 'C' }),
    json(200, { items: [{ order_id: 'c' }], next_cursor: null }),
  );
  const ids: string[] = [];
  for await (const { order_id } of client.items('listOrders', { query: { limit: 2 } })) ids.push(order_id);
  expect(ids).toEqual(['a', 'b', 'c']);
  expect(sent.map(({ url }) => url.split('?')[1])).toEqual(['limit=2', 'limit=2&cursor=C']);
});
