/** What is kept of orders and their fills (design sections 5 to 7). Times are epoch milliseconds. */

import type { Environment } from './environments.ts';
import type { MarginTerms } from './margin-facts.ts';
import type { GivenConditions } from './market-conditions.ts';
import type { Decimal } from './money/decimal.ts';
import type { Amendment, OrderAmounts } from './order-amounts.ts';
import type { HitCause, PriceSource, TickOrigin } from './triggers/types.ts';

export type Side = 'buy' | 'sell';
export type PositionSide = 'long' | 'short';
/** `oco`: one closing order with two legs, `limitPrice` takes profit, `stopPrice` (and `stopLimitPrice`) stops. */
export const ORDER_TYPES = [
  'market',
  'limit',
  'limit_maker',
  'stop_loss',
  'stop_limit',
  'take_profit',
  'take_profit_limit',
  'trailing_stop',
  'oco',
] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
export const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

export const ORDER_STATUSES = [
  'pending',
  'submitted',
  'open',
  'partially_filled',
  'filled',
  'cancelling',
  'cancelled',
  'rejected',
  'expired',
  'failed',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const EXIT_CAUSES = [
  'stop_loss',
  'take_profit',
  'trailing_stop',
  'break_even',
  'time_stop',
  'manual',
  'ai_signal',
  'risk_breach',
  'liquidation',
  'external',
] as const;
export type ExitCause = (typeof EXIT_CAUSES)[number];

/** The price that decided something: every decision records price, source, age, level and rule. */
export interface TriggerFacts {
  /** Name of the level, for instance `stop_loss`, `trailing_stop`, `take_profit:0`. */
  readonly levelName: string;
  readonly cause: HitCause;
  readonly source: PriceSource;
  readonly level: Decimal;
  readonly price: Decimal;
  readonly peak: Decimal | null;
  readonly bid: Decimal;
  readonly ask: Decimal;
  readonly last: Decimal;
  /** Null when the feed has no sizes. */
  readonly bidSize: Decimal | null;
  readonly askSize: Decimal | null;
  readonly tickId: number;
  readonly armedTickId: number;
  /** Receive time of the tick. */
  readonly tickAt: number;
  /** The recording's own time; 0 when live. */
  readonly recordedAt: number;
  /** Where the price came from and whether it was checked; null where it stands for a bar of the tape. */
  readonly origin: TickOrigin | null;
  /** How old the price was at the decision; null in decisions from before it was kept. */
  readonly ageMs: number | null;
}

export interface StatusChange {
  readonly status: OrderStatus;
  readonly at: number;
  readonly reason: string;
  /** Who or what caused it: `api`, `venue`, `evaluate`, `resolver`, ... */
  readonly cause: string;
}

/** Why the venue (or we) refused; stable code first. */
export interface OrderRefusal {
  readonly code: string;
  readonly message: string;
  /** The venue's own code, for instance -2010; null where it gave none, or did not refuse. */
  readonly venueCode: number | null;
  /** The filter that the venue named, as `SymbolFilter.kind` names it; null where it is about none. */
  readonly filter: string | null;
}

/** The sending protocol's state (design section 6). Null before the first claim and when settled. */
export interface SendAttempt {
  readonly attempt: number;
  readonly token: string;
  /** Venue time given to the signature. */
  readonly signedAt: number;
  readonly recvWindowMs: number;
  /** When this process claimed it, on our clock. */
  readonly claimedAt: number;
  /** `sent`: claimed, no answer stored yet (a crash leaves this). `unknown`: the reply is lost. */
  readonly outcome: 'sent' | 'unknown' | 'answered' | 'not_executed';
}

export interface FeeAmount {
  readonly asset: string;
  readonly amount: Decimal;
}

/** A fee that was valued after its fills were booked: at which price, and when. */
export interface LateFee extends FeeAmount {
  readonly price: Decimal;
  /** In the quote asset. */
  readonly value: Decimal;
  readonly at: number;
}

/** One trade of an order. Key: order + venue trade id. */
export interface Fill {
  readonly tradeId: string;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly fee: FeeAmount;
  /** Value of a third-asset fee in the quote asset at the fill; null for base/quote fees and while unknown. */
  readonly feeQuoteValue: Decimal | null;
  readonly at: number;
  readonly tickId: number | null;
  readonly maker: boolean;
}

/** For how long the outcome of its attempts was not known (unprotected.ts), as its last write leaves it. */
export interface Unknown {
  /** Of attempts whose outcome is known now. */
  readonly ms: number;
  /** When the attempt was claimed whose outcome is not; null: all are known. */
  readonly since: number | null;
}

export const NEVER_UNKNOWN: Unknown = { ms: 0, since: null };

export interface OrderTimings {
  readonly createdAt: number;
  /** The tick that decided an exit was received. */
  readonly tickAt: number | null;
  readonly claimedAt: number | null;
  /** First byte to the venue leaves right after this instant. */
  readonly sentAt: number | null;
  readonly acceptedAt: number | null;
  readonly firstFillAt: number | null;
  readonly lastFillAt: number | null;
  readonly finalAt: number | null;
}

/** What the venue last said of an order, as text; of a longer one the beginning. Holds no keys and no signatures. */
export interface VenueText {
  readonly text: string;
  /** Characters of the whole: more than the text has when it was cut. */
  readonly length: number;
}

export interface Order {
  readonly orderId: string;
  readonly version: number;
  readonly userId: string;
  readonly walletId: string;
  readonly environment: Environment;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly role: 'entry' | 'exit';
  /** The position an entry opens or an exit reduces. */
  readonly positionId: string;
  /** Exits only: why, and the tick that decided. `flatten` = part of a full exit, else a part exit. */
  readonly exit: {
    readonly cause: ExitCause;
    readonly flatten: boolean;
    readonly trigger: TriggerFacts | null;
    /** It is the position's resident protection: it stands for a level, and rests until that is reached. */
    readonly resident: boolean;
  } | null;
  /** Of an order that opens or closes a position on margin: its terms; null = with coins of its own. */
  readonly margin: MarginTerms | null;
  /** Part exits: the resident order that holds what they sell; sent once that is settled. Null = they may go. */
  readonly waitsFor: string | null;
  readonly clientOrderId: string | null;
  /** Entries: `pauses` of the wallet when it was written; null on exits, and on older ones. */
  readonly walletPauses: number | null;
  /** Hash of the canonical request body; null for orders the system makes itself. */
  readonly bodyHash: string | null;
  readonly flowId: string | null;
  readonly executionId: string | null;
  /** Of an entry, where the caller gave them. */
  readonly marketConditions: GivenConditions | null;
  readonly aiReasoning: string | null;
  readonly aiConfidence: number | null;
  readonly aiAgentId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly notes: string | null;
  /** As asked, before normalising. */
  readonly asked: OrderAmounts;
  /** As sent. Zero for a market order by quote amount: how much it buys only the venue knows. */
  readonly quantity: Decimal;
  /** Market orders by quote amount only, in quote asset; else null. */
  readonly quoteQuantity: Decimal | null;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  /** `oco` only: limit price of the stop leg; null = the stop leg sells at market. */
  readonly stopLimitPrice: Decimal | null;
  /** `trailing_stop` only: distance in basis points (0.01 %). */
  readonly trailingDelta: number | null;
  readonly status: OrderStatus;
  readonly statusHistory: readonly StatusChange[];
  readonly refusal: OrderRefusal | null;
  /** The caller (or a plan) wants it cancelled; finished through the due index. */
  readonly cancelWanted: { readonly at: number; readonly cause: string } | null;
  readonly send: SendAttempt | null;
  readonly venueOrderId: string | null;
  /** The last answer or report that told something new; null before the first, and where a venue has none. */
  readonly exchangeResponse: (VenueText & { readonly at: number; readonly source: string }) | null;
  /** The last change that was asked for, and what became of it. */
  readonly amendment: Amendment | null;
  /** The order whose place this one took, and the one that took its place: an amendment by a new order. */
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /**
   * Part exits that the venue refused for want of coins: since when it is owed to sell what is there in its place; null =
   * nothing is, or it was decided.
   */
  readonly shortSince: number | null;
  readonly unknown: Unknown;
  /** Sums over fills; never averages. */
  readonly filledQuantity: Decimal;
  readonly filledQuote: Decimal;
  readonly fees: readonly FeeAmount[];
  /** All fees in the quote asset, each at its fill or as it was valued late; null while a value is missing. */
  readonly feesQuoteValue: Decimal | null;
  /** Fees without a price at their fills that were valued since, in the order in which they were. */
  readonly lateFees: readonly LateFee[];
  /** What the venue says it has executed in all; a gap to the sums asks for its trades. */
  readonly venueQuantity: Decimal;
  readonly fillCount: number;
  /** Price at the decision (mark at creation, trigger price for exits); slippage is measured against it. */
  readonly referencePrice: Decimal | null;
  /** The market has reached this resting order's price and no report has come yet. */
  readonly touchedAt: number | null;
  /** The market has reached the stop price of an order that then rests at its limit price, or begins to trail. */
  readonly triggeredAt: number | null;
  /** Entries at an exchange: its volume of the last 24 h, in base, when the order was first sent; null = not known. */
  readonly dayVolume: Decimal | null;
  /** Arming of the order's own level (resting orders); null = not yet armed. */
  readonly armedTick: number | null;
  readonly armedAt: number | null;
  readonly timings: OrderTimings;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly dueAt: number | null;
  /** Re-drives since the last change of state; spaces them out (2 s, doubling to 60 s). */
  readonly dueTries: number;
}

/** The venue's news of an order: from its answer, the user stream, or a query. */
export interface ExecutionReport {
  readonly walletId: string;
  readonly environment: Environment;
  readonly symbol: string;
  /** Our id as sent: `mq` + order id + `-` + attempt, with `a` or `b` for the legs of a list. */
  readonly clientId: string;
  readonly venueOrderId: string;
  readonly status: 'new' | 'partially_filled' | 'filled' | 'cancelled' | 'rejected' | 'expired';
  readonly reason: string | null;
  /** The venue's cumulative executed quantity. */
  readonly cumulativeQuantity: Decimal;
  /** The quantity that the order has at the venue: less than was sent once it was amended. Not given = not told. */
  readonly quantity?: Decimal;
  /** What the venue said, in its own words. */
  readonly response?: VenueText;
  readonly fills: readonly Fill[];
  readonly at: number;
  readonly source: 'answer' | 'stream' | 'query';
}
