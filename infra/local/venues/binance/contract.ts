/**
 * The Binance simulator in two halves: the exchange (accounts, book, matching, filters) and the server (REST,
 * WebSocket API, streams, signatures, rate limits, faults). This page is what they agree on.
 *
 * Independent of the product on purpose: it shares decimals with it and nothing else, so that a mistake in the one
 * cannot hide in the other.
 */
import type { Decimal } from '../../../../shared/domain/money/decimal.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Request parameters as text, as they come in a query string; JSON numbers of the WebSocket API as their text. */
export type Params = Readonly<Record<string, string>>;

/** A refusal as the API words it. `data` is the extra member of cancel-replace and of 429. */
export class VenueError extends Error {
  override readonly name = 'VenueError';
  readonly status: number;
  readonly code: number;
  readonly data: Json | undefined;

  constructor(code: number, msg: string, status = 400, data?: Json) {
    super(msg);
    this.status = status;
    this.code = code;
    this.data = data;
  }
}

/** Every operation, by its name in the WebSocket API where it has one. */
export type OperationName =
  | 'ping'
  | 'time'
  | 'exchangeInfo'
  | 'depth'
  | 'trades.recent'
  | 'trades.historical'
  | 'trades.aggregate'
  | 'klines'
  | 'uiKlines'
  | 'avgPrice'
  | 'ticker.24hr'
  | 'ticker.price'
  | 'ticker.book'
  | 'executionRules'
  | 'referencePrice'
  | 'order.place'
  | 'order.test'
  | 'order.status'
  | 'order.cancel'
  | 'order.cancelReplace'
  | 'order.amend.keepPriority'
  | 'order.amendments'
  | 'openOrders.status'
  | 'openOrders.cancelAll'
  | 'allOrders'
  | 'myTrades'
  | 'myPreventedMatches'
  | 'myAllocations'
  | 'myFilters'
  | 'orderList.place.oco'
  | 'orderList.place.oto'
  | 'orderList.place.otoco'
  | 'orderList.place.opo'
  | 'orderList.place.opoco'
  | 'orderList.cancel'
  | 'orderList.status'
  | 'openOrderLists.status'
  | 'allOrderLists'
  | 'account.status'
  | 'account.commission'
  | 'account.apiRestrictions';

export interface AccountOptions {
  readonly uid: number;
  /** Decimal text by asset. */
  readonly balances: Readonly<Record<string, string>>;
  /** Fractions as text; default 0.001 each. */
  readonly makerCommission?: string;
  readonly takerCommission?: string;
  /** Pays fees in BNB (with `bnbDiscount`, default 0.75 as factor) while it has enough of it. */
  readonly payFeesInBnb?: boolean;
  /** Factor as text: the share of the fee that is still due. */
  readonly bnbDiscount?: string;
  readonly permissions?: readonly string[];
  readonly canTrade?: boolean;
  /** Orders of accounts with the same number are self-trades of each other. -1 = none. */
  readonly tradeGroupId?: number;
  /** The account's MAX_ASSET filters: the most of an asset that one order may move (decimal text by asset). */
  readonly maxAsset?: Readonly<Record<string, string>>;
  /** Members of the answer to `account.apiRestrictions` that differ from a plain trading key's. */
  readonly restrictions?: ApiRestrictions;
}

/** What a key may do, as `GET /sapi/v1/account/apiRestrictions` names it. */
export interface ApiRestrictions {
  readonly ipRestrict?: boolean;
  readonly createTime?: number;
  readonly enableReading?: boolean;
  readonly enableSpotAndMarginTrading?: boolean;
  readonly enableWithdrawals?: boolean;
  readonly enableInternalTransfer?: boolean;
  readonly enableMargin?: boolean;
  readonly enableFutures?: boolean;
  readonly permitsUniversalTransfer?: boolean;
  readonly enableVanillaOptions?: boolean;
  readonly enableFixApiTrade?: boolean;
  readonly enableFixReadOnly?: boolean;
  readonly enablePortfolioMarginTrading?: boolean;
}

/** A PRICE_RANGE rule: factors (text) on the reference price, which is the fed price; a missing one is no bound. */
export interface PriceRange {
  readonly bidLimitMultUp?: string;
  readonly bidLimitMultDown?: string;
  readonly askLimitMultUp?: string;
  readonly askLimitMultDown?: string;
}

/** A user-data event as it goes into the envelope `{subscriptionId, event}`. */
export interface UserEvent {
  readonly uid: number;
  readonly event: JsonObject;
}

export interface PublicTrade {
  readonly symbol: string;
  readonly id: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly time: number;
  readonly isBuyerMaker: boolean;
}

export interface BestPrices {
  readonly symbol: string;
  readonly updateId: number;
  readonly bid: Decimal;
  readonly bidSize: Decimal;
  readonly ask: Decimal;
  readonly askSize: Decimal;
}

/** The book that the simulator shows around the fed price. */
export interface BookShape {
  /** Distance of the best prices from the fed price, in ticks. */
  readonly spreadTicks: number;
  readonly levels: number;
  /** Worth of each level in quote asset (decimal text). */
  readonly levelNotional: string;
  /** Distance between levels in ticks. */
  readonly stepTicks: number;
}

export interface ExchangeOptions {
  readonly now: () => number;
  /** Ids of orders, trades, executions start here (another number per environment or reset). */
  readonly firstId?: number;
  /** exchangeInfo of the simulator's own making (symbols.ts); default: its own small market. */
  readonly symbols?: readonly JsonObject[];
  readonly rateLimits?: readonly JsonObject[];
  /** Ceilings over all symbols (EXCHANGE_MAX_NUM_ORDERS and its kind); none by default. */
  readonly exchangeFilters?: readonly JsonObject[];
  readonly book?: Partial<BookShape>;
  /** Price range execution rules by symbol; none by default. */
  readonly priceRanges?: Readonly<Record<string, PriceRange>>;
  /** Where the docs are silent. */
  readonly order?: {
    /** `resolve`: an order is still found by the client id it had before a cancel or amend. Default `forget`. */
    readonly oldClientIds?: 'resolve' | 'forget';
    /**
     * `events_first`: listeners hear of an operation before `execute` returns. `answer_first` (default): in a
     * microtask after it returned, so an answer that is sent at once leaves first.
     */
    readonly reports?: 'answer_first' | 'events_first';
    /** Default `reports_first`. */
    readonly list?: 'reports_first' | 'list_first';
    /** Does a triggered stop send x=NEW with w=true before its trade? Default true. */
    readonly triggeredReport?: boolean;
  };
}

/** Orders, fills and balances as the exchange has them: what tests compare the ledger with. */
export interface AccountBooks {
  readonly balances: Readonly<Record<string, { readonly free: string; readonly locked: string }>>;
  readonly orders: readonly JsonObject[];
  readonly trades: readonly JsonObject[];
}

export interface Exchange {
  addAccount(options: AccountOptions): void;
  /** Deposits (positive) and withdrawals (negative): balanceUpdate and outboundAccountPosition. */
  adjustBalance(uid: number, asset: string, delta: string): void;
  /**
   * A new market price: the book moves, stops trigger, resting orders that the price went through fill (partly where
   * `size` says how much traded there). `bid`/`ask` are derived from the shape when left out.
   */
  feedPrice(
    symbol: string,
    price: { readonly last: string; readonly bid?: string; readonly ask?: string; readonly size?: string },
  ): void;
  setBook(symbol: string, shape: Partial<BookShape>): void;
  /** Status, filters or flags of a symbol at run time: members of its exchangeInfo entry. */
  changeSymbol(symbol: string, change: JsonObject): void;
  /** Hides orders (and their trades) younger than this from queries: -2013 on an order that exists. */
  setQueryLag(ms: number): void;
  /** A testnet reset: orders and trades vanish, ids start again, balances as granted. */
  reset(): void;
  /**
   * Does one operation for an account (null: public). `now` is taken from the options.
   * Throws VenueError for every refusal of the API.
   */
  execute(operation: OperationName, uid: number | null, params: Params): Json;
  /** What the exchange has of an account, without any query lag. Throws for an unknown account. */
  books(uid: number): AccountBooks;
  readonly symbols: () => readonly string[];
  readonly best: (symbol: string) => BestPrices | null;
  onUserEvent(listener: (event: UserEvent) => void): void;
  onTrade(listener: (trade: PublicTrade) => void): void;
  onBest(listener: (best: BestPrices) => void): void;
  /** First fills, for the unfilled-order count: a credit for taker (1) or maker (5). */
  onFirstFill(
    listener: (fill: { readonly uid: number; readonly orderId: number; readonly maker: boolean }) => void,
  ): void;
}

/** The one line on stdout of `main.ts --json`, which whoever started the simulator reads. */
export interface SimulatorReady {
  readonly ready: true;
  readonly restUrl: string;
  /** With its path: `ws://127.0.0.1:N/ws-api/v3`. */
  readonly wsApiUrl: string;
  /** Without a path; `/ws` and `/stream` follow. */
  readonly streamUrl: string;
  readonly controlUrl: string;
  /** The accounts it was started with. The secret of Ed25519 and RSA keys is the private key as PEM. */
  readonly accounts: readonly {
    readonly uid: number;
    readonly keyType: 'hmac' | 'ed25519' | 'rsa';
    readonly apiKey: string;
    readonly secret: string;
  }[];
}
