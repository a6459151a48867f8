/**
 * The wallet port: what the specification's BaseWallet does, for any venue (design sections 6, 13).
 *
 * No method throws for a venue's refusal; a lost reply is `unknown`, never a failure.
 */
import type { Decimal } from '../domain/money/decimal.ts';
import type { VenueRefusalCode } from '../domain/refusal-codes.ts';
import type { FilterKind } from '../domain/symbol-rules.ts';
import type {
  ExecutionReport,
  Fill,
  KeyProblem,
  OrderAmounts,
  OrderType,
  PositionSide,
  Side,
  TimeInForce,
  TriggerFacts,
  VenueText,
  Wallet,
} from '../domain/types.ts';
import type { BudgetRank } from './rate-budget.ts';

export type { VenueRefusalCode } from '../domain/refusal-codes.ts';

export interface Balance {
  readonly asset: string;
  readonly free: Decimal;
  readonly locked: Decimal;
}

export interface MarketPrice {
  readonly symbol: string;
  readonly bid: Decimal;
  readonly ask: Decimal;
  readonly last: Decimal;
  readonly at: number;
}

/** An order on margin: of which position, and whether it opens or closes. Only the demo venue knows them. */
export interface MarginRequest {
  readonly positionId: string;
  readonly side: PositionSide;
  readonly leverage: number;
  readonly closes: boolean;
}

export interface PlaceRequest extends OrderAmounts {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Null = with coins of the account's own. */
  readonly margin: MarginRequest | null;
  /** Venue time for the signature, taken at the claim; never taken anew (design section 6). */
  readonly signedAt: number;
  readonly recvWindowMs: number;
  /** Exits go before entries where the rate budget is short. */
  readonly rank: Extract<BudgetRank, 'exit' | 'entry'>;
  /** The tick that decided a triggered exit: the demo venue fills at its price. */
  readonly trigger: TriggerFacts | null;
}

export type PermissionScope = 'account' | 'symbol';

export type PlaceOutcome =
  /** Taken. Fills that the answer carries are in the report; the demo venue sends its fills by the queue. */
  | { readonly kind: 'accepted'; readonly report: ExecutionReport }
  | {
      readonly kind: 'refused';
      readonly code: VenueRefusalCode;
      readonly message: string;
      readonly filter?: FilterKind | undefined;
      /** The venue's own code, for instance -2010. */
      readonly venueCode?: number | undefined;
      readonly response?: VenueText | undefined;
      /** Of `permission`: whether the account may not at all, or not on this symbol. Not given = at all. */
      readonly scope?: PermissionScope | undefined;
    }
  /** The venue says that it did not execute it (signature too old): a new attempt needs a new claim. */
  | { readonly kind: 'not_executed'; readonly message: string }
  /** Nothing left this machine (rate budget, no connection, no price): try again later with the same order. */
  | { readonly kind: 'not_sent'; readonly code: string; readonly retryAfterMs: number }
  /** The reply is lost: only the venue's own evidence settles it. */
  | { readonly kind: 'unknown'; readonly message: string };

export type CancelOutcome =
  | { readonly kind: 'cancelled'; readonly report: ExecutionReport }
  /** The venue knows no such live order: query, then settle. */
  | { readonly kind: 'not_live' }
  | { readonly kind: 'unknown'; readonly message: string };

export interface AmendRequest {
  readonly symbol: string;
  readonly clientId: string;
  readonly type: OrderType;
  readonly venueOrderId: string | null;
  /** The order's whole quantity, with what has filled; less than it has now. */
  readonly quantity: Decimal;
}

/** Less and less only: a request that arrives late, or twice, cannot undo a later one. */
export type AmendOutcome =
  /** The report tells the quantity. It may tell that the order has ended by it. */
  | { readonly kind: 'amended'; readonly report: ExecutionReport }
  /** Not in place: not this order, not this symbol, not any more; or the quantity is this already. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The venue knows no such live order: query, then settle. */
  | { readonly kind: 'not_live' }
  | { readonly kind: 'unknown'; readonly message: string };

export type QueryOutcome =
  /** Its state with all of its trades. */
  | { readonly kind: 'found'; readonly report: ExecutionReport }
  /** The venue has no such order at venue time `venueNow`. */
  | { readonly kind: 'absent'; readonly venueNow: number }
  | { readonly kind: 'unknown'; readonly message: string };

/** What is known of an order whose outcome is not: enough to recognise it among the venue's. */
export interface OrderSought {
  readonly symbol: string;
  readonly clientId: string;
  readonly venueOrderId: string | null;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: Decimal;
  /** Venue time of the attempt's signature. */
  readonly signedAt: number;
  /** Queries for an exit rank as exits. */
  readonly rank: BudgetRank;
}

export type KeyCheck =
  | {
      readonly ok: true;
      readonly accountUid: string;
      readonly warnings: readonly string[];
    }
  /** `retry`: nothing is wrong with the key as far as is known (network, rate limit): ask again later. */
  | { readonly ok: false; readonly retry: boolean; readonly problem: KeyProblem };

/** The venue could not be asked; nothing is known. */
export class VenueUnavailableError extends Error {
  override readonly name: string = 'VenueUnavailableError';
}

/** The rate budget has no room for it now, or the venue says so; nothing is wrong with venue or wallet. */
export class NoRoomError extends VenueUnavailableError {
  override readonly name = 'NoRoomError';
  /** When there will be, as far as is known. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface VenueWallet {
  /** Version of the keys that sign its requests: a refusal speaks of them, not of newer ones. Null where nothing is signed. */
  readonly keyVersion: number | null;
  /** Connects and loads what it needs; throws when the venue cannot be reached. */
  initialize(): Promise<void>;
  testConnection(): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  /** Throws VenueUnavailableError. [query] Asked for an exit it ranks as exits. */
  balances(rank?: BudgetRank): Promise<readonly Balance[]>;
  marketPrice(symbol: string): Promise<MarketPrice | null>;
  /** Venue time in epoch ms, from the server-offset clock. */
  venueTime(): Promise<number>;
  /**
   * What was traded in the last 24 h, in base; a figure of up to a minute ago. Null where it is not known within a
   * moment: nothing waits for it. Never throws.
   */
  dayVolume(symbol: string): Promise<Decimal | null>;
  placeOrder(request: PlaceRequest): Promise<PlaceOutcome>;
  /** `rank` is always that of exits. `type` tells an order list (`oco`) from an order. */
  cancelOrder(
    symbol: string,
    clientId: string,
    type: OrderType,
    /** Where it is known: finds an order that somebody amended elsewhere, which takes our id away. */
    venueOrderId?: string | null,
  ): Promise<CancelOutcome>;
  /** Lessens a live order's quantity at its place in the queue. Ranks as an exit. */
  amendOrder(request: AmendRequest): Promise<AmendOutcome>;
  /** State and trades by client id; for `oco` of both legs. */
  orderStatus(sought: OrderSought): Promise<QueryOutcome>;
  /**
   * The second look before absence is believed (design 6.5): open orders, all orders since the signature, and trades;
   * each order that is not known by its id is compared (client id, cancel id, side, type, amount).
   */
  secondLook(sought: OrderSought): Promise<QueryOutcome>;
  openOrders(symbol: string | null): Promise<readonly ExecutionReport[]>;
  close(): Promise<void>;
}

/** What is open in an account, and on which symbols was asked; null = on all. */
export interface AccountOrders {
  readonly orders: readonly AccountOrder[];
  readonly of: ReadonlySet<string> | null;
}

/** The right of those who compare books: below all others, until they have waited for too long. */
export type AccountRank = Extract<BudgetRank, 'comparison' | 'query'>;

/** A wallet at a real exchange: what only that has. All but `checkKey` is for comparisons, and ranks as `AccountRank`. */
export interface ExchangeWallet extends VenueWallet {
  /** Signs one account query: is the key good, whose is it, what may it do? Never throws. */
  checkKey(): Promise<KeyCheck>;
  /** As `balances`, for comparisons. Throws VenueUnavailableError. */
  accountBalances(): Promise<readonly Balance[]>;
  /** Own trades of a symbol, oldest first. Throws VenueUnavailableError. */
  trades(
    symbol: string,
    since: { readonly fromTradeId: string } | { readonly from: number } | null,
  ): Promise<readonly AccountTrade[]>;
  /**
   * What is open in the account, ours and others': everything (`null`), or at least what is on these symbols, whichever
   * costs less. Throws VenueUnavailableError.
   */
  accountOrders(symbols: ReadonlySet<string> | null): Promise<AccountOrders>;
  /** All orders of a symbol from this one on (by the venue's number), open or not. Throws VenueUnavailableError. */
  ordersFrom(symbol: string, venueOrderId: string): Promise<readonly AccountOrder[]>;
}

/** An order of the account, whoever placed it. */
export interface AccountOrder {
  /** Ours where the symbol is known, else the venue's own name of it. */
  readonly symbol: string;
  readonly venueOrderId: string;
  readonly clientId: string;
  readonly side: Side;
  /** In the venue's words. */
  readonly type: string;
  readonly quantity: Decimal;
  readonly executedQuantity: Decimal;
  readonly price: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly createdAt: number | null;
}

export interface AccountTrade {
  readonly venueOrderId: string;
  readonly side: Side;
  readonly fill: Fill;
}

/** The demo venue works its own book; a real venue does so by itself. */
export interface DemoVenueBook {
  /**
   * A resting (or partly filled) order's level was reached by this tick: works it at the tick's price and
   * sends its reports to the executions queue. Idempotent; repeats re-send the reports of a finished order.
   * Answers whether the order is still live (its level must be armed again).
   */
  work(symbol: string, clientId: string, trigger: TriggerFacts): Promise<{ readonly live: boolean }>;
  /** Opens the account with its starting balances; a repeat changes nothing. */
  open(startingBalances: readonly { asset: string; amount: Decimal }[]): Promise<void>;
}

export interface VenueFactory {
  /**
   * The wallet's venue, with the keys that are in use now. `known`: the wallet as it was just read, to save a read.
   * Throws for a wallet that does not exist, and WalletUnusableError when it has no usable keys.
   */
  forWallet(walletId: string, known?: Wallet | null): Promise<VenueWallet>;
  /** With the keys that wait for their check where there are any. Throws for a demo wallet. */
  forKeyCheck(walletId: string): Promise<ExchangeWallet>;
  demoBook(walletId: string): Promise<DemoVenueBook>;
}

/** What only wallets at an exchange have, for those who compare books. */
export interface AccountFactory {
  /** `rank`: of what compares books; that of comparisons unless said. Throws like `forWallet`, and for a demo wallet. */
  forAccount(walletId: string, rank?: AccountRank): Promise<ExchangeWallet>;
}

/** The wallet cannot be used: keys deleted or unreadable, or its environment is not served by this deployment. */
export class WalletUnusableError extends Error {
  override readonly name = 'WalletUnusableError';
}
