/**
 * What the server knows of every operation: where REST has it, what it costs, who may call it.
 *
 * Weights are the documented ones; `freeOnSuccess` is the rule of April 2026 (charged only when it fails).
 */
import type { OperationName, Params } from '../contract.ts';

/** `KEY`: signed, whatever the key may do. */
export type Security = 'NONE' | 'KEY' | 'TRADE' | 'USER_DATA' | 'USER_STREAM';
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Answered by the server itself: it alone knows sessions, counts and keys. */
export type ServerOperation =
  | 'account.rateLimits.orders'
  | 'session.logon'
  | 'session.status'
  | 'session.logout'
  | 'session.subscriptions'
  | 'userDataStream.subscribe'
  | 'userDataStream.subscribe.signature'
  | 'userDataStream.unsubscribe';

export type Operation = {
  readonly security: Security;
  readonly rest?: readonly [HttpMethod, string];
  /** Is it a method of the WebSocket API? */
  readonly socket: boolean;
  readonly weight: (params: Params) => number;
  readonly freeOnSuccess: boolean;
  /** Orders that it adds to the unfilled-order count. */
  readonly orders: number;
} & (
  | { readonly by: 'exchange'; readonly name: OperationName }
  | { readonly by: 'server'; readonly name: ServerOperation }
);

const fixed = (weight: number) => (): number => weight;

const depthWeight = ({ limit = '100' }: Params): number => {
  const levels = Number(limit);
  if (levels <= 100) return 5;
  if (levels <= 500) return 25;
  return levels <= 1000 ? 50 : 250;
};

/** How many symbols are asked for; null: all. */
export function symbolsAsked({ symbol, symbols }: Params): number | null {
  if (symbol !== undefined) return 1;
  if (symbols === undefined) return null;
  return symbols.split(',').length;
}

const tickerWeight = (params: Params): number => (symbolsAsked(params) === 1 ? 2 : 4);

const dayTickerWeight = (params: Params): number => {
  const asked = symbolsAsked(params);
  if (asked === null || asked > 100) return 80;
  return asked <= 20 ? 2 : 40;
};

const rulesWeight = (params: Params): number => Math.min(40, (symbolsAsked(params) ?? 20) * 2);

type Place = readonly [HttpMethod, string] | null;

interface More {
  readonly security?: Security;
  readonly orders?: number;
  readonly free?: boolean;
  /** Default: it is a method of the WebSocket API. */
  readonly socket?: boolean;
}

const shared = (place: Place, weight: number | ((params: Params) => number), more: More) => ({
  security: more.security ?? 'NONE',
  socket: more.socket ?? true,
  weight: typeof weight === 'number' ? fixed(weight) : weight,
  freeOnSuccess: more.free ?? false,
  orders: more.orders ?? 0,
  ...(place === null ? {} : { rest: place }),
});

const exchange = (
  name: OperationName,
  place: Place,
  weight: number | ((params: Params) => number),
  more: More = {},
): Operation => ({ by: 'exchange', name, ...shared(place, weight, more) });

const server = (name: ServerOperation, place: Place, weight: number, more: More = {}): Operation => ({
  by: 'server',
  name,
  ...shared(place, weight, more),
});

const v3 = (method: HttpMethod, path: string): Place => [method, `/api/v3/${path}`];
const userData: More = { security: 'USER_DATA' };
const trade = (orders = 0, free = true): More => ({ security: 'TRADE', orders, free });

export const OPERATIONS: readonly Operation[] = [
  exchange('ping', v3('GET', 'ping'), 1),
  exchange('time', v3('GET', 'time'), 1),
  exchange('exchangeInfo', v3('GET', 'exchangeInfo'), 20),
  exchange('executionRules', v3('GET', 'executionRules'), rulesWeight),
  exchange('referencePrice', v3('GET', 'referencePrice'), 2),
  exchange('depth', v3('GET', 'depth'), depthWeight),
  exchange('trades.recent', v3('GET', 'trades'), 25),
  exchange('trades.historical', v3('GET', 'historicalTrades'), 25),
  exchange('trades.aggregate', v3('GET', 'aggTrades'), 4),
  exchange('klines', v3('GET', 'klines'), 2),
  exchange('uiKlines', v3('GET', 'uiKlines'), 2),
  exchange('avgPrice', v3('GET', 'avgPrice'), 2),
  exchange('ticker.24hr', v3('GET', 'ticker/24hr'), dayTickerWeight),
  exchange('ticker.price', v3('GET', 'ticker/price'), tickerWeight),
  exchange('ticker.book', v3('GET', 'ticker/bookTicker'), tickerWeight),

  exchange('order.place', v3('POST', 'order'), 1, trade(1)),
  exchange(
    'order.test',
    v3('POST', 'order/test'),
    ({ computeCommissionRates }) => (computeCommissionRates === 'true' ? 20 : 1),
    trade(0, false),
  ),
  exchange('order.cancel', v3('DELETE', 'order'), 1, trade()),
  exchange('order.cancelReplace', v3('POST', 'order/cancelReplace'), 1, trade(1)),
  exchange('order.amend.keepPriority', v3('PUT', 'order/amend/keepPriority'), 4, trade(0, false)),
  exchange('openOrders.cancelAll', v3('DELETE', 'openOrders'), 1, trade()),
  exchange('orderList.place.oco', v3('POST', 'orderList/oco'), 1, trade(2)),
  exchange('orderList.place.oto', v3('POST', 'orderList/oto'), 1, trade(2)),
  exchange('orderList.place.otoco', v3('POST', 'orderList/otoco'), 1, trade(3)),
  exchange('orderList.place.opo', v3('POST', 'orderList/opo'), 1, trade(2)),
  exchange('orderList.place.opoco', v3('POST', 'orderList/opoco'), 1, trade(3)),
  exchange('orderList.cancel', v3('DELETE', 'orderList'), 1, trade()),

  exchange('order.status', v3('GET', 'order'), 4, userData),
  exchange('order.amendments', v3('GET', 'order/amendments'), 4, userData),
  exchange(
    'openOrders.status',
    v3('GET', 'openOrders'),
    ({ symbol }) => (symbol === undefined ? 80 : 6),
    userData,
  ),
  exchange('allOrders', v3('GET', 'allOrders'), 20, userData),
  exchange('orderList.status', v3('GET', 'orderList'), 4, userData),
  exchange('openOrderLists.status', v3('GET', 'openOrderList'), 6, userData),
  exchange('allOrderLists', v3('GET', 'allOrderList'), 20, userData),
  exchange('myTrades', v3('GET', 'myTrades'), ({ orderId }) => (orderId === undefined ? 20 : 5), userData),
  exchange(
    'myPreventedMatches',
    v3('GET', 'myPreventedMatches'),
    ({ preventedMatchId }) => (preventedMatchId === undefined ? 20 : 2),
    userData,
  ),
  exchange('myAllocations', v3('GET', 'myAllocations'), 20, userData),
  exchange('myFilters', v3('GET', 'myFilters'), 40, userData),
  exchange('account.status', v3('GET', 'account'), 20, userData),
  exchange('account.commission', v3('GET', 'account/commission'), 20, userData),
  exchange('account.apiRestrictions', ['GET', '/sapi/v1/account/apiRestrictions'], 1, {
    ...userData,
    socket: false,
  }),

  server('account.rateLimits.orders', v3('GET', 'rateLimit/order'), 40, userData),
  server('session.logon', null, 2, { security: 'KEY' }),
  server('session.status', null, 2),
  server('session.logout', null, 2),
  server('session.subscriptions', null, 2),
  server('userDataStream.subscribe', null, 2),
  server('userDataStream.subscribe.signature', null, 2, { security: 'USER_STREAM' }),
  server('userDataStream.unsubscribe', null, 2),
];

const byPath = new Map<string, Operation>(
  OPERATIONS.flatMap((o) => (o.rest ? [[`${o.rest[0]} ${o.rest[1]}`, o] as const] : [])),
);
const bySocketMethod = new Map(OPERATIONS.flatMap((o) => (o.socket ? [[o.name as string, o] as const] : [])));
const names = new Set<string>(OPERATIONS.map((o) => o.name));

export const operationAt = (method: string, path: string): Operation | null =>
  byPath.get(`${method} ${path}`) ?? null;

/** Methods may carry a version: `v3/order.place`. */
export const operationOf = (method: string): Operation | null =>
  bySocketMethod.get(method.replace(/^v3\//, '')) ?? null;

export const isOperation = (name: string): boolean => names.has(name);

/** Left behind by the listenKey, retired in February 2026. */
export const isRetiredPath = (path: string): boolean => /^\/api\/v[13]\/userDataStream$/.test(path);
