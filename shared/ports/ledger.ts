/**
 * The ledger: orders, fills, positions and wallets in DynamoDB (design section 14).
 *
 * Reads of single items are strongly consistent. Every state change goes through `commit`: one transaction,
 * each item conditional on the version that was read. Lists and the live and due indexes are eventually
 * consistent; whoever acts on them reads the item again.
 */
import type { ClientGate } from '../domain/clients.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import type { Acted } from '../domain/risk/breach.ts';
import type { RiskGate, RiskLimits, WalletRisk } from '../domain/risk/limits.ts';
import type { DayStart } from '../domain/risk/results.ts';
import type { RiskSums } from '../domain/risk/use.ts';
import type { Signal } from '../domain/signal-facts.ts';
import type { BinanceEnvironment, Fill, Order, Position, PositionAction, Wallet } from '../domain/types.ts';

/** `before: null` = must not exist yet. The store writes `after` with version before + 1 (1 when new). */
export interface Change<T> {
  readonly before: T | null;
  readonly after: T;
}

/** A call that a client made under a key of its own: who repeats it finds what it did (design section 5). */
export interface Call {
  /** What the call is about: an order, a position, a wallet. */
  readonly ownerId: string;
  /** The caller's own; only its fingerprint is stored. */
  readonly key: string;
  /** Which operation, for instance `close`: one key serves one. */
  readonly kind: string;
  readonly bodyHash: string;
  readonly at: number;
  /** Ids of the orders that it made or was about. */
  readonly orderIds: readonly string[];
}

export interface Commit {
  readonly orders?: readonly Change<Order>[];
  readonly positions?: readonly Change<Position>[];
  /** Each must not exist yet: a fill counts once. */
  readonly fills?: readonly { readonly orderId: string; readonly fill: Fill }[];
  /** Appended to the position's timeline; ids are derived from position, version and index. */
  readonly actions?: readonly { readonly positionId: string; readonly action: PositionAction }[];
  /** Each must not exist yet. */
  readonly signals?: readonly { readonly positionId: string; readonly signal: Signal }[];
  /** Each must not exist yet: what a call changes is written with the call itself, once. */
  readonly keys?: readonly Call[];
  /** An entry holds only while its wallet's limits let it through. Exits and cancels have none. */
  readonly risk?: RiskGate | null;
  /** An entry of a machine client holds only while that client's limits let it through, and is counted there. */
  readonly client?: ClientGate | null;
}

export type CommitResult =
  | { readonly outcome: 'done' }
  /** Somebody wrote an item since it was read, or a new item exists already: read again and decide again. */
  | { readonly outcome: 'conflict'; readonly items: readonly string[] }
  /** A call was made under this key before; nothing was written. Read `callOf` and answer what stands. */
  | { readonly outcome: 'key_taken' }
  /**
   * The wallet's or the client's limits, or what they are measured against, have changed: read them and decide again.
   */
  | { readonly outcome: 'risk_changed' }
  /** A fill of this commit is already booked; nothing was written. */
  | { readonly outcome: 'duplicate_fill'; readonly tradeIds: readonly string[] };

/** What a claim asks of the wallet whose position it opens: not paused, and `pauses` as it was (null: not known). */
export interface PauseGate {
  readonly walletId: string;
  readonly pauses: number | null;
}

/** `busy`: others are at work on one of the items, and nothing was written. */
export type ClaimResult = 'done' | 'conflict' | 'paused' | 'busy';

export interface LimitsChange {
  readonly walletId: string;
  /** As read; null when there was nothing. */
  readonly before: WalletRisk | null;
  readonly limits: RiskLimits;
  /** The wallet's sums, where they have been counted anew; null = they stay. */
  readonly counted: RiskSums | null;
  /** The peak that a drawdown is measured from begins with the next look. */
  readonly startsPeak: boolean;
  /** Breaches that were acted on are forgotten: limits of loss were set. */
  readonly forgetsActed: boolean;
  /** When the wallet's losses are to be looked at next, epoch ms; null = it has no such limits. */
  readonly checkAt: number | null;
}

/**
 * What a look at a wallet's results is the first or the highest of, which holds only for the item as it was read; or
 * which breaches were acted on, which holds for its limits.
 */
export type RiskMark =
  | {
      readonly walletId: string;
      readonly revision: number;
      readonly mark: { readonly dayStart: DayStart } | { readonly peak: Decimal };
    }
  | { readonly walletId: string; readonly limitsVersion: number; readonly mark: { readonly acted: Acted } };

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null = no more. */
  readonly cursor: string | null;
}

export interface PageQuery {
  readonly limit: number;
  readonly cursor: string | null;
}

/** At or after `from` and before `to`, epoch ms; what is left out is no bound. A cursor is one of these bounds alone. */
export interface SpanQuery extends PageQuery {
  readonly from?: number;
  readonly to?: number;
}

/** A stretch of what was told of a position: from <= time < to, oldest first, behind the item of the key `after`. */
export interface ToldQuery {
  readonly from: number;
  readonly to: number;
  readonly after: string | null;
  /** Null = all of the stretch. */
  readonly limit: number | null;
}

/** Keys sort as their items do: by time, then by name. */
export interface Told<T> {
  readonly key: string;
  readonly item: T;
}

export interface ListQuery extends PageQuery {
  readonly status?: readonly string[];
  readonly symbol?: string;
  readonly walletId?: string;
  readonly flowId?: string;
  /** Of orders only. */
  readonly positionId?: string;
  /** Made at or after `from` and before `to`, epoch ms. A cursor is one of these bounds alone. */
  readonly from?: number;
  readonly to?: number;
}

/** Thrown by list calls for a cursor that this system did not make. */
export class BadCursorError extends Error {
  override readonly name = 'BadCursorError';
}

/** Thrown by reads of an item that is there and cannot be read: another version has written it, or it is spoilt. */
export class UnreadableItemError extends Error {
  override readonly name: string = 'UnreadableItemError';
}

export interface DueItem {
  readonly kind: 'order' | 'position';
  readonly id: string;
  readonly dueAt: number;
}

export interface OrderWithFills {
  readonly order: Order;
  /** Oldest first. */
  readonly fills: readonly Fill[];
}

export interface Ledger {
  order(orderId: string): Promise<Order | null>;
  position(positionId: string): Promise<Position | null>;
  /** Strongly consistent; missing ids are left out. */
  orders(orderIds: readonly string[]): Promise<readonly Order[]>;
  positions(positionIds: readonly string[]): Promise<readonly Position[]>;
  /** Oldest first. */
  fills(orderId: string): Promise<readonly Fill[]>;
  /** Strongly consistent, in no order; missing ids are left out. Of few orders in one step. */
  ordersWithFills(orderIds: readonly string[]): Promise<readonly OrderWithFills[]>;
  /**
   * Which of these trades of an order are booked; strongly consistent. Up to a hundred cost the same however many the
   * order has; of more, all that it has are looked through.
   */
  booked(orderId: string, tradeIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Oldest first. */
  actions(positionId: string): Promise<readonly PositionAction[]>;
  /** Strongly consistent, in one step; null when there is no such position. */
  positionWithActions(
    positionId: string,
  ): Promise<{ readonly position: Position; readonly actions: readonly PositionAction[] } | null>;
  /** Strongly consistent, as the next. */
  actionsBetween(positionId: string, query: ToldQuery): Promise<readonly Told<PositionAction>[]>;
  signalsBetween(positionId: string, query: ToldQuery): Promise<readonly Told<Signal>[]>;
  /** Strongly consistent; null when there is none. */
  signal(
    positionId: string,
    signal: { readonly at: number; readonly signalId: string },
  ): Promise<Signal | null>;
  /** Those said in [from, to), newest first; strongly consistent. @throws BadCursorError */
  signals(positionId: string, query: SpanQuery): Promise<Page<Signal>>;
  /** Strongly consistent; null when no call was made under this key. */
  callOf(ownerId: string, key: string): Promise<Call | null>;
  commit(commit: Commit): Promise<CommitResult>;
  /**
   * What a wallet has in use, and its limits; strongly consistent, null before its first order. Every commit changes
   * it in its own transaction by what its orders and positions change.
   */
  risk(walletId: string): Promise<WalletRisk | null>;
  /** False when the limits were changed since they were read, or, with sums counted anew, when anything was. */
  setLimits(change: LimitsChange): Promise<boolean>;
  /** What was realized in a UTC day (results.ts), in dollars; strongly consistent. */
  realizedOn(walletId: string, day: number): Promise<Decimal>;
  /** False when it does not hold, or a later day, a higher peak or the same stands. Leaves the revision as it is. */
  noteMark(mark: RiskMark): Promise<boolean>;
  /**
   * Wallets of this shard with limits of loss that are to be looked at by `now`, the longest due first, at most `limit`.
   * Each change of what a wallet has in use, or has realized, makes it due at once.
   */
  dueLossChecks(shard: number, now: number, limit: number): Promise<readonly DueWallet[]>;
  /** Moves the time of one on; false when it is no longer due then (someone else has it, or something was written). */
  moveLossCheck(due: DueWallet, to: number): Promise<boolean>;
  /**
   * A change of one order that holds only while its wallet lets it, both in one transaction; without a gate nobody is
   * asked. One try: what is claimed is signed with a time that must not age. Throws when it is not known whether it
   * was written.
   */
  claim(change: Change<Order>, gate: PauseGate | null): Promise<ClaimResult>;
  /** Newest first. */
  ordersOfUser(userId: string, query: ListQuery): Promise<Page<Order>>;
  positionsOfUser(userId: string, query: ListQuery): Promise<Page<Position>>;
  /** Ids of everything of a symbol that may have levels: positions not closed, orders not final. No cap. */
  livePositionIds(symbol: string): Promise<readonly string[]>;
  liveOrderIds(symbol: string): Promise<readonly string[]>;
  /** Orders of a wallet that are not final: what is asked for after its stream had a gap. No cap. */
  liveOrdersOfWallet(walletId: string): Promise<readonly Order[]>;
  /** Positions of a wallet that are not closed. No cap. */
  livePositionsOfWallet(walletId: string): Promise<readonly Position[]>;
  /** Orders of a wallet made at or after this time (epoch ms), whatever became of them; oldest first. No cap. */
  ordersOfWallet(walletId: string, since: number): Promise<readonly Order[]>;
  /** Whether a symbol has a live position or order; as the lists above. */
  isLive(symbol: string): Promise<boolean>;
  /** Symbols with a live position or order: a look at all of them. */
  liveSymbols(): Promise<readonly string[]>;
  /** What is overdue at `now` in this shard, oldest first, at most `limit`. */
  due(shard: number, now: number, limit: number): Promise<readonly DueItem[]>;
  /** Moves an overdue item's time on; false when its due time is no longer `from` (someone else has it). */
  moveDue(item: DueItem, to: number): Promise<boolean>;
}

/** What the venue said an account holds, and when. */
export interface BalanceSnapshot {
  readonly asOf: number;
  readonly balances: readonly {
    readonly asset: string;
    readonly free: Decimal;
    readonly locked: Decimal;
  }[];
}

/** A wallet that owes something: a check of its keys, or what its pause is to cancel and close. */
export interface DueWallet {
  readonly walletId: string;
  readonly dueAt: number;
}

export interface WalletChange {
  readonly before: Wallet;
  readonly after: Wallet;
}

export interface WalletStore {
  /** False when the id exists already. */
  create(wallet: Wallet): Promise<boolean>;
  /** Strongly consistent; deleted ones too. */
  get(walletId: string): Promise<Wallet | null>;
  /** Newest first, without deleted ones. */
  ofUser(userId: string, query: { limit: number; cursor: string | null }): Promise<Page<Wallet>>;
  /**
   * Conditional on the version of `before`: false when somebody wrote it since. A wallet that becomes deleted frees
   * its account in the same transaction.
   */
  update(change: WalletChange): Promise<boolean>;
  /**
   * The same, and the account that `after` names becomes this wallet's alone, both or neither. `taken`: another
   * wallet that is not deleted has it.
   */
  claimAccount(change: WalletChange): Promise<'done' | 'conflict' | 'taken'>;
  /** Wallets of an environment whose keys may be used now (`active`), paused ones too. Eventually consistent; no cap. */
  exchangeWallets(environment: BinanceEnvironment): Promise<readonly Wallet[]>;
  /** How many wallets of an environment have keys that the exchange refuses (`refused`). Eventually consistent. */
  refusedWallets(environment: BinanceEnvironment): Promise<number>;
  /** Wallets that owe something by `now`, those owing longest first, at most `limit`. */
  dueWallets(now: number, limit: number): Promise<readonly DueWallet[]>;
  /** Moves the time of one that is overdue on; false when it is no longer due then (someone else has it). */
  moveWallet(due: DueWallet, to: number): Promise<boolean>;
  balances(walletId: string): Promise<BalanceSnapshot | null>;
  /** Kept unless a newer one is there already. */
  saveBalances(walletId: string, snapshot: BalanceSnapshot): Promise<void>;
}
