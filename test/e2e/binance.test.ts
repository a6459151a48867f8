/**
 * A Binance wallet on the simulator, end to end: keys go in by the API, orders out over REST, fills come back over the
 * user-data stream, and at the end the position's P&L is the change of the account's balance to the last digit.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';
import { soleExit } from '../support/trader.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});

afterAll(() => trader?.system.stop());

it('knows the wallet by its account, and of its keys the last four characters', async () => {
  const { uid, keys } = trader;
  expect(await trader.walletNow()).toMatchObject({
    environment: 'binance_simulator',
    account_uid: String(uid),
    key_hint: keys.apiKey.slice(-4),
  });
});

describe('a position on the simulator', () => {
  it('fills in parts by the stream, is held less the fee, is sold whole, and earns what the account earns', async () => {
    const [usdt, btc] = await Promise.all([trader.held('USDT'), trader.held('BTC')]);
    const order = await trader.order({
      wallet_id: trader.walletId,
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'limit',
      quantity: '0.02',
      limit_price: '49900',
      protection: { stop_loss: '49000', take_profit: '51000' },
    });
    expect(order.status).toBe('open');
    const asked = await trader.queries();
    const positionId = order.position_id ?? '';

    await trader.control.price('BTCUSDT', { last: '49900', size: '0.005' });
    const part = await trader.untilOrder(
      order.order_id,
      'filled in part',
      (one) => one.filled_amount === '0.005',
      PATIENCE_MS,
    );
    expect(part).toMatchObject({ status: 'partially_filled', fees_by_asset: { BTC: '0.000005' } });
    const protectedPart = await trader.until(positionId, 'protected', (p) => p.risk_management.armed);
    expect(protectedPart.status).toBe('open');

    await trader.control.price('BTCUSDT', { last: '49890', size: '1' });
    const filled = await trader.untilOrder(
      order.order_id,
      'filled',
      (one) => one.status === 'filled',
      PATIENCE_MS,
    );
    expect(filled).toMatchObject({ filled_amount: '0.02', fees_by_asset: { BTC: '0.00002' } });
    expect((await trader.held('BTC')).minus(btc).toFixed()).toBe('0.01998');
    // The stream brought both fills: all that may be asked is the one look at an order 3 s after it was taken, on a slow machine.
    expect((await trader.queries()) - asked).toBeLessThanOrEqual(1);

    await trader.control.follow('BTCUSDT');
    await trader.market('51000');
    const closed = await trader.closed(positionId, PATIENCE_MS);
    const exit = soleExit(closed);
    expect(exit).toMatchObject({ status: 'filled', filled_amount: '0.01998' });
    expect((await trader.held('BTC')).eq(btc)).toBe(true);
    const earned = (await trader.held('USDT')).minus(usdt);
    expect(earned.gt('0')).toBe(true);
    expect(closed.exit?.realized_pnl).toBe(earned.toFixed());
  });

  it('is closed by one leg of an order list, and the exchange takes back the other', async () => {
    await trader.market('50000');
    const [usdt, btc] = await Promise.all([trader.held('USDT'), trader.held('BTC')]);
    const { positionId } = await trader.buy(trader.walletId, 'BTC/USDT', '0.01', { stop_loss: '45000' });
    const list = await trader.order({
      wallet_id: trader.walletId,
      position_id: positionId,
      symbol: 'BTC/USDT',
      side: 'sell',
      type: 'oco',
      quantity: '0.00999',
      limit_price: '50500',
      stop_price: '49000',
    });
    expect(list.status).toBe('open');
    await trader.market('50600');
    const closed = await trader.closed(positionId, PATIENCE_MS);
    expect((await trader.getOrder(list.order_id)).filled_amount).toBe('0.00999');
    const legs = (await trader.control.books(trader.uid)).orders.filter(
      (one) => Number(one['orderListId']) !== -1 && one['symbol'] === 'BTCUSDT',
    );
    expect(legs.map((one) => one['status']).sort()).toEqual(['EXPIRED', 'FILLED']);
    expect((await trader.held('BTC')).eq(btc)).toBe(true);
    expect(closed.exit?.realized_pnl).toBe((await trader.held('USDT')).minus(usdt).toFixed());
  });
});

describe('the keys', () => {
  it('are in no log and in no answer', () => {
    const secrets = (trader.system.running.simulator?.accounts ?? []).flatMap(
      ({ keyType, apiKey, secret }) =>
        keyType === 'hmac'
          ? [apiKey, secret]
          : [apiKey, ...secret.split('\n').filter((line) => line.length > 40)],
    );
    expect(secrets.length).toBeGreaterThan(4);
    const said = `${trader.system.logs()}\n${trader.answers.join('\n')}`;
    expect(said.length).toBeGreaterThan(10_000);
    for (const secret of secrets) expect(said.includes(secret)).toBe(false);
    // What a signature looks like in a URL.
    expect(said).not.toMatch(/signature=[0-9a-zA-Z%]{16}/);
  });
});
