/** Ledger against exchange on the laptop system: after a gap, on demand, and when coins are sold in the app. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { StatementView } from '../../shared/usecases/views/reconcile-view.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';
import { until } from '../support/until.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

interface Answer {
  readonly done: boolean;
  readonly statement: StatementView | null;
}

const path = () => `/wallets/${trader.walletId}`;
const ask = () =>
  trader.send<Answer>('POST', `${path()}/reconcile`, { body: {}, headers: { prefer: 'wait=10' } });
const latest = () => trader.good<{ statement: StatementView | null }>('GET', `${path()}/reconciliation`);

/** Asked again and again: a pass in the middle of something says so. */
const agreed = () =>
  until(
    'in agreement',
    async () => (await ask()).body.statement,
    (statement) => statement?.status === 'in_agreement',
    PATIENCE_MS,
  );

describe('ledger and exchange', () => {
  it('were compared when the wallet was first listened to, and agree on demand', async () => {
    await until('compared', latest, ({ statement }) => statement !== null, PATIENCE_MS);
    await trader.buy(trader.walletId, 'BTC/USDT', '0.02', { stop_loss: '30000' });
    const boughtAt = Date.now();
    const statement = await agreed();
    expect(statement).toMatchObject({ in_agreement: true, differences: [] });
    // A pass that a gap of the stream had asked for already, and that began later, answers as well.
    expect(['asked', 'gap']).toContain(statement?.reason);
    expect(Date.parse(statement?.started_at ?? '')).toBeGreaterThanOrEqual(boughtAt);
    const btc = statement?.assets.find(({ asset }) => asset === 'BTC');
    expect(decimal(btc?.venue ?? '0').eq(await trader.held('BTC'))).toBe(true);
  });

  it('agree soon after a fill that no stream told of', async () => {
    await trader.control.faults([{ do: { kind: 'drop_event' }, when: { event: 'executionReport' } }]);
    const { order_id: orderId } = await trader.order({
      ...{ wallet_id: trader.walletId, symbol: 'BTC/USDT', side: 'buy', type: 'limit' },
      ...{ quantity: '0.01', limit_price: '49900' },
    });
    await trader.control.price('BTCUSDT', { last: '49800' });
    await until(
      'filled',
      async () => {
        await ask();
        return trader.getOrder(orderId);
      },
      ({ status }) => status === 'filled',
      PATIENCE_MS,
    );
    await trader.control.clearFaults();
    expect(await agreed()).toMatchObject({ in_agreement: true });
  });

  it('shows what others have placed and sold, and whose it is', async () => {
    await trader.control.inTheApp(trader.uid, 'order.place', {
      ...{ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' },
      ...{ quantity: '0.01', price: '20000' },
    });
    const statement = await agreed();
    expect(statement?.foreign_orders).toMatchObject([{ symbol: 'BTC/USDT', side: 'buy', price: '20000' }]);
    const { items } = await trader.good<{ items: StatementView[] }>(
      'GET',
      `${path()}/reconciliations?limit=5`,
    );
    expect(items[0]?.started_at).toBe(statement?.started_at);
    expect(items.length).toBeGreaterThan(1);
  });

  it('is nobody else s to ask', async () => {
    expect((await trader.send('POST', '/wallets/nobody/reconcile', { body: {} })).status).toBe(404);
    expect((await trader.send('GET', '/wallets/nobody/reconciliation')).status).toBe(404);
    expect((await trader.send('GET', `${path()}/reconciliations?to=yesterday`)).status).toBe(400);
  });
});
