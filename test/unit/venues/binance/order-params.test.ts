import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import { type SymbolSpec, symbolRegistry } from '../../../../shared/domain/symbols.ts';
import { ORDER_TYPES, type OrderType } from '../../../../shared/domain/types.ts';
import type { PlaceRequest } from '../../../../shared/ports/venue.ts';
import {
  belongsTo,
  listVenueId,
  orderListIdOf,
  ownClientId,
} from '../../../../shared/venues/binance/client-ids.ts';
import { binanceEndpoints } from '../../../../shared/venues/binance/endpoints.ts';
import { orderCounts, retryAfterMs, usedWeight } from '../../../../shared/venues/binance/headers.ts';
import { toVenueRequest } from '../../../../shared/venues/binance/order-params.ts';

const d = (text: string): Decimal => new Decimal(text);
const ID = `mq${'A'.repeat(22)}-12`;
const BUILT_IN = symbolRegistry().get('BTC/USDT') as SymbolSpec;
const BTC: SymbolSpec = {
  ...BUILT_IN,
  rules: { ...BUILT_IN.rules, orderTypes: ORDER_TYPES, ocoAllowed: true, quoteOrderQtyMarketAllowed: true },
};
const without = (...types: OrderType[]): SymbolSpec => ({
  ...BTC,
  rules: { ...BTC.rules, orderTypes: ORDER_TYPES.filter((t) => !types.includes(t)) },
});

const BASE: PlaceRequest = {
  clientId: ID,
  symbol: 'BTC/USDT',
  side: 'sell',
  type: 'market',
  timeInForce: 'GTC',
  margin: null,
  quantity: d('0.00000001'),
  quoteQuantity: null,
  limitPrice: null,
  stopPrice: null,
  stopLimitPrice: null,
  trailingDelta: null,
  signedAt: 1,
  recvWindowMs: 1,
  rank: 'exit',
  trigger: null,
};
const sent = (change: Partial<PlaceRequest>, spec = BTC, mode: string | null = null) => {
  const request = toVenueRequest({ ...BASE, ...change }, spec, mode);
  if (request.kind === 'refused') return request;
  const { params, ...rest } = request;
  return {
    ...rest,
    params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)),
  };
};
const HEAD = { symbol: 'BTCUSDT', side: 'SELL', newClientOrderId: ID, newOrderRespType: 'FULL' };
const LIST = { symbol: 'BTCUSDT', listClientOrderId: ID, newOrderRespType: 'FULL', quantity: '0.00000001' };

describe('parameters', () => {
  const quantity = '0.00000001';
  it.each([
    ['market', {}, { type: 'MARKET', quantity }],
    [
      'market by quote amount',
      { quantity: d('0'), quoteQuantity: d('10.5') },
      { type: 'MARKET', quoteOrderQty: '10.5' },
    ],
    [
      'limit',
      { type: 'limit', limitPrice: d('5'), timeInForce: 'FOK' },
      { type: 'LIMIT', quantity, price: '5', timeInForce: 'FOK' },
    ],
    [
      'limit_maker',
      { type: 'limit_maker', limitPrice: d('5') },
      { type: 'LIMIT_MAKER', quantity, price: '5' },
    ],
    ['stop_loss', { type: 'stop_loss', stopPrice: d('5') }, { type: 'STOP_LOSS', quantity, stopPrice: '5' }],
    [
      'stop_limit',
      { type: 'stop_limit', stopPrice: d('5'), limitPrice: d('4') },
      { type: 'STOP_LOSS_LIMIT', quantity, stopPrice: '5', price: '4', timeInForce: 'GTC' },
    ],
    [
      'take_profit',
      { type: 'take_profit', stopPrice: d('5') },
      { type: 'TAKE_PROFIT', quantity, stopPrice: '5' },
    ],
    [
      'take_profit_limit',
      { type: 'take_profit_limit', stopPrice: d('5'), limitPrice: d('4') },
      { type: 'TAKE_PROFIT_LIMIT', quantity, stopPrice: '5', price: '4', timeInForce: 'GTC' },
    ],
    [
      'trailing_stop',
      { type: 'trailing_stop', trailingDelta: 150 },
      { type: 'STOP_LOSS', quantity, trailingDelta: '150' },
    ],
    [
      'trailing_stop from a price',
      { type: 'trailing_stop', trailingDelta: 150, stopPrice: d('5') },
      { type: 'STOP_LOSS', quantity, trailingDelta: '150', stopPrice: '5' },
    ],
  ] as readonly (readonly [string, Partial<PlaceRequest>, object])[])('%s', (_, change, params) => {
    expect(sent(change)).toEqual({ kind: 'order', params: { ...HEAD, ...params } });
  });

  it('an oco puts its legs where the side wants them', () => {
    const oco = { type: 'oco', limitPrice: d('9'), stopPrice: d('5') } as const;
    expect(sent(oco)).toEqual({
      kind: 'list',
      list: 'oco',
      params: {
        ...LIST,
        side: 'SELL',
        aboveType: 'LIMIT_MAKER',
        abovePrice: '9',
        aboveClientOrderId: `${ID}a`,
        belowType: 'STOP_LOSS',
        belowStopPrice: '5',
        belowClientOrderId: `${ID}b`,
      },
    });
    expect(
      sent({ ...oco, side: 'buy', limitPrice: d('5'), stopPrice: d('9'), stopLimitPrice: d('10') }),
    ).toEqual({
      kind: 'list',
      list: 'oco',
      params: {
        ...LIST,
        side: 'BUY',
        belowType: 'LIMIT_MAKER',
        belowPrice: '5',
        belowClientOrderId: `${ID}a`,
        aboveType: 'STOP_LOSS_LIMIT',
        aboveStopPrice: '9',
        abovePrice: '10',
        aboveTimeInForce: 'GTC',
        aboveClientOrderId: `${ID}b`,
      },
    });
  });

  it('self-trade prevention is sent only where it is configured', () => {
    expect(sent({}, BTC, 'EXPIRE_TAKER')).toMatchObject({
      params: { selfTradePreventionMode: 'EXPIRE_TAKER' },
    });
  });
});

describe('what the symbol does not take', () => {
  it.each([
    ['stop_loss', { stopPrice: d('5') }, 'STOP_LOSS_LIMIT'],
    ['take_profit', { stopPrice: d('5') }, 'TAKE_PROFIT_LIMIT'],
    ['trailing_stop', { trailingDelta: 10 }, 'STOP_LOSS_LIMIT'],
    ['limit_maker', { limitPrice: d('5') }, 'LIMIT_MAKER'],
  ] as readonly (readonly [OrderType, Partial<PlaceRequest>, string])[])('%s', (type, change, word) => {
    expect(sent({ type, ...change }, without(type))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(word),
    });
  });

  it('oco, and its stop leg at market; amounts by quote', () => {
    const oco = { type: 'oco', limitPrice: d('9'), stopPrice: d('5') } as const;
    expect(sent(oco, { ...BTC, rules: { ...BTC.rules, ocoAllowed: false } }).kind).toBe('refused');
    expect(sent(oco, without('stop_loss'))).toMatchObject({
      message: expect.stringContaining('STOP_LOSS_LIMIT'),
    });
    expect(sent({ ...oco, stopLimitPrice: d('4') }, without('stop_loss')).kind).toBe('list');
    const noQuote = { ...BTC, rules: { ...BTC.rules, quoteOrderQtyMarketAllowed: false } };
    expect(sent({ quoteQuantity: d('5') }, noQuote).kind).toBe('refused');
  });

  it.each(ORDER_TYPES.filter((type) => type !== 'market'))('%s without its prices', (type) => {
    expect(sent({ type }).kind).toBe('refused');
  });
});

describe('our ids', () => {
  it('are read back with leg and cancel, and nothing else is ours', () => {
    const orderClientId = ID;
    expect(ownClientId(ID)).toEqual({ orderClientId, leg: null, cancel: false });
    expect(ownClientId(`${ID}c`)).toEqual({ orderClientId, leg: null, cancel: true });
    expect(ownClientId(`${ID}b`)).toEqual({ orderClientId, leg: 'b', cancel: false });
    expect(ownClientId(`${ID}ac`)).toEqual({ orderClientId, leg: 'a', cancel: true });
    for (const text of [
      '',
      'web_1',
      `${ID}d`,
      `${ID}ca`,
      `x${ID}`,
      `mq${'A'.repeat(21)}-1`,
      `mq${'A'.repeat(22)}-0`,
    ]) {
      expect(ownClientId(text)).toBeNull();
    }
    expect(belongsTo(`${ID}bc`, ID)).toBe(true);
    expect(belongsTo(`mq${'A'.repeat(22)}-1`, ID)).toBe(false);
    // The longest that there can be fits the venue's 36 characters.
    expect(`mq${'A'.repeat(22)}-999999ac`.length).toBeLessThanOrEqual(36);
  });

  it('a list has a number of its own kind', () => {
    expect(orderListIdOf(listVenueId('5'))).toBe('5');
    expect(orderListIdOf('5')).toBeNull();
  });
});

describe('endpoints', () => {
  it('are built in, may be replaced, and have to be given for a simulator', () => {
    expect(binanceEndpoints('binance').rest).toBe('https://api.binance.com');
    expect(binanceEndpoints('binance_testnet').wsApi).toBe('wss://ws-api.testnet.binance.vision/ws-api/v3');
    expect(binanceEndpoints('binance_demo', { rest: 'http://127.0.0.1:1/' }).rest).toBe('http://127.0.0.1:1');
    expect(() => binanceEndpoints('binance_simulator', { rest: 'http://127.0.0.1:1' })).toThrow(
      'BINANCE_WS_API_URL',
    );
  });

  it.each(['nonsense', 'ftp://x', 'https://x?a=1', 'https://user:pw@x', 'wss://x'])('%s is none', (rest) => {
    expect(() => binanceEndpoints('binance', { rest })).toThrow(RangeError);
    expect(() => binanceEndpoints('binance', { rest })).not.toThrow(/pw/);
  });
});

it('headers tell counters by window, and how long to wait', () => {
  const headers = {
    'x-mbx-used-weight': '7',
    'x-mbx-used-weight-1m': '8',
    'x-mbx-order-count-10s': '1',
    'x-mbx-order-count-1d': '2',
    'x-mbx-order-count-1x': '3',
    'x-mbx-used-weight-1h': 'many',
    'retry-after': '5',
  };
  expect(usedWeight(headers)).toEqual([{ intervalMs: 60_000, count: 8 }]);
  expect(orderCounts(headers)).toEqual([
    { intervalMs: 10_000, count: 1 },
    { intervalMs: 86_400_000, count: 2 },
  ]);
  expect(retryAfterMs(headers)).toBe(5_000);
  expect(retryAfterMs({ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' })).toBeNull();
});
