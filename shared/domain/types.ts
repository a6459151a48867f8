/**
 * The things this system keeps: orders, fills, positions, wallets (design sections 1, 5, 7, 8, 9).
 *
 * Facts only. What follows from entry, fills and prices (value, unrealized P&L, water marks, risk level) is
 * derived when read. Times are epoch milliseconds. Prices and amounts are `Decimal`.
 */
import type { Decimal } from './money/decimal.ts';
import type { Amendment, OrderAmounts } from './order-amounts.ts';
import type { Protection } from './protection-facts.ts';
import type { SignalPolicy, SignalSummary } from './signal-facts.ts';
import type { HitCause, PriceSource, TickOrigin } from './triggers/types.ts';

export type { Amendment, OrderAmounts } from './order-amounts.ts';
export type { Protection } from './protection-facts.ts';

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

export const POSITION_STATUSES = ['opening', 'open', 'closing', 'closed', 'liquidated'] as const;
export type PositionStatus = (typeof POSITION_STATUSES)[number];

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

/** Where a wallet lives; qualifies every venue id. `demo` is our own demo wallet, `binance_demo` Binance's demo mode. */
export const BINANCE_ENVIRONMENTS = [
  'binance',
  'binance_testnet',
  'binance_demo',
  'binance_simulator',
] as const;
export type BinanceEnvironment = (typeof BINANCE_ENVIRONMENTS)[number];
export const ENVIRONMENTS = ['demo', ...BINANCE_ENVIRONMENTS] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

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
  } | null;
  readonly clientOrderId: string | null;
  /** Entries at an exchange: `pauses` of the wallet when it was written; null on exits, and on older ones. */
  readonly walletPauses: number | null;
  /** Hash of the canonical request body; null for orders the system makes itself. */
  readonly bodyHash: string | null;
  readonly flowId: string | null;
  readonly executionId: string | null;
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

/** When a level was first armed, kept over rebuilds. `peak` is a trailing stop's best price then. */
export interface Arming {
  readonly tick: number;
  readonly at: number;
  readonly peak: Decimal | null;
}

/** One live exit order of a position: what it reserves. */
export interface LiveExit {
  readonly orderId: string;
  /** Quantity still reserved (asked minus filled; zero is removed when the order is settled). */
  readonly reserved: Decimal;
  readonly levelName: string | null;
}

/** Coins of a position that left the account without an order of ours, as they were booked (domain/reconcile). */
export interface ExternalReduction {
  readonly id: string;
  readonly quantity: Decimal;
  /** Of the sales that explain it; null = none is known. */
  readonly price: Decimal | null;
  /** What it is taken to have brought, in quote. */
  readonly quote: Decimal;
  readonly fee: Decimal;
  /** What left with it: cost, entry fees; and the P&L that was realized. */
  readonly cost: Decimal;
  readonly openFees: Decimal;
  readonly pnl: Decimal;
  readonly at: number;
  /** A trade found later explains the coins: it was put back. */
  readonly reversedAt: number | null;
}

/** A resting order that holds coins; `ours` = of this system, else somebody made it in the venue's app. */
export interface Holder {
  readonly venueOrderId: string;
  readonly quantity: Decimal;
  readonly ours: boolean;
}

/** What the account said of the asset that is to be sold. */
export interface Funds {
  readonly free: Decimal;
  readonly locked: Decimal;
  /** Null: they could not be asked for. */
  readonly holders: readonly Holder[] | null;
}

export interface Shortage extends Funds {
  /** When the account was asked; until then no more than `free`, which grows less with each order, is sent. */
  readonly at: number;
  readonly until: number;
}

/** The claim of a full exit, and how far it has come. */
export interface Flatten {
  readonly cause: ExitCause;
  readonly price: Decimal | null;
  readonly trigger: TriggerFacts | null;
  readonly at: number;
  /** Step of the escalation ladder; grows with each exit that ended without finishing. */
  readonly step: number;
  /** Do nothing before this time. */
  readonly retryAt: number | null;
  /** The venue refused an exit for want of coins: what the account had. Null = never, or it is over. */
  readonly shortage: Shortage | null;
}

export interface Position {
  readonly positionId: string;
  readonly version: number;
  readonly userId: string;
  readonly walletId: string;
  readonly environment: Environment;
  readonly flowId: string | null;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly side: PositionSide;
  readonly status: PositionStatus;
  /** The entry order that is live, or was last: an amendment may have put it in the place of `formerEntryIds`. */
  readonly entryOrderId: string;
  /** Without those that filled nothing where there are very many; those that traded all are here. */
  readonly formerEntryIds: readonly string[];
  /** The entry order can still fill. */
  readonly entryLive: boolean;
  /** Its exits; without those of a full exit that ended and had sold nothing. */
  readonly exitOrderIds: readonly string[];
  /** Exits ever made: the ids of a full exit's orders count on from here (`exitNumber` in exits.ts). */
  readonly exitsMade: number;
  readonly liveExits: readonly LiveExit[];
  /** Sums of the entry's fills, before fees. */
  readonly entryQuantity: Decimal;
  readonly entryQuote: Decimal;
  readonly entryFees: readonly FeeAmount[];
  /** Reductions from outside, those that were put back too; their sums are part of the exits'. */
  readonly externals: readonly ExternalReduction[];
  /** Sums of the exits' fills. */
  readonly exitQuantity: Decimal;
  readonly exitQuote: Decimal;
  readonly exitFees: readonly FeeAmount[];
  /** Held now: bought - base fees - sold (mirrored for a short). */
  readonly quantity: Decimal;
  /** Cost of what is held, in quote. */
  readonly cost: Decimal;
  /** Entry fees in quote value not yet charged to a sale. */
  readonly openFees: Decimal;
  /** P&L of what has been sold, after fees. */
  readonly realizedPnl: Decimal;
  /** Third-asset fees without a known price: booked, flagged, valued later. */
  readonly unvaluedFees: readonly FeeAmount[];
  /** Sum of (fill - reference price) x quantity; against us positive. */
  readonly slippage: Decimal;
  readonly protection: Protection;
  /** The stop and targets as set at entry (the specification's initial_*). */
  readonly initialProtection: Protection;
  readonly breakEvenActivatedAt: number | null;
  /** Stop price set by break-even; combined with the others, the tightest wins. */
  readonly breakEvenStop: Decimal | null;
  /** Take-profit rungs already claimed, by index. */
  readonly claimedRungs: readonly number[];
  /** Revision of the level set; grows with each change. */
  readonly levelsVersion: number;
  /** Revision that the index is known to hold; 0 = none. */
  readonly armedVersion: number;
  readonly armings: Readonly<Record<string, Arming>>;
  /** A full exit has been claimed. Never taken back. */
  readonly flatten: Flatten | null;
  readonly exitCause: ExitCause | null;
  /** What was left below the venue's minimum at close, at its cost. */
  readonly dust: { readonly quantity: Decimal; readonly cost: Decimal } | null;
  /** Null before the first. */
  readonly signals: SignalSummary | null;
  readonly aiReasoning: string | null;
  readonly aiConfidence: number | null;
  readonly aiAgentId: string | null;
  readonly createdAt: number;
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  readonly updatedAt: number;
  readonly dueAt: number | null;
  readonly dueTries: number;
}

/** A thing done to a position, kept in order: its timeline. */
export interface PositionAction {
  readonly at: number;
  readonly kind: string;
  /** Facts as text: prices as decimal text, ids. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface DemoSettings {
  /** Fraction, for instance 0.001. */
  readonly feeRate: Decimal;
  /** Which asset pays the fee of a buy. A sell's fee is always in quote. */
  readonly buyFeeIn: 'quote' | 'base';
  readonly startingBalances: readonly FeeAmount[];
}

export const KEY_TYPES = ['hmac', 'ed25519', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/**
 * `checking`: the key is stored and not yet tried. `active`: it may trade. `refused`: the venue or a rule refuses the
 * key (`reason` says which). `deleted`: the keys are gone; the orders stay as history.
 */
export const ACCOUNT_STATUSES = ['checking', 'active', 'refused', 'deleted'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

/** Why a key cannot be used; stable code first. */
export interface KeyProblem {
  readonly code:
    | 'key_rejected'
    | 'bad_signature'
    | 'withdraw_permission'
    | 'no_trade_permission'
    | 'ip_not_allowed'
    | 'clock_skew'
    | 'account_already_connected'
    | 'account_changed'
    /** What is stored cannot be opened any more (another key of ours, a damaged item): the keys must be given again. */
    | 'key_unreadable'
    | 'venue_unreachable';
  readonly message: string;
}

/** A wallet's account at an exchange. Keys are kept as ciphertext only (design section 13). */
export interface ExchangeAccount {
  /** Hash of the request that made the wallet, with the keys as their fingerprint only. */
  readonly bodyHash: string;
  readonly keyType: KeyType;
  /** Last four characters of the API key: enough to recognise it. */
  readonly keyHint: string;
  /** Ciphertext (base64) of the credentials, bound to this wallet; empty once deleted. */
  readonly sealedKeys: string;
  /** One-way fingerprint of the keys: tells whether the same ones are given again. */
  readonly keyFingerprint: string;
  /** Grows with each rotation: whoever remembers decrypted keys compares it. */
  readonly keyVersion: number;
  readonly status: AccountStatus;
  readonly problem: KeyProblem | null;
  /** For instance `no_ip_restriction`, `key_restrictions_unknown`. */
  readonly warnings: readonly string[];
  /** The venue's account id; null before the first good check. */
  readonly accountUid: string | null;
  /** When the venue was last asked about the keys, whatever came of it; null = not yet. */
  readonly checkedAt: number | null;
  /** A check is owed since then; null = none is. */
  readonly checkWantedAt: number | null;
  /** New keys that wait for their check: taken over when it is good, thrown away when it is not. */
  readonly pendingKeys: {
    readonly keyType: KeyType;
    readonly keyHint: string;
    readonly sealedKeys: string;
    readonly keyFingerprint: string;
  } | null;
  /** Entries are refused while paused; exits and cancels never are (invariant 9). */
  readonly pausedAt: number | null;
  /** Whoever paused it says why; null while not paused, or when nothing was said. */
  readonly pauseReason: string | null;
  /** How often it was paused: an entry leaves only under the count that it was written under. */
  readonly pauses: number;
}

export interface Wallet {
  readonly walletId: string;
  readonly version: number;
  readonly userId: string;
  readonly environment: Environment;
  readonly name: string;
  /** Exactly one of the two, by environment. */
  readonly demo: DemoSettings | null;
  readonly exchange: ExchangeAccount | null;
  /** What AI signals may do to its positions by themselves. */
  readonly signalPolicy: SignalPolicy;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A wallet at our own demo venue. */
export type DemoWallet = Wallet & { readonly demo: DemoSettings };

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
