/**
 * The life of wallets at an exchange: keys of each kind connect, trade and hear of their fills; keys are wiped,
 * exchanged, taken away and allowed again; nothing that is owed to a position is lost meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decimal, sum } from '../../shared/domain/money/decimal.ts';
import { ExchangeTrader, keysBody, PATIENCE_MS, type WalletAnswer } from '../support/exchange-trader.ts';
import { exitsOf, type Problem } from '../support/trader.ts';
import { until } from '../support/until.ts';

interface Keys {
  readonly uid: number;
  readonly apiKey: string;
  readonly secret: string;
}

type Body = Problem & WalletAnswer & { readonly problem: { readonly code: string } | null };

let trader: ExchangeTrader;
let uids = 200;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

const WAIT = { prefer: 'wait=10' };

const bodyOf = (keys: Keys) =>
  keys.secret.includes('PRIVATE KEY') ? { api_key: keys.apiKey, private_key: keys.secret } : keysBody(keys);

/** A key of an account that no wallet has. */
async function freshKey(more: Readonly<Record<string, unknown>> = {}): Promise<Keys> {
  uids += 1;
  await trader.control.addAccount({ uid: uids, balances: { USDT: '10000' } });
  return trader.control.createKey<Keys>({ uid: uids, ...more });
}

const connect = (keys: Keys) =>
  trader.send<Body>('POST', '/wallets', {
    key: randomUUID(),
    headers: WAIT,
    body: { type: 'binance', name: 'another', ...bodyOf(keys) },
  });

async function connected(keys: Keys): Promise<Body> {
  const { status, body } = await connect(keys);
  expect([status, body.status, body.account_uid]).toEqual([201, 'active', String(keys.uid)]);
  return body;
}

const change = (walletId: string, keys: Keys) =>
  trader.send<Body>('PUT', `/wallets/${walletId}/keys`, {
    key: randomUUID(),
    headers: WAIT,
    body: bodyOf(keys),
  });

const test = (walletId: string) =>
  trader.send<Body>('POST', `/wallets/${walletId}/test`, { body: {}, headers: WAIT });

const entry = (walletId: string) => ({
  wallet_id: walletId,
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'market',
  quantity: '0.01',
});

const bought = async (walletId: string): Promise<string> =>
  (await trader.buy(walletId, 'BTC/USDT', '0.01', { stop_loss: '45000' })).positionId;

async function close(positionId: string): Promise<void> {
  await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
  await trader.closed(positionId, PATIENCE_MS);
}

/** An order's price was passed so long ago without a report: it is asked for (design section 10). */
const ASKED_AFTER_MS = 3_000;

interface WithStream {
  readonly stream: {
    readonly subscribed_since: string | null;
    readonly last_error: unknown;
    readonly reports_sent: number;
    readonly buffered: number;
  } | null;
}

describe('keys of each kind', () => {
  it.each(['hmac', 'ed25519', 'rsa'] as const)(
    '%s: connects, buys, is told of its fills, sells',
    async (type) => {
      const keys = await freshKey({ type });
      const wallet = await connected(keys);
      expect(wallet).toMatchObject({ key_type: type, key_hint: keys.apiKey.slice(-4), problem: null });
      expect(wallet.warnings).toEqual(['no_ip_restriction']);
      const { wallet_id: walletId } = wallet;
      await until(
        'subscribed',
        async () => {
          const path = '/health/services';
          const { binance } = await trader.good<{ binance: { user_data: { subscribed: number } } }>(
            'GET',
            path,
          );
          return binance.user_data.subscribed;
        },
        (subscribed) => subscribed >= uids - 199,
        PATIENCE_MS,
      );
      await close(await bought(walletId));
      // What rests and fills later is heard by the stream.
      const order = await trader.order({ ...entry(walletId), type: 'limit', limit_price: '49900' });
      expect(order.status).toBe('open');
      const asked = await trader.queries();
      const from = performance.now();
      await trader.market('49800');
      const isFilled = ({ status }: { readonly status: string }): boolean => status === 'filled';
      await trader.untilOrder(order.order_id, 'filled', isFilled, PATIENCE_MS);
      // Whose news have not come within 3 s is asked for, as it should be.
      if (performance.now() - from < ASKED_AFTER_MS) expect(await trader.queries()).toBe(asked);
      await trader.market('50000');
      await close(order.position_id ?? '');
      const { orders, trades } = await trader.control.books(keys.uid);
      expect(orders.map((one) => one['status'])).toEqual(['FILLED', 'FILLED', 'FILLED', 'FILLED']);
      const booked = (await trader.orders(walletId)).reduce((sum, { fill_count: count }) => sum + count, 0);
      expect(booked).toBe(trades.length);
      // Each order's own news at least; the streamer says so every 5 s.
      const stream = await until(
        'its stream',
        async () => (await trader.good<WithStream>('GET', `/wallets/${walletId}`)).stream,
        (said) => said !== null && said.reports_sent >= trades.length,
        PATIENCE_MS,
      );
      expect(stream).toMatchObject({ last_error: null, buffered: 0 });
      expect(stream?.subscribed_since).not.toBeNull();
    },
  );

  it('bound to this address: no warning; to another: refused', async () => {
    const here = await connected(await freshKey({ ipWhitelist: ['127.0.0.1'] }));
    expect(here.warnings).toEqual([]);
    const { status, body } = await connect(await freshKey({ ipWhitelist: ['203.0.113.7'] }));
    expect([status, body.code]).toEqual([422, 'wallet_refused']);
    expect(body.problem?.code).toMatch(/^(key_rejected|ip_not_allowed)$/);
  });

  it.each([
    ['a private key that is no PEM', { api_key: 'A'.repeat(64), private_key: 'no pem' }, 'private_key'],
    ['a secret that is none', { api_key: 'A'.repeat(64), secret_key: 'short' }, 'secret_key'],
    ['no secret at all', { api_key: 'A'.repeat(64) }, null],
  ])('%s: refused by its form, with the field, and nothing stored', async (_, keys, field) => {
    const count = async () =>
      (await trader.good<{ items: readonly unknown[] }>('GET', '/wallets?limit=200')).items.length;
    const before = await count();
    const { status, body } = await trader.send<Problem>('POST', '/wallets', {
      key: randomUUID(),
      body: { type: 'binance', name: 'none', ...keys },
    });
    expect([status, body.code]).toEqual([422, 'key_format']);
    if (field !== null) expect(body.field).toBe(field);
    expect(await count()).toBe(before);
  });

  it('one that may withdraw is refused, and nothing of it is kept', async () => {
    const { body } = await connect(await freshKey({ enableWithdrawals: true }));
    const walletId = (body as unknown as { wallet: WalletAnswer }).wallet.wallet_id;
    expect(body.problem?.code).toBe('withdraw_permission');
    const { running } = trader.system;
    const client = new DynamoDBClient({
      endpoint: running.dynamoEndpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const { Items = [] } = await client.send(
      new ScanCommand({ TableName: running.tableNames['wallets'], ConsistentRead: true }),
    );
    client.destroy();
    const sealedOf = (id: string): readonly string[] =>
      Items.map((item) => JSON.stringify(item))
        .filter((text) => text.includes(id))
        .flatMap((text) =>
          [...text.matchAll(/"sealedKeys":\{"S":"([^"]*)"\}/g)].map(([, sealed = '']) => sealed),
        );
    expect(sealedOf(walletId)).toEqual(['']);
    expect(sealedOf(trader.walletId).map((sealed) => sealed.length > 0)).toEqual([true]);
    const tested = await test(walletId);
    expect([tested.status, tested.body.code]).toEqual([409, 'keys_missing']);
  });
});

describe('new keys', () => {
  it('of the same account, of another kind, are taken over; of another account they are not', async () => {
    const first = await freshKey();
    const { wallet_id: walletId } = await connected(first);
    const second = await trader.control.createKey<Keys>({ uid: first.uid, type: 'ed25519' });
    const taken = await change(walletId, second);
    expect([taken.status, taken.body.key_hint]).toEqual([200, second.apiKey.slice(-4)]);
    await trader.control.revokeKey(first.apiKey);
    await close(await bought(walletId));

    const { status, body } = await change(walletId, await freshKey());
    expect([status, body.code, body.problem?.code]).toEqual([422, 'keys_refused', 'account_changed']);
    expect(await trader.walletNow(walletId)).toMatchObject({
      status: 'active',
      key_hint: second.apiKey.slice(-4),
    });
    await close(await bought(walletId));
  });

  it('of an account that another wallet has: a second wallet is refused, until the first is deleted', async () => {
    const keys = await freshKey();
    const { wallet_id: walletId } = await connected(keys);
    const again = await trader.control.createKey<Keys>({ uid: keys.uid });
    const refused = await connect(again);
    expect([refused.status, refused.body.problem?.code]).toEqual([422, 'account_already_connected']);
    expect((await trader.send('DELETE', `/wallets/${walletId}`)).status).toBe(200);
    expect((await connected(again)).wallet_id).not.toBe(walletId);
    const { status, body } = await trader.send<Problem>('POST', '/orders', {
      key: randomUUID(),
      body: entry(walletId),
    });
    expect([status, body.code]).toEqual([409, 'wallet_not_ready']);
  });
});

describe('a wallet', () => {
  it('with an open position, or an order that rests, is not deleted', async () => {
    const { wallet_id: walletId } = await connected(await freshKey());
    const positionId = await bought(walletId);
    const kept = await trader.send<Problem>('DELETE', `/wallets/${walletId}`);
    expect([kept.status, kept.body.code]).toEqual([409, 'wallet_in_use']);
    expect(JSON.stringify(kept.body)).toContain(positionId);
    await close(positionId);
    const resting = await trader.order({ ...entry(walletId), type: 'limit', limit_price: '40000' });
    const still = await trader.send<Problem>('DELETE', `/wallets/${walletId}`);
    expect([still.status, still.body.code]).toEqual([409, 'wallet_in_use']);
    await trader.good('POST', `/orders/${resting.order_id}/cancel`, { body: {} });
    const isCancelled = ({ status }: { readonly status: string }): boolean => status === 'cancelled';
    await trader.untilOrder(resting.order_id, 'cancelled', isCancelled, PATIENCE_MS);
    await until(
      'deleted',
      async () => (await trader.send('DELETE', `/wallets/${walletId}`)).status,
      (status) => status === 200,
      PATIENCE_MS,
    );
    expect(await trader.orders(walletId)).toHaveLength(3);
  });

  it('that is paused takes no entries, yet closes and protects; resumed it trades again', async () => {
    const { wallet_id: walletId } = await connected(await freshKey());
    const [manual, stopped] = [await bought(walletId), await bought(walletId)];
    const resting = await trader.order({ ...entry(walletId), type: 'limit', limit_price: '40000' });
    const paused = await trader.good<{ paused: boolean; pause_reason: string }>(
      'POST',
      `/wallets/${walletId}/pause`,
      { body: { reason: 'lunch' } },
    );
    expect(paused).toMatchObject({ paused: true, pause_reason: 'lunch', status: 'active' });
    const { status, body } = await trader.send<Problem>('POST', '/orders', {
      key: randomUUID(),
      body: entry(walletId),
    });
    expect([status, body.code]).toEqual([409, 'wallet_paused']);
    await close(manual);
    await trader.good('POST', `/orders/${resting.order_id}/cancel`, { body: {} });
    await trader.market('44000');
    expect((await trader.closed(stopped, PATIENCE_MS)).exit?.reason).toBe('stop_loss');
    await trader.market('50000');
    await trader.good('POST', `/wallets/${walletId}/resume`, { body: {} });
    await close(await bought(walletId));
  });
});

it('a key that ends with a stop open: the wallet shows it at once, and the exit goes out when the key works again', async () => {
  const keys = await freshKey();
  const { wallet_id: walletId } = await connected(keys);
  const positionId = await bought(walletId);
  await trader.control.revokeKey(keys.apiKey);
  const tested = await test(walletId);
  expect([tested.status, tested.body.code, tested.body.problem?.code]).toEqual([
    422,
    'wallet_refused',
    'key_rejected',
  ]);
  await trader.market('44000');
  const waiting = await trader.until(
    positionId,
    'closing, its exit owed',
    (position) => position.status === 'closing' && exitsOf(position).length > 0,
    PATIENCE_MS,
  );
  expect(waiting.exit?.reason ?? null).not.toBe('manual');
  expect((await trader.walletNow(walletId)).status).toBe('refused');
  // The same key is allowed again at the exchange, and nobody tells us but a test of the wallet.
  await trader.control.createKey({ uid: keys.uid, apiKey: keys.apiKey, secret: keys.secret });
  expect((await test(walletId)).status).toBe(200);
  const closed = await trader.closed(positionId, 90_000);
  expect(closed.exit?.reason).toBe('stop_loss');
  const { orders } = await trader.control.books(keys.uid);
  // On a slow machine more tries are refused meanwhile, and after two the rest is sold in parts. The fee was in coins.
  expect(new Set(orders.map((one) => one['status']))).toEqual(new Set(['FILLED']));
  const sold = orders
    .filter((one) => one['side'] === 'SELL')
    .map((one) => decimal(String(one['executedQty'])));
  expect(sum(sold).toFixed()).toBe('0.00999');
  await trader.market('50000');
});
