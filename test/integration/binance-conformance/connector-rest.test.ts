/** The exchange's own connector (`@binance/spot`) trades with the simulator over REST, as it does with the exchange. */
import { SpotRestAPI } from '@binance/spot';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, type Connector, connectorFor, KEY_TYPES, PRICE } from './bench.ts';

const {
  NewOrderNewOrderRespTypeEnum: RespType,
  NewOrderSideEnum: Side,
  NewOrderTimeInForceEnum: Force,
  NewOrderTypeEnum: Type,
} = SpotRestAPI;

const SYMBOL = 'BTCUSDT';
const FULL = { symbol: SYMBOL, newOrderRespType: RespType.FULL } as const;
const RESTING = {
  ...FULL,
  side: Side.BUY,
  type: Type.LIMIT,
  timeInForce: Force.GTC,
  price: 50000,
  quantity: 0.001,
} as const;

let simulator: Simulator;
let connector: Connector;
beforeAll(async () => {
  simulator = await aSimulator();
  connector = connectorFor(simulator, simulator.createKey({ uid: 1 }));
});
afterEach(async () => {
  simulator.exchange.feedPrice(SYMBOL, { last: PRICE });
  const open = await (await connector.rest.getOpenOrders({ symbol: SYMBOL })).data();
  if (open.length > 0) await connector.rest.deleteOpenOrders({ symbol: SYMBOL });
});
afterAll(async () => {
  connector.close();
  await simulator.stop();
});

describe('what needs no key', () => {
  it('time, symbols with their filters, limits, book and prices', async () => {
    const { rest } = connector;
    const { serverTime } = await (await rest.time()).data();
    expect(Math.abs(Date.now() - Number(serverTime))).toBeLessThan(60_000);
    const answer = await rest.exchangeInfo({ symbol: SYMBOL });
    const info = await answer.data();
    const [symbol] = info.symbols ?? [];
    expect(symbol).toMatchObject({
      symbol: SYMBOL,
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      isSpotTradingAllowed: true,
      allowTrailingStop: true,
    });
    expect(symbol?.orderTypes).toEqual(expect.arrayContaining(Object.values(Type)));
    expect(symbol?.filters).toContainEqual(
      expect.objectContaining({ filterType: 'LOT_SIZE', stepSize: '0.00001000' }),
    );
    expect(info.rateLimits).toContainEqual({
      rateLimitType: 'REQUEST_WEIGHT',
      interval: 'MINUTE',
      intervalNum: 1,
      limit: 6000,
    });
    // The connector reads the headers itself.
    expect(answer.rateLimits).toContainEqual(
      expect.objectContaining({ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1 }),
    );
    const depth = await (await rest.depth({ symbol: SYMBOL, limit: 5 })).data();
    expect(depth.bids).toHaveLength(5);
    const price = await (await rest.tickerPrice({ symbol: SYMBOL })).data();
    expect(price).toMatchObject({ symbol: SYMBOL, price: '60000.00000000' });
  });
});

describe.each(KEY_TYPES)('with a key of type %s', (type) => {
  it('reads the account; an order is placed, found by its client id, listed and cancelled', async () => {
    const { rest, close } = connectorFor(simulator, simulator.createKey({ uid: 1, type }));
    const account = await (await rest.getAccount({ omitZeroBalances: true })).data();
    expect(account).toMatchObject({ uid: 1, canTrade: true, accountType: 'SPOT' });
    expect(account.balances?.map(({ asset }) => asset)).toEqual(
      expect.arrayContaining(['USDT', 'BTC', 'BNB']),
    );

    const mine = `conform-${type}`;
    const placed = await rest.newOrder({ ...RESTING, newClientOrderId: mine });
    const order = await placed.data();
    expect(order).toMatchObject({
      symbol: SYMBOL,
      clientOrderId: mine,
      orderListId: -1,
      price: '50000.00000000',
      origQty: '0.00100000',
      executedQty: '0.00000000',
      status: 'NEW',
      timeInForce: 'GTC',
      type: 'LIMIT',
      side: 'BUY',
      fills: [],
    });
    expect(order.orderId).toEqual(expect.any(Number));
    expect(placed.rateLimits).toContainEqual(
      expect.objectContaining({ rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10 }),
    );

    const found = await (await rest.getOrder({ symbol: SYMBOL, origClientOrderId: mine })).data();
    expect(found).toMatchObject({ orderId: order.orderId, status: 'NEW', isWorking: true });
    const open = await (await rest.getOpenOrders({ symbol: SYMBOL })).data();
    expect(open.map(({ clientOrderId }) => clientOrderId)).toEqual([mine]);

    const cancel = await rest.deleteOrder({
      symbol: SYMBOL,
      origClientOrderId: mine,
      newClientOrderId: `${mine}-c`,
    });
    expect(await cancel.data()).toMatchObject({
      orderId: order.orderId,
      origClientOrderId: mine,
      clientOrderId: `${mine}-c`,
      status: 'CANCELED',
    });
    const after = await (await rest.getOrder({ symbol: SYMBOL, orderId: order.orderId ?? 0 })).data();
    expect(after).toMatchObject({ status: 'CANCELED', clientOrderId: `${mine}-c` });
    close();
  });
});

it('a symbol in another script is signed as it is sent', async () => {
  const symbol = '这是测试币456USDT';
  simulator.exchange.feedPrice(symbol, { last: '2' });
  const { rest } = connector;
  const placed = await (await rest.newOrder({ ...RESTING, symbol, price: 1.5, quantity: 10 })).data();
  expect(placed).toMatchObject({ symbol, status: 'NEW', price: '1.50000000' });
  expect(await (await rest.deleteOpenOrders({ symbol })).data()).toEqual([
    expect.objectContaining({ symbol, orderId: placed.orderId, status: 'CANCELED' }),
  ]);
});

describe('every order type', () => {
  it('MARKET by quantity and by quote amount: filled, with the fee of each fill', async () => {
    const { rest } = connector;
    const byQuantity = await (
      await rest.newOrder({ ...FULL, side: Side.BUY, type: Type.MARKET, quantity: 0.01 })
    ).data();
    expect(byQuantity).toMatchObject({ status: 'FILLED', type: 'MARKET', executedQty: '0.01000000' });
    expect(byQuantity.fills).toEqual([
      {
        price: expect.stringMatching(/^600\d\d\.\d{8}$/),
        qty: '0.01000000',
        commission: '0.00001000',
        commissionAsset: 'BTC',
        tradeId: expect.any(Number),
      },
    ]);
    const byQuote = await (
      await rest.newOrder({ ...FULL, side: Side.SELL, type: Type.MARKET, quoteOrderQty: 600 })
    ).data();
    expect(byQuote).toMatchObject({ status: 'FILLED', origQuoteOrderQty: '600.00000000' });
    expect(byQuote.fills?.[0]?.commissionAsset).toBe('USDT');

    const trades = await (await rest.myTrades({ symbol: SYMBOL, orderId: byQuantity.orderId ?? 0 })).data();
    expect(trades).toEqual([
      expect.objectContaining({
        id: byQuantity.fills?.[0]?.tradeId,
        orderId: byQuantity.orderId,
        qty: '0.01000000',
        commission: '0.00001000',
        commissionAsset: 'BTC',
        isBuyer: true,
        isMaker: false,
      }),
    ]);
    const all = await (await rest.allOrders({ symbol: SYMBOL, orderId: byQuantity.orderId ?? 0 })).data();
    expect(all.map(({ orderId }) => orderId)).toEqual([byQuantity.orderId, byQuote.orderId]);
  });

  it('LIMIT that cannot wait expires; LIMIT_MAKER rests', async () => {
    const { rest } = connector;
    const ioc = await (await rest.newOrder({ ...RESTING, timeInForce: Force.IOC })).data();
    expect(ioc).toMatchObject({ status: 'EXPIRED', executedQty: '0.00000000' });
    const { timeInForce: _none, ...withoutForce } = RESTING;
    const maker = await (await rest.newOrder({ ...withoutForce, type: Type.LIMIT_MAKER })).data();
    expect(maker).toMatchObject({ status: 'NEW', type: 'LIMIT_MAKER', price: '50000.00000000' });
  });

  it.each([
    [Type.STOP_LOSS, { stopPrice: 55000 }, '54999'],
    [Type.STOP_LOSS_LIMIT, { stopPrice: 55000, price: 54000, timeInForce: Force.GTC }, '54999'],
    [Type.TAKE_PROFIT, { stopPrice: 65000 }, '65001'],
    [Type.TAKE_PROFIT_LIMIT, { stopPrice: 65000, price: 64000, timeInForce: Force.GTC }, '65001'],
  ] as const)('%s waits for its price, and then fills', async (type, terms, trigger) => {
    const { rest } = connector;
    const order = await (
      await rest.newOrder({ ...FULL, side: Side.SELL, type, quantity: 0.001, ...terms })
    ).data();
    expect(order).toMatchObject({
      status: 'NEW',
      type,
      stopPrice: `${terms.stopPrice}.00000000`,
      workingTime: -1,
    });
    const query = { symbol: SYMBOL, orderId: order.orderId ?? 0 };
    expect(await (await rest.getOrder(query)).data()).toMatchObject({ status: 'NEW', isWorking: false });
    simulator.exchange.feedPrice(SYMBOL, { last: trigger });
    expect(await (await rest.getOrder(query)).data()).toMatchObject({
      status: 'FILLED',
      executedQty: '0.00100000',
    });
  });

  it('trailingDelta follows the price up, and fires where it falls back', async () => {
    const { rest } = connector;
    const order = await (
      await rest.newOrder({
        ...FULL,
        side: Side.SELL,
        type: Type.STOP_LOSS,
        quantity: 0.001,
        trailingDelta: 100,
      })
    ).data();
    expect(order).toMatchObject({ status: 'NEW', trailingDelta: 100 });
    const query = { symbol: SYMBOL, orderId: order.orderId ?? 0 };
    const status = async () => (await (await rest.getOrder(query)).data()).status;
    simulator.exchange.feedPrice(SYMBOL, { last: '61000' });
    simulator.exchange.feedPrice(SYMBOL, { last: '60390.01' });
    expect(await status()).toBe('NEW');
    simulator.exchange.feedPrice(SYMBOL, { last: '60390' });
    expect(await status()).toBe('FILLED');
  });

  it('an iceberg with a strategy is shown as it was sent', async () => {
    const { rest } = connector;
    const terms = { icebergQty: 0.001, strategyId: 7, strategyType: 1_000_001 };
    const { orderId = 0 } = await (await rest.newOrder({ ...RESTING, quantity: 0.005, ...terms })).data();
    expect(await (await rest.getOrder({ symbol: SYMBOL, orderId })).data()).toMatchObject({
      icebergQty: '0.00100000',
      strategyId: 7,
      strategyType: 1_000_001,
    });
  });

  it('an order that would meet one of its own account expires, without a trade', async () => {
    const { rest } = connector;
    // Above the bid and below the ask: nobody else is there.
    simulator.exchange.setBook(SYMBOL, { spreadTicks: 1000 });
    const resting = await (await rest.newOrder({ ...RESTING, price: 60000 })).data();
    const taker = await (
      await rest.newOrder({
        ...RESTING,
        side: Side.SELL,
        price: 60000,
        selfTradePreventionMode: SpotRestAPI.NewOrderSelfTradePreventionModeEnum.EXPIRE_TAKER,
      })
    ).data();
    simulator.exchange.setBook(SYMBOL, { spreadTicks: 1 });
    expect(taker).toMatchObject({ status: 'EXPIRED_IN_MATCH', executedQty: '0.00000000', fills: [] });
    const prevented = await rest.myPreventedMatches({ symbol: SYMBOL, orderId: taker.orderId ?? 0 });
    expect(await prevented.data()).toEqual([
      expect.objectContaining({
        takerOrderId: taker.orderId,
        makerOrderId: resting.orderId,
        selfTradePreventionMode: 'EXPIRE_TAKER',
        price: '60000.00000000',
      }),
    ]);
  });

  it('an order that is only tested is checked, priced, and not placed', async () => {
    const { rest } = connector;
    const tested = await rest.orderTest({
      symbol: SYMBOL,
      side: SpotRestAPI.OrderTestSideEnum.BUY,
      type: SpotRestAPI.OrderTestTypeEnum.MARKET,
      quantity: 0.01,
      computeCommissionRates: true,
    });
    expect(await tested.data()).toMatchObject({ standardCommissionForOrder: { taker: '0.00100000' } });
  });
});

describe('changes', () => {
  it('cancel and replace in one request; both halves are answered', async () => {
    const { rest } = connector;
    const old = await (await rest.newOrder(RESTING)).data();
    const answer = await (
      await rest.orderCancelReplace({
        symbol: SYMBOL,
        cancelReplaceMode: SpotRestAPI.OrderCancelReplaceCancelReplaceModeEnum.STOP_ON_FAILURE,
        cancelOrderId: old.orderId ?? 0,
        side: SpotRestAPI.OrderCancelReplaceSideEnum.BUY,
        type: SpotRestAPI.OrderCancelReplaceTypeEnum.LIMIT,
        timeInForce: SpotRestAPI.OrderCancelReplaceTimeInForceEnum.GTC,
        price: 51000,
        quantity: 0.002,
      })
    ).data();
    expect(answer).toMatchObject({
      cancelResult: 'SUCCESS',
      newOrderResult: 'SUCCESS',
      cancelResponse: { orderId: old.orderId, status: 'CANCELED' },
      newOrderResponse: { price: '51000.00000000', origQty: '0.00200000', status: 'NEW' },
    });
  });

  it('a quantity is made smaller in place, and the history tells', async () => {
    const { rest } = connector;
    const { orderId = 0 } = await (await rest.newOrder({ ...RESTING, quantity: 0.003 })).data();
    const amended = await (
      await rest.orderAmendKeepPriority({ symbol: SYMBOL, orderId, newQty: 0.002 })
    ).data();
    expect(amended.amendedOrder).toMatchObject({ orderId, qty: '0.00200000', status: 'NEW' });
    expect(await (await rest.orderAmendments({ symbol: SYMBOL, orderId })).data()).toEqual([
      expect.objectContaining({ orderId, origQty: '0.00300000', newQty: '0.00200000' }),
    ]);
  });
});

describe('what the account is told', () => {
  it('its commission, its filters and its order counts', async () => {
    const { rest } = connector;
    expect(await (await rest.accountCommission({ symbol: SYMBOL })).data()).toMatchObject({
      symbol: SYMBOL,
      standardCommission: { maker: '0.00100000', taker: '0.00100000' },
      discount: { discountAsset: 'BNB' },
    });
    expect(await (await rest.rateLimitOrder()).data()).toEqual([
      expect.objectContaining({ rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 }),
      expect.objectContaining({ rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200000 }),
    ]);
    expect(await (await rest.myFilters({ symbol: SYMBOL })).data()).toHaveProperty('symbolFilters');
  });
});
