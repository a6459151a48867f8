/**
 * A Binance wallet on the simulator, end to end: keys go in by the API, orders out over REST, fills come back over the
 * user-data stream, and at the end the position's P&L is the change of the account's balance to the last digit.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import { SimulatorControl } from '../support/simulator.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { type Answer, type Send, soleExit, Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';

/** Keeps every answer, so that they can be searched for what must not be in them. */
class RecordingTrader extends Trader {
  readonly answers: string[] = [];

  override async send<T>(method: string, path: string, send: Send = {}): Promise<Answer<T>> {
    const answer = await super.send<T>(method, path, send);
    this.answers.push(JSON.stringify([...answer.headers, answer.body]));
    return answer;
  }
}

interface WalletAnswer {
  readonly wallet_id: string;
  readonly status: string;
  readonly environment: string;
  readonly account_uid: string | null;
  readonly key_hint: string | null;
  readonly warnings: readonly string[];
}

const PATIENCE_MS = 20_000;

let system: TestSystem;
let control: SimulatorControl;
let trader: RecordingTrader;
let walletId: string;
let uid: number;

/** What the account holds of an asset, free and locked. */
async function held(asset: string): Promise<Decimal> {
  const balance = (await control.books(uid)).balances[asset];
  return balance === undefined ? decimal('0') : decimal(balance.free).plus(balance.locked);
}

/** How often the exchange was asked for an order's state. */
const queries = async (): Promise<number> => (await control.requests())['order.status']?.requests ?? 0;

/** The price at the simulator, once it has followed the system's. */
async function market(price: string): Promise<void> {
  await system.trade('BTC/USDT', price);
  await until(
    `${price} at the simulator`,
    async () => {
      const url = `${system.running.simulator?.restUrl}/api/v3/ticker/price?symbol=BTCUSDT`;
      const answer = (await (await fetch(url)).json()) as { price?: string };
      return answer.price ?? '0';
    },
    (shown) => decimal(shown).eq(price),
    PATIENCE_MS,
  );
}

beforeAll(async () => {
  system = await startTestSystem({ simulator: true });
  const { running } = system;
  const account = running.simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
  if (running.simulator === null || account === undefined) throw new Error('no simulator, or no key of it');
  control = new SimulatorControl(running.simulator.controlUrl);
  trader = new RecordingTrader(running.api, running.token);
  uid = account.uid;
  const wallet = await trader.good<WalletAnswer>('POST', '/wallets', {
    key: randomUUID(),
    body: { type: 'binance', name: 'simulator', api_key: account.apiKey, secret_key: account.secret },
  });
  walletId = wallet.wallet_id;
  const checked = await until(
    'checked',
    () => trader.good<WalletAnswer>('GET', `/wallets/${walletId}`),
    ({ status }) => status !== 'checking',
    PATIENCE_MS,
  );
  expect(checked).toMatchObject({
    status: 'active',
    environment: 'binance_simulator',
    account_uid: String(uid),
    key_hint: account.apiKey.slice(-4),
  });
  await market('50000');
  await until(
    'the trading rules',
    async () => (await trader.send('GET', `/symbols/BTC-USDT?wallet_id=${walletId}`)).status,
    (status) => status === 200,
    PATIENCE_MS,
  );
});

afterAll(() => system?.stop());

describe('a position on the simulator', () => {
  it('fills in parts by the stream, is held less the fee, is sold whole, and earns what the account earns', async () => {
    const [usdt, btc] = await Promise.all([held('USDT'), held('BTC')]);
    const order = await trader.order({
      wallet_id: walletId,
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'limit',
      quantity: '0.02',
      limit_price: '49900',
      protection: { stop_loss: '49000', take_profit: '51000' },
    });
    expect(order.status).toBe('open');
    const asked = await queries();
    const positionId = order.position_id ?? '';

    await control.price('BTCUSDT', { last: '49900', size: '0.005' });
    const part = await trader.untilOrder(
      order.order_id,
      'filled in part',
      (one) => one.filled_amount === '0.005',
      PATIENCE_MS,
    );
    expect(part).toMatchObject({ status: 'partially_filled', fees_by_asset: { BTC: '0.000005' } });
    const protectedPart = await trader.until(positionId, 'protected', (p) => p.risk_management.armed);
    expect(protectedPart.status).toBe('open');

    await control.price('BTCUSDT', { last: '49890', size: '1' });
    const filled = await trader.untilOrder(
      order.order_id,
      'filled',
      (one) => one.status === 'filled',
      PATIENCE_MS,
    );
    expect(filled).toMatchObject({ filled_amount: '0.02', fees_by_asset: { BTC: '0.00002' } });
    expect((await held('BTC')).minus(btc).toFixed()).toBe('0.01998');
    // The stream brought them: nobody had to ask for the order.
    expect(await queries()).toBe(asked);

    await control.follow('BTCUSDT');
    await market('51000');
    const closed = await trader.closed(positionId, PATIENCE_MS);
    const exit = soleExit(closed);
    expect(exit).toMatchObject({ status: 'filled', filled_amount: '0.01998' });
    expect((await held('BTC')).eq(btc)).toBe(true);
    const earned = (await held('USDT')).minus(usdt);
    expect(earned.gt('0')).toBe(true);
    expect(closed.exit?.realized_pnl).toBe(earned.toFixed());
  });

  it('is closed by one leg of an order list, and the exchange takes back the other', async () => {
    await market('50000');
    const [usdt, btc] = await Promise.all([held('USDT'), held('BTC')]);
    const { positionId } = await trader.buy(walletId, 'BTC/USDT', '0.01', { stop_loss: '45000' });
    const list = await trader.order({
      wallet_id: walletId,
      position_id: positionId,
      symbol: 'BTC/USDT',
      side: 'sell',
      type: 'oco',
      quantity: '0.00999',
      limit_price: '50500',
      stop_price: '49000',
    });
    expect(list.status).toBe('open');
    await market('50600');
    const closed = await trader.closed(positionId, PATIENCE_MS);
    expect((await trader.getOrder(list.order_id)).filled_amount).toBe('0.00999');
    const legs = (await control.books(uid)).orders.filter(
      (one) => Number(one['orderListId']) !== -1 && one['symbol'] === 'BTCUSDT',
    );
    expect(legs.map((one) => one['status']).sort()).toEqual(['EXPIRED', 'FILLED']);
    expect((await held('BTC')).eq(btc)).toBe(true);
    expect(closed.exit?.realized_pnl).toBe((await held('USDT')).minus(usdt).toFixed());
  });
});

describe('the keys', () => {
  it('are in no log and in no answer', () => {
    const secrets = (system.running.simulator?.accounts ?? []).flatMap(({ keyType, apiKey, secret }) =>
      keyType === 'hmac'
        ? [apiKey, secret]
        : [apiKey, ...secret.split('\n').filter((line) => line.length > 40)],
    );
    expect(secrets.length).toBeGreaterThan(4);
    const said = `${system.logs()}\n${trader.answers.join('\n')}`;
    expect(said.length).toBeGreaterThan(10_000);
    for (const secret of secrets) expect(said.includes(secret)).toBe(false);
    // What a signature looks like in a URL.
    expect(said).not.toMatch(/signature=[0-9a-zA-Z%]{16}/);
  });
});
