/** How orders meet: priority, times in force, amounts, fees, self-trades, price range. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../infra/local/venues/binance/contract.ts';
import { ALICE, atMarket, BOB, bench, limit } from './world.ts';

const SYMBOL = 'BTCUSDT';
const fills = (answer: JsonObject): readonly string[] =>
  (answer['fills'] as readonly JsonObject[]).map((one) => `${one['qty']} @ ${one['price']}`);

/** Two levels a side: about 0.02 at 50000.01 / 49999.99, the next 100 away. */
const THIN = { book: { spreadTicks: 1, levels: 2, levelNotional: '1000', stepTicks: 10000 } };

describe('priority', () => {
  it('is price first, then time, accounts before the market maker', () => {
    const world = bench({ book: { levels: 1, spreadTicks: 100 } });
    world.price('50000');
    world.place(limit('SELL', '0.1', '50001', { newClientOrderId: 'second' }), BOB);
    world.place(limit('SELL', '0.1', '50001', { newClientOrderId: 'third' }), BOB);
    world.place(limit('SELL', '0.1', '50000.5', { newClientOrderId: 'first' }), BOB);
    world.place(atMarket('BUY', '0.25'));
    const status = (id: string): unknown =>
      world.run('order.status', { symbol: SYMBOL, origClientOrderId: id }, BOB)['executedQty'];
    expect(['first', 'second', 'third'].map(status)).toEqual(['0.10000000', '0.10000000', '0.05000000']);
  });

  it('does not let the market maker refill before the next price', () => {
    const world = bench(THIN);
    world.price('50000');
    world.place(atMarket('BUY', '0.02'));
    expect(fills(world.place(atMarket('BUY', '0.01')))).toEqual(['0.01000000 @ 50100.01000000']);
    world.price('50000');
    expect(fills(world.place(atMarket('BUY', '0.01')))).toEqual(['0.01000000 @ 50000.01000000']);
  });
});

describe('times in force', () => {
  it('expires what an IOC leaves', () => {
    const world = bench(THIN);
    world.price('50000');
    const answer = world.place(limit('BUY', '0.05', '50000.01', { timeInForce: 'IOC' }));
    expect(answer).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'UNFILLED_IOC_QUANTITY_EXPIRED',
      executedQty: '0.01999000',
    });
    expect(world.reports().at(-1)).toMatchObject({
      x: 'EXPIRED',
      X: 'EXPIRED',
      z: '0.01999000',
      l: '0.00000000',
      t: -1,
      n: '0',
      N: null,
      eR: 'UNFILLED_IOC_QUANTITY_EXPIRED',
    });
  });
  it('fills a FOK completely or not at all', () => {
    const world = bench(THIN);
    world.price('50000');
    expect(world.place(limit('BUY', '0.05', '50000.01', { timeInForce: 'FOK' }))).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'UNFILLED_FOK_ORDER_EXPIRED',
      executedQty: '0.00000000',
    });
    expect(world.place(limit('BUY', '0.03', '50200', { timeInForce: 'FOK' }))).toMatchObject({
      status: 'FILLED',
    });
  });
  it('expires a market order that runs out of book, with its fills', () => {
    const world = bench(THIN);
    world.price('50000');
    const answer = world.place(atMarket('SELL', '1'));
    expect(answer).toMatchObject({ status: 'EXPIRED', expiryReason: 'INSUFFICIENT_LIQUIDITY' });
    expect(fills(answer)).toHaveLength(2);
    expect(world.reports().map((one) => `${one['x']}/${one['X']}`)).toEqual([
      'NEW/NEW',
      'TRADE/PARTIALLY_FILLED',
      'TRADE/PARTIALLY_FILLED',
      'EXPIRED/EXPIRED',
    ]);
    expect(world.events.at(-1)?.event['e']).toBe('outboundAccountPosition');
  });
  it('rests the remainder of a GTC that took', () => {
    const world = bench(THIN);
    world.price('50000');
    expect(world.place(limit('BUY', '0.05', '50000.01'))).toMatchObject({
      status: 'PARTIALLY_FILLED',
      executedQty: '0.01999000',
    });
    expect(world.exchange.best(SYMBOL)?.bid.toFixed()).toBe('50000.01');
    expect(
      world.run('order.place', { symbol: SYMBOL, ...limit('BUY', '0.05', '40000'), newOrderRespType: 'ACK' }),
    ).not.toHaveProperty('status');
  });
});

describe('amounts in quote', () => {
  it('spends up to the amount in whole steps', () => {
    const world = bench();
    world.price('50000');
    const answer = world.place({ side: 'BUY', type: 'MARKET', quoteOrderQty: '1000' });
    expect(answer).toMatchObject({
      status: 'FILLED',
      origQuoteOrderQty: '1000.00000000',
      executedQty: '0.01999000',
      cummulativeQuoteQty: '999.50019990',
    });
    expect(world.balance('USDT')).toBe('99000.49980010 0.00000000');
  });
  it('ends EXPIRED when the book has less', () => {
    const world = bench(THIN);
    world.price('50000');
    expect(world.place({ side: 'SELL', type: 'MARKET', quoteOrderQty: '5000' })).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'INSUFFICIENT_LIQUIDITY',
    });
  });
});

describe('fees', () => {
  it('are a share of what is received', () => {
    const world = bench({}, { [ALICE]: { takerCommission: '0.002' } });
    world.price('50000');
    world.place(atMarket('BUY', '1'));
    expect(world.balance('BTC')).toBe('10.99800000 0.00000000');
    world.place(atMarket('SELL', '1'));
    expect(world.reports().at(-1)).toMatchObject({ n: '99.99998000', N: 'USDT' });
  });
  it('are paid in BNB at a discount while there is enough, then from what is received', () => {
    const world = bench(THIN, {
      [ALICE]: { payFeesInBnb: true, balances: { USDT: '10000', BNB: '0.0013' } },
    });
    world.price('600', 'BNBUSDT');
    world.price('50000');
    const answer = world.place(atMarket('BUY', '0.03'));
    // 0.01999 BTC are 999.50 USDT; 0.1 % of them at three quarters are 0.749625 USDT, at 600 in BNB.
    expect(
      (answer['fills'] as readonly JsonObject[]).map((one) => [one['commission'], one['commissionAsset']]),
    ).toEqual([
      ['0.00124937', 'BNB'],
      ['0.00001001', 'BTC'],
    ]);
  });
  it('are BNB when BNB itself is bought', () => {
    const world = bench(
      {},
      { [ALICE]: { payFeesInBnb: true, bnbDiscount: '0.5', balances: { USDT: '10000' } } },
    );
    world.price('600', 'BNBUSDT');
    world.run('order.place', { symbol: 'BNBUSDT', ...atMarket('BUY', '1') });
    expect(world.balance('BNB')).toBe('0.99950000 0.00000000');
  });
});

describe('self-trade prevention', () => {
  const setUp = (mode: string, taker: string) => {
    const world = bench({ book: { levels: 0 } });
    world.price('50000');
    world.place(limit('SELL', '0.2', '50000', { newClientOrderId: 'maker' }));
    const answer = world.place(limit('BUY', taker, '50000', { selfTradePreventionMode: mode }));
    const maker = world.run('order.status', { symbol: SYMBOL, origClientOrderId: 'maker' });
    return { world, answer, maker };
  };
  it.each([
    ['EXPIRE_TAKER', 'EXPIRED_IN_MATCH', 'NEW'],
    ['EXPIRE_MAKER', 'NEW', 'EXPIRED_IN_MATCH'],
    ['EXPIRE_BOTH', 'EXPIRED_IN_MATCH', 'EXPIRED_IN_MATCH'],
    ['NONE', 'FILLED', 'PARTIALLY_FILLED'],
    ['DECREMENT', 'EXPIRED_IN_MATCH', 'NEW'],
  ])('%s', (mode, takerStatus, makerStatus) => {
    const { world, answer, maker } = setUp(mode, '0.1');
    expect([answer['status'], maker['status']]).toEqual([takerStatus, makerStatus]);
    expect(world.rows('myTrades', { symbol: SYMBOL })).toHaveLength(mode === 'NONE' ? 2 : 0);
  });
  it('takes from both under DECREMENT, and shows what was prevented', () => {
    const { world, maker } = setUp('DECREMENT', '0.1');
    expect(maker).toMatchObject({ status: 'NEW', preventedQuantity: '0.10000000', preventedMatchId: 1 });
    expect(world.balance('BTC')).toBe('9.90000000 0.10000000');
    expect(world.rows('myPreventedMatches', { symbol: SYMBOL, preventedMatchId: '1' })).toEqual([
      expect.objectContaining({
        selfTradePreventionMode: 'DECREMENT',
        takerPreventedQuantity: '0.10000000',
        makerPreventedQuantity: '0.10000000',
        tradeGroupId: -1,
      }),
    ]);
    expect(world.reports().at(-1)).toMatchObject({
      x: 'TRADE_PREVENTION',
      X: 'EXPIRED_IN_MATCH',
      v: 1,
      A: '0.10000000',
      B: '0.10000000',
      t: -1,
      l: '0.00000000',
      pL: '50000.00000000',
    });
  });
  it('holds for accounts of one trade group', () => {
    const world = bench(
      { book: { levels: 0 } },
      { [ALICE]: { tradeGroupId: 5 }, [BOB]: { tradeGroupId: 5 } },
    );
    world.price('50000');
    world.place(limit('SELL', '0.2', '50000'), BOB);
    expect(world.place(atMarket('BUY', '0.1'))).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'INSUFFICIENT_LIQUIDITY',
    });
    expect(world.reports(BOB).at(-1)).toMatchObject({ X: 'EXPIRED_IN_MATCH', u: 5 });
  });
});

describe('the price range rule', () => {
  it('ends a taker at its first match outside the range', () => {
    const world = bench({ ...THIN, priceRanges: { [SYMBOL]: { bidLimitMultUp: '1.001' } } });
    world.price('50000');
    const answer = world.place(atMarket('BUY', '0.03'));
    expect(answer).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED',
      executedQty: '0.01999000',
    });
    expect(world.exchange.execute('executionRules', null, { symbol: SYMBOL })).toEqual({
      symbolRules: [{ symbol: SYMBOL, rules: [{ ruleType: 'PRICE_RANGE', bidLimitMultUp: '1.001' }] }],
    });
  });
});
