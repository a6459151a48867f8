/** Orders as REST answers them: placements (ACK, RESULT, FULL), queries, cancels, amends and order lists. */
import type { Decimal } from '../../../domain/money/decimal.ts';
import { Fields, fieldsOfAll, type JsonObject } from './fields.ts';

/** A trade inside of a FULL answer. It took liquidity: a resting order has not traded yet when it is answered. */
export interface AnswerFill {
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly commission: Decimal;
  readonly commissionAsset: string | null;
  /** `-1` where the fill is an allocation. */
  readonly tradeId: string;
  readonly matchType: string | null;
  readonly allocationId: string | null;
}

/** Null: not part of that kind of answer. */
export interface VenueOrder {
  readonly symbol: string;
  readonly orderId: string;
  /** Null for an order of no list. */
  readonly orderListId: string | null;
  /** After a cancel or an amend: the id of that request. */
  readonly clientOrderId: string;
  readonly originalClientOrderId: string | null;
  /** The update that this answer tells of. */
  readonly at: number;
  readonly createdAt: number | null;
  readonly updatedAt: number | null;
  readonly price: Decimal | null;
  /** Null in an ACK, and for a leg whose amount is not yet known. */
  readonly quantity: Decimal | null;
  readonly executedQuantity: Decimal | null;
  readonly cumulativeQuote: Decimal | null;
  readonly quoteOrderQuantity: Decimal | null;
  readonly status: string | null;
  readonly timeInForce: string | null;
  readonly type: string | null;
  readonly side: string | null;
  readonly stopPrice: Decimal | null;
  readonly icebergQuantity: Decimal | null;
  readonly trailingDelta: number | null;
  readonly trailingTime: number | null;
  readonly isWorking: boolean | null;
  readonly workingTime: number | null;
  readonly selfTradePreventionMode: string | null;
  readonly preventedMatchId: string | null;
  readonly preventedQuantity: Decimal | null;
  readonly strategyId: string | null;
  readonly strategyType: string | null;
  readonly tradeGroupId: string | null;
  readonly usedSor: boolean | null;
  readonly workingFloor: string | null;
  readonly pegPriceType: string | null;
  readonly pegOffsetType: string | null;
  readonly pegOffsetValue: number | null;
  readonly peggedPrice: Decimal | null;
  readonly expiryReason: string | null;
  readonly fills: readonly AnswerFill[];
  readonly raw: JsonObject;
}

const answerFill = (f: Fields): AnswerFill => ({
  price: f.decimal('price'),
  quantity: f.decimal('qty'),
  commission: f.decimal('commission'),
  commissionAsset: f.optional('commissionAsset', f.text),
  tradeId: f.id('tradeId'),
  matchType: f.optional('matchType', f.text),
  allocationId: f.optional('allocId', f.id),
});

const listId = (f: Fields): string | null => {
  const id = f.optional('orderListId', f.id);
  return id === '-1' ? null : id;
};

/** Amends word four amounts in their own way. */
const either = (f: Fields, first: string, second: string): Decimal | null =>
  f.optional(first, f.decimal) ?? f.optional(second, f.decimal);

function readOrder(f: Fields, at: number): VenueOrder {
  return {
    symbol: f.text('symbol'),
    orderId: f.id('orderId'),
    orderListId: listId(f),
    clientOrderId: f.text('clientOrderId'),
    originalClientOrderId: f.optional('origClientOrderId', f.text),
    at,
    createdAt: f.optional('time', f.integer),
    updatedAt: f.optional('updateTime', f.integer),
    price: f.optional('price', f.decimal),
    quantity: either(f, 'origQty', 'qty'),
    executedQuantity: f.optional('executedQty', f.decimal),
    cumulativeQuote: either(f, 'cummulativeQuoteQty', 'cumulativeQuoteQty'),
    quoteOrderQuantity: either(f, 'origQuoteOrderQty', 'quoteOrderQty'),
    status: f.optional('status', f.text),
    timeInForce: f.optional('timeInForce', f.text),
    type: f.optional('type', f.text),
    side: f.optional('side', f.text),
    stopPrice: f.optional('stopPrice', f.decimal),
    icebergQuantity: f.optional('icebergQty', f.decimal),
    trailingDelta: f.optional('trailingDelta', f.integer),
    trailingTime: f.optional('trailingTime', f.integer),
    isWorking: f.optional('isWorking', f.flag),
    workingTime: f.optional('workingTime', f.integer),
    selfTradePreventionMode: f.optional('selfTradePreventionMode', f.text),
    preventedMatchId: f.optional('preventedMatchId', f.id),
    preventedQuantity: either(f, 'preventedQuantity', 'preventedQty'),
    strategyId: f.optional('strategyId', f.id),
    strategyType: f.optional('strategyType', f.id),
    tradeGroupId: f.optional('tradeGroupId', f.id),
    usedSor: f.optional('usedSor', f.flag),
    workingFloor: f.optional('workingFloor', f.text),
    pegPriceType: f.optional('pegPriceType', f.text),
    pegOffsetType: f.optional('pegOffsetType', f.text),
    pegOffsetValue: f.optional('pegOffsetValue', f.integer),
    peggedPrice: f.optional('peggedPrice', f.decimal),
    expiryReason: f.optional('expiryReason', f.text),
    fills: f.has('fills') ? f.objects('fills').map(answerFill) : [],
    raw: f.raw,
  };
}

/** What has executed and where the order stands: without them an order's state is not known. */
function withState(order: VenueOrder, f: Fields): VenueOrder {
  f.text('status');
  f.decimal('executedQty');
  return order;
}

const ofAnswer = (f: Fields): VenueOrder => readOrder(f, f.integer('transactTime'));
const ofQuery = (f: Fields): VenueOrder => withState(readOrder(f, f.integer('updateTime')), f);

/** The answer to a placement: ACK, RESULT or FULL. */
export const parsePlacement = (value: unknown): VenueOrder => ofAnswer(new Fields(value, 'placement'));

/** `GET /order`. */
export const parseOrder = (value: unknown): VenueOrder => ofQuery(new Fields(value, 'order'));

/** `GET /openOrders`, `GET /allOrders`. */
export const parseOrders = (value: unknown): readonly VenueOrder[] =>
  fieldsOfAll(value, 'orders').map(ofQuery);

export interface VenueOrderList {
  readonly orderListId: string;
  readonly contingencyType: string;
  readonly listStatusType: string;
  readonly listOrderStatus: string;
  readonly listClientOrderId: string;
  readonly symbol: string;
  readonly at: number;
  readonly orders: readonly {
    readonly symbol: string;
    readonly orderId: string;
    readonly clientOrderId: string;
  }[];
  /** Empty in the answer to a query. */
  readonly reports: readonly VenueOrder[];
  readonly raw: JsonObject;
}

function readList(f: Fields): VenueOrderList {
  return {
    orderListId: f.id('orderListId'),
    contingencyType: f.text('contingencyType'),
    listStatusType: f.text('listStatusType'),
    listOrderStatus: f.text('listOrderStatus'),
    listClientOrderId: f.text('listClientOrderId'),
    symbol: f.text('symbol'),
    at: f.integer('transactionTime'),
    orders: f.objects('orders').map((o) => ({
      symbol: o.text('symbol'),
      orderId: o.id('orderId'),
      clientOrderId: o.text('clientOrderId'),
    })),
    reports: f.has('orderReports') ? f.objects('orderReports').map(ofAnswer) : [],
    raw: f.raw,
  };
}

export const parseOrderList = (value: unknown): VenueOrderList => readList(new Fields(value, 'order list'));

export type Cancelled =
  | { readonly kind: 'order'; readonly order: VenueOrder }
  /** One leg was cancelled, and with it all of its list. */
  | { readonly kind: 'list'; readonly list: VenueOrderList };

function readCancel(f: Fields): Cancelled {
  if (f.has('contingencyType')) return { kind: 'list', list: readList(f) };
  return { kind: 'order', order: withState(ofAnswer(f), f) };
}

/** `DELETE /order`, `DELETE /orderList`. */
export const parseCancel = (value: unknown): Cancelled => readCancel(new Fields(value, 'cancel'));

/** `DELETE /openOrders`: orders and lists, mixed. */
export const parseCancelAll = (value: unknown): readonly Cancelled[] =>
  fieldsOfAll(value, 'cancels').map(readCancel);

export interface Amended {
  readonly at: number;
  readonly executionId: string;
  readonly order: VenueOrder;
}

/** `PUT /order/amend/keepPriority`. The order may have ended by it: its status says so. */
export function parseAmend(value: unknown): Amended {
  const f = new Fields(value, 'amend');
  const order = f.object('amendedOrder');
  const at = f.integer('transactTime');
  return { at, executionId: f.id('executionId'), order: withState(readOrder(order, at), order) };
}

/** One change of an order: its ids and amounts before and after. */
export interface Amendment {
  readonly orderId: string;
  readonly executionId: string;
  readonly originalClientOrderId: string;
  readonly newClientOrderId: string;
  readonly originalQuantity: Decimal;
  readonly newQuantity: Decimal;
  readonly at: number;
}

/** `GET /order/amendments`: under which ids an order has been known. */
export const parseAmendments = (value: unknown): readonly Amendment[] =>
  fieldsOfAll(value, 'amendments').map((f) => ({
    orderId: f.id('orderId'),
    executionId: f.id('executionId'),
    originalClientOrderId: f.text('origClientOrderId'),
    newClientOrderId: f.text('newClientOrderId'),
    originalQuantity: f.decimal('origQty'),
    newQuantity: f.decimal('newQty'),
    at: f.integer('time'),
  }));
