import { Decimal } from 'decimal.js';
import { describe, expect, it } from 'vitest';
import {
  parseAccount,
  parseAllocations,
  parseTrades,
} from '../../../../shared/venues/binance/parse/account.ts';
import { ParseError } from '../../../../shared/venues/binance/parse/fields.ts';
import {
  parseDepth,
  parseKlines,
  parseServerTime,
  parseTicker24h,
} from '../../../../shared/venues/binance/parse/market.ts';
import {
  parseAmend,
  parseCancel,
  parseCancelAll,
  parseOrder,
  parseOrderList,
  parsePlacement,
  type VenueOrder,
} from '../../../../shared/venues/binance/parse/orders.ts';
import { combineLegs, fillsOfAnswer, reportOf } from '../../../../shared/venues/binance/reports.ts';
import { recordedJson } from '../../../support/recordings.ts';

type Raw = Record<string, unknown>;

/** The member of the parsed order that each documented field becomes. */
const MEMBERS: Readonly<Record<string, keyof VenueOrder>> = {
  symbol: 'symbol',
  orderId: 'orderId',
  orderListId: 'orderListId',
  clientOrderId: 'clientOrderId',
  origClientOrderId: 'originalClientOrderId',
  transactTime: 'at',
  updateTime: 'at',
  time: 'createdAt',
  price: 'price',
  origQty: 'quantity',
  executedQty: 'executedQuantity',
  cummulativeQuoteQty: 'cumulativeQuote',
  origQuoteOrderQty: 'quoteOrderQuantity',
  status: 'status',
  timeInForce: 'timeInForce',
  type: 'type',
  side: 'side',
  stopPrice: 'stopPrice',
  icebergQty: 'icebergQuantity',
  isWorking: 'isWorking',
  workingTime: 'workingTime',
  selfTradePreventionMode: 'selfTradePreventionMode',
  trailingDelta: 'trailingDelta',
  trailingTime: 'trailingTime',
  strategyId: 'strategyId',
  strategyType: 'strategyType',
  preventedMatchId: 'preventedMatchId',
  preventedQuantity: 'preventedQuantity',
  tradeGroupId: 'tradeGroupId',
  usedSor: 'usedSor',
  workingFloor: 'workingFloor',
  pegPriceType: 'pegPriceType',
  pegOffsetType: 'pegOffsetType',
  pegOffsetValue: 'pegOffsetValue',
  peggedPrice: 'peggedPrice',
  expiryReason: 'expiryReason',
};
const FILL_MEMBERS: Readonly<Record<string, string>> = {
  price: 'price',
  qty: 'quantity',
  commission: 'commission',
  commissionAsset: 'commissionAsset',
  tradeId: 'tradeId',
  matchType: 'matchType',
  allocId: 'allocationId',
};

function same(raw: unknown, parsed: unknown): boolean {
  if (parsed instanceof Object && 'toFixed' in parsed) return new Decimal(String(raw)).equals(String(parsed));
  if (raw === -1 && parsed === null) return true;
  return String(raw) === String(parsed);
}

function lost(raw: Raw, parsed: VenueOrder): string[] {
  const missing = Object.keys(raw).filter((key) => {
    if (key === 'fills') return false;
    const member = MEMBERS[key];
    return member === undefined || !same(raw[key], parsed[member]);
  });
  const fills = (raw['fills'] ?? []) as Raw[];
  for (const [i, fill] of fills.entries()) {
    const read = parsed.fills[i] as unknown as Raw | undefined;
    for (const key of Object.keys(fill))
      if (!same(fill[key], read?.[FILL_MEMBERS[key] ?? ''])) missing.push(`fills.${key}`);
  }
  return missing;
}

interface Answers {
  recorded: { id: string; body: Raw }[];
  documented: { id: string; body: Raw }[];
}
const answers = recordedJson('binance-rest/order-responses.json') as Answers | null;

describe.runIf(answers !== null)('recorded and documented answers', () => {
  for (const { id, body } of [...(answers?.recorded ?? []), ...(answers?.documented ?? [])]) {
    it(`${id} is read without loss`, () => {
      const parsed = parsePlacement(body);
      expect(lost(body, parsed)).toEqual([]);
      expect(parsed.raw).toBe(body);
    });
  }
});

const ID = `mq${'A'.repeat(22)}-1`;
const ORDER: Raw = {
  symbol: 'BTCUSDT',
  orderId: 7,
  orderListId: -1,
  clientOrderId: ID,
  price: '100.00',
  origQty: '2.0',
  executedQty: '0.5',
  cummulativeQuoteQty: '50.0',
  status: 'PARTIALLY_FILLED',
  timeInForce: 'GTC',
  type: 'LIMIT',
  side: 'BUY',
  stopPrice: '0.0',
  icebergQty: '0.0',
  time: 10,
  updateTime: 20,
  isWorking: true,
  workingTime: 11,
  origQuoteOrderQty: '0.0',
  selfTradePreventionMode: 'NONE',
};
const FULL: Raw = {
  ...ORDER,
  trailingDelta: 100,
  trailingTime: -1,
  strategyId: 37,
  strategyType: 1_000_000,
  preventedMatchId: 3,
  preventedQuantity: '0.1',
  tradeGroupId: 4,
  usedSor: true,
  workingFloor: 'SOR',
  pegPriceType: 'PRIMARY_PEG',
  pegOffsetType: 'PRICE_LEVEL',
  pegOffsetValue: 5,
  peggedPrice: '99.0',
  expiryReason: 'NONE',
};
const context = {
  walletId: 'w',
  environment: 'binance',
  symbol: { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT' },
} as const;

describe('an order', () => {
  it('is read with every field that it may have', () => {
    expect(lost(FULL, parseOrder(FULL))).toEqual([]);
    expect(lost(FULL, parseOrder({ ...FULL, novelty: { any: 1 } }))).toEqual([]);
  });

  it.each(['symbol', 'orderId', 'clientOrderId', 'status', 'executedQty', 'updateTime'])(
    'without %s is none',
    (key) => {
      const { [key]: _, ...rest } = ORDER;
      expect(() => parseOrder(rest)).toThrow(ParseError);
    },
  );

  it('of a wrong kind is none', () => {
    for (const value of [null, [], 'x', 7, { ...ORDER, orderId: 1.5 }, { ...ORDER, executedQty: 1 }]) {
      expect(() => parseOrder(value)).toThrow(ParseError);
    }
  });

  it('an ACK was taken: new, nothing known to be executed', () => {
    const ack = parsePlacement({
      symbol: 'BTCUSDT',
      orderId: 7,
      orderListId: -1,
      clientOrderId: ID,
      transactTime: 5,
    });
    expect(reportOf(ack, context, { fills: [], source: 'answer' })).toMatchObject({
      status: 'new',
      at: 5,
      venueOrderId: '7',
    });
  });

  it('allocations are fills with ids of their own, what has neither id is none', () => {
    const fill = { price: '1', qty: '1', commission: '0.1', commissionAsset: 'BTC', tradeId: -1 };
    const answer = {
      ...ORDER,
      transactTime: 5,
      fills: [{ ...fill, matchType: 'ONE_PARTY_TRADE_REPORT', allocId: 9 }, fill],
    };
    expect(fillsOfAnswer(parsePlacement(answer), context.symbol).map((f) => f.tradeId)).toEqual(['a9']);
  });
});

describe('cancels, amends, lists', () => {
  const list = {
    orderListId: 3,
    contingencyType: 'OCO',
    listStatusType: 'ALL_DONE',
    listOrderStatus: 'ALL_DONE',
    listClientOrderId: ID,
    transactionTime: 9,
    symbol: 'BTCUSDT',
    orders: [{ symbol: 'BTCUSDT', orderId: 1, clientOrderId: `${ID}a` }],
  };
  const cancelled = {
    ...ORDER,
    origClientOrderId: ID,
    clientOrderId: `${ID}c`,
    transactTime: 9,
    status: 'CANCELED',
  };

  it('a cancel of a leg answers with its list', () => {
    expect(parseCancel(list)).toMatchObject({ kind: 'list', list: { orderListId: '3', reports: [] } });
    expect(parseCancelAll([list, cancelled]).map((c) => c.kind)).toEqual(['list', 'order']);
    const { status: _, ...noStatus } = cancelled;
    expect(() => parseCancel(noStatus)).toThrow(ParseError);
  });

  it('a cancel is told under the order’s own id', () => {
    const answer = parseCancel(cancelled);
    if (answer.kind !== 'order') throw new Error('a list');
    expect(reportOf(answer.order, context, { fills: [], source: 'answer' })).toMatchObject({
      clientId: ID,
      status: 'cancelled',
    });
  });

  it('an amend words its amounts in its own way', () => {
    const {
      origQty: _a,
      cummulativeQuoteQty: _b,
      origQuoteOrderQty: _c,
      time: _d,
      updateTime: _e,
      ...rest
    } = ORDER;
    const order = {
      ...rest,
      qty: '1.5',
      preventedQty: '0.2',
      quoteOrderQty: '0.0',
      cumulativeQuoteQty: '50.0',
      origClientOrderId: ID,
    };
    const amended = parseAmend({ transactTime: 30, executionId: 60, amendedOrder: order });
    expect(amended).toMatchObject({
      at: 30,
      executionId: '60',
      order: { at: 30, originalClientOrderId: ID },
    });
    const { quantity, preventedQuantity, cumulativeQuote } = amended.order;
    expect([quantity, preventedQuantity, cumulativeQuote].map(String)).toEqual(['1.5', '0.2', '50']);
  });

  it('a list needs its orders', () => {
    const { orders: _, ...rest } = list;
    expect(() => parseOrderList(rest)).toThrow(ParseError);
  });
});

describe('legs of one list', () => {
  const leg = (change: Raw, suffix: string) =>
    reportOf(
      parseOrder({
        ...ORDER,
        orderListId: 3,
        executedQty: '0',
        status: 'NEW',
        ...change,
        clientOrderId: `${ID}${suffix}`,
      }),
      context,
      { fills: [], source: 'query' },
    );
  const both = (a: Raw, b: Raw) => {
    const { status, reason, cumulativeQuantity, venueOrderId } = combineLegs(
      [leg(a, 'a'), leg(b, 'b')],
      ID,
      'list:3',
    );
    return [status, reason, cumulativeQuantity.toFixed(), venueOrderId];
  };
  const expired = { status: 'EXPIRED', expiryReason: 'OCO_TRIGGER' };

  it.each([
    [{}, {}, 'new', null, '0'],
    [{ status: 'PARTIALLY_FILLED', executedQty: '0.5' }, expired, 'partially_filled', null, '0.5'],
    [{ status: 'FILLED', executedQty: '2' }, expired, 'filled', null, '2'],
    [expired, { status: 'FILLED', executedQty: '2' }, 'filled', null, '2'],
    [expired, {}, 'new', null, '0'],
    [{ status: 'CANCELED' }, { status: 'CANCELED' }, 'cancelled', null, '0'],
    [{ status: 'CANCELED', executedQty: '0.5' }, expired, 'cancelled', null, '0.5'],
    [
      expired,
      { status: 'EXPIRED', expiryReason: 'INSUFFICIENT_LIQUIDITY', executedQty: '0.5' },
      'expired',
      'INSUFFICIENT_LIQUIDITY',
      '0.5',
    ],
    [expired, { status: 'EXPIRED', expiryReason: 'REJECTED' }, 'expired', 'REJECTED', '0'],
    [expired, expired, 'expired', 'OCO_TRIGGER', '0'],
  ])('%j and %j', (a, b, status, reason, executed) => {
    expect(both(a, b)).toEqual([status, reason, executed, 'list:3']);
  });
});

describe('account and market', () => {
  it('trades and allocations', () => {
    const trade = {
      symbol: 'BTCUSDT',
      id: 5,
      orderId: 7,
      orderListId: -1,
      price: '100',
      qty: '1',
      quoteQty: '100',
      commission: '0.1',
      commissionAsset: 'USDT',
      time: 3,
      isBuyer: false,
      isMaker: true,
      isBestMatch: true,
    };
    expect(parseTrades([trade])[0]).toMatchObject({ tradeId: '5', orderId: '7', isMaker: true });
    const { id: _, ...rest } = trade;
    expect(() => parseTrades([rest])).toThrow(ParseError);
    expect(parseAllocations([{ ...rest, allocationId: 6, allocationType: 'SOR' }])[0]?.tradeId).toBe('a6');
  });

  it('an account without number or balances is none', () => {
    const account = { uid: 1, canTrade: true, balances: [{ asset: 'BTC', free: '1', locked: '0' }] };
    expect(parseAccount(account)).toMatchObject({ uid: '1', canTrade: true });
    for (const key of ['uid', 'canTrade', 'balances']) {
      expect(() => parseAccount({ ...account, [key]: undefined })).toThrow(ParseError);
    }
  });

  it('books, bars and tickers', () => {
    const depth = parseDepth({ lastUpdateId: 1, bids: [['1.5', '2']], asks: [] });
    expect(depth.bids[0]?.price.toFixed()).toBe('1.5');
    const bar = [1, '1', '2', '0.5', '1.5', '10', 2, '15', 3, '5', '7', '0'];
    expect(parseKlines([bar])[0]).toMatchObject({ openTime: 1, closeTime: 2, trades: 3 });
    expect(() => parseKlines([bar.slice(0, 5)])).toThrow(ParseError);
    expect(() => parseKlines({})).toThrow(ParseError);
    expect(() => parseDepth({ lastUpdateId: 1, bids: [[1, 2]], asks: [] })).toThrow(ParseError);
    expect(() => parseTicker24h({ symbol: 'BTCUSDT' })).toThrow(ParseError);
    expect(parseServerTime({ serverTime: 5 })).toBe(5);
  });
});
