/** Every order type through API, queue, signed client and the simulated exchange, and what it says about its rules. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

const body = (over: Record<string, unknown>) => ({
  wallet_id: trader.walletId,
  symbol: 'BTC/USDT',
  side: 'buy',
  ...over,
});
const filled = (order: OrderView) =>
  trader.untilOrder(order.order_id, 'filled', (one) => one.status === 'filled', PATIENCE_MS);
const close = async (order: OrderView) => {
  await trader.good('POST', `/positions/${order.position_id}/close`, { body: {}, key: order.order_id });
  return trader.closed(order.position_id ?? '', PATIENCE_MS);
};

describe('entries', () => {
  it('by quote amount spend at most the amount', async () => {
    const before = await trader.held('USDT');
    const order = await trader.order(body({ type: 'market', quote_quantity: '500.123456789' }));
    const done = await filled(order);
    expect(done).toMatchObject({ requested_amount: '0', requested_quote_amount: '500.12345678' });
    const spent = before.minus(await trader.held('USDT'));
    expect(spent.toFixed()).toBe(done.filled_value);
    expect(spent.lessThanOrEqualTo('500.12345678') && spent.greaterThan('499')).toBe(true);
    await close(order);
  });

  it('that only make are refused where they would take, and rest where not', async () => {
    const taking = await trader.order(body({ type: 'limit_maker', quantity: '0.01', limit_price: '60000' }));
    const refused = await trader.untilOrder(
      taking.order_id,
      'rejected',
      (one) => one.status === 'rejected',
      PATIENCE_MS,
    );
    expect(refused.reject).toMatchObject({ code: 'would_match' });
    const resting = await trader.order(body({ type: 'limit_maker', quantity: '0.01', limit_price: '45000' }));
    expect(resting.status).toBe('open');
    await trader.good('POST', `/orders/${resting.order_id}/cancel`, { body: {} });
    await trader.untilOrder(resting.order_id, 'cancelled', (one) => one.status === 'cancelled', PATIENCE_MS);
  });

  it.each([
    ['stop_loss', { stop_price: '50500' }, '50600'],
    ['stop_limit', { stop_price: '50500', limit_price: '50800' }, '50600'],
    ['take_profit', { stop_price: '49500' }, '49400'],
    ['take_profit_limit', { stop_price: '49500', limit_price: '49800' }, '49400'],
    ['trailing_stop', { trailing_delta: 100 }, '51000'],
  ])('%s waits for its price and fills', async (type, prices, reached) => {
    await trader.market('50000');
    const order = await trader.order(body({ type, quantity: '0.01', ...prices }));
    expect(order).toMatchObject({ status: 'open', filled_amount: '0', type });
    // The fill itself is the next last price: only the market's own is waited for.
    await trader.system.trade('BTC/USDT', reached);
    expect(await filled(order)).toMatchObject({ filled_amount: '0.01' });
    await close(order);
    await trader.market('50000');
  });
});

describe('exits', () => {
  it('by a trailing stop at the exchange', async () => {
    await trader.market('50000');
    const { positionId } = await trader.buy(trader.walletId, 'BTC/USDT', '0.01', { stop_loss: '40000' });
    const exit = await trader.order(
      body({
        side: 'sell',
        type: 'trailing_stop',
        quantity: '0.00999',
        trailing_delta: 100,
        position_id: positionId,
      }),
    );
    expect(exit).toMatchObject({ status: 'open', role: 'exit', trailing_delta: 100 });
    await trader.market('51000');
    expect((await trader.getOrder(exit.order_id)).filled_amount).toBe('0');
    await trader.system.trade('BTC/USDT', '50400');
    expect(await filled(exit)).toMatchObject({ filled_amount: '0.00999' });
    await trader.closed(positionId, PATIENCE_MS);
  });
});

describe('the rules of the exchange', () => {
  it('are shown, and a preview holds an order against each of them without sending it', async () => {
    await trader.market('50000');
    const shown = await trader.good<{ exchange: string; order_types: string[]; filters: { kind: string }[] }>(
      'GET',
      `/symbols/BTCUSDT?wallet_id=${trader.walletId}`,
    );
    expect(shown).toMatchObject({ exchange: 'binance_simulator', status: 'trading' });
    expect(shown.order_types).toContain('oco');
    const sent = (await trader.control.requests())['order.place']?.requests ?? 0;
    const preview = await trader.good<{ accepted: boolean; checks: { rule: string; outcome: string }[] }>(
      'POST',
      '/orders/preview',
      { body: body({ type: 'limit', quantity: '0.01', limit_price: '49999.999' }) },
    );
    expect(preview).toMatchObject({ accepted: true, exchange: 'binance_simulator' });
    expect(preview.checks.map((check) => check.rule)).toEqual(
      expect.arrayContaining(['symbol_status', ...shown.filters.map((filter) => filter.kind)]),
    );
    expect(preview.checks.filter((check) => check.outcome === 'failed')).toEqual([]);
    expect((await trader.control.requests())['order.place']?.requests ?? 0).toBe(sent);
  });

  it('that every order so far has passed: nothing was refused but the maker', async () => {
    const refused = (await trader.orders(trader.walletId)).filter((order) => order.reject !== null);
    expect(refused.map((order) => order.reject?.code)).toEqual(['would_match']);
    expect(decimal((await trader.held('USDT')).toFixed()).greaterThan(0)).toBe(true);
  });
});
