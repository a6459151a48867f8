/** `orderList.place.*`: a list is accepted as a whole or refused as a whole. */
import type { JsonObject } from '../contract.ts';
import { checkCeilings, checkDuplicates, checkHoldings, checkPhase } from './checks.ts';
import { admit, announce, fund, proceed } from './entry.ts';
import { refuse } from './errors.ts';
import { createOrder, randomClientId, register, report } from './lifecycle.ts';
import { type ListRequest, readList } from './list-request.ts';
import { sendListStatus } from './lists.ts';
import { ZERO } from './numbers.ts';
import { checkPairPrices } from './pair.ts';
import type { ParamReader } from './params.ts';
import { listShape, placed } from './shapes/orders.ts';
import {
  type Account,
  isOpen,
  type ListKind,
  type Market,
  type Order,
  type OrderList,
  type World,
} from './state.ts';
import { readFilters } from './symbol-info.ts';

export const placeList =
  (kind: ListKind) =>
  (world: World, account: Account, params: ParamReader): JsonObject => {
    const request = readList(world, params, kind);
    const list = submitList(world, account, request);
    return { ...listShape(list), orderReports: list.orders.map((order) => placed(order, request.form)) };
  };

function submitList(world: World, account: Account, request: ListRequest): OrderList {
  const { market, kind, working, legs } = request;
  const all = working === null ? legs : [working, ...legs];
  checkPhase(account, market);
  checkDuplicates(account, market, all);
  checkListCeiling(world, account, market, request.clientId);
  checkCeilings(world, account, market, all);
  for (const terms of working === null ? legs.slice(0, 1) : [working]) checkHoldings(account, market, terms);
  if (kind === 'OCO') checkPairPrices(market, legs);
  const list = createList(world, account, request);
  const firstId = market.nextOrderId;
  const orders = all.map((terms) => createOrder(world, account, market, terms, list));
  const live = working === null ? orders : orders.slice(0, 1);
  try {
    admit(live);
  } catch (error) {
    market.nextOrderId = firstId;
    throw error;
  }
  world.nextListId += 1;
  list.orders = orders;
  accept(world, list, live);
  return list;
}

/** Everything is checked: orders on the books of the account, then the account told, then trading. */
function accept(world: World, list: OrderList, live: readonly Order[]): void {
  list.account.lists.push(list);
  for (const order of list.orders) {
    register(order);
    if (!live.includes(order)) order.status = 'PENDING_NEW';
  }
  fund(live);
  const listFirst = world.options.order?.list === 'list_first';
  if (listFirst) sendListStatus(world, list);
  for (const order of list.orders) {
    if (live.includes(order)) announce(world, order);
    else report(world, order, 'NEW');
  }
  if (!listFirst) sendListStatus(world, list);
  for (const order of live) proceed(world, order);
}

function checkListCeiling(world: World, account: Account, market: Market, clientId: string | null): void {
  const open = account.lists.filter((list) => list.orders.some(isOpen));
  if (clientId !== null && open.some((list) => list.clientId === clientId)) {
    throw refuse.order('Duplicate order sent.');
  }
  const limit = market.info.filter('MAX_NUM_ORDER_LISTS')?.decimal('maxNumOrderLists') ?? null;
  const here = open.filter((list) => list.market === market).length;
  if (limit?.lessThan(here + 1)) throw refuse.engineFilter('MAX_NUM_ORDER_LISTS');
  const overall = readFilters(world.options.exchangeFilters).get('EXCHANGE_MAX_NUM_ORDER_LISTS');
  if (overall?.decimal('maxNumOrderLists').lessThan(open.length + 1)) {
    throw refuse.engineFilter('EXCHANGE_MAX_NUM_ORDER_LISTS');
  }
}

const createList = (world: World, account: Account, request: ListRequest): OrderList => ({
  id: world.nextListId,
  account,
  market: request.market,
  kind: request.kind,
  clientId: request.clientId ?? randomClientId(),
  createdAt: world.now(),
  statusType: 'EXEC_STARTED',
  orderStatus: 'EXECUTING',
  transactionTime: world.now(),
  orders: [],
  held: ZERO,
  ending: false,
});
