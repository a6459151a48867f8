/** What the user-data stream is made with, and how it keeps time. */
import type { BinanceEnvironment } from '../../../domain/types.ts';
import type { OpenConnection } from '../../../ports/connection.ts';
import type { KeyOpener } from '../../../ports/keys.ts';
import type { RateBudget } from '../../../ports/rate-budget.ts';
import type { Clock, Log } from '../../../ports/runtime.ts';
import type { SymbolDirectory } from '../../../ports/symbols.ts';
import type { UserDataHandlers } from '../../../ports/user-data.ts';
import type { ServerClock } from '../clock.ts';

export interface UserDataSettings {
  /** [200] Wallets on one connection; the venue allows 1,000 subscriptions. */
  readonly walletsPerConnection: number;
  /** [10] Subscriptions under way at a time on one session. */
  readonly subscribingAtOnce: number;
  /** [10 s] */
  readonly requestTimeoutMs: number;
  /** [5 s] */
  readonly recvWindowMs: number;
  /** [1 s] How often is looked whether a wallet waits for its subscription. */
  readonly syncMs: number;
  /** [5 s], [60 s] Between tries for a wallet that could not be subscribed; doubles. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** [60 s], [5 min] The same where the venue does not accept the key. */
  readonly refusedRetryMs: number;
  readonly longestRefusedRetryMs: number;
  /**
   * [50 s] The longest that a renewed session waits, from its opening, for the wallets of the one before it. Shorter
   * than a session may take to serve (60 s).
   */
  readonly handoverMs: number;
  /** [1000], [5 s] Events kept of a subscription whose answer has not come yet. */
  readonly earlyEvents: number;
  readonly earlyMs: number;
  /** [1 s] Between tries to read the trading rules that an event needs. */
  readonly symbolRetryMs: number;
}

export const USER_DATA_DEFAULTS: UserDataSettings = {
  walletsPerConnection: 200,
  subscribingAtOnce: 10,
  requestTimeoutMs: 10_000,
  recvWindowMs: 5_000,
  syncMs: 1_000,
  retryMs: 5_000,
  longestRetryMs: 60_000,
  refusedRetryMs: 60_000,
  longestRefusedRetryMs: 300_000,
  handoverMs: 50_000,
  earlyEvents: 1_000,
  earlyMs: 5_000,
  symbolRetryMs: 1_000,
};

export interface UserDataParts {
  readonly environment: BinanceEnvironment;
  /** Of the WebSocket API. */
  readonly url: string;
  readonly openConnection: OpenConnection;
  readonly keys: KeyOpener;
  readonly venueClock: Pick<ServerClock, 'distrust' | 'venueTime'>;
  readonly symbols: Pick<SymbolDirectory, 'find'>;
  readonly budget: Pick<RateBudget, 'ask' | 'correct' | 'block'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly handlers: UserDataHandlers;
  readonly settings: UserDataSettings;
}

/** Waits that double do so at most so often; their longest bounds them anyway. */
export const MOST_DOUBLINGS = 16;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
