/** The exchange's own connector on the simulator's WebSocket API, its user data and its market streams. */
import { type Spot, SpotRestAPI, SpotWebsocketAPI } from '@binance/spot';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, type Connector, connectorFor, KEY_TYPES, until } from './bench.ts';

const {
  OrderPlaceNewOrderRespTypeEnum: RespType,
  OrderPlaceSideEnum: Side,
  OrderPlaceTimeInForceEnum: Force,
  OrderPlaceTypeEnum: Type,
} = SpotWebsocketAPI;

type Api = Awaited<ReturnType<Spot['websocketAPI']['connect']>>;
type Subscription = Awaited<ReturnType<Api['userDataStreamSubscribeSignature']>>;
type UserEvent = Parameters<Parameters<Subscription['stream']['on']>[1]>[0];

const SYMBOL = 'BTCUSDT';
const MARKET = {
  symbol: SYMBOL,
  side: Side.BUY,
  type: Type.MARKET,
  quantity: 0.01,
  newOrderRespType: RespType.FULL,
} as const;
const RESTING = { ...MARKET, type: Type.LIMIT, timeInForce: Force.GTC, price: 50000 } as const;

let simulator: Simulator;
const simulators: Simulator[] = [];
const open: Connector[] = [];
const sockets: { disconnect(): Promise<void> }[] = [];
beforeEach(async () => {
  simulator = await aSimulator();
  simulators.push(simulator);
});
// The client takes a second to close a connection: all of them together.
afterAll(async () => {
  await Promise.all(sockets.map((socket) => socket.disconnect()));
  for (const made of open) made.close();
  await Promise.all(simulators.map((one) => one.stop()));
});

function connector(key: CreatedKey): Connector {
  const made = connectorFor(simulator, key);
  open.push(made);
  return made;
}

async function connect(key: CreatedKey): Promise<Api> {
  const api = await connector(key).webSocket.connect();
  sockets.push(api);
  return api;
}

/** What the subscription tells from now on. */
function record({ stream }: Subscription): UserEvent[] {
  const events: UserEvent[] = [];
  stream.on('message', (event) => {
    events.push(event);
  });
  return events;
}

const reports = (events: readonly UserEvent[]) =>
  events.flatMap((event) => (event.e === 'executionReport' ? [event] : []));

describe.each(KEY_TYPES)('with a key of type %s, every request signed', (type) => {
  it('an order is placed, found, and cancelled; a refusal carries its code', async () => {
    const api = await connect(simulator.createKey({ uid: 1, type }));
    const account = await api.accountStatus({ omitZeroBalances: true });
    expect(account.data).toMatchObject({ uid: 1, canTrade: true });
    expect(account.rateLimits).toContainEqual(
      expect.objectContaining({ rateLimitType: 'REQUEST_WEIGHT', limit: 6000 }),
    );
    const mine = `socket-${type}`;
    const placed = await api.orderPlace({ ...RESTING, newClientOrderId: mine });
    expect(placed.data).toMatchObject({ status: 'NEW', clientOrderId: mine, price: '50000.00000000' });
    expect((await api.openOrdersStatus({ symbol: SYMBOL })).data).toHaveLength(1);
    expect((await api.orderStatus({ symbol: SYMBOL, origClientOrderId: mine })).data).toMatchObject({
      orderId: placed.data.orderId,
      status: 'NEW',
    });
    expect((await api.orderCancel({ symbol: SYMBOL, origClientOrderId: mine })).data).toMatchObject({
      origClientOrderId: mine,
      status: 'CANCELED',
    });
    await expect(api.orderCancel({ symbol: SYMBOL, origClientOrderId: mine })).rejects.toMatchObject({
      code: -2011,
      msg: 'Unknown order sent.',
    });
    await expect(api.orderPlace({ ...RESTING, quantity: 100 })).rejects.toMatchObject({ code: -2010 });
  });

  it('its user data tells of an order from its placing to its last fill, and of the balances', async () => {
    const api = await connect(simulator.createKey({ uid: 1, type }));
    const subscription = await api.userDataStreamSubscribeSignature();
    expect(subscription.response.data).toEqual({ subscriptionId: 0 });
    const events = record(subscription);
    const { data: order } = await api.orderPlace({ ...MARKET, newClientOrderId: 'filled' });
    await until(
      'the balances',
      () => events,
      (all) => all.some(({ e }) => e === 'outboundAccountPosition'),
    );
    const [accepted, traded] = reports(events);
    expect(accepted).toMatchObject({ x: 'NEW', X: 'NEW', c: 'filled', i: order.orderId, w: true, t: -1 });
    expect(traded).toMatchObject({
      x: 'TRADE',
      X: 'FILLED',
      i: order.orderId,
      l: '0.01000000',
      z: '0.01000000',
      L: order.fills?.[0]?.price,
      t: order.fills?.[0]?.tradeId,
      n: '0.00001000',
      N: 'BTC',
      m: false,
    });
    const position = events.find((event) => event.e === 'outboundAccountPosition');
    expect(position).toMatchObject({
      B: expect.arrayContaining([{ a: 'BTC', f: '10.00999000', l: '0.00000000' }]),
    });
    await expect(api.userDataStreamSubscribeSignature()).rejects.toMatchObject({ code: -2035 });
    await api.userDataStreamUnsubscribe();
    await until(
      'the end',
      () => events,
      (all) => all.some(({ e }) => e === 'eventStreamTerminated'),
    );
  });
});

describe('a session', () => {
  it('is logged on with Ed25519, and from then on neither orders nor user data are signed', async () => {
    const key = simulator.createKey({ uid: 1, type: 'ed25519' });
    const api = await connect(key);
    // One answer for each of the client's connections.
    const [logon] = await api.sessionLogon();
    expect(logon?.data).toMatchObject({ apiKey: key.apiKey, userDataStream: false });
    const subscription = await api.userDataStreamSubscribe();
    const events = record(subscription);
    const { data: order } = await api.orderPlace({ ...RESTING, newClientOrderId: 'resting' });
    await api.orderCancel({ symbol: SYMBOL, orderId: order.orderId ?? 0, newClientOrderId: 'the-cancel' });
    await until(
      'both reports',
      () => reports(events),
      (all) => all.length === 2,
    );
    expect(reports(events)).toMatchObject([
      { x: 'NEW', X: 'NEW', c: 'resting', C: '', i: order.orderId, p: '50000.00000000' },
      { x: 'CANCELED', X: 'CANCELED', c: 'the-cancel', C: 'resting', i: order.orderId },
    ]);
    await api.sessionLogout();
    expect((await api.sessionStatus()).data).toMatchObject({ apiKey: null });
  });

  // A mistake of the connector's: it signs percent-encoded text here too, as over REST, where the exchange's published
  // example signs the raw text. What needs no signature works.
  it("is the connector's only way to a symbol in another script", async () => {
    const symbol = '这是测试币456USDT';
    const api = await connect(simulator.createKey({ uid: 1, type: 'ed25519' }));
    await expect(api.openOrdersStatus({ symbol })).rejects.toMatchObject({ code: -1022 });
    await api.sessionLogon();
    expect((await api.openOrdersStatus({ symbol })).data).toEqual([]);
  });

  it('is not for HMAC keys', async () => {
    const api = await connect(simulator.createKey({ uid: 1 }));
    await expect(api.sessionLogon()).rejects.toMatchObject({ code: expect.any(Number) });
  });
});

it('a list that was placed over REST is told with both legs; its trigger expires the other', async () => {
  const key = simulator.createKey({ uid: 1 });
  const { rest, webSocket } = connector(key);
  const api = await webSocket.connect();
  sockets.push(api);
  const events = record(await api.userDataStreamSubscribeSignature());
  await rest.orderListOco({
    symbol: SYMBOL,
    side: SpotRestAPI.OrderListOcoSideEnum.SELL,
    quantity: 0.001,
    aboveType: SpotRestAPI.OrderListOcoAboveTypeEnum.LIMIT_MAKER,
    abovePrice: 65000,
    aboveClientOrderId: 'above',
    belowType: SpotRestAPI.OrderListOcoBelowTypeEnum.STOP_LOSS,
    belowStopPrice: 55000,
    belowClientOrderId: 'below',
  });
  simulator.exchange.feedPrice(SYMBOL, { last: '54000' });
  const lists = () => events.flatMap((event) => (event.e === 'listStatus' ? [event] : []));
  await until('the end of the list', lists, (all) => all.some(({ l }) => l === 'ALL_DONE'));
  expect(lists().map(({ c, l, L }) => [c, l, L])).toEqual([
    ['OCO', 'EXEC_STARTED', 'EXECUTING'],
    ['OCO', 'ALL_DONE', 'ALL_DONE'],
  ]);
  await until(
    'the fill',
    () => reports(events),
    (all) => all.some(({ X }) => X === 'FILLED'),
  );
  const last = new Map(reports(events).map((report) => [report.c, report]));
  expect(last.get('above')).toMatchObject({ X: 'EXPIRED', eR: 'OCO_TRIGGER', z: '0.00000000' });
  expect(last.get('below')).toMatchObject({ X: 'FILLED', z: '0.00100000' });
});

it('lists over the WebSocket API: OCO placed, found, cancelled; OTOCO goes live with its first order', async () => {
  const api = await connect(simulator.createKey({ uid: 1, type: 'ed25519' }));
  await api.sessionLogon();
  const { data: oco } = await api.orderListPlaceOco({
    symbol: SYMBOL,
    side: SpotWebsocketAPI.OrderListPlaceOcoSideEnum.SELL,
    quantity: 0.001,
    aboveType: SpotWebsocketAPI.OrderListPlaceOcoAboveTypeEnum.TAKE_PROFIT,
    aboveStopPrice: 65000,
    belowType: SpotWebsocketAPI.OrderListPlaceOcoBelowTypeEnum.STOP_LOSS,
    belowTrailingDelta: 100,
    newOrderRespType: SpotWebsocketAPI.OrderListPlaceOcoNewOrderRespTypeEnum.RESULT,
  });
  expect(oco).toMatchObject({ contingencyType: 'OCO', listStatusType: 'EXEC_STARTED', symbol: SYMBOL });
  expect(oco.orderReports?.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
    'STOP_LOSS NEW',
    'TAKE_PROFIT NEW',
  ]);
  // The types of the WebSocket API take no bigint here, though they answer with one.
  const orderListId = Number(oco.orderListId);
  expect((await api.orderListStatus({ orderListId })).data).toMatchObject({ listOrderStatus: 'EXECUTING' });
  expect((await api.orderListCancel({ symbol: SYMBOL, orderListId })).data).toMatchObject({
    listOrderStatus: 'ALL_DONE',
  });

  const { data: otoco } = await api.orderListPlaceOtoco({
    symbol: SYMBOL,
    workingType: SpotWebsocketAPI.OrderListPlaceOtocoWorkingTypeEnum.LIMIT,
    workingSide: SpotWebsocketAPI.OrderListPlaceOtocoWorkingSideEnum.BUY,
    workingPrice: 59000,
    workingQuantity: 0.001,
    workingTimeInForce: SpotWebsocketAPI.OrderListPlaceOtocoWorkingTimeInForceEnum.GTC,
    pendingSide: SpotWebsocketAPI.OrderListPlaceOtocoPendingSideEnum.SELL,
    pendingQuantity: 0.001,
    pendingAboveType: SpotWebsocketAPI.OrderListPlaceOtocoPendingAboveTypeEnum.LIMIT_MAKER,
    pendingAbovePrice: 65000,
    pendingBelowType: SpotWebsocketAPI.OrderListPlaceOtocoPendingBelowTypeEnum.STOP_LOSS,
    pendingBelowStopPrice: 55000,
  });
  expect(otoco.orders).toHaveLength(3);
  simulator.exchange.feedPrice(SYMBOL, { last: '58500' });
  const { data: resting } = await api.openOrdersStatus({ symbol: SYMBOL });
  expect(resting).toEqual([
    expect.objectContaining({ type: expect.stringMatching(/^(LIMIT_MAKER|STOP_LOSS)$/), status: 'NEW' }),
    expect.objectContaining({ type: expect.stringMatching(/^(LIMIT_MAKER|STOP_LOSS)$/), status: 'NEW' }),
  ]);
  expect((await api.openOrderListsStatus()).data).toHaveLength(1);
});

it('too much weight is refused with the time to come back', async () => {
  simulator = await aSimulator({ limits: { weightPerMinute: 21 } });
  simulators.push(simulator);
  const api = await connect(simulator.createKey({ uid: 1 }));
  // Connecting cost 2: this passes the limit, unless a minute ended in between; then the next one does.
  const refused = await api.exchangeInfo().then(
    () => api.exchangeInfo().catch((error: unknown) => error),
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({
    code: -1003,
    data: { serverTime: expect.any(Number), retryAfter: expect.any(Number) },
  });
});

it('a server that announces its end is left for a new connection, which is logged on by itself', async () => {
  const key = simulator.createKey({ uid: 1, type: 'ed25519' });
  const api = await connect(key);
  await api.sessionLogon();
  simulator.addFaults([{ do: { kind: 'server_shutdown', sockets: 'ws_api', ms: 1000 } }]);
  await until(
    'the new connection beside the old',
    () => simulator.connections().wsApi,
    (count) => count === 2,
  );
  await until(
    'the end of the old one',
    () => simulator.connections().wsApi,
    (count) => count === 1,
  );
  const logons = () => simulator.requests()['session.logon']?.requests ?? 0;
  await until('the second logon', logons, (count) => count === 2);
  expect((await api.sessionStatus()).data).toMatchObject({ apiKey: key.apiKey });
});

it('market streams: prices and trades, in the shapes that the client has types for', async () => {
  const streams = await connector(simulator.createKey({ uid: 1 })).streams.connect();
  sockets.push(streams);
  const best: unknown[] = [];
  const trades: unknown[] = [];
  streams.bookTicker({ symbol: SYMBOL }).on('message', (data) => void best.push(data));
  streams.trade({ symbol: SYMBOL }).on('message', (data) => void trades.push(data));
  // Subscribing is not answered to the caller: prices go on until one arrives.
  let cents = 0;
  await until(
    'a price and a trade',
    () => {
      cents += 1;
      simulator.exchange.feedPrice(SYMBOL, { last: `61000.${String(cents % 100).padStart(2, '0')}` });
      return Math.min(best.length, trades.length);
    },
    (heard) => heard > 0,
  );
  expect(best[0]).toMatchObject({
    s: 'BTCUSDT',
    u: expect.any(Number),
    b: expect.stringMatching(/^6\d{4}\.\d{8}$/),
    a: expect.stringMatching(/^6\d{4}\.\d{8}$/),
  });
  expect(trades[0]).toMatchObject({ e: 'trade', s: 'BTCUSDT', p: expect.stringMatching(/^61000\.\d{8}$/) });
});
