/**
 * What an exchange and a network do to an order, end to end: answers lost, sockets cut, reports doubled, dropped and
 * out of order, a clock that is off. Afterwards the ledger is what the exchange's books are.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';

let trader: ExchangeTrader;

const folder = mkdtempSync(join(tmpdir(), 'moniqo-faults-'));

/** An exchange that does not tell its rules at first: three questions of one run, three of the next, one more. */
beforeAll(async () => {
  const script = join(folder, 'start.json');
  const refusal = { kind: 'server_error', status: 503, executed: false };
  writeFileSync(script, JSON.stringify([{ when: { operation: 'exchangeInfo' }, times: 7, do: refusal }]));
  trader = await ExchangeTrader.start({ simulatorArgs: ['--faults', script] });
});
afterAll(async () => {
  await trader?.system.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('the trading rules are there soon, though the first two readings of them failed', () => {
  const log = trader.system.log('symbols');
  // More on a busy machine, where a run asks less often.
  expect(log.match(/the trading rules could not be read: .*/g)?.length).toBeGreaterThanOrEqual(2);
  expect(log).toContain('"code":"SYMBOLS_IMPORTED"');
});

beforeEach(async () => {
  await trader.control.follow('BTCUSDT');
  await trader.market('50000');
});
afterEach(async () => {
  const armed = await trader.control.armedFaults();
  await trader.control.clearFaults();
  // A fault that never struck has proven nothing.
  expect(armed.filter(({ struck }) => struck === 0)).toEqual([]);
});

const entry = (more: Readonly<Record<string, unknown>>) =>
  trader.order({ wallet_id: trader.walletId, symbol: 'BTC/USDT', side: 'buy', ...more });

/** A buy of 0.02 that rests just below the market. */
const resting = async (): Promise<OrderView> => {
  const order = await entry({ type: 'limit', quantity: '0.02', limit_price: '49900' });
  return trader.untilOrder(order.order_id, 'open', ({ status }) => status === 'open', PATIENCE_MS);
};

const isFilled = ({ status }: OrderView): boolean => status === 'filled';

/** The order ends filled, once, with the trades that the exchange has of it. */
async function endsAsInTheBooks({ order_id: orderId }: OrderView): Promise<OrderView> {
  const order = await trader.untilOrder(orderId, 'filled', isFilled, PATIENCE_MS);
  const trades = await trader.tradesOf(order);
  expect(trades.length).toBeGreaterThan(0);
  expect(await trader.fillsOf(orderId)).toEqual(trades);
  return order;
}

/** Orders of ours at the exchange that were made for this one: one, unless it was sent twice. */
const placedFor = async ({ external_order_id: id }: OrderView, before: number): Promise<void> => {
  const { orders } = await trader.control.books(trader.uid);
  expect(orders.filter((one) => String(one['orderId']) === id)).toHaveLength(1);
  expect(orders).toHaveLength(before + 1);
};
const ordersNow = async (): Promise<number> => (await trader.control.books(trader.uid)).orders.length;

const placementsRefused = async (): Promise<number> =>
  (await trader.control.requests())['order.place']?.refused ?? 0;

it('an order whose answer is lost is found, not sent again', async () => {
  const before = await ordersNow();
  await trader.control.faults([{ when: { operation: 'order.place' }, times: 1, do: { kind: 'lose_reply' } }]);
  const order = await endsAsInTheBooks(await entry({ type: 'market', quantity: '0.01' }));
  await placedFor(order, before);
});

it('an order that the exchange executed and answered with an error is found, not sent again', async () => {
  const before = await ordersNow();
  await trader.control.faults([
    {
      when: { operation: 'order.place' },
      times: 1,
      do: { kind: 'server_error', status: 503, executed: true },
    },
  ]);
  const order = await endsAsInTheBooks(await entry({ type: 'market', quantity: '0.01' }));
  await placedFor(order, before);
});

it('fills that happen while the user-data socket is down are in the ledger after it is up again', async () => {
  const order = await resting();
  await trader.control.price('BTCUSDT', { last: '49900', size: '0.005' });
  await trader.untilOrder(order.order_id, 'in part', (one) => one.filled_amount === '0.005', PATIENCE_MS);
  // The socket breaks instead of telling the second fill.
  await trader.control.faults([
    { when: { execution: 'TRADE' }, times: 1, do: { kind: 'disconnect', event: 'before' } },
  ]);
  await trader.control.price('BTCUSDT', { last: '49900', size: '0.005' });
  await trader.control.price('BTCUSDT', { last: '49890', size: '1' });
  await endsAsInTheBooks(order);
});

it('reports that come twice and out of order count once, in any order', async () => {
  await trader.listensToUserData();
  await trader.control.faults([
    { when: { execution: 'TRADE' }, do: { kind: 'duplicate_event' } },
    { when: { event: 'executionReport' }, do: { kind: 'reorder_events', count: 3, ms: 1000 } },
  ]);
  const order = await resting();
  for (const size of ['0.005', '0.004', '0.003', '1']) {
    await trader.control.price('BTCUSDT', { last: '49900', size });
  }
  await endsAsInTheBooks(order);
});

it('a report that never comes is asked for', async () => {
  const order = await resting();
  await trader.control.faults([{ when: { execution: 'TRADE' }, do: { kind: 'drop_event' } }]);
  await trader.control.price('BTCUSDT', { last: '49890', size: '1' });
  // The market is past the limit here too, and nothing was heard: the order is due for a query.
  await trader.system.trade('BTC/USDT', '49800');
  await endsAsInTheBooks(order);
});

it('a clock that is ten seconds off is measured anew, and the order goes out once', async () => {
  const before = await ordersNow();
  const refused = await placementsRefused();
  await trader.control.faults([{ do: { kind: 'clock_skew', ms: 10_000 } }]);
  try {
    const order = await endsAsInTheBooks(await entry({ type: 'market', quantity: '0.01' }));
    await placedFor(order, before);
    expect(await placementsRefused()).toBe(refused + 1);
  } finally {
    await trader.control.faults([{ do: { kind: 'clock_skew', ms: 0 } }]);
  }
});
