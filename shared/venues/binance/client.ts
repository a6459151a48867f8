/**
 * The exchange's account API with one key: orders, order lists, cancels, amends, and every query about them.
 *
 * Symbols are the venue's names (`BTCUSDT`). Queries answer `Asked`, what changes something answers `Done`; nothing
 * throws for what the venue says. Rules of repetition: requests.ts.
 */
import type { Decimal } from '../../domain/money/decimal.ts';
import type { SymbolRules } from '../../domain/symbol-rules.ts';
import type { BudgetRank } from '../../ports/rate-budget.ts';
import { BinanceMarketClient, wholeText } from './market-client.ts';
import {
  type ListHead,
  type ListKind,
  listParams,
  listRefusal,
  ORDERS_OF_LIST,
  type OrderListRequest,
} from './order-lists.ts';
import type { Asked, Done } from './outcomes.ts';
import {
  type Account,
  type Commission,
  type KeyRestrictions,
  parseAccount,
  parseAllocations,
  parseCommission,
  parseKeyRestrictions,
  parseTrades,
  type VenueTrade,
} from './parse/account.ts';
import {
  type Amended,
  type Cancelled,
  parseAmend,
  parseAmendments,
  parseCancel,
  parseCancelAll,
  parseOrder,
  parseOrderList,
  parseOrders,
  parsePlacement,
  type VenueOrder,
  type VenueOrderList,
} from './parse/orders.ts';
import { DEFAULT_RECV_WINDOW_MS } from './requests.ts';
import type { Params } from './signing.ts';

/** Which order (or list) is meant: by the venue's id or by ours. */
export type ById = { readonly orderId: string } | { readonly clientId: string };
export type ByListId = { readonly orderListId: string } | { readonly listClientId: string };

/** How a placement is signed and ranked. */
export interface PlaceOptions {
  /** Venue time, taken at the claim. */
  readonly signedAt: number;
  readonly recvWindowMs: number;
  readonly rank: BudgetRank;
}

/** The venue allows: symbol alone; + orderId (+ fromId); + fromId; + times (24 h at most between them). */
export interface TradesQuery {
  readonly orderId?: string | undefined;
  readonly fromId?: string | undefined;
  readonly startTime?: number | undefined;
  readonly endTime?: number | undefined;
}

export interface AllOrdersQuery {
  /** From this order on (inclusive). */
  readonly orderId?: string | undefined;
  readonly startTime?: number | undefined;
  readonly endTime?: number | undefined;
}

/** Rows per page: the most that the venue gives. */
export const PAGE = 1_000;

/** Request weight of the list of what is open, on one symbol or on all. */
export const openOrdersWeight = (of: 'one' | 'all'): number => (of === 'all' ? 80 : 6);

const byId = (by: ById): Params =>
  'orderId' in by ? { orderId: by.orderId } : { origClientOrderId: by.clientId };

export class BinanceClient extends BinanceMarketClient {
  // --- what changes something: sent once ---

  /** `params` as order-params.ts makes them, without timestamp. */
  placeOrder(params: Params, options: PlaceOptions): Promise<Done<VenueOrder>> {
    return this.place('/api/v3/order', params, 1, parsePlacement, options);
  }

  /** An order list of any kind; `params` as order-lists.ts makes them. */
  placeList(kind: ListKind, params: Params, options: PlaceOptions): Promise<Done<VenueOrderList>> {
    return this.place(`/api/v3/orderList/${kind}`, params, ORDERS_OF_LIST[kind], parseOrderList, options);
  }

  /** OCO, OTO, OTOCO, OPO or OPOCO; refused without a request where the symbol's flags do not allow it. */
  async placeOrderList(
    head: ListHead,
    rules: SymbolRules,
    request: OrderListRequest,
    options: PlaceOptions,
  ): Promise<Done<VenueOrderList>> {
    const message = listRefusal(request.kind, rules);
    if (message === null) return this.placeList(request.kind, listParams(head, request), options);
    const meaning = { kind: 'refused', code: 'invalid' } as const;
    return { kind: 'refused', problem: { status: 0, venueCode: null, message, meaning } };
  }

  cancelOrder(symbol: string, by: ById, cancelId?: string): Promise<Done<Cancelled>> {
    const params = { symbol, ...byId(by), newClientOrderId: cancelId };
    return this.change('DELETE', '/api/v3/order', params, parseCancel);
  }

  cancelList(symbol: string, by: ByListId, cancelId?: string): Promise<Done<Cancelled>> {
    const which =
      'orderListId' in by ? { orderListId: by.orderListId } : { listClientOrderId: by.listClientId };
    const params = { symbol, ...which, newClientOrderId: cancelId };
    return this.change('DELETE', '/api/v3/orderList', params, parseCancel);
  }

  /** Everything open on the symbol, also what others have placed. */
  cancelAll(symbol: string): Promise<Done<readonly Cancelled[]>> {
    return this.change('DELETE', '/api/v3/openOrders', { symbol }, parseCancelAll);
  }

  /** Less of an order, in its place of the queue. `clientId` is the order's own: it keeps it. */
  amendKeepPriority(
    symbol: string,
    by: ById,
    newQuantity: Decimal,
    clientId: string,
  ): Promise<Done<Amended>> {
    const params = { symbol, ...byId(by), newQty: newQuantity.toFixed(), newClientOrderId: clientId };
    return this.requests.act({
      method: 'PUT',
      path: '/api/v3/order/amend/keepPriority',
      params,
      weight: 4,
      // Free only where the order ends by it, which the answer's status does not tell apart from other ends.
      isFree: false,
      orders: 0,
      rank: 'exit',
      parse: parseAmend,
      signedAt: null,
      recvWindowMs: DEFAULT_RECV_WINDOW_MS,
    });
  }

  // --- queries ---

  order(symbol: string, by: ById, rank: BudgetRank): Promise<Asked<VenueOrder>> {
    return this.signed('/api/v3/order', { symbol, ...byId(by) }, 4, parseOrder, rank);
  }

  openOrders(symbol: string | null, rank: BudgetRank): Promise<Asked<readonly VenueOrder[]>> {
    const params = { symbol: symbol ?? undefined };
    return this.signed(
      '/api/v3/openOrders',
      params,
      openOrdersWeight(symbol === null ? 'all' : 'one'),
      parseOrders,
      rank,
    );
  }

  /** One page, at most PAGE orders, oldest first. */
  allOrders(symbol: string, query: AllOrdersQuery, rank: BudgetRank): Promise<Asked<readonly VenueOrder[]>> {
    const params = {
      symbol,
      orderId: query.orderId,
      startTime: wholeText(query.startTime),
      endTime: wholeText(query.endTime),
      limit: wholeText(PAGE),
    };
    return this.signed('/api/v3/allOrders', params, 20, parseOrders, rank);
  }

  /** One page, at most PAGE trades, oldest first. */
  trades(symbol: string, query: TradesQuery, rank: BudgetRank): Promise<Asked<readonly VenueTrade[]>> {
    const params = {
      symbol,
      orderId: query.orderId,
      fromId: query.fromId,
      startTime: wholeText(query.startTime),
      endTime: wholeText(query.endTime),
      limit: wholeText(PAGE),
    };
    const weight = query.orderId === undefined ? 20 : 5;
    return this.signed('/api/v3/myTrades', params, weight, parseTrades, rank);
  }

  /** Fills by the order router, which are in no list of trades; one page, oldest first. */
  allocations(
    symbol: string,
    orderId: string,
    fromAllocationId: string | undefined,
    rank: BudgetRank,
  ): Promise<Asked<readonly VenueTrade[]>> {
    const params = { symbol, orderId, fromAllocationId, limit: wholeText(PAGE) };
    return this.signed('/api/v3/myAllocations', params, 20, parseAllocations, rank);
  }

  orderList(by: ByListId, rank: BudgetRank): Promise<Asked<VenueOrderList>> {
    const params =
      'orderListId' in by ? { orderListId: by.orderListId } : { origClientOrderId: by.listClientId };
    return this.signed('/api/v3/orderList', params, 4, parseOrderList, rank);
  }

  amendments(symbol: string, orderId: string, rank: BudgetRank) {
    return this.signed('/api/v3/order/amendments', { symbol, orderId }, 4, parseAmendments, rank);
  }

  account(rank: BudgetRank): Promise<Asked<Account>> {
    return this.signed('/api/v3/account', { omitZeroBalances: 'true' }, 20, parseAccount, rank);
  }

  commission(symbol: string, rank: BudgetRank): Promise<Asked<Commission>> {
    return this.signed('/api/v3/account/commission', { symbol }, 20, parseCommission, rank);
  }

  /** Only where the environment has /sapi (endpoints.ts). */
  keyRestrictions(rank: BudgetRank): Promise<Asked<KeyRestrictions>> {
    return this.signed('/sapi/v1/account/apiRestrictions', {}, 1, parseKeyRestrictions, rank);
  }

  private place<T>(
    path: string,
    params: Params,
    orders: number,
    parse: (value: unknown) => T,
    { signedAt, recvWindowMs, rank }: PlaceOptions,
  ): Promise<Done<T>> {
    const cost = { weight: 1, isFree: true, orders };
    return this.requests.act({ method: 'POST', path, params, ...cost, rank, parse, signedAt, recvWindowMs });
  }

  /** A cancel: always ranks as an exit. */
  private change<T>(
    method: 'DELETE',
    path: string,
    params: Params,
    parse: (value: unknown) => T,
  ): Promise<Done<T>> {
    return this.requests.act({
      method,
      path,
      params,
      weight: 1,
      isFree: true,
      orders: 0,
      rank: 'exit',
      parse,
      signedAt: null,
      recvWindowMs: DEFAULT_RECV_WINDOW_MS,
    });
  }

  private signed<T>(
    path: string,
    params: Params,
    weight: number,
    parse: (value: unknown) => T,
    rank: BudgetRank,
  ): Promise<Asked<T>> {
    return this.requests.query({ path, params, weight, rank, parse, isSigned: true });
  }
}
