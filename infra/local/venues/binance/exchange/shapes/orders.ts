/** Orders and trades as answers show them. */
import type { JsonObject } from '../../contract.ts';
import { amountText, EMPTY_TEXT, ZERO } from '../numbers.ts';
import { type Fill, isStop, type Order, type OrderList, type RespType } from '../state.ts';
import { contingencyOf } from './events.ts';

/** Members that only some orders have. */
function conditional(order: Order, withExpiry: boolean): JsonObject {
  const { terms } = order;
  const match = order.preventedMatches.at(-1);
  const group = order.account.options.tradeGroupId ?? -1;
  return {
    ...(terms.trailingDelta === null
      ? {}
      : { trailingDelta: terms.trailingDelta, trailingTime: order.trail?.since ?? -1 }),
    ...(terms.strategyId === null ? {} : { strategyId: terms.strategyId }),
    ...(terms.strategyType === null ? {} : { strategyType: terms.strategyType }),
    ...(match === undefined
      ? {}
      : { preventedMatchId: match.id, preventedQuantity: amountText(order.prevented) }),
    ...(group === -1 ? {} : { tradeGroupId: group }),
    ...(withExpiry && order.expiryReason !== null ? { expiryReason: order.expiryReason } : {}),
  };
}

const triggerMembers = (order: Order): JsonObject => ({
  ...(isStop(order.terms.type) ? { stopPrice: amountText(order.terms.stopPrice ?? ZERO) } : {}),
  ...(order.terms.icebergQty === null ? {} : { icebergQty: amountText(order.terms.icebergQty) }),
});

/** The answer to a placement. */
export function placed(order: Order, form: RespType): JsonObject {
  const ack: JsonObject = {
    symbol: order.market.info.symbol,
    orderId: order.id,
    orderListId: order.list?.id ?? -1,
    clientOrderId: order.clientId,
    transactTime: order.updatedAt,
  };
  if (form === 'ACK') return ack;
  const { terms } = order;
  const result: JsonObject = {
    ...ack,
    price: amountText(terms.price ?? ZERO),
    // A pending leg of an OPO has no quantity before its working order is filled.
    ...(order.status === 'PENDING_NEW' && terms.quantity === null
      ? {}
      : { origQty: amountText(order.quantity) }),
    executedQty: amountText(order.executed),
    origQuoteOrderQty: amountText(terms.quoteQuantity ?? ZERO),
    cummulativeQuoteQty: amountText(order.quoteFilled),
    status: order.status,
    timeInForce: terms.tif,
    type: terms.type,
    side: terms.side,
    ...triggerMembers(order),
    workingTime: order.workingTime ?? -1,
    ...conditional(order, true),
  };
  return form === 'FULL'
    ? { ...result, fills: order.fills.map(placedFill), selfTradePreventionMode: terms.stp }
    : { ...result, selfTradePreventionMode: terms.stp };
}

const placedFill = (fill: Fill): JsonObject => ({
  price: amountText(fill.price),
  qty: amountText(fill.quantity),
  commission: amountText(fill.commission),
  commissionAsset: fill.commissionAsset,
  tradeId: fill.tradeId,
});

/** An order as the queries show it. */
export function queried(order: Order): JsonObject {
  const { terms } = order;
  return {
    symbol: order.market.info.symbol,
    orderId: order.id,
    orderListId: order.list?.id ?? -1,
    clientOrderId: order.clientId,
    price: amountText(terms.price ?? ZERO),
    origQty: amountText(order.quantity),
    executedQty: amountText(order.executed),
    cummulativeQuoteQty: amountText(order.quoteFilled),
    status: order.status,
    timeInForce: terms.tif,
    type: terms.type,
    side: terms.side,
    stopPrice: amountText(terms.stopPrice ?? ZERO),
    icebergQty: terms.icebergQty === null ? EMPTY_TEXT : amountText(terms.icebergQty),
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: order.workingTime !== null,
    workingTime: order.workingTime ?? -1,
    origQuoteOrderQty: amountText(terms.quoteQuantity ?? ZERO),
    ...conditional(order, true),
    selfTradePreventionMode: terms.stp,
  };
}

/** The answer to a cancel. */
export function canceled(order: Order): JsonObject {
  const { terms } = order;
  return {
    symbol: order.market.info.symbol,
    origClientOrderId: order.previousClientId,
    orderId: order.id,
    orderListId: order.list?.id ?? -1,
    clientOrderId: order.clientId,
    transactTime: order.updatedAt,
    price: amountText(terms.price ?? ZERO),
    origQty: amountText(order.quantity),
    executedQty: amountText(order.executed),
    origQuoteOrderQty: amountText(terms.quoteQuantity ?? ZERO),
    cummulativeQuoteQty: amountText(order.quoteFilled),
    status: order.status,
    timeInForce: terms.tif,
    type: terms.type,
    side: terms.side,
    ...triggerMembers(order),
    ...conditional(order, false),
    selfTradePreventionMode: terms.stp,
  };
}

/** The `amendedOrder` of an amendment: other names for the same things. */
export function amended(order: Order): JsonObject {
  const { terms } = order;
  return {
    symbol: order.market.info.symbol,
    orderId: order.id,
    orderListId: order.list?.id ?? -1,
    origClientOrderId: order.previousClientId,
    clientOrderId: order.clientId,
    price: amountText(terms.price ?? ZERO),
    qty: amountText(order.quantity),
    executedQty: amountText(order.executed),
    preventedQty: amountText(order.prevented),
    quoteOrderQty: amountText(terms.quoteQuantity ?? ZERO),
    cumulativeQuoteQty: amountText(order.quoteFilled),
    status: order.status,
    timeInForce: terms.tif,
    type: terms.type,
    side: terms.side,
    ...triggerMembers(order),
    workingTime: order.workingTime ?? -1,
    ...conditional(order, true),
    selfTradePreventionMode: terms.stp,
  };
}

/** A row of myTrades. */
export const tradeRow = (fill: Fill): JsonObject => ({
  symbol: fill.order.market.info.symbol,
  id: fill.tradeId,
  orderId: fill.order.id,
  orderListId: fill.order.list?.id ?? -1,
  price: amountText(fill.price),
  qty: amountText(fill.quantity),
  quoteQty: amountText(fill.quote),
  commission: amountText(fill.commission),
  commissionAsset: fill.commissionAsset,
  time: fill.time,
  isBuyer: fill.order.terms.side === 'BUY',
  isMaker: fill.maker,
  isBestMatch: true,
});

/** An order list without reports, as queries show it. */
export const listShape = (list: OrderList): JsonObject => ({
  orderListId: list.id,
  contingencyType: contingencyOf(list),
  listStatusType: list.statusType,
  listOrderStatus: list.orderStatus,
  listClientOrderId: list.clientId,
  transactionTime: list.transactionTime,
  symbol: list.market.info.symbol,
  orders: list.orders.map((order) => ({
    symbol: order.market.info.symbol,
    orderId: order.id,
    clientOrderId: order.clientId,
  })),
});
