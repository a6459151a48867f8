/** The price tape's durable rows: one per symbol and minute (design section 8). */
import type { Bar, Units } from '../domain/triggers/types.ts';

export interface TapeMinute {
  /** Epoch minute. */
  readonly minute: number;
  /** Prices of its first tick; left out where that is not known (written before opens were kept). */
  readonly open?: Bar['low'];
  readonly low: Bar['low'];
  readonly high: Bar['high'];
  readonly close: Bar['close'];
  readonly firstTick: number;
  readonly lastTick: number;
  readonly count: number;
}

/** Minutes of a quarter of an hour put together once they are over: what a week of them is read from. */
export interface TapeQuarter extends Omit<TapeMinute, 'minute'> {
  /** Its first minute's number: a multiple of 15. */
  readonly from: number;
  /** How many of its minutes there are, and the first and last of them. */
  readonly minutes: number;
  readonly firstMinute: number;
  readonly lastMinute: number;
}

/** Made from minutes that no longer change: the same again replaces it. */
export interface TapeQuarters {
  putQuarter(symbol: string, row: TapeQuarter): Promise<void>;
  /** With fromMinute <= from < toMinute, oldest first; may be a moment old. */
  quarters(symbol: string, fromMinute: number, toMinute: number): Promise<readonly TapeQuarter[]>;
  /** The first minute of the newest one; null when there is none. */
  newestQuarter(symbol: string): Promise<number | null>;
}

/** A minute as another source tells it, or a quarter of an hour of them: shown, never decided upon. */
export interface FilledRow {
  /** Epoch minute it begins with, and how many long it is. */
  readonly minute: number;
  readonly length: FilledLength;
  /** How many of its minutes there are, and the first and last of them. */
  readonly minutes: number;
  readonly firstMinute: number;
  readonly lastMinute: number;
  /** Who told it, and under which name: another market's price may differ from ours. */
  readonly source: 'polygon';
  readonly ticker: string;
  readonly open: Units;
  readonly high: Units;
  readonly low: Units;
  readonly close: Units;
  /** Trades in it; null where the source does not say. */
  readonly count: number | null;
}

/**
 * Minutes of another source lie apart from our own: whatever rebuilds levels or follows positions cannot see them,
 * and neither overwrites the other.
 */
export type FilledLength = 1 | 15;

export interface TapeHistory {
  /** Puts rows in; the same minute again replaces it. */
  fill(symbol: string, rows: readonly FilledRow[]): Promise<void>;
  /** Rows with fromMinute <= minute < toMinute, oldest first. */
  filled(
    symbol: string,
    length: FilledLength,
    fromMinute: number,
    toMinute: number,
  ): Promise<readonly FilledRow[]>;
  /** When a symbol was last filled (`noteFilled`), epoch ms; null = never, or long ago. */
  filledAt(symbol: string): Promise<number | null>;
  noteFilled(symbol: string, at: number): Promise<void>;
}

export interface TapeStore extends TapeHistory, TapeQuarters {
  /** Merges into the minute's row: min of lows, max of highs, the later close. Never replaces it. */
  merge(symbol: string, row: TapeMinute): Promise<void>;
  /** Rows with minute >= fromMinute, oldest first. */
  since(symbol: string, fromMinute: number): Promise<readonly TapeMinute[]>;
  /** Rows with fromMinute <= minute < toMinute, oldest first; to show, not to decide: a row may be a moment old. */
  between(symbol: string, fromMinute: number, toMinute: number): Promise<readonly TapeMinute[]>;
  /** The highest tick id ever written for a symbol; null when there is none. */
  lastTick(symbol: string): Promise<number | null>;
}
