/** What is kept of positions and their exits (design sections 8, 9). Times are epoch milliseconds. */

import type { Environment } from './environments.ts';
import type { MarginTerms } from './margin-facts.ts';
import type { Decimal } from './money/decimal.ts';
import type { ExitCause, FeeAmount, PositionSide, TriggerFacts } from './order-facts.ts';
import type { Protection } from './protection-facts.ts';
import type { Resident } from './resident-facts.ts';
import type { SignalSummary } from './signal-facts.ts';
import type { Bar } from './triggers/types.ts';

export const POSITION_STATUSES = ['opening', 'open', 'closing', 'closed', 'liquidated'] as const;
export type PositionStatus = (typeof POSITION_STATUSES)[number];

/** When a level was first armed, kept over rebuilds. `peak` is a trailing stop's best price then. */
export interface Arming {
  readonly tick: number;
  readonly at: number;
  readonly peak: Decimal | null;
  /**
   * Of one that was armed while no tick was known (`tick` -1): a tick that had come once it was. All later ones count,
   * whatever the clocks of the two machines say.
   */
  readonly laterThan?: number | undefined;
}

/** A stop that was reached and waits to be confirmed (confirmation.ts). */
export interface ConfirmWindow {
  /** What reached it. `level`: where the stop stands; `peak`: of a trailing one. */
  readonly trigger: TriggerFacts;
  /** When it was reached, epoch ms: of a level that was armed beyond the price, its arming. */
  readonly since: number;
}

/** One live exit order of a position: what it reserves. */
export interface LiveExit {
  readonly orderId: string;
  /** Quantity still reserved (asked minus filled; zero is removed when the order is settled). */
  readonly reserved: Decimal;
  readonly levelName: string | null;
  /** A part exit that is sent once the resident order has given way: what it is for. Null = it has its quantity. */
  readonly waits: Decimal | null;
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
  /** When the account was asked, epoch ms: what happened there before is in its answer. */
  readonly at: number;
  readonly free: Decimal;
  readonly locked: Decimal;
  /** Null: they could not be asked for. */
  readonly holders: readonly Holder[] | null;
}

export interface Shortage extends Funds {
  /** Until then no more than `free`, which grows less with each order, is sent. */
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
  /** Its exits rest at this limit first; null = they sell by market, or the limit is over. */
  readonly limit: ExitLimit | null;
}

/** The limit that a stop's exits rest at, not on the tick, and until when, epoch ms. */
export interface ExitLimit {
  readonly price: Decimal;
  readonly until: number;
}

/** What the tape shows of a position (statistics.ts). Prices in quote per unit. */
export interface TapeFigures {
  readonly highWaterMark: Decimal | null;
  readonly lowWaterMark: Decimal | null;
  /** From the best price so far to the worst one after it; percent, 4 decimals. */
  readonly maxDrawdownPercent: Decimal;
  /** Bars with a change of price. */
  readonly priceMovesCount: number;
  /** Bars in which the tightest stop moved. */
  readonly stopAdjustments: number;
  /** Start of the last of those bars, epoch ms. */
  readonly lastStopAdjustmentAt: number | null;
  /** In how many of those bars the trailing stop moved it, and the start of the last one; null: kept before they were told apart. */
  readonly trailingAdjustments: number | null;
  readonly lastTrailingAdjustmentAt: number | null;
  /** Price difference to the average entry, per unit; adverse is negative. */
  readonly maxFavorableExcursion: Decimal | null;
  readonly maxAdverseExcursion: Decimal | null;
  /** Where the trailing stop stands; null without one or before its activation. */
  readonly trailingTrigger: Decimal | null;
  readonly trailingPeak: Decimal | null;
}

/** What the tape showed of a closed position when all of its time was written; the tape itself ends after 7 days. */
export interface FrozenFigures extends TapeFigures {
  readonly at: number;
}

/**
 * The rest of the minute in which a position opened, from the second after its first fill on, in a few bars: the tape's
 * own minute has the prices before it, too. None: the tape had nothing.
 */
export interface EntryMinute {
  /** When it was kept, epoch ms. */
  readonly at: number;
  /** Oldest first; each reaches to the next one's begin, the last one to the end of the minute. */
  readonly bars: readonly Bar[];
}

/** How long it has been without protection, as its last write leaves it (unprotected.ts). Lengths in ms. */
export interface Unprotected {
  /** Stretches that are over. */
  readonly ms: number;
  /** From when on it is without protection unless something is written; may be still to come. Null: not by what is known. */
  readonly since: number | null;
  /** `since` is about a step of its close. */
  readonly isOfClose: boolean;
  /** The stops that the index was told last (`stopsText`); '' = none. Null: not kept yet. */
  readonly armed: string | null;
  /** Time in which the outcome of exits that are settled now was not known. */
  readonly unknownMs: number;
}

export const NEVER_UNPROTECTED: Unprotected = {
  ms: 0,
  since: null,
  isOfClose: false,
  armed: '',
  unknownMs: 0,
};

/** What the index was told of its stops has left it, or may have. */
export const untold = ({ unprotected }: { readonly unprotected: Unprotected }): Unprotected => ({
  ...unprotected,
  armed: '',
});

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
  /** Null: with coins of its own; no price liquidates it. */
  readonly margin: MarginTerms | null;
  readonly status: PositionStatus;
  /** The order that opened it, or what amendments have put in its place: those before are `formerEntryIds`. */
  readonly entryOrderId: string;
  /** Without those that filled nothing where there are very many; those that traded all are here. */
  readonly formerEntryIds: readonly string[];
  /** The order `entryOrderId` can still fill. */
  readonly entryLive: boolean;
  /** Orders that were placed to add to it, and what amendments have put in their place; left out as above. */
  readonly furtherEntryIds: readonly string[];
  /** Those of them that can still fill. */
  readonly liveFurtherIds: readonly string[];
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
  /** Stops that were reached and wait; at most one of a name. Which of them count: `windowsOf` in levels.ts. */
  readonly confirming: readonly ConfirmWindow[];
  /** What rests of its protection at the venue; null = nothing ever was to. */
  readonly resident: Resident | null;
  readonly unprotected: Unprotected;
  /** A full exit has been claimed. Never taken back. */
  readonly flatten: Flatten | null;
  readonly exitCause: ExitCause | null;
  /** What it counted as when it last closed, kept when a late fill opens it again; null = it never closed. */
  readonly closedAs: 'lost' | 'not_lost' | null;
  /** What was left below the venue's minimum at close, at its cost. */
  readonly dust: { readonly quantity: Decimal; readonly cost: Decimal } | null;
  /** Null while its minute runs, and of a position that closed with it. */
  readonly entryMinute: EntryMinute | null;
  /** Null until it is closed and the tape has told all of its time; a late fill takes them back. */
  readonly frozen: FrozenFigures | null;
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
