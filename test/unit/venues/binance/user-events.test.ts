import { Decimal } from 'decimal.js';
import { describe, expect, it } from 'vitest';
import {
  type ReportContext,
  type Told,
  toExecutionReport,
} from '../../../../shared/venues/binance/execution-reports.ts';
import { ParseError } from '../../../../shared/venues/binance/parse/fields.ts';
import {
  type ExecutionReportEvent,
  parseUserEvent,
  parseUserMessage,
} from '../../../../shared/venues/binance/parse/user-events.ts';
import { recordedJson } from '../../../support/recordings.ts';

type Raw = Record<string, unknown>;

/** Every documented letter and the member it becomes. */
const EXECUTION_REPORT: Readonly<Record<string, keyof ExecutionReportEvent>> = {
  e: 'type',
  E: 'eventTime',
  s: 'symbol',
  c: 'clientOrderId',
  C: 'originalClientOrderId',
  S: 'side',
  o: 'orderType',
  f: 'timeInForce',
  q: 'quantity',
  p: 'price',
  P: 'stopPrice',
  F: 'icebergQuantity',
  g: 'orderListId',
  x: 'executionType',
  X: 'orderStatus',
  r: 'rejectReason',
  i: 'orderId',
  l: 'lastQuantity',
  L: 'lastPrice',
  Y: 'lastQuote',
  z: 'cumulativeQuantity',
  Z: 'cumulativeQuote',
  n: 'commission',
  N: 'commissionAsset',
  T: 'transactionTime',
  t: 'tradeId',
  I: 'executionId',
  w: 'isWorking',
  m: 'isMaker',
  M: 'isBestMatch',
  O: 'createdAt',
  Q: 'quoteOrderQuantity',
  W: 'workingTime',
  V: 'selfTradePreventionMode',
  d: 'trailingDelta',
  D: 'trailingTime',
  j: 'strategyId',
  J: 'strategyType',
  v: 'preventedMatchId',
  A: 'preventedQuantity',
  B: 'lastPreventedQuantity',
  u: 'tradeGroupId',
  U: 'counterOrderId',
  Cs: 'counterSymbol',
  pl: 'preventedExecutionQuantity',
  pL: 'preventedExecutionPrice',
  pY: 'preventedExecutionQuote',
  b: 'matchType',
  a: 'allocationId',
  k: 'workingFloor',
  uS: 'usedSor',
  gP: 'pegPriceType',
  gOT: 'pegOffsetType',
  gOV: 'pegOffsetValue',
  gp: 'peggedPrice',
  eR: 'expiryReason',
};

function same(raw: unknown, parsed: unknown): boolean {
  if (parsed instanceof Object && 'toFixed' in parsed && typeof raw === 'string') {
    return new Decimal(raw).equals(String(parsed));
  }
  if (typeof raw === 'number' && typeof parsed === 'string') return String(raw) === parsed;
  if ((raw === '' || raw === 'null') && parsed === null) return true;
  return raw === parsed;
}

/** What of the raw report is not in the parsed one. */
function lost(raw: Raw, parsed: ExecutionReportEvent): string[] {
  return Object.keys(raw).filter((letter) => {
    const member = EXECUTION_REPORT[letter];
    return member === undefined || !same(raw[letter], parsed[member]);
  });
}

const bare = (message: Raw): Raw => (message['event'] ?? message['data'] ?? message) as Raw;

interface Recorded {
  sequences: { id: string; events: Raw[] }[];
}
const recorded = recordedJson('binance-user-data/sequences.json') as Recorded | null;
const documented = recordedJson('binance-user-data/documented-events.json') as {
  events: Record<string, Raw>;
} | null;

describe.runIf(recorded !== null)('recorded user data', () => {
  const events = (recorded?.sequences ?? []).flatMap((s) => s.events).map(bare);

  it('parses without loss, field by field', () => {
    const reports = events.filter((e) => e['e'] === 'executionReport');
    expect(reports.length).toBeGreaterThan(8);
    for (const raw of reports) {
      const parsed = parseUserEvent(raw);
      if (parsed.type !== 'executionReport') throw new Error('not a report');
      expect(lost(raw, parsed)).toEqual([]);
      expect(parsed.raw).toBe(raw);
    }
  });

  it('reads balances, and knows an answer from an event', () => {
    const position = events.find((e) => e['e'] === 'outboundAccountPosition');
    const parsed = parseUserEvent(position);
    if (parsed.type !== 'outboundAccountPosition') throw new Error('not a position');
    expect(parsed.balances.map((b) => [b.asset, b.free.toFixed(8), b.locked.toFixed(8)])).toEqual(
      ((position?.['B'] ?? []) as Raw[]).map((b) => [b['a'], b['f'], b['l']]),
    );
    const answer = (recorded?.sequences ?? []).find((s) => s.id === 'subscribe-response')?.events[0];
    expect(parseUserMessage(answer)).toBeNull();
  });
});

describe.runIf(documented !== null)('documented user data', () => {
  const of = (name: string) => documented?.events[name] ?? {};

  it('has every type, each without loss', () => {
    const report = parseUserMessage(of('executionReport'));
    expect(report?.subscriptionId).toBe(0);
    if (report?.event.type !== 'executionReport') throw new Error('not a report');
    expect(lost(bare(of('executionReport')), report.event)).toEqual([]);
    expect(parseUserMessage(of('balanceUpdate'))?.event).toMatchObject({
      type: 'balanceUpdate',
      eventTime: 1573200697110,
      asset: 'BTC',
      at: 1573200697068,
    });
    expect(parseUserMessage(of('externalLockUpdate'))?.event).toMatchObject({
      type: 'externalLockUpdate',
      asset: 'NEO',
      at: 1581557507268,
    });
    expect(parseUserMessage(of('eventStreamTerminated'))?.event).toMatchObject({
      type: 'eventStreamTerminated',
      eventTime: 1728973001334,
    });
    expect(parseUserMessage(of('listStatus'))?.event).toMatchObject({
      type: 'listStatus',
      symbol: 'ETHBTC',
      orderListId: '2',
      contingencyType: 'OCO',
      listStatusType: 'EXEC_STARTED',
      listOrderStatus: 'EXECUTING',
      rejectReason: 'NONE',
      listClientOrderId: 'F4QN4G8DlFATFlIUQ0cjdD',
      transactionTime: 1564035303625,
      orders: [
        { symbol: 'ETHBTC', orderId: '17', clientOrderId: 'AJYsMjErWJesZvqlJCTUgL' },
        { symbol: 'ETHBTC', orderId: '18', clientOrderId: 'bfYPSQdLoqAJeNrOr9adzq' },
      ],
    });
  });
});

const ID = `mq${'A'.repeat(22)}-3`;
const CONTEXT: ReportContext = {
  walletId: 'w1',
  environment: 'binance_testnet',
  symbol: { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT' },
};
const BASE: Raw = {
  e: 'executionReport',
  E: 1700000000002,
  s: 'BTCUSDT',
  c: ID,
  S: 'SELL',
  o: 'LIMIT',
  f: 'GTC',
  q: '2.00000000',
  p: '100.00000000',
  P: '0.00000000',
  F: '0.00000000',
  g: -1,
  C: '',
  x: 'NEW',
  X: 'NEW',
  r: 'NONE',
  i: 77,
  l: '0.00000000',
  z: '0.00000000',
  L: '0.00000000',
  n: '0',
  N: null,
  T: 1700000000001,
  t: -1,
  I: 9,
  w: true,
  m: false,
  M: false,
  O: 1700000000000,
  Z: '0.00000000',
  Y: '0.00000000',
  Q: '0.00000000',
  V: 'EXPIRE_MAKER',
};
const told = (change: Raw): Told => {
  const event = parseUserEvent({ ...BASE, ...change });
  if (event.type !== 'executionReport') throw new Error('not a report');
  return toExecutionReport(event, CONTEXT);
};
const report = (change: Raw) => {
  const answer = told(change);
  if (answer.kind !== 'report') throw new Error(`told ${answer.kind}`);
  return answer.report;
};

describe('what a report tells of an order', () => {
  it('a fill: with its fee, its side of the book, and the venue time', () => {
    const trade = {
      x: 'TRADE',
      X: 'PARTIALLY_FILLED',
      l: '0.5',
      z: '0.5',
      L: '100.1',
      n: '0.00005',
      N: 'BNB',
      t: 12,
      m: true,
    };
    expect(report(trade)).toMatchObject({
      walletId: 'w1',
      environment: 'binance_testnet',
      symbol: 'BTC/USDT',
      clientId: ID,
      venueOrderId: '77',
      status: 'partially_filled',
      reason: null,
      at: 1700000000001,
      source: 'stream',
    });
    const [fill] = report(trade).fills;
    expect(fill).toMatchObject({
      tradeId: '12',
      feeQuoteValue: null,
      tickId: null,
      maker: true,
      at: 1700000000001,
    });
    expect([fill?.price, fill?.quantity, fill?.fee.amount, fill?.fee.asset].map(String)).toEqual([
      '100.1',
      '0.5',
      '0.00005',
      'BNB',
    ]);
  });

  it('a trade without commission has a fee of nothing in what was received', () => {
    const trade = { x: 'TRADE', X: 'FILLED', l: '2', z: '2', L: '100', n: '0', N: null, t: 1 };
    expect(report(trade).fills[0]?.fee.asset).toBe('USDT');
    expect(report({ ...trade, S: 'BUY' }).fills[0]?.fee.asset).toBe('BTC');
  });

  it('an allocation is a fill with its own kind of id; without either there is none', () => {
    const trade = { x: 'TRADE', X: 'FILLED', l: '2', z: '2', L: '100', n: '0.1', N: 'USDT', t: -1 };
    expect(report({ ...trade, a: 5, b: 'ONE_PARTY_TRADE_REPORT' }).fills[0]?.tradeId).toBe('a5');
    expect(report(trade).fills).toEqual([]);
    expect(report(trade).cumulativeQuantity.toFixed()).toBe('2');
  });

  it('a cancel is told under the order id, not under that of the cancel', () => {
    expect(report({ x: 'CANCELED', X: 'CANCELED', c: `${ID}c`, C: ID })).toMatchObject({
      clientId: ID,
      status: 'cancelled',
    });
    expect(report({ x: 'CANCELED', X: 'CANCELED', c: 'web_1', C: ID })).toMatchObject({ clientId: ID });
    for (const C of ['', null, 'null']) {
      expect(report({ x: 'CANCELED', X: 'CANCELED', c: `${ID}c`, C })).toMatchObject({ clientId: `${ID}c` });
    }
    expect(report({ x: 'REPLACED', X: 'NEW', c: 'other', C: ID })).toMatchObject({
      clientId: ID,
      status: 'new',
    });
    // C is meaningful for these two only.
    expect(told({ x: 'TRADE', X: 'FILLED', c: 'other', C: ID }).kind).toBe('foreign');
  });

  it.each([
    [{ X: 'PENDING_NEW' }, 'new', null],
    [{ x: 'REJECTED', X: 'REJECTED', r: 'INSUFFICIENT_BALANCES' }, 'rejected', 'INSUFFICIENT_BALANCES'],
    [{ x: 'EXPIRED', X: 'EXPIRED', eR: 'INSUFFICIENT_LIQUIDITY' }, 'expired', 'INSUFFICIENT_LIQUIDITY'],
    [{ x: 'EXPIRED', X: 'EXPIRED' }, 'expired', null],
    [
      { x: 'TRADE_PREVENTION', X: 'EXPIRED_IN_MATCH', v: 1, A: '1', B: '1', pl: '1', pL: '100', pY: '100' },
      'expired',
      'SELF_TRADE_PREVENTION',
    ],
    [{ x: 'TRADE_PREVENTION', X: 'NEW', v: 1, A: '1', B: '1' }, 'new', null],
    [{ x: 'TRADE_PREVENTION', X: 'PARTIALLY_FILLED', z: '0.5' }, 'partially_filled', null],
    [{ X: 'FROZEN' }, 'new', 'unknown_status:FROZEN'],
  ])('%j is %s', (change, status, reason) => {
    expect(report(change)).toMatchObject({ status, reason, fills: [] });
  });

  it('of a list tells what its working leg does', () => {
    const stop = { c: `${ID}b`, g: 4, i: 78 };
    expect(report({ ...stop })).toMatchObject({ clientId: `${ID}b`, venueOrderId: 'list:4', status: 'new' });
    expect(told({ ...stop, x: 'EXPIRED', X: 'EXPIRED', eR: 'OCO_TRIGGER' }).kind).toBe('sibling');
    expect(told({ ...stop, x: 'EXPIRED', X: 'EXPIRED' }).kind).toBe('sibling');
    expect(told({ ...stop, x: 'EXPIRED', X: 'EXPIRED', eR: 'REJECTED' })).toMatchObject({
      kind: 'look',
      reason: 'REJECTED',
    });
    const rest = { ...stop, x: 'EXPIRED', X: 'EXPIRED', z: '1', eR: 'INSUFFICIENT_LIQUIDITY' };
    expect(report(rest)).toMatchObject({ status: 'expired', venueOrderId: 'list:4' });
    // The list as a whole expired after its limit leg had traded in part: what rested of it is over.
    const whole = { c: `${ID}a`, g: 4, i: 79, x: 'EXPIRED', X: 'EXPIRED', z: '0.5', eR: 'OCO_TRIGGER' };
    expect(report(whole)).toMatchObject({ status: 'expired', clientId: `${ID}a` });
  });

  it('is none of ours under a foreign id', () => {
    expect(told({ c: 'web_abc' })).toEqual({ kind: 'foreign', clientId: 'web_abc', venueOrderId: '77' });
  });
});

describe('events of another shape', () => {
  it('a new field is no harm, a missing one is named without its value', () => {
    expect(report({ zz: 1 }).status).toBe('new');
    for (const letter of ['c', 'i', 'z', 'T', 't', 'X', 'x', 'm', 's']) {
      const { [letter]: _, ...rest } = BASE;
      expect(() => parseUserEvent(rest)).toThrow(ParseError);
      expect(() => parseUserEvent(rest)).toThrow(`user event.${letter}:`);
    }
    expect(() => parseUserEvent({ ...BASE, z: '1e5' })).toThrow(ParseError);
    expect(() => parseUserEvent({ ...BASE, i: 2 ** 60 })).toThrow(ParseError);
  });

  it('an unknown event is kept', () => {
    const raw = { e: 'newThing', E: 1 };
    expect(parseUserEvent(raw)).toEqual({ type: 'unknown', name: 'newThing', raw });
    expect(parseUserMessage({ event: { e: 'serverShutdown', E: 5 } })).toMatchObject({
      subscriptionId: null,
      event: { type: 'serverShutdown', eventTime: 5 },
    });
  });
});
