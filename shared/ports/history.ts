/** Minutes of a symbol from before anybody here followed it, as another source tells them (design section 8). */
import type { Units } from '../domain/triggers/types.ts';

export interface HistoryMinute {
  /** Epoch minute; over when it was told. */
  readonly minute: number;
  readonly open: Units;
  readonly high: Units;
  readonly low: Units;
  readonly close: Units;
  /** Trades in it; null where the source does not say. */
  readonly count: number | null;
}

export type HistoryAnswer =
  | {
      readonly outcome: 'minutes';
      /** The source's name of what it told: its price may be another market's. */
      readonly ticker: string;
      /** Oldest first, each minute once. Minutes without trades are missing. */
      readonly minutes: readonly HistoryMinute[];
      /** Bars left out because they make no sense. */
      readonly skipped: number;
    }
  /** The source does not have this symbol, or not for this account: asking again changes nothing. */
  | { readonly outcome: 'none'; readonly why: string }
  /** `hopeless`: nothing that is asked will be answered, for instance because of the key. */
  | { readonly outcome: 'failed'; readonly why: string; readonly hopeless: boolean };

export interface MinuteHistory {
  readonly source: 'polygon';
  /** Minutes that begin in [fromMs, toMs). Ends early, with `failed`, when `signal` is aborted. Never throws. */
  minutes(symbol: string, fromMs: number, toMs: number, signal: AbortSignal): Promise<HistoryAnswer>;
}
