/** What use cases are given. Each takes only what it names (`Pick<Ports, ...>`). */
import type { Environment } from '../domain/types.ts';
import type { ClientStore } from '../ports/clients.ts';
import type { Ledger, WalletStore } from '../ports/ledger.ts';
import type { Outbox } from '../ports/messages.ts';
import type { ReconcileStore } from '../ports/reconcile.ts';
import type { Clock, Ids, Log } from '../ports/runtime.ts';
import type { SymbolDirectory, SymbolRefresh } from '../ports/symbols.ts';
import type { TapeStore } from '../ports/tape.ts';
import type { Counters, Leases, PriceCache, TriggerIndex } from '../ports/trigger-index.ts';
import type { AccountFactory, VenueFactory } from '../ports/venue.ts';

export interface Ports {
  readonly ledger: Ledger;
  readonly wallets: WalletStore;
  readonly clients: ClientStore;
  readonly index: TriggerIndex;
  readonly prices: PriceCache;
  readonly tape: TapeStore;
  readonly leases: Leases;
  readonly counters: Counters;
  readonly metrics: Metrics;
  readonly outbox: Outbox;
  readonly venues: VenueFactory;
  readonly accounts: AccountFactory;
  readonly reconciles: ReconcileStore;
  readonly symbols: SymbolDirectory;
  readonly symbolRefresh: SymbolRefresh;
  /** What this deployment serves: the demo wallet, and at most one environment of an exchange. */
  readonly served: readonly Environment[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Waits between tries of one step; never longer than a second. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Beats again and again beside whatever is under way, `everyMs` after the last beat has ended. Answers how to end it. */
  readonly repeat: Repeat;
}

/** Figures of the moment, for charts and alarms alone (shared/adapters/metrics/catalogue.ts): nobody reads them back. */
export type Metrics = (values: Readonly<Record<string, number>>) => void;

/** A beat never fails: what it meets is its own to tell. */
export type Repeat = (everyMs: number, beat: () => Promise<void>) => () => void;
