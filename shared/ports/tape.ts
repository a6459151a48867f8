/** The price tape's durable rows: one per symbol and minute (design section 8). */
import type { Bar } from '../domain/triggers/types.ts';

export interface TapeMinute {
  /** Epoch minute. */
  readonly minute: number;
  readonly low: Bar['low'];
  readonly high: Bar['high'];
  readonly close: Bar['close'];
  readonly firstTick: number;
  readonly lastTick: number;
  readonly count: number;
}

export interface TapeStore {
  /** Merges into the minute's row: min of lows, max of highs, the later close. Never replaces it. */
  merge(symbol: string, row: TapeMinute): Promise<void>;
  /** Rows with minute >= fromMinute, oldest first. */
  since(symbol: string, fromMinute: number): Promise<readonly TapeMinute[]>;
  /** The highest tick id ever written for a symbol; null when there is none. */
  lastTick(symbol: string): Promise<number | null>;
}
