/**
 * The trigger index and the price cache: what the streamer writes and evaluate reads (design sections 10, 16).
 *
 * The index is a cache. Every call answers `rebuild` while the symbol's epoch is missing; nothing is decided
 * for that symbol until `finishRebuild`. Losing all of it loses no money.
 */
import type { Bar, Hit, Level, Nearest, Tick } from '../domain/triggers/types.ts';

/** The last price of a symbol as the cache shows it; prices are decimal text. */
export interface CachedPrice {
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
  readonly bidSize: string;
  readonly askSize: string;
  /** The feed's name, for instance `synthetic`, `replay`. */
  readonly source: string;
  /** False when the feed has no quotes and bid = ask = last. */
  readonly quoted: boolean;
  readonly tickId: number;
  /** Receive time, epoch ms. */
  readonly at: number;
  /** Epoch ms of the recording; 0 when live. */
  readonly recordedAt: number;
}

export interface PriceBatch {
  readonly symbol: string;
  readonly shard: number;
  readonly leaseToken: string;
  /**
   * The lease's fencing number (`Leases.hold`). For each symbol the highest one ever seen is the writer: a
   * lower one is answered `not_leader`, so who lost the lease cannot write after its successor has written.
   */
  readonly fence: number;
  /** Running number of this writer's batches for this symbol; a repeat of an accepted batch is a no-op. */
  readonly batch: number;
  readonly ticks: readonly Tick[];
  /** The newest tick that the writer had taken in when it sent this: later ones came after all that is in the index now. */
  readonly newestTick: number;
  /**
   * Where the first of these ticks is from before the lease: id of the last one that is, their ids being receive times (ms
   * x 1000 and up). Levels that were armed while nobody wrote, and of an index that knows no tick all, count those of them
   * that came after their arming, by the times of both. -1: none of them is.
   */
  readonly lateTick: number;
  /**
   * Bars that the writer holds of before this batch: its own (it has made one at least), or only what others have left.
   * Where its own, or anybody's, have not been left since the cache was empty, the index has been built without them
   * (somebody armed a level): the answer is `rebuild`, as if it were missing.
   */
  readonly heldBars: 'none' | 'others' | 'own';
  /** The last tick of the batch in decimal text, for price:{} and quote:{}. */
  readonly display: CachedPrice;
  /** Bars touched by this batch (as they stand now), to upsert into the tape. */
  readonly bars: readonly Bar[];
  /**
   * The first of these as this writer has written it last, or has read it; null = it has not. Where the tape has just that,
   * the new one takes its place as it is; else the two are put together.
   */
  readonly barBefore: Bar | null;
  readonly nowMs: number;
}

export type PriceBatchResult =
  | {
      readonly outcome: 'applied';
      /** Hits that this batch made. */
      readonly hits: number;
      /** True when visible hits went from none to some: send a wake-up. */
      readonly wake: boolean;
      readonly nearest: Nearest;
    }
  | { readonly outcome: 'rebuild' }
  | { readonly outcome: 'not_leader' };

/** A new writer's first word on a symbol; see `TriggerIndex.claim`. */
export interface Claim {
  readonly symbol: string;
  readonly leaseToken: string;
  readonly fence: number;
}

export type ClaimResult =
  /** `standing`: the last tick that was applied, whoever wrote it; null = none yet. */
  | { readonly outcome: 'claimed'; readonly standing: Tick | null }
  | { readonly outcome: 'rebuild' }
  | { readonly outcome: 'not_leader' };

export type ArmResult =
  | { readonly outcome: 'armed'; readonly armedTick: number; readonly hits: number; readonly wake: boolean }
  | { readonly outcome: 'rebuild' };

/** `lost`: the rebuild's token stands no longer, and nothing was written. */
export type LoadResult = { readonly outcome: 'loaded' } | { readonly outcome: 'lost' };

/** `wake`: hits are visible now, send a wake-up. */
export type FinishResult =
  | { readonly outcome: 'finished'; readonly wake: boolean }
  | { readonly outcome: 'lost' };

export interface TriggerIndex {
  /** Applies a numbered batch of ticks in order. */
  applyBatch(batch: PriceBatch): Promise<PriceBatchResult>;
  /**
   * Before ticks that were received while somebody else had the lease, or nobody: no batch of an earlier writer is taken
   * any more, and the answer says how far they have come. The same claim again changes nothing.
   */
  claim(claim: Claim): Promise<ClaimResult>;
  /**
   * Arms, re-arms (newer version replaces older) and removes levels of one symbol in one step, and tests each
   * armed level at once against the standing price. A level whose `armedTick` is -1 is armed at the standing
   * tick; the answer says which tick that was (-1: no price seen yet).
   */
  arm(
    symbol: string,
    levels: readonly Level[],
    remove: readonly { member: string; version: number }[],
    nowMs: number,
  ): Promise<ArmResult>;
  /**
   * Takes up to `limit` visible hits: they become visible again at nowMs + hideMs unless settled. Oldest first: of one
   * moment in the order of their ticks, of one tick by member and version.
   */
  takeHits(symbol: string, limit: number, nowMs: number, hideMs: number): Promise<readonly Hit[]>;
  /** Removes hits for good (claimed, or refused for a recorded reason). Only the taken version is removed. */
  settleHits(symbol: string, hits: readonly { member: string; version: number }[]): Promise<void>;
  /** Symbols of this shard that have hits visible at nowMs. */
  symbolsWithHits(shard: number, nowMs: number): Promise<readonly string[]>;
  /** True when the symbol's epoch exists. */
  isBuilt(symbol: string): Promise<boolean>;
  /** Before anything is read or loaded for a rebuild: the token goes when the cache is lost. */
  beginRebuild(symbol: string, token: string): Promise<void>;
  /**
   * Arms levels before the epoch is set, with peaks and hits that the caller found from the tape. Only where this
   * rebuild's token still stands, compared in the step that writes: one that has stood still cannot bring back what is
   * over, whoever has rebuilt meanwhile.
   */
  loadRebuilt(
    symbol: string,
    token: string,
    levels: readonly Level[],
    hits: readonly Hit[],
    nowMs: number,
  ): Promise<LoadResult>;
  /**
   * Sets the epoch, last of all, where this rebuild's token still stands. Else the cache was lost meanwhile, or another
   * rebuild has begun: nothing is set, and what was loaded counts for nothing.
   */
  finishRebuild(symbol: string, token: string, nowMs: number): Promise<FinishResult>;
  /** Whether a symbol has any level in the index. */
  hasLevels(symbol: string): Promise<boolean>;
  /** Levels now in the index of a symbol (health, audit, tests). */
  levels(symbol: string): Promise<readonly Level[]>;
}

export interface PriceCache {
  /** Null when there is no price within its 60 s TTL. */
  price(symbol: string): Promise<CachedPrice | null>;
  prices(symbols: readonly string[]): Promise<ReadonlyMap<string, CachedPrice>>;
  /** 1 s bars with second >= fromSecond, oldest first. */
  bars(symbol: string, fromSecond: number): Promise<readonly Bar[]>;
  /**
   * Streamer, on `rebuild` and when its lease is lost: writes bars it still holds in memory, oldest first. The first ones
   * of this writer (its lease token) since the cache was empty void what was built, or is being built, without them.
   */
  writeBars(symbol: string, bars: readonly Bar[], writer: string): Promise<void>;
  /**
   * Has this writer left bars of the symbol since the cache was empty? With each of its batches, all of them. Null: has
   * anybody?
   */
  areBarsLeft(symbol: string, writer: string | null): Promise<boolean>;
  /** Somebody wants prices of these (orders, positions, watchers); remembered for [10 min]. */
  want(symbols: readonly string[]): Promise<void>;
  wanted(): Promise<readonly string[]>;
  /** The same, with when each was last wanted, epoch ms. */
  wantedSince(): Promise<ReadonlyMap<string, number>>;
}

/**
 * Whether the caller holds the lease; `fence` grows with each change of hands and stays over renewals. `otherFence`: the
 * last one under which somebody else held it, 0 = nobody that the cache knows of: above the caller's last own one it says
 * that they came between, also to a caller whose first answer was lost.
 */
export type Lease =
  | { readonly held: true; readonly fence: number; readonly otherFence: number }
  | { readonly held: false };

export interface Leases {
  /** Takes or renews a lease; the token says who holds it. Not held when somebody else holds it. */
  hold(name: string, token: string, ttlMs: number): Promise<Lease>;
  release(name: string, token: string): Promise<void>;
  /** True once per key within the TTL (SET NX): drops doubled sweeps. */
  once(key: string, ttlMs: number): Promise<boolean>;
}

/** The specification's counters (ws:*, om:*, orders:*, positions:*), kept in the cache. */
export interface Counters {
  /** A whole number counts; decimal text (money) is added digit by digit, never as a JavaScript number. */
  add(increments: Readonly<Record<string, number | string>>): Promise<void>;
  set(values: Readonly<Record<string, string>>, ttlMs?: number): Promise<void>;
  read(names: readonly string[]): Promise<Readonly<Record<string, string | null>>>;
}
