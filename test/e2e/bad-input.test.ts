/** Bad input gets a typed error that names the field, and changes nothing. */
import { execFile } from 'node:child_process';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../infra/local/processes/node-binary.ts';
import { sqsClient } from '../../infra/local/services/sqs.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { assertDescribed, type Problem, Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';

let system: TestSystem;
let trader: Trader;
let wallet: string;
let open: { order_id: string; position_id: string };

/** Everything that the user can see. */
const snapshot = async () => ({
  wallets: await trader.good('GET', '/wallets'),
  orders: await trader.orders(wallet),
  positions: await trader.positions(wallet),
  balances: await trader.balances(wallet),
});
let before: Awaited<ReturnType<typeof snapshot>>;

beforeAll(async () => {
  system = await startTestSystem();
  trader = system.trader;
  await system.trade('BTC/USDT', '50000');
  wallet = await trader.wallet();
  const { order, positionId } = await trader.buy(wallet, 'BTC/USDT', '0.1', { stop_loss: '45000' });
  open = { order_id: order.order_id, position_id: positionId };
});
afterAll(() => system?.stop());

beforeEach(async () => {
  // A price older than a minute is none.
  await system.trade('BTC/USDT', '50000');
  before = await snapshot();
});

const buy = (changes: Readonly<Record<string, unknown>>) => ({
  wallet_id: wallet,
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'market',
  quantity: '0.1',
  ...changes,
});

const isUnchanged = async () => {
  const after = await snapshot();
  const timeless = ({ positions, ...rest }: typeof after) => ({
    ...rest,
    // What is derived from the current price moves with the time.
    positions: positions.map(({ current: _current, ...position }) => position),
  });
  expect(timeless(after)).toEqual(timeless(before));
};

type Row = readonly [
  what: string,
  changes: Readonly<Record<string, unknown>>,
  status: number,
  code: string,
  field: string,
];

const ORDERS: readonly Row[] = [
  ['an unknown symbol', { symbol: 'BTC/DOGE' }, 422, 'unknown_symbol', 'symbol'],
  ['a symbol that is only watched', { symbol: 'EUR/USD' }, 422, 'symbol_watch_only', 'symbol'],
  ['a negative quantity', { quantity: '-0.1' }, 422, 'not_positive', 'quantity'],
  ['a quantity of zero', { quantity: '0' }, 422, 'not_positive', 'quantity'],
  ['an over-precise quantity', { quantity: '0.1234567890123456789' }, 422, 'over_precise', 'quantity'],
  ['a number instead of text', { quantity: 0.1 }, 400, 'number_not_text', 'quantity'],
  ['a quantity that is no number', { quantity: 'much' }, 400, 'invalid_field', 'quantity'],
  ['a quantity in a float’s notation', { quantity: '1e-3' }, 400, 'invalid_field', 'quantity'],
  ['no quantity', { quantity: undefined }, 400, 'missing_field', 'quantity'],
  ['a quantity below the least', { quantity: '0.000001' }, 422, 'below_min_quantity', 'quantity'],
  ['a limit order without a price', { type: 'limit' }, 422, 'price_required', 'limit_price'],
  ['a market order with a price', { limit_price: '49000' }, 422, 'price_forbidden', 'limit_price'],
  ['a stop order without a stop price', { type: 'stop_loss' }, 422, 'price_required', 'stop_price'],
  [
    'a stop order on the wrong side',
    { type: 'stop_loss', stop_price: '49000' },
    422,
    'stop_wrong_side',
    'stop_price',
  ],
  [
    'a stop loss above the market',
    { protection: { stop_loss: '50001' } },
    422,
    'stop_wrong_side',
    'protection.stop_loss',
  ],
  [
    'a take profit below the market',
    { protection: { take_profit: '49999' } },
    422,
    'target_wrong_side',
    'protection.take_profit',
  ],
  [
    'an activation behind the market',
    { protection: { trailing_stop: { distance_percent: '1', activation_price: '49999' } } },
    422,
    'activation_wrong_side',
    'protection.trailing_stop.activation_price',
  ],
  ['an unknown field', { quantty: '0.1' }, 400, 'unknown_field', 'quantty'],
  [
    'an unknown field inside',
    { protection: { stop_los: '45000' } },
    400,
    'unknown_field',
    'protection.stop_los',
  ],
  ['an unknown type', { type: 'iceberg' }, 400, 'invalid_field', 'type'],
  ['an unknown side', { side: 'hold' }, 400, 'invalid_field', 'side'],
  ['an unknown wallet', { wallet_id: '0000000000000000000000' }, 404, 'not_found', 'wallet_id'],
];

describe('an order with', () => {
  it.each(ORDERS)('%s is refused and changes nothing', async (_what, changes, status, code, field) => {
    const answer = await trader.send('POST', '/orders', { body: buy(changes), key: 'bad' });
    expect(answer.body).toMatchObject({ status, code, field });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.next_action).not.toBe('');
    await isUnchanged();
  });

  it('nothing to sell is refused, and what could be sold is named', async () => {
    const body = buy({ side: 'sell', symbol: 'ETH/USDT' });
    const answer = await trader.send('POST', '/orders', { body, key: 'bad' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const named = await trader.send('POST', '/orders', { body: buy({ side: 'sell' }), key: 'bad' });
    expect([named.status, named.body.code]).toEqual([422, 'no_position']);
    expect(JSON.stringify(named.body.facts)).toContain(open.position_id);
    await isUnchanged();
  });

  it('no key is refused', async () => {
    const answer = await trader.send('POST', '/orders', { body: buy({}) });
    expect([answer.status, answer.body.code]).toEqual([400, 'idempotency_key_required']);
    await isUnchanged();
  });

  it('several mistakes is told all of them', async () => {
    const answer = await trader.send('POST', '/orders', {
      body: buy({ quantity: 1, side: 'hold', colour: 'red' }),
      key: 'bad',
    });
    const fields = (answer.body.errors ?? []).map(({ field }) => field);
    expect(fields.sort()).toEqual(['colour', 'quantity', 'side']);
    await isUnchanged();
  });
});

describe('a body', () => {
  it.each([
    ['that is no JSON', '{"wallet_id":'],
    ['that is no object', '[1,2]'],
    ['that is a form', 'wallet_id=1&quantity=2'],
  ])('%s is refused', async (_what, body) => {
    const answer = await trader.send('POST', '/orders', { body, key: 'bad' });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_json']);
    await isUnchanged();
  });

  it.each([
    ['of 10 MB', 10 * 1024 * 1024],
    ['of 2 MB', 2 * 1024 * 1024],
  ])('%s is refused', async (_what, bytes) => {
    const body = JSON.stringify(buy({ notes: 'x'.repeat(bytes) }));
    const answer = await trader.send('POST', '/orders', { body, key: 'bad' });
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
    await isUnchanged();
  });
});

describe('another user', () => {
  it('does not find what is not theirs, and cannot touch it', async () => {
    const stranger = await system.userNamed('stranger');
    const { order_id: orderId, position_id: positionId } = open;
    const tries: readonly (readonly [string, string, object?])[] = [
      ['GET', `/wallets/${wallet}`],
      ['GET', `/wallets/${wallet}/balances`],
      ['GET', `/orders/${orderId}`],
      ['GET', `/positions/${positionId}`],
      ['POST', `/orders/${orderId}/cancel`, {}],
      ['POST', `/positions/${positionId}/close`, {}],
      ['PATCH', `/positions/${positionId}/protection`, { stop_loss: '49999' }],
      ['POST', '/orders', buy({})],
      ['POST', '/orders', buy({ side: 'sell', position_id: positionId })],
    ];
    for (const [method, path, body] of tries) {
      const answer = await stranger.send(method, path, body === undefined ? {} : { body, key: 'strange' });
      expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 404, 'not_found']);
    }
    // The same answer as for an id that nobody has.
    const theirs = await stranger.send('GET', `/positions/${positionId}`);
    const nobodys = await stranger.send('GET', '/positions/0000000000000000000000');
    const constant = ({ body }: { body: Problem }) => ({ ...body, request_id: '' });
    expect(constant(theirs)).toEqual(constant(nobodys));
    for (const path of ['/wallets', '/orders', '/positions', `/orders?wallet_id=${wallet}`]) {
      expect(await stranger.good('GET', path)).toMatchObject({ items: [] });
    }
    await isUnchanged();
  });
});

describe('a token', () => {
  const base64 = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const withToken = (token: string) => new Trader(system.running.api, token);

  async function refused(token: string) {
    for (const [method, path] of [
      ['GET', '/positions'],
      ['POST', '/orders'],
    ] as const) {
      const answer = await withToken(token).send<{ message: string }>(
        method,
        path,
        method === 'POST' ? { body: buy({}), key: 'forged' } : {},
      );
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    await isUnchanged();
  }

  it('that has expired is refused', async () => {
    await refused(await system.running.issueToken({ sub: 'demo-user', expiresInSeconds: -60 }));
  });

  it('that is missing is refused', async () => {
    const response = await fetch(`${system.running.api}/api/v1/positions`);
    expect(response.status).toBe(401);
    assertDescribed('GET', '/api/v1/positions', response, await response.json());
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('that somebody else has signed is refused', async () => {
    const [header = '', claims = ''] = trader.token.split('.');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = sign('sha256', Buffer.from(`${header}.${claims}`), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    }).toString('base64url');
    await refused(`${header}.${claims}.${own}`);
  });

  it('whose user was changed is refused', async () => {
    const [header = '', claims = '', signature = ''] = trader.token.split('.');
    const changed = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
    await refused(`${header}.${base64({ ...changed, sub: 'stranger' })}.${signature}`);
  });

  it('without a signature, or signed with a word, is refused', async () => {
    const claims = trader.token.split('.')[1] ?? '';
    await refused(`${base64({ alg: 'none', typ: 'JWT' })}.${claims}.`);
    const header = base64({ alg: 'HS256', typ: 'JWT' });
    const signature = createHmac('sha256', 'secret').update(`${header}.${claims}`).digest('base64url');
    await refused(`${header}.${claims}.${signature}`);
  });
});

describe('a wallet with', () => {
  it.each([
    ['a negative balance', { starting_balances: { USDT: '-1' } }, 'starting_balances.USDT'],
    ['a number as balance', { starting_balances: { USDT: 100 } }, 'starting_balances.USDT'],
    ['no balance', { starting_balances: {} }, 'starting_balances'],
    ['an unknown type', { type: 'kraken' }, 'type'],
    ['an unknown field', { secret: 'x' }, 'secret'],
  ])('%s is refused', async (_what, changes, field) => {
    const body = { name: 'bad', type: 'demo', starting_balances: { USDT: '1' }, ...changes };
    const answer = await trader.send('POST', '/wallets', { body, key: 'bad' });
    expect([400, 422]).toContain(answer.status);
    expect(answer.body.field).toBe(field);
    await isUnchanged();
  });
});

describe('a change of protection with', () => {
  it.each([
    ['a stop above the market', { stop_loss: '50001' }, 422, 'stop_wrong_side', 'stop_loss'],
    ['a target below the market', { take_profit: '49000' }, 422, 'target_wrong_side', 'take_profit'],
    ['an unknown field', { stop: '45000' }, 400, 'unknown_field', 'stop'],
    ['a negative price', { stop_loss: '-1' }, 422, 'not_positive', 'stop_loss'],
  ])('%s is refused', async (_what, body, status, code, field) => {
    const answer = await trader.send('PATCH', `/positions/${open.position_id}/protection`, { body });
    expect(answer.body).toMatchObject({ status, code, field });
    await isUnchanged();
  });
});

it('an unknown path or method is not found', async () => {
  for (const [method, path] of [
    ['GET', '/nothing'],
    ['DELETE', '/orders'],
  ] as const) {
    expect((await trader.send(method, path)).status).toBe(404);
  }
});

describe('a message that cannot be worked', () => {
  const MAIN = fileURLToPath(new URL('../../infra/redrive/main.ts', import.meta.url));

  /** `npm run redrive`, beside this system. */
  async function redrive(...args: string[]): Promise<string> {
    const { port } = new URL(system.running.api);
    const { stdout } = await promisify(execFile)(nodeBinary(), [MAIN, 'executions', '--port', port, ...args]);
    return stdout;
  }
  const areThere = () => until('the dead letters', system.deadLetters, (found) => found.length === 2, 20_000);

  it('lies on the dead-letter queue with its reason, holds nothing up, and can be moved back', async () => {
    const orderId = open.order_id;
    const client = sqsClient(system.running.sqsEndpoint);
    const send = (MessageBody: string) =>
      client.send(
        new SendMessageCommand({
          QueueUrl: system.running.queueUrls['executions'],
          MessageBody,
          MessageGroupId: orderId,
          MessageDeduplicationId: MessageBody,
        }),
      );
    try {
      await send('no report');
      await send('{"v":2}');
    } finally {
      client.destroy();
    }
    await areThere();
    const { dead_letters: letters } = JSON.parse(await redrive('--json')) as {
      dead_letters: { error: string }[];
    };
    const common = {
      reason: 'unreadable',
      function: 'executions',
      receives: 1,
      order_id: orderId,
      moved: false,
    };
    // Each has a group of its own, so that they come in any order.
    const byError = letters.toSorted((a, b) => (a.error < b.error ? -1 : 1));
    expect(byError).toMatchObject([
      { ...common, error: 'no JSON', body: 'no report' },
      { ...common, error: expect.stringContaining('v: ') },
    ]);
    const { positionId } = await trader.buy(wallet, 'BTC/USDT', '0.1', { stop_loss: '45000' });
    await trader.good('POST', `/positions/${positionId}/close`, { key: 'dead-letters', body: {} });
    await trader.closed(positionId);

    expect(await redrive('--go')).toMatch(/moved 2 of 2 dead letters\n.*unreadable.*no JSON/s);
    // As unreadable as before.
    await areThere();
  });
});
