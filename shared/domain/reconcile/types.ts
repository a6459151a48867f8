/** What a reconciliation compares, and what comes of it (design sections 4.5, 5, 13). Pure data; times are epoch ms. */
import type { Decimal } from '../money/decimal.ts';
import type { Fill, Order, Position, Side } from '../types.ts';

export interface AssetAmount {
  readonly asset: string;
  readonly amount: Decimal;
}

/** A trade of the account, with the order of ours that it belongs to; null = somebody else's (the app, another key). */
export interface AccountTradeOf {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly venueOrderId: string;
  readonly orderId: string | null;
  /** Of its order there, where that had to be asked for: it may be of another attempt than the present one. */
  readonly clientId: string | null;
  readonly side: Side;
  readonly fill: Fill;
}

/** An order that is open at the venue; `orderId` null = not ours. */
export interface OpenAtVenue {
  readonly symbol: string;
  readonly venueOrderId: string;
  readonly clientId: string;
  readonly orderId: string | null;
  readonly side: Side;
  /** In the venue's words. */
  readonly type: string;
  readonly quantity: Decimal;
  readonly executedQuantity: Decimal;
  readonly price: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly createdAt: number | null;
}

/** What the venue said, read before the ledger was. */
export interface VenueView {
  readonly asOf: number;
  readonly openOrders: readonly OpenAtVenue[];
  /** The symbols whose open orders were asked for; null = all. What was not asked for says nothing. */
  readonly openOrdersOf: ReadonlySet<string> | null;
  /** After the state's cursors, oldest first within a symbol; null where the venue has no list of trades (demo). */
  readonly trades: readonly AccountTradeOf[] | null;
  /** Free + locked of every asset. */
  readonly totals: readonly AssetAmount[];
  /** Balances were the same before and after the trades were read: the two belong to one moment. */
  readonly isQuiet: boolean;
}

export interface LedgerView {
  /** Live ones, those watched or made since the last pass, and those that the venue's trades and open orders name. */
  readonly orders: readonly Order[];
  /** Not closed. */
  readonly positions: readonly Position[];
  /** Ids of booked trades by order: of every order above that has any. */
  readonly booked: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Seen once; believed when a second look, long enough after, sees the same (design section 5). */
export interface Suspect {
  readonly kind: 'balance' | 'shortfall';
  readonly asset: string;
  readonly amount: Decimal;
  readonly since: number;
  /** Of a shortfall: the sales that nobody here made, by what they were sold for; kept until it is booked. */
  readonly sold: readonly OutsideSales[];
}

export interface OutsideSales {
  readonly quote: string;
  readonly quantity: Decimal;
  /** Before fees. */
  readonly brought: Decimal;
  /** Of those in the quote asset. */
  readonly fees: Decimal;
}

/** A booked external reduction that a trade found later may still reverse. */
export interface BookedExternal {
  readonly id: string;
  readonly positionId: string;
  readonly asset: string;
  readonly quantity: Decimal;
  readonly at: number;
}

/** What one pass leaves for the next. */
export interface ReconcileState {
  readonly walletId: string;
  readonly version: number;
  /** By symbol: the last trade that is explained. */
  readonly cursors: Readonly<Record<string, string>>;
  /** The account when all was explained, and the trades up to the cursors; null before the first pass. */
  readonly totals: readonly AssetAmount[] | null;
  /** When all was explained. */
  readonly asOf: number | null;
  /** Orders made before are done, but for those watched; later than `asOf` while the account trades at every look. */
  readonly ordersSince: number | null;
  readonly suspects: readonly Suspect[];
  readonly externals: readonly BookedExternal[];
  /** Symbols of orders that were live when all was explained: their trades were read then. Null: those of `watched`. */
  readonly looked: readonly string[] | null;
  /** Older orders that were not done: whatever became of them since belongs to the next look. */
  readonly watched: readonly string[];
  /** Somebody asked for a pass, and why; null = none is owed beside the schedule. */
  readonly wantedAt: number | null;
  readonly reason: string | null;
  readonly dueAt: number;
  /** Passes that failed in a row. */
  readonly failures: number;
  /** Passes in a row that came to no result: the account was moving, or news was on its way. */
  readonly unsettled: number;
  /** Begin of the last pass that asked for the open orders of all symbols; null = none, or it found strange ones. */
  readonly wholeAt: number | null;
  /** Since when a pass waits for room in the venue's budget; null = none does. */
  readonly waitingSince: number | null;
}

export type Correction =
  /** The venue knows more of this order than the ledger: its state and trades go the way of every report. */
  | {
      readonly kind: 'ask_order';
      readonly orderId: string;
      readonly symbol: string;
      readonly why: AskReason;
      /** A trade that is missing, of an order with an id of ours that is known by that alone; null = none is. */
      readonly traded: Pick<AccountTradeOf, 'clientId' | 'venueOrderId'> | null;
      /** What is to be cancelled there: it ended here a while ago, its owner was told so, and it could still trade. */
      readonly strays: readonly Pick<OpenAtVenue, 'clientId' | 'venueOrderId'>[];
    }
  | {
      readonly kind: 'book_external';
      readonly id: string;
      readonly positionId: string;
      readonly asset: string;
      readonly quantity: Decimal;
      /** Of the sales that nobody here made; null = none is known, then it leaves at its cost. */
      readonly price: Decimal | null;
      /** Its share of their fees, in quote. */
      readonly fee: Decimal;
    }
  | {
      readonly kind: 'reverse_external';
      readonly id: string;
      readonly positionId: string;
      readonly asset: string;
    };

export type AskReason =
  | 'not_open_at_venue'
  | 'executed_more'
  | 'smaller_at_venue'
  | 'missing_trades'
  | 'outcome_known'
  | 'open_at_venue'
  | 'not_settled';

export interface Difference {
  readonly kind: /** The account holds more or less than its trades explain: a deposit, a withdrawal, a trade on another symbol. */
    | 'balance'
    /** Positions hold more of an asset than the account. */
    | 'shortfall'
    /** The venue does not know an order that the ledger has as live. */
    | 'order_missing_at_venue'
    /** Ended in the ledger, open at the venue. */
    | 'order_open_at_venue'
    /** An id of ours that is no order of this ledger. */
    | 'unknown_own_order'
    /** Booked here, and in no list of the venue. */
    | 'fill_not_at_venue';
  readonly symbol: string | null;
  readonly asset: string | null;
  readonly orderId: string | null;
  readonly expected: string | null;
  readonly actual: string | null;
  /** False: seen for the first time, it may be explained by the next look. */
  readonly confirmed: boolean;
}

/** How an asset of the account stands. */
export interface AssetRow {
  readonly asset: string;
  readonly venue: Decimal;
  /** What its trades since the last agreement explain; null at the first pass. */
  readonly expected: Decimal | null;
  readonly positions: Decimal;
}

/** `moving`: the account traded while it was read; nothing about balances can be said. */
export type ReconcileStatus = 'in_agreement' | 'correcting' | 'moving' | 'differences';

export interface Reconciliation {
  readonly corrections: readonly Correction[];
  readonly differences: readonly Difference[];
  readonly assets: readonly AssetRow[];
  /** What the two sides mean; when the next pass is due, and how many failed, is the use case's. */
  readonly next: Pick<
    ReconcileState,
    'cursors' | 'totals' | 'asOf' | 'ordersSince' | 'looked' | 'suspects' | 'externals' | 'watched'
  >;
}
