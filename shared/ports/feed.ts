/** A price source (design section 11). */
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Tick } from '../domain/triggers/types.ts';

/** What a feed hands on: exact decimal text beside the units, so nothing is lost on the way to the cache. */
export interface FeedTick {
  readonly spec: SymbolSpec;
  readonly tick: Tick;
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
  /** False when the source has no quotes and bid = ask = last. */
  readonly quoted: boolean;
}

export interface FeedStats {
  readonly name: string;
  readonly connected: boolean;
  readonly authenticated: boolean;
  readonly messagesReceived: number;
  readonly tradesProcessed: number;
  readonly quotesProcessed: number;
  readonly errors: number;
  readonly lastMessageAt: number | null;
  readonly subscriptions: readonly string[];
}

export interface Feed {
  readonly name: string;
  /** Starts sending; `onEnd` is called once when a finite feed is exhausted. */
  start(handlers: {
    readonly onTick: (tick: FeedTick) => void;
    readonly onEnd: () => void;
    readonly onError: (error: Error) => void;
  }): Promise<void>;
  /** Adds symbols; unknown ones to this source are answered back. */
  subscribe(symbols: readonly string[]): { readonly unknown: readonly string[] };
  stats(): FeedStats;
  stop(): Promise<void>;
}
