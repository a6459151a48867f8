/**
 * What the simulated exchange holds in memory. Everything else in this folder changes or shows it.
 *
 * Always true:
 * - a reservation's amount is part of `locked` of its account, and nothing else is;
 * - assets move, they are never made: accounts + market maker + fees = what was granted and deposited;
 * - order, trade and execution ids grow within a symbol; they repeat between symbols, as at the real exchange.
 */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type {
  AccountOptions,
  BestPrices,
  BookShape,
  ExchangeOptions,
  PublicTrade,
  UserEvent,
} from '../contract.ts';
import type { ExpiryReason, OrderStatus, OrderType, Side, StpMode, TimeInForce } from './kinds.ts';
import type { SymbolInfo } from './symbol-info.ts';

export * from './kinds.ts';

/** What an order asks for, read and checked from the parameters. */
export interface OrderTerms {
  readonly side: Side;
  readonly type: OrderType;
  readonly tif: TimeInForce;
  /** Null: by quote amount, or (pending legs of OPO) what the working order brings. */
  readonly quantity: Decimal | null;
  readonly quoteQuantity: Decimal | null;
  readonly price: Decimal | null;
  readonly stopPrice: Decimal | null;
  /** Basis points. */
  readonly trailingDelta: number | null;
  readonly icebergQty: Decimal | null;
  readonly clientId: string | null;
  readonly stp: StpMode;
  readonly strategyId: number | null;
  readonly strategyType: number | null;
}

export interface Fill {
  readonly tradeId: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly quote: Decimal;
  readonly commission: Decimal;
  readonly commissionAsset: string;
  readonly time: number;
  readonly maker: boolean;
  readonly order: Order;
}

export interface Amendment {
  readonly executionId: number;
  readonly from: string;
  readonly to: string;
  readonly origQty: Decimal;
  readonly newQty: Decimal;
  readonly time: number;
}

/** Funds set aside for one order, or for the two legs of an OCO, of which only one can use them. */
export interface Reservation {
  readonly account: Account;
  readonly asset: string;
  /** The leg that trades first keeps it alone. */
  holders: readonly Order[];
  amount: Decimal;
}

export interface Order {
  readonly id: number;
  readonly account: Account;
  readonly market: Market;
  readonly terms: OrderTerms;
  readonly createdAt: number;
  clientId: string;
  /** Before the last cancel or amend; '' until then. */
  previousClientId: string;
  list: OrderList | null;
  status: OrderStatus;
  quantity: Decimal;
  executed: Decimal;
  quoteFilled: Decimal;
  prevented: Decimal;
  updatedAt: number;
  /** Since when it was or is on the book; null: waiting stop or pending leg. */
  workingTime: number | null;
  /** Trailing: since when the extreme is followed. */
  trail: { readonly since: number; extreme: Decimal } | null;
  /** Locks quote for a BUY without a limit price. */
  lockPrice: Decimal | null;
  /** Quote still set aside for an order that takes at any price. */
  budget: Decimal | null;
  reservation: Reservation | null;
  expiryReason: ExpiryReason | null;
  readonly amendments: Amendment[];
  readonly fills: Fill[];
  readonly preventedMatches: PreventedMatch[];
  /** quoteOrderQty that the book could not satisfy. */
  shortOfQuote: boolean;
}

export interface PreventedMatch {
  readonly id: number;
  readonly taker: Order;
  readonly maker: Order;
  readonly mode: StpMode;
  readonly price: Decimal;
  readonly takerQuantity: Decimal | null;
  readonly makerQuantity: Decimal | null;
  readonly time: number;
}

export type ListKind = 'OCO' | 'OTO' | 'OTOCO' | 'OPO' | 'OPOCO';

export interface OrderList {
  readonly id: number;
  readonly account: Account;
  readonly market: Market;
  readonly kind: ListKind;
  readonly clientId: string;
  readonly createdAt: number;
  statusType: 'EXEC_STARTED' | 'UPDATED' | 'ALL_DONE';
  orderStatus: 'EXECUTING' | 'ALL_DONE';
  transactionTime: number;
  /** The working order first; within a pair the stop leg before the limit leg. */
  orders: Order[];
  /** Base asset that an OPO keeps locked for its pending legs. */
  held: Decimal;
  /** The whole list is being ended: legs do not answer to each other any more. */
  ending: boolean;
}

export interface Balance {
  free: Decimal;
  locked: Decimal;
}

export interface Account {
  readonly options: AccountOptions;
  readonly balances: Map<string, Balance>;
  readonly open: Set<Order>;
  readonly orders: Order[];
  readonly fills: Fill[];
  readonly lists: OrderList[];
  readonly byClientId: Map<string, Order>;
  readonly preventedMatches: PreventedMatch[];
  /** Assets changed since the last account position. */
  readonly touched: Set<string>;
  updateTime: number;
}

export interface Level {
  readonly price: Decimal;
  quantity: Decimal;
}

export interface Aggregate {
  readonly id: number;
  readonly price: Decimal;
  quantity: Decimal;
  readonly firstTrade: number;
  lastTrade: number;
  readonly time: number;
  readonly isBuyerMaker: boolean;
}

export interface Candle {
  readonly openTime: number;
  open: Decimal;
  high: Decimal;
  low: Decimal;
  close: Decimal;
  volume: Decimal;
  quoteVolume: Decimal;
  takerVolume: Decimal;
  takerQuoteVolume: Decimal;
  trades: number;
  readonly firstTrade: number;
  lastTrade: number;
}

export interface Market {
  info: SymbolInfo;
  shape: BookShape;
  fed: { readonly last: Decimal; readonly bid: Decimal; readonly ask: Decimal } | null;
  /** Liquidity of the market maker, best first. */
  readonly levels: Record<Side, Level[]>;
  /** Resting orders of accounts, best first, oldest first at a price. */
  readonly resting: Record<Side, Order[]>;
  /** Stops that wait for their trigger. */
  readonly waiting: Set<Order>;
  readonly orders: Map<number, Order>;
  last: Decimal | null;
  /** Trade prices that the stops have not seen yet. */
  readonly tape: Decimal[];
  readonly trades: PublicTrade[];
  /** Trades of one taker at one price, as aggTrades shows them. */
  readonly aggregates: Aggregate[];
  readonly candles: Candle[];
  nextOrderId: number;
  nextTradeId: number;
  nextExecutionId: number;
  nextPreventedId: number;
  updateId: number;
  /** The book may differ from `best`. */
  changed: boolean;
  best: BestPrices | null;
}

export interface World {
  readonly now: () => number;
  readonly options: ExchangeOptions;
  readonly accounts: Map<number, Account>;
  readonly markets: Map<string, Market>;
  /** Counterpart of all trades that no second account took part in; may be negative. */
  readonly maker: Map<string, Decimal>;
  readonly fees: Map<string, Decimal>;
  nextListId: number;
  queryLagMs: number;
  /** Work that comes after the answer to the present request: releases of pending orders. */
  readonly jobs: (() => void)[];
  readonly listeners: {
    readonly user: ((event: UserEvent) => void)[];
    readonly trade: ((trade: PublicTrade) => void)[];
    readonly best: ((best: BestPrices) => void)[];
    readonly firstFill: ((fill: { uid: number; orderId: number; maker: boolean }) => void)[];
  };
  /** What listeners have yet to hear, in order. */
  readonly outbox: (() => void)[];
  /** What order lists do when something happens to one of their orders. */
  readonly hooks: {
    afterFill: (order: Order, fill: Fill) => void;
    afterEnd: (order: Order) => void;
    /** A contingent order is about to become live. */
    beforeActivation: (order: Order) => void;
  };
}

export const isOpen = (order: Order): boolean =>
  order.status === 'NEW' || order.status === 'PENDING_NEW' || order.status === 'PARTIALLY_FILLED';

export const remaining = (order: Order): Decimal =>
  order.quantity.minus(order.executed).minus(order.prevented);
