/**
 * Amending, cancelling all and repeating, through the API of the laptop system: what the exchange has in the end is what
 * the ledger says.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../infra/local/venues/binance/contract.ts';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';
import type { Problem } from '../support/trader.ts';

let trader: ExchangeTrader;
beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

type Fields = Readonly<Record<string, unknown>>;
/** The answer is awaited for longer than usual: a busy machine is no failure. */
const PATIENT = { prefer: 'wait=10' };
type AmendAnswer = OrderView & { readonly replacement: OrderView | null };

const rest = async (more: Fields = {}): Promise<OrderView> => {
  const bid = { wallet_id: trader.walletId, symbol: 'BTC/USDT', side: 'buy', type: 'limit' };
  const { order_id: id } = await trader.order({ ...bid, quantity: '0.01', limit_price: '48000', ...more });
  return ends(id, 'open');
};
const ends = (orderId: string, status: string): Promise<OrderView> =>
  trader.untilOrder(orderId, status, (order) => order.status === status, PATIENCE_MS);
const amend = (order: OrderView, body: Fields, key: string = randomUUID()) =>
  trader.send<AmendAnswer>('PATCH', `/orders/${order.order_id}`, { body, key, headers: PATIENT });
const there = async ({ external_order_id: id }: OrderView): Promise<JsonObject> => {
  const { orders } = await trader.control.books(trader.uid);
  return orders.find((one) => String(one['orderId']) === id) ?? {};
};
const ordersThere = async (): Promise<number> => (await trader.control.books(trader.uid)).orders.length;
const has = (row: JsonObject, name: string, amount: string): boolean =>
  decimal(String(row[name])).eq(decimal(amount));
/** The simulator's symbol as it is, but for what is given. */
const rule = (change: Fields) =>
  trader.control.faults([{ do: { kind: 'symbol', symbol: 'BTCUSDT', change } }]);

describe('amending', () => {
  it('less of it keeps the order, its ids and its place', async () => {
    const order = await rest();
    const before = await there(order);
    const { status, body } = await amend(order, { quantity: '0.004' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      order_id: order.order_id,
      status: 'open',
      requested_amount: '0.004',
      amendment: { way: 'in_place', outcome: 'done' },
      replaced_by: null,
      replacement: null,
    });
    const now = await there(order);
    expect([now['clientOrderId'], now['status'], has(now, 'origQty', '0.004')]).toEqual([
      before['clientOrderId'],
      'NEW',
      true,
    ]);
    expect(body.exchange_response?.truncated).toBe(false);
    expect(body.exchange_response?.text).toContain(String(before['clientOrderId']));
    await trader.good('POST', `/orders/${order.order_id}/cancel`, { body: {} });
    await ends(order.order_id, 'cancelled');
  });

  it('another price is a new order, linked both ways; the position goes on with it', async () => {
    const order = await rest({ protection: { stop_loss: '30000' } });
    const { status, body } = await amend(order, { limit_price: '48500', quantity: '0.02' });
    expect(status).toBe(200);
    const { replacement } = body;
    expect(body).toMatchObject({ status: 'cancelled', amendment: { way: 'new_order', outcome: 'replaced' } });
    expect(replacement).toMatchObject({
      order_id: body.replaced_by,
      replaces: order.order_id,
      requested_amount: '0.02',
      limit_price: '48500',
    });
    const heir = await ends(body.replaced_by ?? '', 'open');
    expect([(await there(order))['status'], has(await there(heir), 'price', '48500')]).toEqual([
      'CANCELED',
      true,
    ]);
    await trader.market('48400');
    await ends(heir.order_id, 'filled');
    const position = await trader.until(
      heir.position_id ?? '',
      'open',
      (p) => p.status === 'open',
      PATIENCE_MS,
    );
    expect(position.entry.order_ids).toEqual([order.order_id, heir.order_id]);
    expect(position.entry.amount).toBe('0.02');
    await trader.market('50000');
    await trader.good('POST', `/positions/${heir.position_id}/close`, { body: {}, key: randomUUID() });
    await trader.closed(heir.position_id ?? '', PATIENCE_MS);
    expect(await trader.fillsOf(heir.order_id)).toEqual(await trader.tradesOf(heir));
  });

  it('what the exchange does not change in its place is replaced', async () => {
    const order = await rest();
    // The rules as we know them allow it: only the exchange says no.
    await rule({ amendAllowed: false });
    const { body } = await amend(order, { quantity: '0.004' });
    await rule({ amendAllowed: true });
    const heir = await ends(body.replaced_by ?? '', 'open');
    expect(heir.requested_amount).toBe('0.004');
    expect(body.amendment).toMatchObject({ way: 'new_order', outcome: 'replaced' });
    await trader.good('POST', `/orders/${heir.order_id}/cancel`, { body: {} });
    await ends(heir.order_id, 'cancelled');
  });

  it('an answer that is lost is made up for by a look', async () => {
    const order = await rest();
    const when = { operation: 'order.amend.keepPriority' };
    await trader.control.faults([{ when, times: 1, do: { kind: 'lose_reply' } }]);
    await amend(order, { quantity: '0.004' });
    const amended = await trader.untilOrder(
      order.order_id,
      'amended',
      (o) => o.amendment?.outcome === 'done',
      PATIENCE_MS,
    );
    expect([amended.requested_amount, amended.replaced_by]).toEqual(['0.004', null]);
    await trader.good('POST', `/orders/${order.order_id}/cancel`, { body: {} });
    await ends(order.order_id, 'cancelled');
  });

  it('in the app shows as what it is', async () => {
    const order = await rest();
    const params = { symbol: 'BTCUSDT', orderId: order.external_order_id ?? '' };
    await trader.control.inTheApp(trader.uid, 'order.amend.keepPriority', { ...params, newQty: '0.006' });
    const less = await trader.untilOrder(
      order.order_id,
      'less',
      (o) => o.requested_amount === '0.006',
      PATIENCE_MS,
    );
    expect(less.status_history.at(-1)).toMatchObject({ cause: 'venue', status: 'open' });
    await trader.control.inTheApp(trader.uid, 'order.cancel', params);
    const gone = await trader.untilOrder(
      order.order_id,
      'gone',
      (o) => o.status === 'cancelled',
      PATIENCE_MS,
    );
    expect(gone.status_history.at(-1)).toMatchObject({
      cause: 'venue',
      reason: expect.stringContaining('not by this system'),
    });
  });
});

describe('repeats under a key', () => {
  it('ten at once are one amendment, one close, one order', async () => {
    const order = await rest();
    const before = await ordersThere();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => amend(order, { limit_price: '48600' }, key)),
    );
    expect(answers.map(({ status }) => status).every((status) => status === 200 || status === 202)).toBe(
      true,
    );
    const { replaced_by: heirId } = await trader.untilOrder(
      order.order_id,
      'replaced',
      (o) => o.replaced_by !== null,
      PATIENCE_MS,
    );
    await ends(heirId ?? '', 'open');
    expect(await ordersThere()).toBe(before + 1);
    const other = await trader.send<Problem>('PATCH', `/orders/${order.order_id}`, {
      body: { limit_price: '48700' },
      key,
    });
    expect([other.status, other.body.code, other.body.field]).toEqual([
      422,
      'idempotency_mismatch',
      'Idempotency-Key',
    ]);
    await trader.good('POST', `/orders/${heirId}/cancel`, { body: {} });
  });

  it('ten part closes at once sell once', async () => {
    const { positionId } = await trader.buy(trader.walletId, 'BTC/USDT', '0.02', { stop_loss: '30000' });
    const before = await ordersThere();
    const key = randomUUID();
    const body = { quantity: '0.005' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        trader.send<{ exit: OrderView }>('POST', `/positions/${positionId}/close`, { body, key }),
      ),
    );
    // One that comes late may find it sold.
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 202)).toEqual(
      [],
    );
    expect(new Set(answers.map((answer) => answer.body.exit.order_id)).size).toBe(1);
    await ends(answers[0]?.body.exit.order_id ?? '', 'filled');
    expect(await ordersThere()).toBe(before + 1);
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    await trader.closed(positionId, PATIENCE_MS);
  });
});

describe('cancelling all', () => {
  it("cancels the wallet's orders and nothing that others have placed", async () => {
    const { positionId } = await trader.buy(trader.walletId, 'BTC/USDT', '0.02', { stop_loss: '30000' });
    const sell = { side: 'sell', position_id: positionId, limit_price: '60000', quantity: '0.005' };
    const ours = [await rest(), await rest({ limit_price: '47500' }), await rest(sell)];
    const foreign = await trader.control.inTheApp<{ orderId: number }>(trader.uid, 'order.place', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price: '47000',
      quantity: '0.02',
    });
    const key = randomUUID();
    const body = { wallet_id: trader.walletId };
    const answer = await trader.send<{
      orders: readonly { order_id: string; status: string }[];
      not_cancelled: readonly unknown[];
    }>('POST', '/orders/cancel-all', { body, key, headers: PATIENT });
    expect([answer.status, answer.body.not_cancelled]).toEqual([200, []]);
    expect(answer.body.orders.map(({ order_id: id, status }) => [id, status]).sort()).toEqual(
      ours.map(({ order_id: id }) => [id, 'cancelled']).sort(),
    );
    const later = await rest();
    const again = await trader.send('POST', '/orders/cancel-all', { body, key, headers: PATIENT });
    expect(again).toMatchObject({ status: 200, body: { repeated: true } });
    expect((await trader.getOrder(later.order_id)).status).toBe('open');
    const { orders } = await trader.control.books(trader.uid);
    expect(orders.find((one) => one['orderId'] === foreign.orderId)?.['status']).toBe('NEW');
    const open = orders.filter(
      (one) => one['status'] === 'NEW' && String(one['clientOrderId']).startsWith('mq'),
    );
    expect(open.map((one) => String(one['orderId']))).toEqual([later.external_order_id]);
    await trader.send('POST', '/orders/cancel-all', { body: { ...body, symbol: 'BTCUSDT', side: 'buy' } });
    await ends(later.order_id, 'cancelled');
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    await trader.closed(positionId, PATIENCE_MS);
  });

  it('in the end no message is left behind', async () => {
    expect(await trader.system.deadLetters()).toEqual([]);
  });
});
