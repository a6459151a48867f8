/** What the streamer needs of the outside. */
import type { Feed } from '../../ports/feed.ts';
import type { MinuteHistory } from '../../ports/history.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Outbox } from '../../ports/messages.ts';
import type { Clock, Ids, Log } from '../../ports/runtime.ts';
import type { TapeStore } from '../../ports/tape.ts';
import type { Counters, Leases, PriceCache, TriggerIndex } from '../../ports/trigger-index.ts';

export interface StreamPorts {
  readonly index: Pick<TriggerIndex, 'applyBatch' | 'claim' | 'hasLevels'>;
  readonly cache: Pick<PriceCache, 'areBarsLeft' | 'bars' | 'prices' | 'wantedSince' | 'writeBars'>;
  readonly tape: Omit<TapeStore, 'filled' | 'quarters'>;
  /** Where minutes from before we followed a symbol are asked for; left out where nobody can be asked. */
  readonly history?: MinuteHistory;
  readonly leases: Pick<Leases, 'hold' | 'release'>;
  readonly counters: Pick<Counters, 'add' | 'set'>;
  readonly outbox: Pick<Outbox, 'trigger'>;
  readonly ledger: Pick<Ledger, 'isLive' | 'liveSymbols'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Metrics, every 20 s; `venue`: of that source alone, where there are several. */
  readonly metrics: (values: Readonly<Record<string, number>>, venue?: string) => void;
  /**
   * Opens the source anew for each time this process becomes the writer; `known` is the highest tick id of
   * each symbol that has one, `standby` what this process has followed while it stood by (null = nothing): it is the
   * source, or the part of it that it is. Throws FatalFeedError when it can never go on from there.
   */
  readonly openFeed: (known: ReadonlyMap<string, number>, standby: Feed | null) => Feed;
  /** Opens what may be followed by more than one at a time; null, or absent: nothing. */
  readonly openStandby?: () => StandbySource | null;
  /** Symbols that may have been streamed before, besides those that are wanted or live now. */
  readonly symbols: readonly string[];
}

/** What a standby follows. */
export interface StandbySource {
  readonly feed: Feed;
  /** May its price trigger this symbol? */
  readonly gives: (symbol: string) => boolean;
}

/** The source cannot be read, now or by trying again: the process ends with exit code 1. */
export class FatalFeedError extends Error {
  override readonly name = 'FatalFeedError';
}
