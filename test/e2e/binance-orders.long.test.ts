/**
 * Orders at the exchange beyond their types: what is previewed is what is sent, repeats are one order, refusals and
 * limits lose nothing, others' orders are left alone, and at the end ledger and exchange agree to the last digit.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../infra/local/venues/binance/contract.ts';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';
import type { Problem } from '../support/trader.ts';
import { until } from '../support/until.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

type Fields = Readonly<Record<string, unknown>>;

const entry = (more: Fields): Fields => ({
  wallet_id: trader.walletId,
  symbol: 'BTC/USDT',
  side: 'buy',
  ...more,
});
const exit = (positionId: string, more: Fields): Fields =>
  entry({ side: 'sell', position_id: positionId, ...more });

const ends = (orderId: string, status: string): Promise<OrderView> =>
  trader.untilOrder(orderId, status, (order) => order.status === status, PATIENCE_MS);

const bookOrders = async (): Promise<readonly JsonObject[]> =>
  (await trader.control.books(trader.uid)).orders;

/** The order as the exchange has it. */
async function atTheExchange({ external_order_id: id }: OrderView): Promise<JsonObject> {
  const [found, ...more] = (await bookOrders()).filter((one) => String(one['orderId']) === id);
  if (found === undefined || more.length > 0) throw new Error(`order ${id}: ${more.length + 1} or none`);
  return found;
}

const same = (shown: unknown, sent: string | null): boolean => decimal(String(shown)).eq(sent ?? '0');

const cancel = (order: OrderView): Promise<OrderView> =>
  trader.good('POST', `/orders/${order.order_id}/cancel`, { body: {} });

async function bought(quantity = '0.01'): Promise<{ positionId: string; held: string }> {
  const { positionId, position } = await trader.buy(trader.walletId, 'BTC/USDT', quantity, {
    stop_loss: '30000',
  });
  return { positionId, held: position.current.amount };
}

/** Symbols whose rules change at the exchange while the system runs; looked at again by the last test. */
describe('rules that change at run time', () => {
  const change = (symbol: string, members: Fields) =>
    trader.control.faults([{ do: { kind: 'symbol', symbol, change: members } }]);
  const limit = (symbol: string, price: string, quantity: string) =>
    trader.order(entry({ symbol, type: 'limit', quantity, limit_price: price }));

  beforeAll(async () => {
    for (const [symbol, last] of [
      ['LTCUSDT', '100'],
      ['ADAUSDT', '0.5'],
      ['DOGEUSDT', '0.1'],
    ] as const) {
      await trader.control.price(symbol, { last });
    }
  });

  it.each([
    ['a halt', 'ADA/USDT', { status: 'HALT' }, '0.45', '100', 'market_closed'],
    ['cancels only', 'DOGE/USDT', { status: 'CANCEL_ONLY' }, '0.09', '1000', 'market_closed'],
  ])('%s refuses the order, typed', async (_, symbol, members, price, quantity, code) => {
    await change(symbol.replace('/', ''), members);
    const { order_id: orderId } = await limit(symbol, price, quantity);
    const refused = await ends(orderId, 'rejected');
    expect(refused.reject?.code).toBe(code);
    expect(refused.filled_amount).toBe('0');
  });

  it('a filter refuses what its old figures would have taken', async () => {
    const shown = await trader.good<{ items: readonly JsonObject[] }>(
      'GET',
      `/symbols?wallet_id=${trader.walletId}&limit=200`,
    );
    expect(JSON.stringify(shown)).toContain('LTC/USDT');
    const info = (await (
      await fetch(`${trader.system.running.simulator?.restUrl}/api/v3/exchangeInfo?symbol=LTCUSDT`)
    ).json()) as { symbols: readonly { filters: readonly JsonObject[] }[] };
    const filters = (info.symbols[0]?.filters ?? []).map((filter) =>
      filter['filterType'] === 'MIN_NOTIONAL' ? { ...filter, minNotional: '250.00000000' } : filter,
    );
    await change('LTCUSDT', { filters });
    const { order_id: orderId } = await limit('LTC/USDT', '90', '1');
    const refused = await ends(orderId, 'rejected');
    expect(refused.reject).toMatchObject({ code: 'filter', filter: 'min_notional', venue_code: -1013 });
    expect(refused.reject?.message).toContain('MIN_NOTIONAL');
  });

  it.each([
    ['NEAR/USDT', 'symbol_halted'],
    ['LUNA/USDT', 'symbol_halted'],
    ['AVAX/USDT', 'cancel_only'],
  ])('%s, known not to trade, is refused before anything is written', async (symbol, code) => {
    const before = (await trader.orders(trader.walletId)).length;
    const { status, body } = await trader.send<Problem>('POST', '/orders', {
      key: randomUUID(),
      body: entry({ symbol, type: 'limit', quantity: '10', limit_price: '2' }),
    });
    expect([status, body.code]).toEqual([409, code]);
    expect(await trader.orders(trader.walletId)).toHaveLength(before);
  });

  it('a symbol that the account may not trade: the order is rejected, the wallet goes on', async () => {
    await trader.control.price('PEPEUSDT', { last: '0.00001' });
    const { order_id: orderId } = await limit('PEPE/USDT', '0.000009', '1000000');
    expect((await ends(orderId, 'rejected')).reject?.code).toBe('permission');
    const wallet = await until(
      'wallet checked and active',
      () => trader.walletNow(),
      ({ status, problem }) => status === 'active' && problem === null,
      PATIENCE_MS,
    );
    expect(wallet.status).toBe('active');
  });
});

describe('what is sent', () => {
  it('is what the preview showed', async () => {
    const body = entry({ type: 'limit', quantity: '0.01234567', limit_price: '49000.019' });
    const preview = await trader.good<{ accepted: boolean; sent: { quantity: string; limit_price: string } }>(
      'POST',
      '/orders/preview',
      { body },
    );
    expect(preview).toMatchObject({ accepted: true, sent: { quantity: '0.01234', limit_price: '49000.01' } });
    const order = await trader.order(body);
    expect(order.sent).toEqual(preview.sent);
    const there = await atTheExchange(order);
    expect(same(there['origQty'], preview.sent.quantity)).toBe(true);
    expect(same(there['price'], preview.sent.limit_price)).toBe(true);
    await cancel(order);
    await ends(order.order_id, 'cancelled');
  });

  it('is one order however often it is asked for', async () => {
    const before = (await bookOrders()).length;
    const body = entry({ type: 'limit', quantity: '0.01', limit_price: '48000' });
    const key = randomUUID();
    const first = await trader.order(body, key);
    expect((await trader.order(body, key)).order_id).toBe(first.order_id);
    const other = randomUUID();
    const five = await Promise.all(Array.from({ length: 5 }, () => trader.order(body, other)));
    expect(new Set(five.map(({ order_id: orderId }) => orderId)).size).toBe(1);
    const second = await ends(five[0]?.order_id ?? '', 'open');
    expect((await bookOrders()).length).toBe(before + 2);
    const { status, body: problem } = await trader.send<Problem>('POST', '/orders', {
      key,
      body: { ...body, quantity: '0.02' },
    });
    expect([status, problem.code]).toEqual([422, 'idempotency_mismatch']);
    for (const order of [first, second]) {
      await cancel(order);
      await ends(order.order_id, 'cancelled');
    }
  });

  it('rests until it is cancelled: the exchange gives it another client id, the ledger knows it all the same', async () => {
    const order = await trader.order(entry({ type: 'limit', quantity: '0.01', limit_price: '48000' }));
    const resting = await atTheExchange(order);
    expect(resting['status']).toBe('NEW');
    await cancel(order);
    const ended = await ends(order.order_id, 'cancelled');
    expect(ended.filled_amount).toBe('0');
    const there = await atTheExchange(ended);
    expect(there['status']).toBe('CANCELED');
    expect(there['clientOrderId']).toBe(`${String(resting['clientOrderId'])}c`);
    const position = await trader.position(order.position_id ?? '');
    expect(position.status).not.toBe('open');
  });
});

it('an order is placed and answered within its time', async () => {
  await trader.market('50000');
  const took: number[] = [];
  const opened: string[] = [];
  for (let n = 0; n < 15; n += 1) {
    const since = performance.now();
    const order = await trader.order(entry({ type: 'market', quantity: '0.001' }));
    took.push(performance.now() - since);
    expect(order.status).toBe('filled');
    opened.push(order.position_id ?? '');
  }
  // The target is 100 ms on an idle machine (npm run bench -- binance); tests share theirs.
  expect(took.toSorted((a, b) => a - b)[7]).toBeLessThan(1_000);
  for (const positionId of opened) {
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
  }
  for (const positionId of opened) await trader.closed(positionId, PATIENCE_MS);
});

describe('time in force', () => {
  const taken = { type: 'limit', quantity: '0.01', limit_price: '50500' };
  const missed = { type: 'limit', quantity: '0.01', limit_price: '49000' };

  it.each(['IOC', 'FOK'])('%s fills at once, or expires', async (timeInForce) => {
    await trader.market('50000');
    const good = await trader.order(entry({ ...taken, time_in_force: timeInForce }));
    expect((await ends(good.order_id, 'filled')).filled_amount).toBe('0.01');
    const bad = await trader.order(entry({ ...missed, time_in_force: timeInForce }));
    const ended = await ends(bad.order_id, 'expired');
    expect(ended.filled_amount).toBe('0');
    expect((await atTheExchange(ended))['status']).toBe('EXPIRED');
    const { position_id: positionId } = good;
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    await trader.closed(positionId ?? '', PATIENCE_MS);
  });

  it('on a thin book IOC keeps what it got, FOK gets nothing', async () => {
    await trader.control.price('BTCUSDT', { last: '50000' });
    const thin = (levels: number, levelNotional: string) =>
      trader.control.faults([{ do: { kind: 'book', symbol: 'BTCUSDT', levels, levelNotional } }]);
    await thin(1, '300');
    const all = await trader.order(
      entry({ type: 'limit', quantity: '0.01', limit_price: '50500', time_in_force: 'FOK' }),
    );
    expect((await ends(all.order_id, 'expired')).filled_amount).toBe('0');
    const some = await trader.order(
      entry({ type: 'limit', quantity: '0.01', limit_price: '50500', time_in_force: 'IOC' }),
    );
    const part = await ends(some.order_id, 'expired');
    expect(decimal(part.filled_amount).gt(0) && decimal(part.filled_amount).lt('0.01')).toBe(true);
    expect(await trader.fillsOf(part.order_id)).toEqual(await trader.tradesOf(part));
    await thin(20, '100000');
    await trader.control.follow('BTCUSDT');
    await trader.market('50001');
    await trader.good('POST', `/positions/${part.position_id}/close`, { body: {}, key: randomUUID() });
    await trader.closed(part.position_id ?? '', PATIENCE_MS);
  });
});

describe('exits of each type', () => {
  it.each([
    ['limit', { limit_price: '50500' }, '50600'],
    ['limit_maker', { limit_price: '50500' }, '50600'],
    ['stop_loss', { stop_price: '49500' }, '49400'],
    ['stop_limit', { stop_price: '49500', limit_price: '49000' }, '49400'],
    ['take_profit', { stop_price: '50500' }, '50600'],
    ['take_profit_limit', { stop_price: '50500', limit_price: '50200' }, '50600'],
    ['trailing_stop', { trailing_delta: 100 }, '49400'],
  ])('%s rests at the exchange and closes the position at its price', async (type, prices, reached) => {
    await trader.market('50000');
    const { positionId, held } = await bought();
    const order = await trader.order(exit(positionId, { type, quantity: held, ...prices }));
    expect(order).toMatchObject({ role: 'exit', status: 'open', filled_amount: '0' });
    await trader.system.trade('BTC/USDT', reached);
    const closed = await trader.closed(positionId, PATIENCE_MS);
    const filled = await ends(order.order_id, 'filled');
    expect(filled.filled_amount).toBe(held);
    expect(closed.orders.filter(({ role }) => role === 'exit')).toHaveLength(1);
  });

  it('one that is cancelled gives its quantity back, and the position is closed whole', async () => {
    await trader.market('50000');
    const { positionId, held } = await bought();
    const order = await trader.order(
      exit(positionId, { type: 'limit', quantity: held, limit_price: '55000' }),
    );
    const { status, body } = await trader.send<Problem>('POST', '/orders', {
      key: randomUUID(),
      body: exit(positionId, { type: 'market', quantity: held }),
    });
    expect([status, body.code]).toEqual([422, 'not_enough_free']);
    await cancel(order);
    await ends(order.order_id, 'cancelled');
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    expect((await trader.closed(positionId, PATIENCE_MS)).exit?.amount).toBe(held);
  });
});

describe('limits of the exchange', () => {
  it.each([
    ['too many orders (-1015)', { kind: 'too_many_orders', retryAfterSeconds: 2 }],
    ['too many requests (429)', { kind: 'rate_limited', retryAfterSeconds: 2 }],
  ])('%s: the order waits, and goes out once when it may', async (_, fault) => {
    const before = (await bookOrders()).length;
    await trader.control.faults([{ when: { operation: 'order.place' }, times: 1, do: fault }]);
    const body = entry({ type: 'limit', quantity: '0.01', limit_price: '48000' });
    const key = randomUUID();
    const order = await trader.good<OrderView>('POST', '/orders', {
      key,
      body,
      headers: { prefer: 'wait=1' },
    });
    expect(['pending', 'submitted']).toContain(order.status);
    expect((await bookOrders()).length).toBe(before);
    await ends(order.order_id, 'open');
    expect((await bookOrders()).length).toBe(before + 1);
    expect((await trader.control.armedFaults()).map(({ struck }) => struck)).toEqual([1]);
    await trader.control.clearFaults();
    await cancel(order);
    await ends(order.order_id, 'cancelled');
  });
});

describe('orders of the same account in the app', () => {
  it('are neither adopted nor disturbed', async () => {
    const before = (await trader.orders(trader.walletId)).length;
    const place = (params: Readonly<Record<string, string>>) =>
      trader.control.inTheApp<{ orderId: number }>(trader.uid, 'order.place', {
        symbol: 'BTCUSDT',
        side: 'BUY',
        quantity: '0.02',
        ...params,
      });
    const resting = await place({ type: 'LIMIT', timeInForce: 'GTC', price: '47000' });
    await place({ type: 'MARKET' });
    // Ours beside it, through to the end.
    const { positionId } = await bought();
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    await trader.closed(positionId, PATIENCE_MS);
    expect(await trader.orders(trader.walletId)).toHaveLength(before + 2);
    const still = (await bookOrders()).find((one) => one['orderId'] === resting.orderId);
    expect(still?.['status']).toBe('NEW');
    await trader.control.inTheApp(trader.uid, 'order.cancel', {
      symbol: 'BTCUSDT',
      orderId: String(resting.orderId),
    });
  });
});

describe('in the end', () => {
  it('the changed rules have been read again', async () => {
    const rulesOf = async (symbol: string): Promise<string> => {
      const { items } = await trader.good<{ items: readonly JsonObject[] }>(
        'GET',
        `/symbols?wallet_id=${trader.walletId}&limit=200`,
      );
      return JSON.stringify(items.find((one) => one['symbol'] === symbol));
    };
    await until(
      'the rules of now',
      async () => {
        trader.system.running.fireRules();
        return Promise.all(['ADA/USDT', 'DOGE/USDT', 'LTC/USDT'].map(rulesOf));
      },
      ([ada = '', doge = '', ltc = '']) =>
        ada.includes('"halt"') && doge.includes('"cancel_only"') && ltc.includes('"250"'),
      90_000,
    );
  });

  it('ledger and exchange have the same orders, fills and fees', async () => {
    const [ledger, books] = await Promise.all([
      trader.orders(trader.walletId),
      trader.control.books(trader.uid),
    ]);
    const ours = books.orders.filter((one) => String(one['clientOrderId']).startsWith('mq'));
    const sent = ledger.filter(({ external_order_id: id }) => id !== null);
    expect(sent.map(({ external_order_id: id }) => id).sort()).toEqual(
      ours.map((one) => String(one['orderId'])).sort(),
    );
    expect(
      ledger.filter((order) => order.external_order_id === null).every((o) => o.status === 'rejected'),
    ).toBe(true);
    const STATUS: Readonly<Record<string, string>> = {
      FILLED: 'filled',
      CANCELED: 'cancelled',
      EXPIRED: 'expired',
    };
    for (const order of sent) {
      const there = ours.find((one) => String(one['orderId']) === order.external_order_id) ?? {};
      expect([order.order_id, STATUS[String(there['status'])]]).toEqual([order.order_id, order.status]);
      expect(same(there['executedQty'], order.filled_amount)).toBe(true);
      expect(same(there['cummulativeQuoteQty'], order.filled_value)).toBe(true);
      expect(await trader.fillsOf(order.order_id)).toEqual(await trader.tradesOf(order));
    }
    expect(sent.length).toBeGreaterThan(20);
    expect(await trader.system.deadLetters()).toEqual([]);
  });
});
