/**
 * The right to call the venue (design section 13): one bucket of request weight per egress address, one of unfilled
 * orders per account, shared by all processes. Asked before a request, never waited for inside.
 */
import type { VenueRateLimit } from './symbols.ts';

/**
 * Order of right: exits and cancels, entries, queries, and below all of them comparisons of whole accounts: many of them
 * at once (after a lost connection) must leave room for the queries that somebody waits for.
 */
export type BudgetRank = 'exit' | 'entry' | 'query' | 'comparison';

export interface BudgetAsk {
  /** Environment and account: `binance:12345`; null for calls that belong to no account. */
  readonly account: string | null;
  readonly rank: BudgetRank;
  /** Documented request weight; given back for calls that cost nothing when they succeed. */
  readonly weight: number;
  /** By how many the unfilled-order count grows; 0 for all but placements. */
  readonly orders: number;
}

export type BudgetAnswer =
  /** `grantId` names what was taken, to settle it. */
  | { readonly granted: true; readonly grantId: string }
  | {
      readonly granted: false;
      readonly code: 'weight_exhausted' | 'orders_exhausted' | 'blocked' | 'budget_unavailable';
      readonly retryAfterMs: number;
    };

/** What the venue's answer says about its counters. */
export interface BudgetFacts {
  readonly account: string | null;
  readonly grantId: string | null;
  /**
   * Venue time at which the answer was made (its Date header where it has one), epoch ms: windows are aligned to it.
   * Not the time at which it came in: a slow answer would speak for a window that it knows nothing of.
   */
  readonly at: number;
  /** A success of a call that is free when it succeeds. */
  readonly freed: boolean;
  /** Nothing left this machine: orders are given back as well. */
  readonly unsent?: boolean;
  /** X-MBX-USED-WEIGHT-* by interval in ms. */
  readonly usedWeight: readonly { readonly intervalMs: number; readonly count: number }[];
  /** X-MBX-ORDER-COUNT-* by interval in ms. */
  readonly orderCounts: readonly { readonly intervalMs: number; readonly count: number }[];
}

export interface BudgetFigures {
  readonly address: string;
  /** The limits are the documented ones: exchangeInfo has not been read yet. */
  readonly assumed: boolean;
  readonly blockedUntil: number | null;
  readonly blockedFor: '429' | '418' | null;
  readonly weight: readonly {
    readonly intervalMs: number;
    readonly limit: number;
    readonly used: number;
    readonly resetsAt: number;
  }[];
}

export interface RateBudget {
  ask(ask: BudgetAsk): Promise<BudgetAnswer>;
  correct(facts: BudgetFacts): Promise<void>;
  /** 429 or 418: until then nobody behind this address calls (`account` set: only that account places no orders). */
  block(block: {
    readonly account: string | null;
    readonly until: number;
    readonly reason: '429' | '418' | 'orders';
  }): Promise<void>;
  /** Limits as exchangeInfo says. */
  learn(limits: readonly VenueRateLimit[]): Promise<void>;
  /** For health; null while nothing is known (cache away). */
  figures(): Promise<BudgetFigures | null>;
}
