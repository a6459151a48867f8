/** User-data events in the exchange's field names. */
import type { Decimal } from '../../../../../../shared/domain/money/decimal.ts';
import type { JsonObject } from '../../contract.ts';
import { amountText, EMPTY_TEXT, ZERO } from '../numbers.ts';
import {
  type Account,
  type Fill,
  isLimit,
  isOpen,
  type Order,
  type OrderList,
  type PreventedMatch,
} from '../state.ts';

export type ExecutionType =
  | 'NEW'
  | 'CANCELED'
  | 'REPLACED'
  | 'REJECTED'
  | 'TRADE'
  | 'EXPIRED'
  | 'TRADE_PREVENTION';

export interface ReportDetails {
  readonly fill?: Fill;
  readonly prevented?: PreventedMatch;
  readonly preventedQuantity?: Decimal;
  readonly rejectReason?: string;
}

/** Whether the order stands on the book after this event. */
function onBook(order: Order, type: ExecutionType): boolean {
  if (!isOpen(order) || order.status === 'PENDING_NEW' || order.workingTime === null) return false;
  return isLimit(order.terms.type) ? true : type === 'NEW';
}

export function executionReport(
  order: Order,
  type: ExecutionType,
  executionId: number,
  now: number,
  details: ReportDetails,
): JsonObject {
  const { terms, market } = order;
  const { fill, prevented } = details;
  return {
    e: 'executionReport',
    E: now,
    s: market.info.symbol,
    c: order.clientId,
    S: terms.side,
    o: terms.type,
    f: terms.tif,
    q: amountText(order.quantity),
    p: amountText(terms.price ?? ZERO),
    P: amountText(terms.stopPrice ?? ZERO),
    ...(terms.trailingDelta === null ? {} : { d: terms.trailingDelta, D: order.trail?.since ?? -1 }),
    F: amountText(terms.icebergQty ?? ZERO),
    g: order.list?.id ?? -1,
    C: type === 'CANCELED' || type === 'REPLACED' ? order.previousClientId : '',
    x: type,
    X: order.status,
    r: details.rejectReason ?? 'NONE',
    i: order.id,
    l: fill === undefined ? EMPTY_TEXT : amountText(fill.quantity),
    z: amountText(order.executed),
    L: fill === undefined ? EMPTY_TEXT : amountText(fill.price),
    n: fill === undefined ? '0' : amountText(fill.commission),
    N: fill === undefined ? null : fill.commissionAsset,
    T: order.updatedAt,
    t: fill?.tradeId ?? -1,
    I: executionId,
    w: onBook(order, type),
    m: fill?.maker ?? false,
    M: fill !== undefined,
    O: order.createdAt,
    Z: amountText(order.quoteFilled),
    Y: fill === undefined ? EMPTY_TEXT : amountText(fill.quote),
    Q: amountText(terms.quoteQuantity ?? ZERO),
    ...(order.workingTime === null ? {} : { W: order.workingTime }),
    V: terms.stp,
    ...(terms.strategyId === null ? {} : { j: terms.strategyId }),
    ...(terms.strategyType === null ? {} : { J: terms.strategyType }),
    ...(prevented === undefined ? {} : preventedMembers(order, prevented, details.preventedQuantity ?? ZERO)),
    ...(order.expiryReason === null ? {} : { eR: order.expiryReason }),
  };
}

function preventedMembers(order: Order, match: PreventedMatch, quantity: Decimal): JsonObject {
  const counter = match.taker === order ? match.maker : match.taker;
  return {
    v: match.id,
    A: amountText(order.prevented),
    B: amountText(quantity),
    u: order.account.options.tradeGroupId ?? -1,
    U: counter.id,
    Cs: counter.market.info.symbol,
    pl: amountText(quantity),
    pL: amountText(match.price),
    pY: amountText(quantity.times(match.price)),
  };
}

export function accountPosition(account: Account, assets: readonly string[], now: number): JsonObject {
  return {
    e: 'outboundAccountPosition',
    E: now,
    u: account.updateTime,
    B: assets.map((asset) => {
      const balance = account.balances.get(asset);
      return { a: asset, f: amountText(balance?.free ?? ZERO), l: amountText(balance?.locked ?? ZERO) };
    }),
  };
}

export const balanceUpdate = (asset: string, delta: Decimal, now: number): JsonObject => ({
  e: 'balanceUpdate',
  E: now,
  a: asset,
  d: amountText(delta),
  T: now,
});

export const contingencyOf = (list: OrderList): string => (list.kind === 'OCO' ? 'OCO' : 'OTO');

export const listStatus = (list: OrderList, now: number): JsonObject => ({
  e: 'listStatus',
  E: now,
  s: list.market.info.symbol,
  g: list.id,
  c: contingencyOf(list),
  l: list.statusType,
  L: list.orderStatus,
  r: 'NONE',
  C: list.clientId,
  T: list.transactionTime,
  O: list.orders.map((order) => ({ s: order.market.info.symbol, i: order.id, c: order.clientId })),
});
