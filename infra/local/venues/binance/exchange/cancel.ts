/** `order.cancel`, `orderList.cancel`, `openOrders.cancelAll`. A leg of a list takes the whole list with it. */
import type { Json, JsonObject } from '../contract.ts';
import { VenueError } from '../contract.ts';
import { refuse } from './errors.ts';
import { endOrder, randomClientId, relabel } from './lifecycle.ts';
import { findList, findOrder, type OrderName, readOrderName } from './lookup.ts';
import type { ParamReader } from './params.ts';
import { canceled, listShape } from './shapes/orders.ts';
import { type Account, isOpen, type Market, type Order, type OrderList, type World } from './state.ts';
import { marketOf } from './world.ts';

type Restriction = 'ONLY_NEW' | 'ONLY_PARTIALLY_FILLED';

export function readRestriction(params: ParamReader): Restriction | null {
  return params.oneOf(
    'cancelRestrictions',
    ['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'],
    () =>
      new VenueError(-1145, '`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`.'),
  );
}

export interface CancelRequest {
  readonly name: OrderName;
  readonly newClientId: string | null;
  readonly restriction: Restriction | null;
}

/** Cancels one open order, or the list it belongs to. Throws -2011; then nothing changed. */
export function cancelNamed(
  world: World,
  account: Account,
  market: Market,
  request: CancelRequest,
): JsonObject {
  const { id, clientId: named } = request.name;
  const order = findOrder(account, market, id === null ? request.name : { id, clientId: null });
  if (order === null || !isOpen(order)) throw refuse.cancel('Unknown order sent.');
  if (named !== null && named !== order.clientId) {
    throw refuse.cancel('Cancel order is invalid. Check origClOrdId and orderId.');
  }
  const { restriction } = request;
  const forbidden =
    (restriction === 'ONLY_NEW' && order.status !== 'NEW') ||
    (restriction === 'ONLY_PARTIALLY_FILLED' && order.status !== 'PARTIALLY_FILLED');
  if (forbidden) throw refuse.cancel('Order was not canceled due to cancel restrictions.');
  const clientId = request.newClientId ?? randomClientId();
  if (order.list !== null) return endList(world, order.list, clientId);
  return cancelOne(world, order, clientId);
}

function cancelOne(world: World, order: Order, clientId: string): JsonObject {
  relabel(world, order, clientId);
  endOrder(world, order, 'CANCELED');
  return canceled(order);
}

/** Cancels what is still open of a list; the answer has a report of each. */
function endList(world: World, list: OrderList, clientId: string): JsonObject {
  list.ending = true;
  const open = list.orders.filter(isOpen);
  const reports = open.map((order) => cancelOne(world, order, clientId));
  return { ...listShape(list), orderReports: reports };
}

export function cancelOrder(world: World, account: Account, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  const name = readOrderName(params);
  const newClientId = params.clientId('newClientOrderId');
  const restriction = readRestriction(params);
  params.finish();
  return cancelNamed(world, account, market, { name, newClientId, restriction });
}

export function cancelList(world: World, account: Account, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  const name = readOrderName(params, 'orderListId', 'listClientOrderId');
  const newClientId = params.clientId('newClientOrderId');
  params.finish();
  const list = findList(account, name);
  if (list === null || list.market !== market || !list.orders.some(isOpen)) {
    throw refuse.cancel('Unknown order list sent.');
  }
  return endList(world, list, newClientId ?? randomClientId());
}

/** All open orders of a symbol: orders and lists mixed, under one generated id. */
export function cancelAll(world: World, account: Account, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  params.finish();
  const open = [...account.open].filter((order) => order.market === market);
  if (open.length === 0) throw refuse.cancel('Unknown order sent.');
  const clientId = randomClientId();
  const reports: JsonObject[] = [];
  for (const order of open) {
    if (!isOpen(order)) continue;
    reports.push(
      order.list === null ? cancelOne(world, order, clientId) : endList(world, order.list, clientId),
    );
  }
  return reports;
}
