/**
 * The simulator's answers have every field that the exchange's own connector has a type for, in that type.
 *
 * Each list below names all fields of the connector's type (the compiler sees to it), so a new version of the connector
 * with other fields stops here. `conditional` fields are those that the exchange sends only for orders of some kind.
 */
import type { Spot } from '@binance/spot';
import { SpotRestAPI } from '@binance/spot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator } from '../../../infra/local/venues/binance/start.ts';
import { aSimulator, type Connector, connectorFor, until } from './bench.ts';

type Rest = Spot['restAPI'];
type Answer<K extends keyof Rest> = Rest[K] extends (
  ...given: never[]
) => Promise<{ data(): Promise<infer T> }>
  ? T
  : never;
type Item<T> = T extends readonly (infer I)[] ? I : T;
type Kind = 'text' | 'number' | 'flag' | 'list' | 'object' | 'conditional';
type Shape<T> = Readonly<Record<keyof T, Kind>>;

type Api = Awaited<ReturnType<Spot['websocketAPI']['connect']>>;
type UserStream = Awaited<ReturnType<Api['userDataStreamSubscribeSignature']>>['stream'];
type UserEvent = Parameters<Parameters<UserStream['on']>[1]>[0];
type EventOf<E extends UserEvent['e']> = Extract<UserEvent, { e: E }>;

const kindOf = (value: unknown): Kind | null => {
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return 'number';
    case 'boolean':
      return 'flag';
    case 'object':
      return value === null ? null : 'object';
    default:
      return null;
  }
};

/** Fields that are missing, of another kind, or that the connector does not know. */
function differences<T extends object>(value: T, shape: Shape<T>): readonly string[] {
  const known = Object.entries<Kind>(shape);
  const wrong = known.flatMap(([name, kind]) => {
    const found = kindOf((value as Record<string, unknown>)[name]);
    return kind === 'conditional' || found === kind ? [] : [`${name}: ${found ?? 'missing'}, not ${kind}`];
  });
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(shape, name));
  return [...wrong, ...unknown.map((name) => `${name}: unknown`)];
}

const SYMBOL = 'BTCUSDT';
const RESTING = {
  symbol: SYMBOL,
  side: SpotRestAPI.NewOrderSideEnum.BUY,
  type: SpotRestAPI.NewOrderTypeEnum.LIMIT,
  timeInForce: SpotRestAPI.NewOrderTimeInForceEnum.GTC,
  price: 50000,
  quantity: 0.001,
  newOrderRespType: SpotRestAPI.NewOrderNewOrderRespTypeEnum.FULL,
} as const;
const MARKET = {
  symbol: SYMBOL,
  side: SpotRestAPI.NewOrderSideEnum.BUY,
  type: SpotRestAPI.NewOrderTypeEnum.MARKET,
  quantity: 0.01,
  newOrderRespType: SpotRestAPI.NewOrderNewOrderRespTypeEnum.FULL,
} as const;

const CORE = {
  symbol: 'text',
  orderId: 'number',
  orderListId: 'number',
  clientOrderId: 'text',
  price: 'text',
  origQty: 'text',
  executedQty: 'text',
  origQuoteOrderQty: 'text',
  cummulativeQuoteQty: 'text',
  status: 'text',
  timeInForce: 'text',
  type: 'text',
  side: 'text',
  selfTradePreventionMode: 'text',
} as const;
const CONDITIONAL = {
  preventedMatchId: 'conditional',
  preventedQuantity: 'conditional',
  strategyId: 'conditional',
  strategyType: 'conditional',
  trailingDelta: 'conditional',
  trailingTime: 'conditional',
  usedSor: 'conditional',
  workingFloor: 'conditional',
  pegPriceType: 'conditional',
  pegOffsetType: 'conditional',
  pegOffsetValue: 'conditional',
  peggedPrice: 'conditional',
  expiryReason: 'conditional',
} as const;

const NEW_ORDER: Shape<Answer<'newOrder'>> = {
  ...CORE,
  transactTime: 'number',
  workingTime: 'number',
  fills: 'list',
};
const FILL: Shape<Item<NonNullable<Answer<'newOrder'>['fills']>>> = {
  price: 'text',
  qty: 'text',
  commission: 'text',
  commissionAsset: 'text',
  tradeId: 'number',
};
const QUERIED: Shape<Answer<'getOrder'>> = {
  ...CORE,
  ...CONDITIONAL,
  stopPrice: 'text',
  icebergQty: 'text',
  time: 'number',
  updateTime: 'number',
  isWorking: 'flag',
  workingTime: 'number',
};
const CANCELLED: Shape<Answer<'deleteOrder'>> = {
  ...CORE,
  ...CONDITIONAL,
  origClientOrderId: 'text',
  transactTime: 'number',
  stopPrice: 'conditional',
  icebergQty: 'conditional',
};
const LIST: Shape<Answer<'orderListOco'>> = {
  orderListId: 'number',
  contingencyType: 'text',
  listStatusType: 'text',
  listOrderStatus: 'text',
  listClientOrderId: 'text',
  transactionTime: 'number',
  symbol: 'text',
  orders: 'list',
  orderReports: 'list',
};
const ACCOUNT: Shape<Answer<'getAccount'>> = {
  makerCommission: 'number',
  takerCommission: 'number',
  buyerCommission: 'number',
  sellerCommission: 'number',
  commissionRates: 'object',
  canTrade: 'flag',
  canWithdraw: 'flag',
  canDeposit: 'flag',
  brokered: 'flag',
  requireSelfTradePrevention: 'flag',
  preventSor: 'flag',
  updateTime: 'number',
  accountType: 'text',
  balances: 'list',
  permissions: 'list',
  uid: 'number',
};
const MY_TRADE: Shape<Item<Answer<'myTrades'>>> = {
  symbol: 'text',
  id: 'number',
  orderId: 'number',
  orderListId: 'number',
  price: 'text',
  qty: 'text',
  quoteQty: 'text',
  commission: 'text',
  commissionAsset: 'text',
  time: 'number',
  isBuyer: 'flag',
  isMaker: 'flag',
  isBestMatch: 'flag',
};
const COMMISSION: Shape<Answer<'accountCommission'>> = {
  symbol: 'text',
  standardCommission: 'object',
  specialCommission: 'object',
  taxCommission: 'object',
  discount: 'object',
};
const SYMBOL_INFO: Shape<Item<NonNullable<Answer<'exchangeInfo'>['symbols']>>> = {
  symbol: 'text',
  status: 'text',
  baseAsset: 'text',
  baseAssetPrecision: 'number',
  quoteAsset: 'text',
  quotePrecision: 'number',
  quoteAssetPrecision: 'number',
  baseCommissionPrecision: 'number',
  quoteCommissionPrecision: 'number',
  orderTypes: 'list',
  icebergAllowed: 'flag',
  ocoAllowed: 'flag',
  otoAllowed: 'flag',
  opoAllowed: 'flag',
  quoteOrderQtyMarketAllowed: 'flag',
  allowTrailingStop: 'flag',
  cancelReplaceAllowed: 'flag',
  amendAllowed: 'flag',
  pegInstructionsAllowed: 'flag',
  isSpotTradingAllowed: 'flag',
  isMarginTradingAllowed: 'flag',
  filters: 'list',
  permissions: 'list',
  permissionSets: 'list',
  defaultSelfTradePreventionMode: 'text',
  allowedSelfTradePreventionModes: 'list',
};

const REPORT: Shape<EventOf<'executionReport'>> = {
  ...{ e: 'text', E: 'number', s: 'text', c: 'text', S: 'text', o: 'text', f: 'text', q: 'text', p: 'text' },
  ...{ P: 'text', F: 'text', g: 'number', C: 'text', x: 'text', X: 'text', r: 'text', i: 'number' },
  ...{ l: 'text', z: 'text', L: 'text', n: 'text', T: 'number', t: 'number', I: 'number', w: 'flag' },
  ...{ m: 'flag', M: 'flag', O: 'number', Z: 'text', Y: 'text', Q: 'text', V: 'text' },
  // The asset of a fee is null where there is none.
  ...{ N: 'conditional', W: 'conditional', d: 'conditional', D: 'conditional', j: 'conditional' },
  ...{ J: 'conditional', v: 'conditional', A: 'conditional', B: 'conditional', u: 'conditional' },
  ...{ U: 'conditional', Cs: 'conditional', pl: 'conditional', pL: 'conditional', pY: 'conditional' },
  ...{ b: 'conditional', a: 'conditional', k: 'conditional', uS: 'conditional', gP: 'conditional' },
  ...{ gOT: 'conditional', gOV: 'conditional', gp: 'conditional', eR: 'conditional' },
};
const POSITION: Shape<EventOf<'outboundAccountPosition'>> = {
  e: 'text',
  E: 'number',
  u: 'number',
  B: 'list',
};
const BALANCE: Shape<EventOf<'balanceUpdate'>> = {
  e: 'text',
  E: 'number',
  a: 'text',
  d: 'text',
  T: 'number',
};
const LIST_STATUS: Shape<EventOf<'listStatus'>> = {
  ...{ e: 'text', E: 'number', s: 'text', g: 'number', c: 'text', l: 'text', L: 'text', r: 'text' },
  ...{ C: 'text', T: 'number', O: 'list' },
};

let simulator: Simulator;
let connector: Connector;
beforeAll(async () => {
  simulator = await aSimulator();
  connector = connectorFor(simulator, simulator.createKey({ uid: 1 }));
});
afterAll(async () => {
  connector.close();
  await simulator.stop();
});

describe('answers', () => {
  it('to orders: placed, filled, queried, cancelled', async () => {
    const { rest } = connector;
    const filled = await (await rest.newOrder(MARKET)).data();
    const resting = await (await rest.newOrder(RESTING)).data();
    expect(differences(filled, NEW_ORDER)).toEqual([]);
    expect(differences(resting, NEW_ORDER)).toEqual([]);
    expect((filled.fills ?? []).map((fill) => differences(fill, FILL))).toEqual([[]]);
    const order = { symbol: SYMBOL, orderId: resting.orderId ?? 0 };
    expect(differences(await (await rest.getOrder(order)).data(), QUERIED)).toEqual([]);
    for (const one of await (await rest.getOpenOrders({ symbol: SYMBOL })).data()) {
      expect(differences(one, QUERIED)).toEqual([]);
    }
    expect(differences(await (await rest.deleteOrder(order)).data(), CANCELLED)).toEqual([]);
    const [trade] = await (await rest.myTrades({ symbol: SYMBOL })).data();
    expect(differences(trade ?? {}, MY_TRADE)).toEqual([]);
  });

  it('to lists', async () => {
    const { rest } = connector;
    const list = await (
      await rest.orderListOco({
        symbol: SYMBOL,
        side: SpotRestAPI.OrderListOcoSideEnum.SELL,
        quantity: 0.001,
        aboveType: SpotRestAPI.OrderListOcoAboveTypeEnum.LIMIT_MAKER,
        abovePrice: 65000,
        belowType: SpotRestAPI.OrderListOcoBelowTypeEnum.STOP_LOSS,
        belowStopPrice: 55000,
      })
    ).data();
    expect(differences(list, LIST)).toEqual([]);
    const cancelled = await rest.deleteOrderList({ symbol: SYMBOL, orderListId: list.orderListId ?? 0 });
    expect(differences(await cancelled.data(), LIST)).toEqual([]);
  });

  it('about the account and the symbols', async () => {
    const { rest } = connector;
    expect(differences(await (await rest.getAccount()).data(), ACCOUNT)).toEqual([]);
    const rates = await (await rest.accountCommission({ symbol: SYMBOL })).data();
    expect(differences(rates, COMMISSION)).toEqual([]);
    const { symbols = [] } = await (await rest.exchangeInfo()).data();
    expect(symbols.length).toBeGreaterThan(10);
    for (const symbol of symbols) expect(differences(symbol, SYMBOL_INFO)).toEqual([]);
  });
});

it('user data', async () => {
  const api = await connector.webSocket.connect();
  try {
    const { stream } = await api.userDataStreamSubscribeSignature();
    const events: UserEvent[] = [];
    stream.on('message', (event) => void events.push(event));
    const { rest } = connector;
    await rest.newOrder(MARKET);
    await rest.orderListOco({
      symbol: SYMBOL,
      side: SpotRestAPI.OrderListOcoSideEnum.SELL,
      quantity: 0.001,
      aboveType: SpotRestAPI.OrderListOcoAboveTypeEnum.TAKE_PROFIT,
      aboveStopPrice: 65000,
      belowType: SpotRestAPI.OrderListOcoBelowTypeEnum.STOP_LOSS,
      belowTrailingDelta: 500,
    });
    await rest.deleteOpenOrders({ symbol: SYMBOL });
    simulator.exchange.adjustBalance(1, 'USDT', '5');
    await until(
      'the deposit',
      () => events,
      (all) => all.some(({ e }) => e === 'balanceUpdate'),
    );
    const seen = new Set<string>();
    for (const event of events) {
      seen.add(event.e);
      if (event.e === 'executionReport') expect(differences(event, REPORT)).toEqual([]);
      if (event.e === 'outboundAccountPosition') expect(differences(event, POSITION)).toEqual([]);
      if (event.e === 'balanceUpdate') expect(differences(event, BALANCE)).toEqual([]);
      if (event.e === 'listStatus') expect(differences(event, LIST_STATUS)).toEqual([]);
    }
    expect([...seen].sort()).toEqual([
      'balanceUpdate',
      'executionReport',
      'listStatus',
      'outboundAccountPosition',
    ]);
  } finally {
    await api.disconnect();
  }
});
