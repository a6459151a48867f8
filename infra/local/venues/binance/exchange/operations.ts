/** Every operation by its name. */
import { type Json, type OperationName, VenueError } from '../contract.ts';
import * as accountQueries from './account-queries.ts';
import { amendOrder } from './amend.ts';
import { cancelAll, cancelList, cancelOrder } from './cancel.ts';
import { cancelReplace } from './cancel-replace.ts';
import { exchangeInfo } from './exchange-info.ts';
import { klines } from './klines.ts';
import * as marketData from './market-data.ts';
import type { ParamReader } from './params.ts';
import { placeOrder, testOrder } from './place.ts';
import { placeList } from './place-list.ts';
import * as queries from './queries.ts';
import type { Account, World } from './state.ts';
import { bookTicker, dayTicker, priceTicker } from './tickers.ts';

type Public = (world: World, params: ParamReader) => Json;
type Private = (world: World, account: Account, params: ParamReader) => Json;

const PUBLIC = {
  ping: (_world, params) => {
    params.finish();
    return {};
  },
  time: (world, params) => {
    params.finish();
    return { serverTime: world.now() };
  },
  exchangeInfo,
  depth: marketData.depth,
  'trades.recent': marketData.recentTrades,
  'trades.historical': marketData.historicalTrades,
  'trades.aggregate': marketData.aggregateTrades,
  avgPrice: marketData.average,
  executionRules: marketData.executionRules,
  referencePrice: marketData.referencePrice,
  klines,
  uiKlines: klines,
  'ticker.24hr': dayTicker,
  'ticker.price': priceTicker,
  'ticker.book': bookTicker,
} satisfies Partial<Record<OperationName, Public>>;

type PublicName = keyof typeof PUBLIC;

/** Complete by type: an operation without an entry does not compile. */
const PRIVATE: Record<Exclude<OperationName, PublicName>, Private> = {
  'order.place': placeOrder,
  'order.test': testOrder,
  'order.cancelReplace': cancelReplace,
  'order.amend.keepPriority': amendOrder,
  'orderList.place.oco': placeList('OCO'),
  'orderList.place.oto': placeList('OTO'),
  'orderList.place.otoco': placeList('OTOCO'),
  'orderList.place.opo': placeList('OPO'),
  'orderList.place.opoco': placeList('OPOCO'),
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
  myAllocations: accountQueries.myAllocations,
};

const isPublic = (operation: OperationName): operation is PublicName => operation in PUBLIC;

/** Runs one operation. Throws VenueError for refusals. */
export function run(
  world: World,
  operation: OperationName,
  account: Account | null,
  params: ParamReader,
): Json {
  if (isPublic(operation)) return PUBLIC[operation](world, params);
  if (account === null) throw new VenueError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  return PRIVATE[operation](world, account, params);
}
