import { describe, expect, it } from 'vitest';
import type { Counters } from '../../../../shared/ports/trigger-index.ts';
import { makeCountDeadLetters } from '../../../../shared/usecases/count-dead-letters.ts';
import { statsJson, Tally } from '../../../../shared/usecases/stream-prices/tally.ts';
import { makeReadHealth } from '../../../../shared/usecases/views/health-view.ts';
import { orderView } from '../../../../shared/usecases/views/order-view.ts';
import { makeReadOrders } from '../../../../shared/usecases/views/read-orders.ts';
import { MemoryLedger } from '../../../support/fakes/memory-ledger.ts';
import {
  accepted,
  apply,
  claimed,
  d,
  filled,
  NO_PRICES,
  newFill,
  newOrder,
  reported,
  T0,
} from '../../domain/builders.ts';

describe('an order, shown', () => {
  const fills = [
    newFill('49900', '0.2', { tradeId: 'a', fee: { asset: 'BTC', amount: d('0.0002') }, at: T0 + 1 }),
    newFill('50050', '0.1', { tradeId: 'b', fee: { asset: 'BTC', amount: d('0.0001') }, at: T0 + 2 }),
  ];
  const [first, second] = fills as [(typeof fills)[0], (typeof fills)[0]];
  const order = apply(
    newOrder({
      type: 'limit',
      quantity: d('0.5'),
      limitPrice: d('50050'),
      asked: { ...NO_PRICES, quantity: d('0.500001'), limitPrice: d('50050.001') },
      clientOrderId: 'mine',
      metadata: { strategy: 'momentum', client_order_id: 'spoofed' },
      tags: ['x'],
    }),
    claimed(T0),
    accepted(T0),
    filled(first, T0 + 1),
    filled(second, T0 + 2),
  );

  it('values its fees in dollars: a coin at a dollar counts as one', () => {
    // 0.0002 at 49,900 and 0.0001 at 50,050.
    expect(orderView(order, fills).total_fees_usd).toBe('14.985');
    expect(orderView(newOrder(), null).total_fees_usd).toBe('0');
    const inBnb = (feeQuoteValue: ReturnType<typeof d> | null) =>
      orderView(
        apply(
          newOrder(),
          claimed(T0),
          filled(newFill('50000', '1', { fee: { asset: 'BNB', amount: d('0.05') }, feeQuoteValue })),
        ),
        null,
      ).total_fees_usd;
    expect(inBnb(d('30'))).toBe('30');
    expect(inBnb(null)).toBeNull();
    expect(orderView({ ...order, symbol: 'BTC/EUR' }, null).total_fees_usd).toBeNull();
  });

  it('shows what the venue said, and that it is not all of it', () => {
    const text = '{"orderId":7';
    const told = apply(newOrder(), claimed(T0), reported({ response: { text, length: 9_000 }, at: T0 + 5 }));
    expect(orderView(told, []).exchange_response).toEqual({
      text,
      truncated: true,
      length: 9_000,
      source: 'venue',
      at: new Date(T0 + 5).toISOString(),
    });
    expect(orderView(told, null)).not.toHaveProperty('exchange_response');
    const older = apply(
      told,
      reported({
        response: { text: '{}', length: 2 },
        status: 'partially_filled',
        at: T0 + 1,
        cumulativeQuantity: d('0.1'),
      }),
    );
    expect(older.exchangeResponse?.text).toBe(text);
  });

  it('shows when it last filled and how long that took, in lists too', () => {
    const done = apply(
      newOrder({ quantity: d('0.3') }),
      claimed(T0),
      accepted(T0),
      filled(first, T0 + 1),
      filled(second, T0 + 2),
    );
    expect(orderView(done, null)).toMatchObject({
      last_fill_at: new Date(T0 + 2).toISOString(),
      timings: { fill_time_ms: 2 },
    });
    expect(orderView(order, null).timings.fill_time_ms).toBeNull();
  });

  it('has the sums of its fills', () => {
    expect(orderView(order, fills)).toMatchObject({
      status: 'partially_filled',
      requested_amount: '0.5',
      filled_amount: '0.3',
      remaining_amount: '0.2',
      average_fill_price: '49950',
      total_fees: '0.0003',
      fee_currency: 'BTC',
      fees_by_asset: { BTC: '0.0003' },
      asked: { quantity: '0.500001', limit_price: '50050.001', stop_price: null },
      sent: { quantity: '0.5', limit_price: '50050', stop_price: null },
      exchange: 'demo',
      external_order_id: 'venue-1',
      first_fill_at: new Date(T0 + 1).toISOString(),
      last_fill_at: new Date(T0 + 2).toISOString(),
      closed_at: null,
      reject: null,
      metadata: { strategy: 'momentum', client_order_id: 'mine', tags: ['x'], notes: null },
    });
    expect(orderView(order, fills).status_history.map((change) => change.status)).toEqual([
      'pending',
      'submitted',
      'open',
      'partially_filled',
    ]);
  });

  it('gives one fee figure only where there is one asset', () => {
    const mixed = { ...order, fees: [...order.fees, { asset: 'BNB', amount: d('0.1') }] };
    expect(orderView(mixed, [])).toMatchObject({
      total_fees: null,
      fee_currency: null,
      fees_by_asset: { BTC: '0.0003', BNB: '0.1' },
    });
  });

  it('tells when it was cancelled', () => {
    const cancelled = apply(
      order,
      reported({ status: 'cancelled', cumulativeQuantity: d('0.3'), at: T0 + 9 }),
    );
    expect(orderView(cancelled, fills)).toMatchObject({
      status: 'cancelled',
      filled_amount: '0.3',
      cancelled_at: new Date(T0 + 9).toISOString(),
      closed_at: new Date(T0 + 9).toISOString(),
    });
  });

  it('is read by its owner only', async () => {
    const ledger = new MemoryLedger();
    ledger.orderItems.set(order.orderId, order);
    ledger.fillItems.set(order.orderId, fills);
    const read = makeReadOrders({ ledger });
    expect((await read.get('user-1', 'order-1'))?.fills).toHaveLength(2);
    expect(await read.get('user-2', 'order-1')).toBeNull();
    expect((await read.list('user-2', { limit: 5, cursor: null })).items).toEqual([]);
  });
});

describe('health of the services', () => {
  const health = (values: Readonly<Record<string, string>>, now = T0) => {
    const counters: Pick<Counters, 'read'> = {
      read: async (names) => Object.fromEntries(names.map((name) => [name, values[name] ?? null])),
    };
    return makeReadHealth({ counters, clock: { now: () => now } })();
  };
  const stats = statsJson(
    {
      name: 'synthetic',
      connected: true,
      authenticated: true,
      messagesReceived: 12,
      tradesProcessed: 7,
      quotesProcessed: 5,
      errors: 0,
      lastMessageAt: T0,
      subscriptions: ['BTC/USDT', 'ETH/USDT'],
    },
    new Tally(),
  );

  it('is degraded when nobody says anything', async () => {
    expect(await health({})).toMatchObject({
      websocket_manager: { is_running: false, messages_received: 0, last_message_time: null },
      order_monitor: { is_running: false, checks_performed: 0 },
      overall_status: 'degraded',
    });
  });

  it('is healthy while both speak, and shows their counters', async () => {
    const values = {
      'ws:stats': stats,
      'om:checks_total': '120',
      'om:stops_triggered': '3',
      'om:errors_total': '0',
      'om:last_check': String(T0 - 900),
    };
    expect(await health(values)).toMatchObject({
      websocket_manager: {
        messages_received: 12,
        trades_processed: 7,
        quotes_processed: 5,
        last_message_time: new Date(T0).toISOString(),
        is_running: true,
        connected: true,
        polygon_connected: false,
        subscriptions: 2,
      },
      order_monitor: { checks_performed: 120, stops_triggered: 3, errors: 0, is_running: true },
      overall_status: 'healthy',
    });
    expect(await health(values, T0 + 4_101)).toMatchObject({
      order_monitor: { is_running: false },
      overall_status: 'degraded',
    });
  });

  it('shows how many dead letters were counted, and does not know where nobody has', async () => {
    expect(await health({})).toMatchObject({ dead_letters: null });
    let told: Readonly<Record<string, string>> = {};
    const count = makeCountDeadLetters({
      deadLetters: {
        read: async () => [
          { queue: 'submit', messages: 0 },
          { queue: 'exits', messages: 2 },
        ],
      },
      counters: {
        set: async (values, lifeMs) => {
          expect(lifeMs).toBe(180_000);
          told = values;
        },
      },
      clock: { now: () => T0 - 30_000 },
    });
    await count();
    expect(await health(told)).toMatchObject({
      dead_letters: {
        counted_at: new Date(T0 - 30_000).toISOString(),
        queues: [
          { queue: 'submit', messages: 0 },
          { queue: 'exits', messages: 2 },
        ],
      },
      overall_status: 'degraded',
    });
  });

  it('shows what the source left out with what was left out here, and the figures of each of its connections', async () => {
    const connection = {
      ...{ name: 'polygon crypto', connected: true, authenticated: true, healthy: false, errors: 3 },
      ...{ messagesReceived: 20, tradesProcessed: 7, quotesProcessed: 5, lastMessageAt: T0 },
      ...{ subscriptions: 2, reconnects: 1, trouble: null },
    };
    const polygon = {
      ...{ name: 'polygon', connected: true, authenticated: true, messagesReceived: 20, tradesProcessed: 7 },
      ...{ quotesProcessed: 5, errors: 3, lastMessageAt: T0, subscriptions: ['BTC/USDT', 'BTC/USD'] },
      leftOut: { crossed: 2, duplicates: 4, out_of_order: 3, not_positive: 1 },
      connections: [connection],
    };
    const tally = new Tally();
    tally.drop('crossed');
    tally.drop('future');
    const { websocket_manager: shown } = await health({ 'ws:stats': statsJson(polygon, tally) });
    expect(shown.trust).toMatchObject({
      ...{ crossed: 3, duplicates: 4, out_of_order: 3, not_positive: 1, future: 1, late: 0 },
    });
    expect(shown.sources).toEqual([
      {
        ...{ name: 'polygon', connected: true, authenticated: true, triggers: 2, trouble: null },
        ...{ messages_received: 20, trades_processed: 7, quotes_processed: 5, errors: 3 },
        ...{ last_message_time: new Date(T0).toISOString(), subscriptions: 2 },
        connections: [
          {
            ...{
              name: 'polygon crypto',
              connected: true,
              authenticated: true,
              healthy: false,
              trouble: null,
            },
            ...{ messages_received: 20, trades_processed: 7, quotes_processed: 5, errors: 3, reconnects: 1 },
            ...{ last_message_time: new Date(T0).toISOString(), subscriptions: 2 },
          },
        ],
      },
    ]);
  });

  it('says why a source does not let us in, and which symbols it does not bring', async () => {
    const failed = [{ symbol: 'ETH/USDT', reason: 'silent' }];
    const polygon = {
      ...{ name: 'polygon', connected: false, authenticated: false, messagesReceived: 2, tradesProcessed: 0 },
      ...{ quotesProcessed: 0, errors: 1, lastMessageAt: null, subscriptions: ['ETH/USDT'] },
    };
    const told = statsJson({ ...polygon, trouble: 'auth_failed', failed }, new Tally());
    expect((await health({ 'ws:stats': told })).websocket_manager).toMatchObject({
      trouble: 'auth_failed',
      failed_subscriptions: failed,
      polygon_connected: false,
      source: 'polygon',
    });
    expect((await health({ 'ws:stats': stats })).websocket_manager).toMatchObject({
      trouble: null,
      failed_subscriptions: [],
    });
    expect((await health({})).websocket_manager.trouble).toBeNull();
  });
});
