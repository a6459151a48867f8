/**
 * User-data events as they come on the WebSocket API (documented fields, all of them; the raw event is kept beside).
 *
 * Ids are text, also where the venue sends -1 for "none"; what it sends only sometimes is null when absent.
 */
import type { Decimal } from '../../../domain/money/decimal.ts';
import { Fields, type JsonObject } from './fields.ts';

interface EventBase {
  readonly eventTime: number;
  readonly raw: JsonObject;
}

export interface ExecutionReportEvent extends EventBase {
  readonly type: 'executionReport';
  readonly symbol: string;
  readonly clientOrderId: string;
  /** The order's own id where `clientOrderId` is that of a cancel or an amend; null when the venue sends none. */
  readonly originalClientOrderId: string | null;
  readonly side: string;
  readonly orderType: string;
  readonly timeInForce: string;
  readonly quantity: Decimal;
  readonly price: Decimal;
  readonly stopPrice: Decimal | null;
  readonly icebergQuantity: Decimal | null;
  readonly orderListId: string | null;
  readonly executionType: string;
  readonly orderStatus: string;
  readonly rejectReason: string | null;
  readonly orderId: string;
  readonly lastQuantity: Decimal;
  readonly lastPrice: Decimal;
  readonly lastQuote: Decimal | null;
  readonly cumulativeQuantity: Decimal;
  readonly cumulativeQuote: Decimal | null;
  readonly commission: Decimal | null;
  readonly commissionAsset: string | null;
  readonly transactionTime: number;
  readonly tradeId: string;
  readonly executionId: string | null;
  readonly isWorking: boolean | null;
  readonly isMaker: boolean;
  readonly isBestMatch: boolean | null;
  readonly createdAt: number | null;
  readonly quoteOrderQuantity: Decimal | null;
  readonly workingTime: number | null;
  readonly selfTradePreventionMode: string | null;
  readonly trailingDelta: number | null;
  readonly trailingTime: number | null;
  readonly strategyId: string | null;
  readonly strategyType: string | null;
  readonly preventedMatchId: string | null;
  readonly preventedQuantity: Decimal | null;
  readonly lastPreventedQuantity: Decimal | null;
  readonly tradeGroupId: string | null;
  readonly counterOrderId: string | null;
  readonly counterSymbol: string | null;
  readonly preventedExecutionQuantity: Decimal | null;
  readonly preventedExecutionPrice: Decimal | null;
  readonly preventedExecutionQuote: Decimal | null;
  readonly matchType: string | null;
  readonly allocationId: string | null;
  readonly workingFloor: string | null;
  readonly usedSor: boolean | null;
  readonly pegPriceType: string | null;
  readonly pegOffsetType: string | null;
  readonly pegOffsetValue: number | null;
  readonly peggedPrice: Decimal | null;
  readonly expiryReason: string | null;
}

export interface AccountPositionEvent extends EventBase {
  readonly type: 'outboundAccountPosition';
  readonly lastUpdate: number;
  readonly balances: readonly { readonly asset: string; readonly free: Decimal; readonly locked: Decimal }[];
}

/** Deposits, withdrawals, transfers (`balanceUpdate`), or a lock from outside (`externalLockUpdate`). */
export interface BalanceChangeEvent extends EventBase {
  readonly type: 'balanceUpdate' | 'externalLockUpdate';
  readonly asset: string;
  readonly delta: Decimal;
  readonly at: number;
}

export interface ListStatusEvent extends EventBase {
  readonly type: 'listStatus';
  readonly symbol: string;
  readonly orderListId: string;
  readonly contingencyType: string;
  readonly listStatusType: string;
  readonly listOrderStatus: string;
  readonly rejectReason: string;
  readonly listClientOrderId: string;
  readonly transactionTime: number;
  readonly orders: readonly {
    readonly symbol: string;
    readonly orderId: string;
    readonly clientOrderId: string;
  }[];
}

export interface StreamEndEvent extends EventBase {
  readonly type: 'eventStreamTerminated' | 'serverShutdown';
}

/** An event that is not known: told and kept, nothing else. */
export interface UnknownEvent {
  readonly type: 'unknown';
  readonly name: string;
  readonly raw: JsonObject;
}

export type UserEvent =
  | ExecutionReportEvent
  | AccountPositionEvent
  | BalanceChangeEvent
  | ListStatusEvent
  | StreamEndEvent
  | UnknownEvent;

/** Older streams sent the text "null". */
const nullable = (text: string | null): string | null => (text === '' || text === 'null' ? null : text);

function executionReport(f: Fields): ExecutionReportEvent {
  return {
    type: 'executionReport',
    eventTime: f.integer('E'),
    symbol: f.text('s'),
    clientOrderId: f.text('c'),
    originalClientOrderId: nullable(f.optional('C', f.text)),
    side: f.text('S'),
    orderType: f.text('o'),
    timeInForce: f.text('f'),
    quantity: f.decimal('q'),
    price: f.decimal('p'),
    stopPrice: f.optional('P', f.decimal),
    icebergQuantity: f.optional('F', f.decimal),
    orderListId: f.optional('g', f.id),
    executionType: f.text('x'),
    orderStatus: f.text('X'),
    rejectReason: f.optional('r', f.text),
    orderId: f.id('i'),
    lastQuantity: f.decimal('l'),
    lastPrice: f.decimal('L'),
    lastQuote: f.optional('Y', f.decimal),
    cumulativeQuantity: f.decimal('z'),
    cumulativeQuote: f.optional('Z', f.decimal),
    commission: f.optional('n', f.decimal),
    commissionAsset: f.optional('N', f.text),
    transactionTime: f.integer('T'),
    tradeId: f.id('t'),
    executionId: f.optional('I', f.id),
    isWorking: f.optional('w', f.flag),
    isMaker: f.flag('m'),
    isBestMatch: f.optional('M', f.flag),
    createdAt: f.optional('O', f.integer),
    quoteOrderQuantity: f.optional('Q', f.decimal),
    workingTime: f.optional('W', f.integer),
    selfTradePreventionMode: f.optional('V', f.text),
    trailingDelta: f.optional('d', f.integer),
    trailingTime: f.optional('D', f.integer),
    strategyId: f.optional('j', f.id),
    strategyType: f.optional('J', f.id),
    preventedMatchId: f.optional('v', f.id),
    preventedQuantity: f.optional('A', f.decimal),
    lastPreventedQuantity: f.optional('B', f.decimal),
    tradeGroupId: f.optional('u', f.id),
    counterOrderId: f.optional('U', f.id),
    counterSymbol: f.optional('Cs', f.text),
    preventedExecutionQuantity: f.optional('pl', f.decimal),
    preventedExecutionPrice: f.optional('pL', f.decimal),
    preventedExecutionQuote: f.optional('pY', f.decimal),
    matchType: f.optional('b', f.text),
    allocationId: f.optional('a', f.id),
    workingFloor: f.optional('k', f.text),
    usedSor: f.optional('uS', f.flag),
    pegPriceType: f.optional('gP', f.text),
    pegOffsetType: f.optional('gOT', f.text),
    pegOffsetValue: f.optional('gOV', f.integer),
    peggedPrice: f.optional('gp', f.decimal),
    expiryReason: f.optional('eR', f.text),
    raw: f.raw,
  };
}

const accountPosition = (f: Fields): AccountPositionEvent => ({
  type: 'outboundAccountPosition',
  eventTime: f.integer('E'),
  lastUpdate: f.integer('u'),
  balances: f.objects('B').map((b) => ({ asset: b.text('a'), free: b.decimal('f'), locked: b.decimal('l') })),
  raw: f.raw,
});

const balanceChange = (f: Fields, type: BalanceChangeEvent['type']): BalanceChangeEvent => ({
  type,
  eventTime: f.integer('E'),
  asset: f.text('a'),
  delta: f.decimal('d'),
  at: f.integer('T'),
  raw: f.raw,
});

const listStatus = (f: Fields): ListStatusEvent => ({
  type: 'listStatus',
  eventTime: f.integer('E'),
  symbol: f.text('s'),
  orderListId: f.id('g'),
  contingencyType: f.text('c'),
  listStatusType: f.text('l'),
  listOrderStatus: f.text('L'),
  rejectReason: f.text('r'),
  listClientOrderId: f.text('C'),
  transactionTime: f.integer('T'),
  orders: f.objects('O').map((o) => ({
    symbol: o.text('s'),
    orderId: o.id('i'),
    clientOrderId: o.text('c'),
  })),
  raw: f.raw,
});

/** One event. Throws ParseError for a known event that lacks what is needed. */
export function parseUserEvent(value: unknown): UserEvent {
  const f = new Fields(value, 'user event');
  const name = f.text('e');
  switch (name) {
    case 'executionReport':
      return executionReport(f);
    case 'outboundAccountPosition':
      return accountPosition(f);
    case 'balanceUpdate':
    case 'externalLockUpdate':
      return balanceChange(f, name);
    case 'listStatus':
      return listStatus(f);
    case 'eventStreamTerminated':
    case 'serverShutdown':
      return { type: name, eventTime: f.integer('E'), raw: f.raw };
    default:
      return { type: 'unknown', name, raw: f.raw };
  }
}

export interface UserMessage {
  /** Null for what concerns the whole connection (`serverShutdown`). */
  readonly subscriptionId: number | null;
  readonly event: UserEvent;
}

/** The envelope of the WebSocket API; null for a message that is no event (the answer to a request). */
export function parseUserMessage(value: unknown): UserMessage | null {
  const f = new Fields(value, 'message');
  if (!f.has('event')) return null;
  return {
    subscriptionId: f.optional('subscriptionId', f.integer),
    event: parseUserEvent(f.raw['event']),
  };
}
