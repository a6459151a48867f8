/** Every operation by its name. */
import { type Json, type OperationName, VenueError } from '../contract.ts';
import * as accountQueries from './account-queries.ts';
import { cancelAll, cancelList, cancelOrder } from './cancel.ts';
import { exchangeInfo } from './exchange-info.ts';
import type { ParamReader } from './params.ts';
import { placeOrder, testOrder } from './place.ts';
import * as queries from './queries.ts';
import type { Account, World } from './state.ts';

type Public = (world: World, params: ParamReader) => Json;
type Private = (world: World, account: Account, params: ParamReader) => Json;

export const PUBLIC: Partial<Record<OperationName, Public>> = {
  ping: (_world, params) => {
    params.finish();
    return {};
  },
  time: (world, params) => {
    params.finish();
    return { serverTime: world.now() };
  },
  exchangeInfo,
};

export const PRIVATE: Partial<Record<OperationName, Private>> = {
  'order.place': placeOrder,
  'order.test': testOrder,
  'order.status': queries.orderStatus,
  'order.cancel': cancelOrder,
  'openOrders.status': queries.openOrders,
  'openOrders.cancelAll': cancelAll,
  allOrders: queries.allOrders,
  myTrades: queries.myTrades,
  'orderList.cancel': cancelList,
  'orderList.status': queries.listStatus,
  'openOrderLists.status': queries.openLists,
  allOrderLists: queries.allLists,
  'account.status': (_world, account, params) => accountQueries.accountStatus(account, params),
  'account.commission': accountQueries.accountCommission,
  'account.apiRestrictions': (_world, account, params) => accountQueries.apiRestrictions(account, params),
  myFilters: accountQueries.myFilters,
  myPreventedMatches: accountQueries.myPreventedMatches,
  'order.amendments': accountQueries.amendments,
};

/** Runs one operation. Throws VenueError for refusals. */
export function run(
  world: World,
  operation: OperationName,
  account: Account | null,
  params: ParamReader,
): Json {
  const open = PUBLIC[operation];
  if (open !== undefined) return open(world, params);
  const guarded = PRIVATE[operation];
  if (guarded === undefined) throw new VenueError(-1020, 'This operation is not supported.');
  if (account === null) throw new VenueError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  return guarded(world, account, params);
}
