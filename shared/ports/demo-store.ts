/**
 * The demo venue's own book: accounts, balances, orders, trades (design section 13).
 *
 * It is the venue's, not the ledger's: the ledger learns of it through reports only, as with any venue.
 */
import type { Decimal } from '../domain/money/decimal.ts';
import type { ExecutionReport, Fill, OrderType, Side, TimeInForce } from '../domain/types.ts';

export interface DemoBalance {
  readonly asset: string;
  /** 0 = not stored yet. */
  readonly version: number;
  readonly free: Decimal;
  /** Reserved for live orders. */
  readonly locked: Decimal;
}

export interface DemoOrder {
  readonly clientId: string;
  /** 0 = not stored yet. */
  readonly version: number;
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Zero for a market order by quote amount. */
  readonly quantity: Decimal;
  readonly quoteQuantity: Decimal | null;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly status: ExecutionReport['status'];
  readonly reason: string | null;
  /** A stop whose price was reached: from then on it works like a market order. */
  readonly triggered: boolean;
  readonly executedQuantity: Decimal;
  readonly executedQuote: Decimal;
  /** Fees of all trades, in the one asset that this order pays in. */
  readonly feePaid: Decimal;
  /** Still reserved: quote asset of a buy, base asset of a sell. */
  readonly locked: Decimal;
  /** Price that the reservation of a buy's rest is made at. */
  readonly lockPrice: Decimal;
  readonly tradeCount: number;
  /** Ticks up to this one have been worked: none fills the order twice. */
  readonly lastTickId: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface DemoSlice {
  /** False until the account was opened with its starting balances. */
  readonly opened: boolean;
  readonly order: DemoOrder | null;
  /** In the order asked for; an asset never held is zero at version 0. */
  readonly balances: readonly DemoBalance[];
}

/** What one step of the book changes; versions are those that were read, the store writes version + 1. */
export interface DemoStep {
  readonly order: DemoOrder;
  /** Those that changed. */
  readonly balances: readonly DemoBalance[];
  /** New trades. */
  readonly fills: readonly Fill[];
}

export interface DemoStore {
  /** Strongly consistent. */
  load(walletId: string, clientId: string, assets: readonly string[]): Promise<DemoSlice>;
  /** All trades of an order, oldest first. */
  trades(walletId: string, clientId: string): Promise<readonly Fill[]>;
  balances(walletId: string): Promise<readonly DemoBalance[]>;
  liveOrders(walletId: string): Promise<readonly DemoOrder[]>;
  /** One transaction. `conflict`: somebody wrote since the read, nothing was written. Throws when unknown. */
  commit(walletId: string, step: DemoStep): Promise<'done' | 'conflict'>;
  /** Opens the account; a repeat changes nothing. */
  open(walletId: string, balances: readonly { asset: string; amount: Decimal }[], now: number): Promise<void>;
}
