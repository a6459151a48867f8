/** Keys that cannot be used, and keys that are exchanged: each has its answer, and no order or position is lost. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExchangeTrader, keysBody, PATIENCE_MS, type WalletAnswer } from '../support/exchange-trader.ts';
import type { Problem } from '../support/trader.ts';
import { until } from '../support/until.ts';

interface Keys {
  readonly apiKey: string;
  readonly secret: string;
}

/** A refused wallet is kept, so that its keys can be corrected: the answer has it. */
interface Refusal {
  readonly code: string;
  readonly field: string | null;
  readonly problem: { readonly code: string } | null;
  readonly wallet: WalletAnswer;
}

let trader: ExchangeTrader;
let uids = 100;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

const connect = (keys: Keys) =>
  trader.send<Refusal>('POST', '/wallets', {
    key: randomUUID(),
    // A busy machine may need more than the usual two seconds for the check.
    headers: { prefer: 'wait=10' },
    body: { type: 'binance', name: 'another', ...keysBody(keys) },
  });

/** A key of an account that no wallet has. */
async function freshKey(more: Readonly<Record<string, unknown>> = {}): Promise<Keys> {
  uids += 1;
  await trader.control.addAccount({ uid: uids, balances: { USDT: '1000' } });
  return trader.control.createKey<Keys>({ uid: uids, ...more });
}

/** What is wrong with the keys of a new wallet. */
async function problemOf(keys: Keys): Promise<string | undefined> {
  const { status, body } = await connect(keys);
  expect([status, body.code, body.wallet.status]).toEqual([422, 'wallet_refused', 'refused']);
  expect(await trader.walletNow(body.wallet.wallet_id)).toMatchObject({ problem: body.problem });
  return body.problem?.code;
}

it('a key that may withdraw is refused', async () => {
  expect(await problemOf(await freshKey({ enableWithdrawals: true }))).toBe('withdraw_permission');
});

it('a key that the exchange does not know, and a secret that is not its own, are refused', async () => {
  const { apiKey, secret } = await freshKey();
  expect(await problemOf({ apiKey: 'A'.repeat(64), secret })).toBe('key_rejected');
  expect(await problemOf({ apiKey, secret: 'B'.repeat(64) })).toBe('bad_signature');
});

it('a key that is none is refused by its form, before anything is asked', async () => {
  const answer = await connect({ apiKey: 'short', secret: 'C'.repeat(64) });
  expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'key_format', 'api_key']);
});

it('an account that another wallet has is refused', async () => {
  const second = await trader.control.createKey<Keys>({ uid: trader.uid });
  expect(await problemOf(second)).toBe('account_already_connected');
});

it('a revoked key marks its wallet at the next order, new keys of the account make it good again, and its position is still closed', async () => {
  const { walletId, control, keys } = trader;
  const { positionId } = await trader.buy(walletId, 'BTC/USDT', '0.01', { stop_loss: '45000' });
  await control.revokeKey(keys.apiKey);
  const order = { wallet_id: walletId, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' };
  const refused = await trader.order(order);
  const ended = await trader.untilOrder(
    refused.order_id,
    'refused',
    ({ status }) => status === 'rejected',
    PATIENCE_MS,
  );
  expect(ended.reject?.code).toBe('auth');
  const marked = await until(
    'marked',
    () => trader.walletNow(),
    ({ status }) => status === 'refused',
    PATIENCE_MS,
  );
  expect(marked.problem?.code).toBe('key_rejected');
  const blocked = await trader.send<Problem>('POST', '/orders', { body: order, key: randomUUID() });
  expect(blocked.body.code).toBe('wallet_not_ready');

  // The stop is reached while no key works: the exit waits for one.
  await trader.market('44000');
  await trader.until(positionId, 'closing', ({ status }) => status === 'closing', PATIENCE_MS);

  const fresh = await control.createKey<Keys>({ uid: trader.uid });
  await trader.good('PUT', `/wallets/${walletId}/keys`, { key: randomUUID(), body: keysBody(fresh) });
  const well = await until(
    'active again',
    () => trader.walletNow(),
    ({ status }) => status === 'active',
    PATIENCE_MS,
  );
  expect(well.problem).toBeNull();
  const closed = await trader.closed(positionId, 90_000);
  expect(closed.exit?.realized_pnl).toMatch(/^-/);
});
