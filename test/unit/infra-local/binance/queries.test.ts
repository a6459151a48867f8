/** Queries, their windows and their lag; market data in its shapes; a reset; the order in which things are told. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../infra/local/venues/binance/contract.ts';
import { createExchange } from '../../../../infra/local/venues/binance/exchange/exchange.ts';
import { ALICE, atMarket, BOB, bench, limit } from './world.ts';

const SYMBOL = 'BTCUSDT';
const DAY = 24 * 60 * 60 * 1000;

describe('queries of orders and trades', () => {
  it('page by order id, by time, by count', () => {
    const world = bench();
    world.price('50000');
    const begin = world.now();
    const ids: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.push(world.place(limit('BUY', '0.01', '49000'))['orderId']);
      world.pass(1000);
    }
    const asked = (params: Record<string, string>): unknown[] =>
      world.rows('allOrders', { symbol: SYMBOL, ...params }).map((row) => row['orderId']);
    expect(asked({})).toEqual(ids);
    expect(asked({ limit: '2' })).toEqual(ids.slice(2));
    expect(asked({ orderId: `${ids[1]}`, limit: '2' })).toEqual(ids.slice(1, 3));
    expect(asked({ startTime: `${begin + 1000}`, limit: '2' })).toEqual(ids.slice(1, 3));
    expect(asked({ endTime: `${begin + 1000}` })).toEqual(ids.slice(0, 2));
    const tooFar = { symbol: SYMBOL, startTime: `${begin}`, endTime: `${begin + DAY + 1}` };
    expect(world.refusal('allOrders', tooFar)).toBe(
      '-1127 More than 24 hours between startTime and endTime.',
    );
    expect(world.refusal('myTrades', tooFar)).toMatch(/^-1127 /);
  });

  it('of trades allow only some combinations', () => {
    const world = bench();
    world.price('50000');
    const first = world.place(atMarket('BUY', '0.01'));
    world.place(atMarket('BUY', '0.02'));
    const trades = world.rows('myTrades', { symbol: SYMBOL });
    expect(trades).toHaveLength(2);
    expect(trades[0]).toEqual({
      symbol: SYMBOL,
      id: 1000002,
      orderId: 1000001,
      orderListId: -1,
      price: '50000.01000000',
      qty: '0.01000000',
      quoteQty: '500.00010000',
      commission: '0.00001000',
      commissionAsset: 'BTC',
      time: world.now(),
      isBuyer: true,
      isMaker: false,
      isBestMatch: true,
    });
    expect(world.rows('myTrades', { symbol: SYMBOL, orderId: `${first['orderId']}` })).toEqual([trades[0]]);
    expect(world.rows('myTrades', { symbol: SYMBOL, fromId: `${trades[1]?.['id']}` })).toEqual([trades[1]]);
    for (const more of [{ orderId: '1' }, { fromId: '1' }]) {
      expect(world.refusal('myTrades', { symbol: SYMBOL, startTime: '1', ...more })).toMatch(/^-1128 /);
    }
  });

  it('do not see an order before the lag is over', () => {
    const world = bench();
    world.price('50000');
    world.exchange.setQueryLag(3000);
    world.place(atMarket('BUY', '0.01', { newClientOrderId: 'young' }));
    const name = { symbol: SYMBOL, origClientOrderId: 'young' };
    expect(world.refusal('order.status', name)).toBe('-2013 Order does not exist.');
    expect(world.rows('myTrades', { symbol: SYMBOL })).toEqual([]);
    world.pass(3000);
    expect(world.run('order.status', name)).toMatchObject({ status: 'FILLED' });
    expect(world.rows('myTrades', { symbol: SYMBOL })).toHaveLength(1);
  });

  it('do not show the orders of others', () => {
    const world = bench();
    world.price('50000');
    const { orderId } = world.place(limit('BUY', '0.01', '49000'), BOB);
    expect(world.refusal('order.status', { symbol: SYMBOL, orderId: `${orderId}` })).toBe(
      '-2013 Order does not exist.',
    );
    expect(world.refusal('order.cancel', { symbol: SYMBOL, orderId: `${orderId}` })).toBe(
      '-2011 Unknown order sent.',
    );
  });

  it('find an order by the id it had before, where the option says so', () => {
    const world = bench({ order: { oldClientIds: 'resolve' } });
    world.price('50000');
    world.place(limit('BUY', '0.01', '49000', { newClientOrderId: 'mine' }));
    world.run('order.cancel', { symbol: SYMBOL, origClientOrderId: 'mine', newClientOrderId: 'minec' });
    expect(world.run('order.status', { symbol: SYMBOL, origClientOrderId: 'mine' })).toMatchObject({
      clientOrderId: 'minec',
      status: 'CANCELED',
    });
  });
});

describe('queries of the account', () => {
  it('show balances, rates and rights', () => {
    const world = bench({}, { [ALICE]: { balances: { USDT: '1', BTC: '0' }, makerCommission: '0.0005' } });
    expect(world.run('account.status', { omitZeroBalances: 'true' })).toMatchObject({
      makerCommission: 5,
      takerCommission: 10,
      commissionRates: { maker: '0.00050000', taker: '0.00100000' },
      canTrade: true,
      accountType: 'SPOT',
      balances: [{ asset: 'USDT', free: '1.00000000', locked: '0.00000000' }],
      permissions: ['SPOT'],
      uid: ALICE,
    });
    expect(world.run('account.commission', { symbol: SYMBOL })).toMatchObject({
      standardCommission: { maker: '0.00050000', taker: '0.00100000', buyer: '0.00000000' },
      discount: {
        enabledForAccount: false,
        enabledForSymbol: true,
        discountAsset: 'BNB',
        discount: '0.75000000',
      },
    });
    const world2 = bench({}, { [ALICE]: { restrictions: { ipRestrict: true, enableWithdrawals: true } } });
    expect(world2.run('account.apiRestrictions', {})).toMatchObject({
      ipRestrict: true,
      enableWithdrawals: true,
      enableSpotAndMarginTrading: true,
    });
  });

  it('tell of deposits with a delta and of the balance with an absolute', () => {
    const world = bench();
    world.exchange.adjustBalance(ALICE, 'USDT', '-400.5');
    expect(world.events.map((one) => one.event)).toEqual([
      { e: 'balanceUpdate', E: world.now(), a: 'USDT', d: '-400.50000000', T: world.now() },
      {
        e: 'outboundAccountPosition',
        E: world.now(),
        u: world.now(),
        B: [{ a: 'USDT', f: '99599.50000000', l: '0.00000000' }],
      },
    ]);
    expect(() => world.exchange.adjustBalance(ALICE, 'USDT', '-1000000')).toThrow('insufficient');
  });

  it('need an account', () => {
    expect(() => bench().exchange.execute('account.status', null, {})).toThrow('Invalid API-key');
  });
});

describe('exchangeInfo', () => {
  it('lists symbols by name, and those that plain accounts see by default', () => {
    const world = bench();
    const names = (params: Record<string, string>): unknown[] =>
      (world.run('exchangeInfo', params)['symbols'] as readonly JsonObject[]).map((one) => one['symbol']);
    expect(names({})).toHaveLength(world.exchange.symbols().length);
    expect(names({ symbol: '这是测试币456USDT' })).toEqual(['这是测试币456USDT']);
    expect(names({ symbols: '["BTCUSDT","1000SATSUSDT"]' })).toEqual(['BTCUSDT', '1000SATSUSDT']);
    expect(names({ permissions: 'TRD_GRP_900' })).toEqual(['PEPEUSDT']);
    expect(names({ symbolStatus: 'HALT' })).toEqual(['NEARUSDT']);
    expect(world.refusal('exchangeInfo', { symbol: 'X' })).toBe('-1121 Invalid symbol.');
    expect(world.refusal('exchangeInfo', { symbols: '["BTCUSDT","BTCUSDT"]' })).toMatch(/^-1151 /);
    expect(world.refusal('exchangeInfo', { symbol: SYMBOL, symbolStatus: 'HALT' })).toMatch(/^-1128 /);
  });

  it('takes symbols as the exchange writes them, and does not promise what the simulator lacks', () => {
    const entry = {
      symbol: 'ABUSD',
      status: 'TRADING',
      baseAsset: 'AB',
      quoteAsset: 'USD',
      orderTypes: ['LIMIT'],
      filters: [],
      permissionSets: [['SPOT']],
      pegInstructionsAllowed: true,
      defaultSelfTradePreventionMode: 'NONE',
      allowedSelfTradePreventionModes: ['NONE', 'TRANSFER'],
    };
    const exchange = createExchange({ now: () => 0, symbols: [entry] });
    expect(exchange.execute('exchangeInfo', null, {})).toMatchObject({
      symbols: [
        { symbol: 'ABUSD', pegInstructionsAllowed: false, allowedSelfTradePreventionModes: ['NONE'] },
      ],
    });
  });
});

describe('market data', () => {
  it('shows the book with the orders of accounts in it', () => {
    const world = bench({ book: { levels: 1, levelNotional: '5000', spreadTicks: 100 } });
    world.price('50000');
    world.place(limit('BUY', '0.5', '49999.5'));
    world.place(limit('BUY', '0.25', '49999.5'), BOB);
    const depth = world.run('depth', { symbol: SYMBOL });
    expect(depth['bids']).toEqual([
      ['49999.50000000', '0.75000000'],
      ['49999.00000000', '0.10000000'],
    ]);
    expect(depth['asks']).toEqual([['50001.00000000', '0.09999000']]);
    expect(world.run('ticker.book', { symbol: SYMBOL })).toMatchObject({
      bidPrice: '49999.50000000',
      bidQty: '0.75000000',
    });
    expect(depth['lastUpdateId']).toBe(world.exchange.best(SYMBOL)?.updateId);
  });

  it('never shows a crossed book, even when a price leaves part of an order behind it', () => {
    const world = bench();
    world.price('50000');
    world.place(limit('BUY', '1', '49990'));
    world.price('49980', SYMBOL, '0.1');
    const best = world.exchange.best(SYMBOL);
    expect(best?.bid.toFixed()).toBe('49990');
    expect(best?.ask.greaterThan('49990')).toBe(true);
  });

  it('brings fed prices onto the ticks of the symbol, and the two sides a tick apart', () => {
    const world = bench();
    world.exchange.feedPrice(SYMBOL, { last: '50000.0049', bid: '50000.009', ask: '50000.001' });
    const best = world.exchange.best(SYMBOL);
    expect([best?.bid.toFixed(), best?.ask.toFixed()]).toEqual(['50000', '50000.01']);
    expect(world.run('ticker.price', { symbol: SYMBOL })['price']).toBe('50000.00000000');
    expect(() => world.exchange.feedPrice(SYMBOL, { last: 'none' })).toThrow();
  });

  it('joins trades to aggregates and candles', () => {
    const world = bench();
    world.price('50000', SYMBOL, '1');
    world.pass(60_000);
    world.price('50100', SYMBOL, '2');
    world.price('50050', SYMBOL, '1');
    expect(
      world.rows('trades.recent', { symbol: SYMBOL }).map((row) => [row['price'], row['isBuyerMaker']]),
    ).toEqual([
      ['50000.00000000', true],
      ['50100.00000000', false],
      ['50050.00000000', true],
    ]);
    expect(
      world
        .rows('trades.aggregate', { symbol: SYMBOL })
        .map((row) => [row['a'], row['q'], row['f'], row['l']]),
    ).toEqual([
      [1, '1.00000000', 1000001, 1000001],
      [2, '2.00000000', 1000002, 1000002],
      [3, '1.00000000', 1000003, 1000003],
    ]);
    const candles = world.exchange.execute('klines', null, { symbol: SYMBOL, interval: '1m' });
    const minute = Math.floor(world.now() / 60_000) * 60_000;
    expect(candles).toEqual([
      expect.arrayContaining([minute - 60_000]),
      [
        minute,
        '50100.00000000',
        '50100.00000000',
        '50050.00000000',
        '50050.00000000',
        '3.00000000',
        minute + 59_999,
        '150250.00000000',
        2,
        '2.00000000',
        '100200.00000000',
        '0',
      ],
    ]);
    expect(world.exchange.execute('klines', null, { symbol: SYMBOL, interval: '1M' })).toHaveLength(1);
    expect(world.refusal('klines', { symbol: SYMBOL, interval: '7m' })).toBe('-1120 Invalid interval.');
    expect(world.run('avgPrice', { symbol: SYMBOL })).toMatchObject({ mins: 5, price: '50062.50000000' });
    expect(world.run('ticker.24hr', { symbol: SYMBOL })).toMatchObject({
      openPrice: '50000.00000000',
      highPrice: '50100.00000000',
      lowPrice: '50000.00000000',
      lastPrice: '50050.00000000',
      priceChange: '50.00000000',
      priceChangePercent: '0.100',
      count: 3,
    });
    expect(world.rows('ticker.price', { symbols: '["BTCUSDT"]' })).toEqual([
      { symbol: SYMBOL, price: '50050.00000000' },
    ]);
  });
});

describe('a reset', () => {
  it('forgets orders, restarts ids and grants the balances anew', () => {
    const world = bench({ firstId: 7 });
    world.price('50000');
    world.place(atMarket('BUY', '0.1', { newClientOrderId: 'before' }));
    world.place(limit('BUY', '0.1', '49000'));
    world.exchange.reset();
    expect(world.refusal('order.status', { symbol: SYMBOL, origClientOrderId: 'before' })).toBe(
      '-2013 Order does not exist.',
    );
    expect(world.balance('USDT')).toBe('100000.00000000 0.00000000');
    expect(world.place(atMarket('BUY', '0.1'))).toMatchObject({ orderId: 7, fills: [{ tradeId: 7 }] });
  });
});

describe('what listeners hear', () => {
  it('comes after the answer unless told otherwise', async () => {
    const world = bench({ order: { reports: 'answer_first' } });
    world.price('50000');
    world.place(atMarket('BUY', '0.1'));
    expect(world.events).toEqual([]);
    await Promise.resolve();
    expect(world.events.map((one) => one.event['e'])).toEqual([
      'executionReport',
      'executionReport',
      'outboundAccountPosition',
    ]);
  });

  it('includes public trades, changed best prices, and the first fill of an order once', () => {
    const world = bench();
    const trades: string[] = [];
    const bests: string[] = [];
    const firsts: unknown[] = [];
    world.exchange.onTrade((trade) => trades.push(`${trade.quantity.toFixed()} @ ${trade.price.toFixed()}`));
    world.exchange.onBest((best) => bests.push(`${best.bid.toFixed()} ${best.ask.toFixed()}`));
    world.exchange.onFirstFill((fill) => firsts.push([fill.uid, fill.maker]));
    world.price('50000', SYMBOL, '2');
    world.price('50000', SYMBOL, '1');
    world.place(limit('BUY', '0.1', '49000'));
    world.price('49000', SYMBOL, '0.05');
    world.price('49000', SYMBOL, '0.05');
    world.place(atMarket('SELL', '0.1'), BOB);
    expect(trades).toEqual(['2 @ 50000', '1 @ 50000', '0.05 @ 49000', '0.05 @ 49000', '0.1 @ 48999.99']);
    expect(bests).toContain('49999.99 50000.01');
    expect(bests.filter((one, index) => bests[index - 1] === one).length).toBeLessThan(bests.length);
    expect(firsts).toEqual([
      [ALICE, true],
      [BOB, false],
    ]);
  });

  it('grows in ids within a symbol, from the number given', () => {
    const world = bench({ firstId: 500 });
    world.price('50000');
    world.price('600', 'BNBUSDT');
    const ids = [
      world.place(atMarket('BUY', '0.1')),
      world.run('order.place', { symbol: 'BNBUSDT', ...atMarket('BUY', '0.1') }),
    ];
    expect(ids.map((one) => one['orderId'])).toEqual([500, 500]);
    const executions = world
      .reports()
      .filter((one) => one['s'] === SYMBOL)
      .map((one) => one['I']);
    expect(executions).toEqual([500, 501]);
  });
});
