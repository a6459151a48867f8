/** What reconciliation keeps (design section 13): where each wallet's last pass left off, and its statements. */

import type { Decimal } from '../domain/money/decimal.ts';
import type { AssetRow, Difference, ReconcileState, ReconcileStatus } from '../domain/reconcile/types.ts';
import type { Environment, Side } from '../domain/types.ts';
import type { AccountOrder } from './venue.ts';

/** Why a pass ran. */
export const RECONCILE_REASONS = [
  'first',
  'scheduled',
  'start',
  'gap',
  'asked',
  'follow_up',
  'funds',
] as const;
export type ReconcileReason = (typeof RECONCILE_REASONS)[number];

/** An open order of the account that is not ours, as the statement keeps it. */
export type ForeignOpenOrder = Omit<AccountOrder, 'createdAt'>;

export interface ForeignTrade {
  readonly symbol: string;
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly at: number;
}

/** Something that the pass set in motion or booked, in a line. */
export interface StatedCorrection {
  readonly kind: 'ask_order' | 'book_external' | 'reverse_external';
  readonly symbol: string;
  readonly orderId: string | null;
  readonly positionId: string | null;
  readonly detail: string;
}

/** The result of one pass. Lists hold the first [200]; `counts` say how many there are. */
export interface ReconcileStatement {
  readonly walletId: string;
  readonly environment: Environment;
  readonly reason: ReconcileReason;
  readonly startedAt: number;
  /** When the venue was read, venue time. */
  readonly asOf: number;
  readonly status: ReconcileStatus;
  /** Open orders were asked for on these symbols alone; null = on all. */
  readonly openOrdersOf: readonly string[] | null;
  readonly corrections: readonly StatedCorrection[];
  readonly differences: readonly Difference[];
  readonly foreignOrders: readonly ForeignOpenOrder[];
  /** Since the last agreement. */
  readonly foreignTrades: readonly ForeignTrade[];
  readonly assets: readonly AssetRow[];
  readonly counts: {
    readonly symbols: number;
    readonly orders: number;
    readonly trades: number;
    readonly corrections: number;
    readonly differences: number;
    readonly foreignOrders: number;
    readonly foreignTrades: number;
    readonly assets: number;
  };
}

export interface ReconcileStore {
  /** Strongly consistent; null before the first pass or wish. */
  state(walletId: string): Promise<ReconcileState | null>;
  /** Of many wallets; those without one are left out. */
  states(walletIds: readonly string[]): Promise<readonly ReconcileState[]>;
  /**
   * Writes `after` (version before + 1), with the pass's statement where there is one; both or neither. False when
   * somebody wrote it since it was read (`before: null` = must not exist yet).
   */
  save(
    change: { readonly before: ReconcileState | null; readonly after: ReconcileState },
    statement: ReconcileStatement | null,
  ): Promise<boolean>;
  /** The newest statement; null = none yet. Strongly consistent. */
  latest(walletId: string): Promise<ReconcileStatement | null>;
  /** Newest first, at most `limit`, before this one (its `startedAt`) where given. */
  statements(walletId: string, limit: number, before: number | null): Promise<readonly ReconcileStatement[]>;
}
