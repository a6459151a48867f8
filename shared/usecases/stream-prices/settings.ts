/** How the streamer keeps time; all of it configurable (design sections 8, 10, 11). */
import { TRUST_DEFAULTS, type TrustSettings } from '../../domain/prices/trust-filter.ts';

export interface StreamSettings {
  readonly shard: number;
  /** When a price may be believed. */
  readonly trust: TrustSettings;
  /** Wake-ups can be switched off (MONIQO_WAKE_UPS=off): the sweeps alone then take the hits. */
  readonly wakeUps: boolean;
  /** The feed can read again what was not applied; what it loses on a stop is not lost. */
  readonly resumable: boolean;
  /** A batch is due after this. */
  readonly flushMs: number;
  /** Calls of the price script under way at the same time, but for those that are urgent. */
  readonly callsAtOnce: number;
  /** A symbol that was silent for longer is flushed with its first tick. */
  readonly pauseMs: number;
  /** Ticks per call of the price script. */
  readonly batchTicks: number;
  /** Above this many waiting ticks a symbol's queue is reduced. */
  readonly reduceAbove: number;
  /** Of all symbols; each has an equal share. One that would have more keeps older seconds as whole minutes. */
  readonly mostWaiting: number;
  /** 1 s bars kept in memory, for a rebuild. */
  readonly barsMs: number;
  /** First and longest wait before a refused or failed call is made again. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** The rebuild message is repeated while the index stays empty. */
  readonly rebuildRepeatMs: number;
  readonly leaseTtlMs: number;
  readonly leaseRenewMs: number;
  /** How often a standby tries. */
  readonly leaseRetryMs: number;
  /**
   * Ticks that a standby keeps. Longer than a dead writer's lease stands, a try, and what it takes to begin: what came
   * meanwhile was applied by nobody.
   */
  readonly standbyMs: number;
  /** Most of one symbol, and of all. */
  readonly standbyTicksOfSymbol: number;
  readonly standbyTicks: number;
  readonly tapeMs: number;
  /** How often is looked whether a quarter of an hour of the tape is over. */
  readonly rollUpMs: number;
  readonly demandMs: number;
  /** Between two looks at everything that is live. */
  readonly liveMs: number;
  /** A symbol leaves so long after it was last needed. */
  readonly leaveMs: number;
  /** What was under way when a symbol left has come by then; its pipeline ends. */
  readonly idleMs: number;
  /** Followed whether somebody needs them or not. */
  readonly fixedSymbols: readonly string[];
  readonly countersMs: number;
  readonly metricsMs: number;
  /** Longest drain at the stop. */
  readonly stopMs: number;
}

export const STREAM_DEFAULTS = {
  trust: TRUST_DEFAULTS,
  flushMs: 100,
  callsAtOnce: 16,
  pauseMs: 1_000,
  batchTicks: 250,
  reduceAbove: 500,
  mostWaiting: 120_000,
  barsMs: 600_000,
  retryMs: 25,
  retryMaxMs: 500,
  rebuildRepeatMs: 2_000,
  leaseTtlMs: 10_000,
  leaseRenewMs: 3_000,
  leaseRetryMs: 500,
  standbyMs: 15_000,
  standbyTicksOfSymbol: 5_000,
  standbyTicks: 200_000,
  tapeMs: 2_000,
  rollUpMs: 10_000,
  demandMs: 1_000,
  liveMs: 300_000,
  leaveMs: 600_000,
  idleMs: 60_000,
  fixedSymbols: [],
  countersMs: 1_000,
  // Three times in each minute that the alarm looks at: one reconnect that falls on a look rings nobody.
  metricsMs: 20_000,
  stopMs: 1_500,
} as const satisfies Partial<StreamSettings>;
