/** Queries of orders, trades and lists. They may lag behind the matching engine (`queryLagMs`). */
import type { Json, JsonObject } from '../contract.ts';
import { VenueError } from '../contract.ts';
import { refuse } from './errors.ts';
import { findList, findOrder, readOrderName } from './lookup.ts';
import type { ParamReader } from './params.ts';
import { listShape, queried, tradeRow } from './shapes/orders.ts';
import { type Account, isOpen, type Order, type OrderList, type World } from './state.ts';
import { marketOf } from './world.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
export const LIMIT_DEFAULT = 500;
export const LIMIT_MAX = 1000;

/** Not hidden by the lag. */
const visible = (world: World, row: { readonly createdAt: number }): boolean =>
  world.now() - row.createdAt >= world.queryLagMs;

export interface Window {
  readonly start: number | null;
  readonly end: number | null;
  readonly limit: number;
}

/** `startTime`, `endTime`, `limit`; both times at most a day apart (-1127). */
export function readWindow(params: ParamReader, most = LIMIT_MAX): Window {
  const start = params.integer('startTime');
  const end = params.integer('endTime');
  const limit = Math.min(params.integer('limit') ?? Math.min(LIMIT_DEFAULT, most), most);
  if (limit === 0) throw refuse.invalid('limit');
  return { start, end, limit };
}

function withinADay({ start, end }: Window): void {
  if (start !== null && end !== null && (end < start || end - start > DAY_MS)) {
    throw new VenueError(-1127, 'More than 24 hours between startTime and endTime.');
  }
}

/** Rows of the window: from a start the oldest first, otherwise the newest; always in ascending order. */
export function cut<T>(
  rows: readonly T[],
  timeOf: (row: T) => number,
  window: Window,
  fromStart: boolean,
): T[] {
  const { start, end, limit } = window;
  const inside = rows.filter(
    (row) => (start === null || timeOf(row) >= start) && (end === null || timeOf(row) <= end),
  );
  return fromStart || start !== null ? inside.slice(0, limit) : inside.slice(-limit);
}

export function orderStatus(world: World, account: Account, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  const name = readOrderName(params);
  params.finish();
  const order = findOrder(account, market, name);
  if (order === null || !visible(world, order)) throw refuse.noSuchOrder();
  return queried(order);
}

export function openOrders(world: World, account: Account, params: ParamReader): Json {
  const symbol = params.text('symbol');
  params.finish();
  const market = symbol === null ? null : marketOf(world, symbol);
  return [...account.open]
    .filter((order) => (market === null || order.market === market) && visible(world, order))
    .map(queried);
}

export function allOrders(world: World, account: Account, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const from = params.integer('orderId');
  const window = readWindow(params);
  params.finish();
  withinADay(window);
  const rows = account.orders.filter(
    (order) => order.market === market && visible(world, order) && (from === null || order.id >= from),
  );
  return cut(rows, (order) => order.createdAt, window, from !== null).map(queried);
}

/** Only some combinations are allowed: +orderId, +times, +fromId, +orderId+fromId (-1128 otherwise). */
export function myTrades(world: World, account: Account, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const orderId = params.integer('orderId');
  const fromId = params.integer('fromId');
  const window = readWindow(params);
  params.finish();
  const timed = window.start !== null || window.end !== null;
  if (timed && (orderId !== null || fromId !== null)) throw refuse.badCombination();
  withinADay(window);
  const rows = account.fills.filter(
    (fill) =>
      fill.order.market === market &&
      visible(world, fill.order) &&
      world.now() - fill.time >= world.queryLagMs &&
      (orderId === null || fill.order.id === orderId) &&
      (fromId === null || fill.tradeId >= fromId),
  );
  return cut(rows, (fill) => fill.time, window, fromId !== null).map(tradeRow);
}

export function listStatus(world: World, account: Account, params: ParamReader): JsonObject {
  const name = readOrderName(params, 'orderListId', 'origClientOrderId');
  params.finish();
  const list = findList(account, name);
  if (list === null || !visible(world, list)) throw refuse.noSuchOrder();
  return listShape(list);
}

const anyOpen = (list: OrderList): boolean => list.orders.some((order: Order) => isOpen(order));

export function openLists(world: World, account: Account, params: ParamReader): Json {
  params.finish();
  return account.lists.filter((list) => anyOpen(list) && visible(world, list)).map(listShape);
}

export function allLists(world: World, account: Account, params: ParamReader): Json {
  const from = params.integer('fromId');
  const window = readWindow(params);
  params.finish();
  if (from !== null && (window.start !== null || window.end !== null)) throw refuse.badCombination();
  withinADay(window);
  const rows = account.lists.filter((list) => visible(world, list) && (from === null || list.id >= from));
  return cut(rows, (list) => list.createdAt, window, from !== null).map(listShape);
}
