/**
 * The demo venue's own book: accounts, balances, orders, trades (design section 13).
 *
 * It is the venue's, not the ledger's: the ledger learns of it through reports only, as with any venue.
 */
import type { Decimal } from '../domain/money/decimal.ts';
import type { ExecutionReport, Fill, OrderType, PositionSide, Side, TimeInForce } from '../domain/types.ts';
import type { MarginRequest } from './venue.ts';

export interface DemoBalance {
  readonly asset: string;
  /** 0 = not stored yet. */
  readonly version: number;
  readonly free: Decimal;
  /** Reserved for live orders. */
  readonly locked: Decimal;
}

/** One position on margin: what it holds or owes, and what is put up for it. */
export interface DemoMargin {
  readonly positionId: string;
  /** 0 = not stored yet. */
  readonly version: number;
  readonly side: PositionSide;
  /** Base that a long holds, a short owes. */
  readonly quantity: Decimal;
  /** What that was bought or sold for, in quote. */
  readonly cost: Decimal;
  /** In quote; part of what is locked of the balance. */
  readonly collateral: Decimal;
  /** Of the quantity, what live orders are about to close. */
  readonly reserved: Decimal;
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
  /** Null = with coins of the account's own. */
  readonly margin: MarginRequest | null;
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
  /** Still reserved: quote of a buy, base of a sell; on margin quote of an opening, base of a closing order. */
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
  /** The position that was asked for; null = none was, or nothing of it was ever stored. */
  readonly margin: DemoMargin | null;
}

/** What one step of the book changes; versions are those that were read, the store writes version + 1. */
export interface DemoStep {
  readonly order: DemoOrder;
  /** Those that changed. */
  readonly balances: readonly DemoBalance[];
  /** Null = it is not on margin, or its position stays as it is. */
  readonly margin: DemoMargin | null;
  /** New trades. */
  readonly fills: readonly Fill[];
}

export interface DemoStore {
  /** Strongly consistent. `positionId`: the position on margin that is wanted with it. */
  load(
    walletId: string,
    clientId: string,
    assets: readonly string[],
    positionId: string | null,
  ): Promise<DemoSlice>;
  /** All trades of an order, oldest first. */
  trades(walletId: string, clientId: string): Promise<readonly Fill[]>;
  balances(walletId: string): Promise<readonly DemoBalance[]>;
  liveOrders(walletId: string): Promise<readonly DemoOrder[]>;
  /** One transaction. `conflict`: somebody wrote since the read, nothing was written. Throws when unknown. */
  commit(walletId: string, step: DemoStep): Promise<'done' | 'conflict'>;
  /** Opens the account; a repeat changes nothing. */
  open(walletId: string, balances: readonly { asset: string; amount: Decimal }[], now: number): Promise<void>;
}
