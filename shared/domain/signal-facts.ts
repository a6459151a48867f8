/** What an AI agent says about a position, and what a wallet lets it do. The rules are in signals.ts. */
import type { Decimal } from './money/decimal.ts';
import type { Protection } from './protection-facts.ts';

export const SIGNAL_ACTIONS = ['hold', 'close', 'adjust'] as const;
export type SignalAction = (typeof SIGNAL_ACTIONS)[number];

export const SIGNAL_URGENCIES = ['low', 'medium', 'high', 'critical'] as const;
export type SignalUrgency = (typeof SIGNAL_URGENCIES)[number];

/**
 * `recorded`: nothing was done, `reason` says why (a hold asks for nothing). `closing`: it claimed the full exit.
 * `adjusted`: it changed the protection. `refused`: it would have acted, and may not or cannot.
 */
export const SIGNAL_OUTCOMES = ['recorded', 'closing', 'adjusted', 'refused'] as const;
export type SignalOutcome = (typeof SIGNAL_OUTCOMES)[number];

/** The levels that an adjustment names; what it leaves out stays, null or [] takes a level away. */
export type Adjustment = Partial<Omit<Protection, 'triggerPrice' | 'timeStop' | 'resident'>>;

/** Why a signal did nothing; stable code first. */
export interface SignalReason {
  readonly code: string;
  /** The request's field, snake_case; null when it is not about one field. */
  readonly field: string | null;
  readonly message: string;
  readonly fix: string;
  /** What it was decided on, as text. */
  readonly facts: Readonly<Record<string, string>>;
}

/** What the agent says. */
export interface SignalAsked {
  readonly action: SignalAction;
  /** A fraction from 0 to 1. */
  readonly confidence: Decimal;
  readonly urgency: SignalUrgency;
  readonly reasoning: string | null;
  readonly agentId: string | null;
  /** Of `adjust` only. */
  readonly adjust: Adjustment | null;
}

/** A signal as it is kept: what was said, and what became of it. Never changed afterwards. */
export interface Signal extends SignalAsked {
  /** Derived from the position and the caller's key. */
  readonly signalId: string;
  readonly at: number;
  readonly outcome: SignalOutcome;
  readonly reason: SignalReason | null;
  /** The exit order that it made; null also where the plan has to wait for others first. */
  readonly exitOrderId: string | null;
}

/** What a position keeps of its signals; the signals themselves are items of their own. */
export interface SignalSummary {
  readonly count: number;
  readonly last: Pick<
    Signal,
    'signalId' | 'at' | 'action' | 'confidence' | 'urgency' | 'agentId' | 'outcome'
  >;
}

/** What the signals of a wallet's positions may do by themselves. */
export interface SignalPolicy {
  /** False: signals are recorded, and do nothing. */
  readonly act: boolean;
  /** Signals below this are recorded, and do nothing. A fraction from 0 to 1. */
  readonly minConfidence: Decimal;
  /** An adjustment may also loosen a stop, or take it away. */
  readonly allowLoosen: boolean;
}
