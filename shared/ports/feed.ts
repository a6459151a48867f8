/** A price source (design section 11). */
import type { PriceTick } from '../domain/prices/price-tick.ts';
import type { DropReason } from '../domain/prices/trust-filter.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Units } from '../domain/triggers/types.ts';

/** What a feed hands on: exact decimal text beside the units, so nothing is lost on the way to the cache. */
export interface FeedTick extends PriceTick {
  readonly spec: SymbolSpec;
}

/** One socket of a source; counts since it was opened first, over its reconnects. */
export interface FeedConnectionStats {
  readonly name: string;
  readonly connected: boolean;
  readonly authenticated: boolean;
  /** False after so many failures in a row; it goes on trying. */
  readonly healthy: boolean;
  readonly messagesReceived: number;
  readonly tradesProcessed: number;
  readonly quotesProcessed: number;
  readonly errors: number;
  readonly lastMessageAt: number | null;
  /** Symbols whose prices it brings. */
  readonly subscriptions: number;
  readonly reconnects: number;
  /** Why it is not let in, as of the source; null = it is. */
  readonly trouble: string | null;
}

/** How many messages were left out, by reason. */
export type LeftOut = Readonly<Partial<Record<DropReason, number>>>;

export interface FeedStats {
  readonly name: string;
  readonly connected: boolean;
  readonly authenticated: boolean;
  readonly messagesReceived: number;
  readonly tradesProcessed: number;
  readonly quotesProcessed: number;
  readonly errors: number;
  readonly lastMessageAt: number | null;
  /** Epoch ms of the last frame or pong; absent: the last message. */
  readonly lastHeardAt?: number | null;
  readonly subscriptions: readonly string[];
  /** Why the source does not let us in, in a word (`auth_failed`, `max_connections`); null = it does. */
  readonly trouble?: string | null;
  /** Symbols that bring nothing, or only a part of what was asked for, and why. */
  readonly failed?: readonly FailedSubscription[];
  /** What the source itself left out, before it was a tick; absent: nothing, whoever takes the ticks sees all. */
  readonly leftOut?: LeftOut;
  /** Its sockets that are open or wanted; absent: it has none. */
  readonly connections?: readonly FeedConnectionStats[];
  /** Of the sources that this one is made of; absent: it is one. */
  readonly parts?: readonly FeedStats[];
  /** How often a symbol went over to its second source; absent: there is one source. */
  readonly fallbacks?: number;
  /** Of so many symbols it gives the price now; absent: it is no part of several, and gives all of them. */
  readonly triggers?: number;
}

export interface FailedSubscription {
  readonly symbol: string;
  readonly reason: string;
}

/** Input that was left out and counted as an error, for instance a malformed line. */
export interface SkippedInput {
  /** Where it is, for instance `line 17`. */
  readonly where: string;
  readonly reason: string;
}

export interface FeedHandlers {
  /** An answered promise asks a feed that can wait (a recording) to hold the next tick until it resolves. */
  readonly onTick: (tick: FeedTick) => Promise<void> | undefined;
  /** Called once when a finite feed is exhausted. */
  readonly onEnd: () => void;
  /** The feed cannot go on; nothing follows. */
  readonly onError: (error: Error) => void;
  readonly onSkipped: (skipped: SkippedInput) => void;
  /** What the second source says of a symbol that the first one triggers; null = it says nothing any more. */
  readonly onSecond?: (symbol: string, price: Units | null, at: number) => void;
}

export interface Feed {
  readonly name: string;
  /** Starts sending; resolves when the source is open, not when it ends. Throws when it cannot be opened. */
  start(handlers: FeedHandlers): Promise<void>;
  /** Adds symbols; unknown ones to this source are answered back. */
  subscribe(symbols: readonly string[]): { readonly unknown: readonly string[] };
  /** Nobody needs these any more: the source stops sending them where it can. What was under way may still come. */
  unsubscribe(symbols: readonly string[]): void;
  stats(): FeedStats;
  /**
   * Epoch ms of the last frame or pong of the connection that brings this symbol; null = none does. Absent: one answer
   * for all, `stats`.
   */
  lastHeardAt?(symbol: string): number | null;
  /** Counts worth a log line when it ends (lines read, skipped, rounded). */
  summary?(): Readonly<Record<string, number>>;
  /** After it resolves no handler is called any more. */
  stop(): Promise<void>;
}
