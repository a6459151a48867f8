/** What all symbols of one writer have in common. */
import type { Background } from './background.ts';
import type { StreamPorts } from './ports.ts';
import type { SendTurns } from './send-turns.ts';
import type { StreamSettings } from './settings.ts';
import type { Tally } from './tally.ts';

/** Whose writes these are; the fence may change while it is held (see streamer.ts). */
export interface Writer {
  readonly token: string;
  fence(): number;
  /** A running number over all of this process's batches, so that no later term repeats one. */
  nextBatch(): number;
  /** The script refused this fence: true when the lease is still held, under a newer one. */
  refused(fence: number): Promise<boolean>;
}

export interface SymbolContext {
  readonly source: string;
  readonly ports: StreamPorts;
  readonly settings: StreamSettings;
  readonly tally: Tally;
  readonly background: Background;
  readonly writer: Writer;
  readonly turns: SendTurns;
  /** Ticks that one symbol may have waiting, beside those of a call that is under way. */
  shareOfWaiting(): number;
}
