/**
 * The wallet port: what the specification's BaseWallet does, for any venue (design sections 6, 13).
 *
 * No method throws for a venue's refusal; a lost reply is `unknown`, never a failure.
 */
import type { Decimal } from '../domain/money/decimal.ts';
import type { ExecutionReport, OrderType, Side, TimeInForce, TriggerFacts } from '../domain/types.ts';

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

export interface PlaceRequest {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: Decimal;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  /** Venue time for the signature, taken at the claim; never taken anew (design section 6). */
  readonly signedAt: number;
  readonly recvWindowMs: number;
  /** The tick that decided a triggered exit: the demo venue fills at its price. */
  readonly trigger: TriggerFacts | null;
}

export type VenueRefusalCode =
  | 'insufficient_balance'
  | 'unknown_symbol'
  | 'filter'
  | 'would_trigger'
  | 'duplicate'
  | 'no_price'
  | 'other';

export type PlaceOutcome =
  /** Taken. Fills that the answer carries are in the report; the demo venue sends its fills by the queue. */
  | { readonly kind: 'accepted'; readonly report: ExecutionReport }
  | { readonly kind: 'refused'; readonly code: VenueRefusalCode; readonly message: string }
  /** The venue says that it did not execute it (signature too old): a new attempt needs a new claim. */
  | { readonly kind: 'not_executed'; readonly message: string }
  /** Not sent at all (rate budget, no price): try again later with the same order. */
  | { readonly kind: 'not_sent'; readonly code: string; readonly retryAfterMs: number }
  /** The reply is lost: only the venue's own evidence settles it. */
  | { readonly kind: 'unknown'; readonly message: string };

export type CancelOutcome =
  | { readonly kind: 'cancelled'; readonly report: ExecutionReport }
  /** The venue knows no such live order: query, then settle. */
  | { readonly kind: 'not_live' }
  | { readonly kind: 'unknown'; readonly message: string };

export type QueryOutcome =
  /** Its state with all of its trades. */
  | { readonly kind: 'found'; readonly report: ExecutionReport }
  /** The venue has no such order at venue time `venueNow`. */
  | { readonly kind: 'absent'; readonly venueNow: number }
  | { readonly kind: 'unknown'; readonly message: string };

export interface VenueWallet {
  /** Connects and loads what it needs; throws when the venue cannot be reached. */
  initialize(): Promise<void>;
  testConnection(): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  balances(): Promise<readonly Balance[]>;
  marketPrice(symbol: string): Promise<MarketPrice | null>;
  /** Venue time in epoch ms, from the server-offset clock. */
  venueTime(): Promise<number>;
  placeOrder(request: PlaceRequest): Promise<PlaceOutcome>;
  cancelOrder(symbol: string, clientId: string): Promise<CancelOutcome>;
  orderStatus(symbol: string, clientId: string): Promise<QueryOutcome>;
  openOrders(symbol: string | null): Promise<readonly ExecutionReport[]>;
  close(): Promise<void>;
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
  /** The wallet's venue. Throws for a wallet that does not exist. */
  forWallet(walletId: string): Promise<VenueWallet>;
  demoBook(walletId: string): Promise<DemoVenueBook>;
}
