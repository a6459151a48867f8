/** Single orders on the simulated exchange: placement, fills, ends, and what is told about them. */
import { describe, expect, it } from 'vitest';
import { ALICE, atMarket, BOB, bench, limit } from './world.ts';

describe('placing orders', () => {
  it('fills a market order over the levels of the book and takes the fee from what is received', () => {
    const world = bench({ book: { spreadTicks: 100, levels: 3, levelNotional: '1000', stepTicks: 100 } });
    world.price('50000');
    const answer = world.place(atMarket('BUY', '0.03', { newClientOrderId: 'first' }));
    expect(answer).toMatchObject({
      symbol: 'BTCUSDT',
      clientOrderId: 'first',
      orderListId: -1,
      price: '0.00000000',
      origQty: '0.03000000',
      executedQty: '0.03000000',
      status: 'FILLED',
      timeInForce: 'GTC',
      selfTradePreventionMode: 'EXPIRE_MAKER',
    });
    expect(answer['fills']).toEqual([
      {
        price: '50001.00000000',
        qty: '0.01999000',
        commission: '0.00001999',
        commissionAsset: 'BTC',
        tradeId: 1000002,
      },
      {
        price: '50002.00000000',
        qty: '0.01001000',
        commission: '0.00001001',
        commissionAsset: 'BTC',
        tradeId: 1000003,
      },
    ]);
    expect(world.balance('BTC')).toBe('10.02997000 0.00000000');
    expect(world.reports().map((one) => `${one['x']}/${one['X']}`)).toEqual([
      'NEW/NEW',
      'TRADE/PARTIALLY_FILLED',
      'TRADE/FILLED',
    ]);
  });

  it('rests a limit order, locks its funds, fills it when the price reaches it', () => {
    const world = bench();
    world.price('50000');
    const placed = world.place(limit('BUY', '0.1', '49000'));
    expect(placed).toMatchObject({ status: 'NEW', fills: [] });
    expect(world.balance('USDT')).toBe('95100.00000000 4900.00000000');
    world.price('48990', 'BTCUSDT', '0.04');
    expect(world.run('order.status', { symbol: 'BTCUSDT', orderId: `${placed['orderId']}` })).toMatchObject({
      status: 'PARTIALLY_FILLED',
      executedQty: '0.04000000',
      isWorking: true,
    });
    world.price('48990');
    expect(
      world.rows('myTrades', { symbol: 'BTCUSDT' }).map((row) => [row['price'], row['qty'], row['isMaker']]),
    ).toEqual([
      ['49000.00000000', '0.04000000', true],
      ['49000.00000000', '0.06000000', true],
    ]);
    expect(world.balance('USDT')).toBe('95100.00000000 0.00000000');
  });

  it('matches the orders of two accounts with each other, at the price of the resting one', () => {
    const world = bench();
    world.price('50000');
    world.place(limit('SELL', '0.2', '50000'), BOB);
    const bought = world.place(limit('BUY', '0.1', '50010'));
    expect(bought).toMatchObject({ status: 'FILLED', cummulativeQuoteQty: '5000.00000000' });
    expect(world.balance('USDT')).toBe('95000.00000000 0.00000000');
    expect(world.balance('BTC', BOB)).toBe('9.80000000 0.10000000');
  });

  it('gives the order another client id when it is cancelled', () => {
    const world = bench();
    world.price('50000');
    world.place(limit('BUY', '0.1', '49000', { newClientOrderId: 'mine' }));
    const gone = world.run('order.cancel', {
      symbol: 'BTCUSDT',
      origClientOrderId: 'mine',
      newClientOrderId: 'minec',
    });
    expect(gone).toMatchObject({ origClientOrderId: 'mine', clientOrderId: 'minec', status: 'CANCELED' });
    expect(world.reports().at(-1)).toMatchObject({
      x: 'CANCELED',
      X: 'CANCELED',
      c: 'minec',
      C: 'mine',
      w: false,
    });
    expect(world.refusal('order.status', { symbol: 'BTCUSDT', origClientOrderId: 'mine' })).toBe(
      '-2013 Order does not exist.',
    );
    expect(world.refusal('order.cancel', { symbol: 'BTCUSDT', origClientOrderId: 'minec' })).toBe(
      '-2011 Unknown order sent.',
    );
    expect(world.balance('USDT')).toBe('100000.00000000 0.00000000');
  });

  it('refuses a client id only while an order with it is open', () => {
    const world = bench();
    world.price('50000');
    world.place(limit('BUY', '0.1', '49000', { newClientOrderId: 'again' }));
    expect(
      world.refusal('order.place', {
        symbol: 'BTCUSDT',
        ...atMarket('BUY', '0.1', { newClientOrderId: 'again' }),
      }),
    ).toBe('-2010 Duplicate order sent.');
    world.price('48000');
    expect(world.place(atMarket('BUY', '0.1', { newClientOrderId: 'again' }))).toMatchObject({
      status: 'FILLED',
    });
  });

  it('sends the account position after the reports, with what may have changed', () => {
    const world = bench();
    world.price('50000');
    world.place(atMarket('SELL', '0.1'));
    expect(world.events.map((one) => one.event['e'])).toEqual([
      'executionReport',
      'executionReport',
      'outboundAccountPosition',
    ]);
    expect(world.events.at(-1)?.event['B']).toEqual([
      { a: 'BTC', f: '9.90000000', l: '0.00000000' },
      { a: 'USDT', f: '104994.99900100', l: '0.00000000' },
    ]);
    expect(world.events[0]?.uid).toBe(ALICE);
  });
});
