/**
 * A second public client (`binance`), unmodified but for its URLs, against the simulator: it signs, encodes and reads
 * answers with code that has nothing in common with the exchange's connector.
 *
 * What the library itself does not do: it warns of client ids without its own prefix, so the ids are its own; on the
 * WebSocket API the caller gives the time; its types know no TAKE_PROFIT legs.
 */
import { Agent } from 'node:https';
import { MainClient, WebsocketAPIClient, WebsocketClient } from 'binance';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, KEY_TYPES, PRICE, secretOf, TIMEOUT_MS, trust, until } from './bench.ts';

const SYMBOL = 'BTCUSDT';
const quiet = (): void => undefined;
const SILENT = { trace: quiet, info: quiet, error: quiet };
const RESTING = {
  symbol: SYMBOL,
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: 50000,
  quantity: 0.001,
  newOrderRespType: 'FULL',
} as const;
const MARKET = {
  symbol: SYMBOL,
  side: 'BUY',
  type: 'MARKET',
  quantity: 0.01,
  newOrderRespType: 'FULL',
} as const;

describe('over REST', () => {
  let simulator: Simulator;
  let agent: Agent;
  beforeAll(async () => {
    simulator = await aSimulator();
    agent = new Agent({ keepAlive: true, ...trust(simulator) });
  });
  afterEach(async () => {
    simulator.exchange.feedPrice(SYMBOL, { last: PRICE });
    const client = restClient();
    if ((await client.getOpenOrders({ symbol: SYMBOL })).length > 0) {
      await client.cancelAllSymbolOrders({ symbol: SYMBOL });
    }
  });
  afterAll(async () => {
    agent.destroy();
    await simulator.stop();
  });

  const restClient = (key = simulator.createKey({ uid: 1 })): MainClient =>
    new MainClient(
      { api_key: key.apiKey, api_secret: secretOf(key), baseUrl: simulator.restUrl },
      { httpsAgent: agent, timeout: TIMEOUT_MS },
    );

  it.each(KEY_TYPES)(
    '%s: account, an order by its client id, open orders, all orders, cancel',
    async (type) => {
      const client = restClient(simulator.createKey({ uid: 1, type }));
      const account = await client.getAccountInformation({ omitZeroBalances: true });
      expect(account).toMatchObject({ canTrade: true, accountType: 'SPOT' });
      expect(account.balances.map(({ asset }) => asset)).toContain('USDT');
      const newClientOrderId = client.generateNewOrderId();
      const order = await client.submitNewOrder({ ...RESTING, newClientOrderId });
      expect(order).toMatchObject({ status: 'NEW', clientOrderId: newClientOrderId, fills: [] });
      const query = { symbol: SYMBOL, origClientOrderId: newClientOrderId };
      expect(await client.getOrder(query)).toMatchObject({ orderId: order.orderId, isWorking: true });
      expect(await client.getOpenOrders({ symbol: SYMBOL })).toMatchObject([{ orderId: order.orderId }]);
      expect(await client.cancelOrder(query)).toMatchObject({
        origClientOrderId: newClientOrderId,
        status: 'CANCELED',
      });
      expect(await client.getAllOrders({ symbol: SYMBOL, orderId: order.orderId })).toMatchObject([
        { orderId: order.orderId, status: 'CANCELED', executedQty: '0.00000000' },
      ]);
      expect(client.getRateLimitStates()['x-mbx-used-weight-1m']).toBeGreaterThan(0);
    },
  );

  it('symbols, commission, trades of an order, order counts', async () => {
    const client = restClient();
    expect(await client.getOpenOrders({ symbol: '这是测试币456USDT' })).toEqual([]);
    const { symbols } = await client.getExchangeInfo({ symbol: SYMBOL });
    expect(symbols).toMatchObject([{ symbol: SYMBOL, status: 'TRADING', ocoAllowed: true }]);
    expect(await client.getCommissionRates({ symbol: SYMBOL })).toMatchObject({
      standardCommission: { taker: '0.00100000' },
    });
    const order = await client.submitNewOrder(MARKET);
    expect(order).toMatchObject({ status: 'FILLED', executedQty: '0.01000000' });
    expect(await client.getAccountTradeList({ symbol: SYMBOL, orderId: order.orderId })).toMatchObject([
      { orderId: order.orderId, qty: '0.01000000', commissionAsset: 'BTC', isBuyer: true, isMaker: false },
    ]);
    expect(await client.getOrderRateLimit()).toMatchObject([
      { rateLimitType: 'ORDERS', intervalNum: 10, limit: 100 },
      { rateLimitType: 'ORDERS', intervalNum: 1, limit: 200000 },
    ]);
  });

  const SELL = { symbol: SYMBOL, side: 'SELL', quantity: 0.001, newOrderRespType: 'FULL' } as const;

  it.each([
    [{ ...SELL, type: 'MARKET' }, 'FILLED', null],
    [
      {
        symbol: SYMBOL,
        side: 'BUY',
        type: 'MARKET',
        quoteOrderQty: 600,
        newOrderRespType: 'FULL',
      },
      'FILLED',
      null,
    ],
    [{ ...SELL, type: 'LIMIT', price: 61000, timeInForce: 'GTC' }, 'NEW', '61000'],
    [{ ...SELL, type: 'LIMIT_MAKER', price: 61000 }, 'NEW', '61000'],
    [{ ...SELL, type: 'STOP_LOSS', stopPrice: 59000 }, 'NEW', '59000'],
    [
      { ...SELL, type: 'STOP_LOSS_LIMIT', stopPrice: 59000, price: 58000, timeInForce: 'GTC' },
      'NEW',
      '59000',
    ],
    [{ ...SELL, type: 'TAKE_PROFIT', stopPrice: 61000 }, 'NEW', '61000'],
    [
      { ...SELL, type: 'TAKE_PROFIT_LIMIT', stopPrice: 61000, price: 60500, timeInForce: 'GTC' },
      'NEW',
      '61000',
    ],
    [{ ...SELL, type: 'TAKE_PROFIT', trailingDelta: 100 }, 'NEW', '59400'],
  ] as const)('order %j', async (params, status, fillsAt) => {
    const client = restClient();
    const order = await client.submitNewOrder(params);
    expect(order).toMatchObject({ status, type: params.type });
    if (fillsAt === null) return;
    simulator.exchange.feedPrice(SYMBOL, { last: fillsAt });
    // A resting order is filled where the price goes through it.
    if (params.type.startsWith('LIMIT')) simulator.exchange.feedPrice(SYMBOL, { last: '62000' });
    expect(await client.getOrder({ symbol: SYMBOL, orderId: order.orderId })).toMatchObject({
      status: 'FILLED',
      executedQty: '0.00100000',
    });
  });

  it('OCO and OTOCO, found and cancelled', async () => {
    const client = restClient();
    const oco = await client.submitNewOrderList({
      symbol: SYMBOL,
      side: 'SELL',
      quantity: 0.001,
      aboveType: 'LIMIT_MAKER',
      abovePrice: 65000,
      belowType: 'STOP_LOSS_LIMIT',
      belowStopPrice: 55000,
      belowPrice: 54000,
      belowTimeInForce: 'GTC',
      newOrderRespType: 'FULL',
    });
    expect(oco).toMatchObject({ contingencyType: 'OCO', listOrderStatus: 'EXECUTING' });
    expect(oco.orderReports.map(({ type }) => type).sort()).toEqual(['LIMIT_MAKER', 'STOP_LOSS_LIMIT']);
    expect(await client.getOCO({ orderListId: oco.orderListId })).toMatchObject({
      orderListId: oco.orderListId,
    });
    expect(await client.cancelOCO({ symbol: SYMBOL, orderListId: oco.orderListId })).toMatchObject({
      listOrderStatus: 'ALL_DONE',
    });

    const otoco = await client.submitNewOrderListOTOCO({
      symbol: SYMBOL,
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingPrice: '59000',
      workingQuantity: '0.001',
      workingTimeInForce: 'GTC',
      pendingSide: 'SELL',
      pendingQuantity: '0.001',
      pendingAboveType: 'LIMIT_MAKER',
      pendingAbovePrice: '65000',
      pendingBelowType: 'STOP_LOSS',
      pendingBelowStopPrice: '55000',
    });
    expect(otoco.orders).toHaveLength(3);
    simulator.exchange.feedPrice(SYMBOL, { last: '58500' });
    const statuses = await Promise.all(
      otoco.orders.map(async ({ orderId }) => {
        const { type, status } = await client.getOrder({ symbol: SYMBOL, orderId });
        return [type, status];
      }),
    );
    expect(Object.fromEntries(statuses)).toEqual({ LIMIT: 'FILLED', LIMIT_MAKER: 'NEW', STOP_LOSS: 'NEW' });
  });

  it('refusals keep their codes', async () => {
    const client = restClient();
    await expect(client.submitNewOrder({ ...RESTING, quantity: 100 })).rejects.toMatchObject({
      code: -2010,
      message: 'Account has insufficient balance for requested action.',
    });
    await expect(client.submitNewOrder({ ...RESTING, quantity: 0.00009 })).rejects.toMatchObject({
      code: -1013,
      message: 'Filter failure: NOTIONAL',
    });
    await expect(client.getOrder({ symbol: SYMBOL, orderId: 1 })).rejects.toMatchObject({ code: -2013 });
    await expect(client.cancelOrder({ symbol: SYMBOL, orderId: 1 })).rejects.toMatchObject({ code: -2011 });
    const forged = restClient({ ...simulator.createKey({ uid: 1 }), secret: 'not the secret' });
    await expect(forged.getAccountInformation()).rejects.toMatchObject({ code: -1022 });
  });
});

it('a limit is 429 with its code and the seconds to wait', async () => {
  const simulator = await aSimulator({ limits: { weightPerMinute: 19 } });
  const agent = new Agent(trust(simulator));
  try {
    const client = new MainClient({ baseUrl: simulator.restUrl }, { httpsAgent: agent, timeout: TIMEOUT_MS });
    await expect(client.getExchangeInfo()).rejects.toMatchObject({
      code: -1003,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
    });
  } finally {
    agent.destroy();
    await simulator.stop();
  }
});

describe('over the WebSocket API', () => {
  let simulator: Simulator;
  let client: WebsocketAPIClient | null = null;
  beforeEach(async () => {
    simulator = await aSimulator();
  });
  afterEach(async () => {
    await client?.disconnectAll();
    client = null;
    await simulator.stop();
  });

  function socketClient(key: CreatedKey): WebsocketAPIClient {
    client = new WebsocketAPIClient(
      {
        api_key: key.apiKey,
        api_secret: secretOf(key),
        // The client appends the path.
        wsUrl: new URL(simulator.wsApiUrl).origin,
        wsOptions: { agent: new Agent(trust(simulator)) },
        attachEventListeners: false,
        muteLatencyWarning: true,
      },
      SILENT,
    );
    return client;
  }

  /** The library signs, but does not say the time; for a new order it has no type for it either. */
  const timed = <T extends object>(params: T) => ({ ...params, timestamp: Date.now() });

  // The client logs on by itself with Ed25519, and signs every request with the other keys.
  it.each(KEY_TYPES)('%s: orders, and the user data that tells of them', async (type) => {
    const api = socketClient(simulator.createKey({ uid: 1, type }));
    const events: Record<string, unknown>[] = [];
    api.getWSClient().on('message', (message) => {
      events.push({ ...message });
    });
    await api.subscribeUserDataStream('mainWSAPI');
    const { result: resting } = await api.submitNewSpotOrder(timed(RESTING));
    expect(resting).toMatchObject({ status: 'NEW', price: '50000.00000000' });
    const { orderId } = resting;
    const query = { symbol: SYMBOL, orderId };
    expect((await api.getSpotOrderStatus(timed(query))).result).toMatchObject({
      orderId,
      status: 'NEW',
    });
    expect((await api.cancelSpotOrder(timed(query))).result).toMatchObject({
      orderId,
      status: 'CANCELED',
    });
    expect((await api.submitNewSpotOrder(timed(MARKET))).result).toMatchObject({
      status: 'FILLED',
    });
    const reports = () => events.filter((event) => event['e'] === 'executionReport');
    await until('the fill', reports, (all) => all.some((report) => report['X'] === 'FILLED'));
    expect(reports().map(({ x, X }) => `${x} ${X}`)).toEqual([
      'NEW NEW',
      'CANCELED CANCELED',
      'NEW NEW',
      'TRADE FILLED',
    ]);
    await until(
      'the balances',
      () => events,
      (all) => all.some((event) => event['e'] === 'outboundAccountPosition'),
    );
    await expect(api.cancelSpotOrder(timed(query))).rejects.toMatchObject({
      error: { code: -2011 },
    });
  });
});

it('its streams client reads prices', async () => {
  const simulator = await aSimulator();
  const heard: Record<string, unknown>[] = [];
  const streams = new WebsocketClient(
    { wsUrl: simulator.streamUrl, wsOptions: { agent: new Agent(trust(simulator)) } },
    SILENT,
  );
  streams.on('message', (message) => {
    heard.push({ ...message });
  });
  try {
    await streams.subscribe(['btcusdt@bookTicker', 'btcusdt@trade'], 'main');
    let cents = 0;
    const prices = await until(
      'a price and a trade',
      () => {
        cents += 1;
        simulator.exchange.feedPrice(SYMBOL, { last: `61000.${String(cents % 100).padStart(2, '0')}` });
        return heard.filter((message) => message['e'] === 'bookTicker');
      },
      (found) => found.length > 0 && heard.some((message) => message['e'] === 'trade'),
    );
    expect(prices[0]).toMatchObject({ s: SYMBOL, b: expect.any(String), a: expect.any(String) });
  } finally {
    streams.closeAll(true);
    await simulator.stop();
  }
});
