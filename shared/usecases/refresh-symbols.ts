/**
 * Keeps the trading rules of the served exchange: on schedule, and soon after a refusal said that they may be old
 * (design sections 5, 13, 14).
 *
 * Always true:
 * - one import at a time, and after one that succeeded none for [60 s], however often it is asked for;
 * - a wish that comes while an import is under way is one for the next: its answer may be older than the wish;
 * - the budget knows the limits again within one run of the schedule after the cache was lost.
 */
import type { BinanceEnvironment } from '../domain/types.ts';
import type { RateBudget } from '../ports/rate-budget.ts';
import type { Clock, Ids, Log } from '../ports/runtime.ts';
import type { MarketInfo, SymbolImport, SymbolStore, SymbolWishes } from '../ports/symbols.ts';
import type { Leases } from '../ports/trigger-index.ts';

export interface RefreshSymbolsPorts {
  readonly market: MarketInfo;
  readonly store: Pick<SymbolStore, 'save' | 'rateLimits' | 'savedAt'>;
  readonly budget: Pick<RateBudget, 'learn'>;
  readonly wishes: Pick<SymbolWishes, 'askedAt'>;
  readonly leases: Pick<Leases, 'hold' | 'release'>;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RefreshSymbolsSettings {
  readonly environment: BinanceEnvironment;
  /** [30 min] Older rules are fetched anew. */
  readonly maxAgeMs?: number;
  /** [60 s] Not sooner after the last import, whoever asks. */
  readonly minAgeMs?: number;
}

export type Refreshed =
  | { readonly outcome: 'fresh' | 'busy' }
  | ({ readonly outcome: 'imported'; readonly reason: RefreshReason } & SymbolImport);

export type RefreshReason = 'first' | 'wanted' | 'old';

/** Longer than an import may take; the holder of a lease that died is waited for by the next runs of the schedule. */
const LEASE_MS = 120_000;

/** Throws when the venue or the table cannot be asked: the next run of the schedule tries again. */
export type RefreshSymbols = () => Promise<Refreshed>;

export function makeRefreshSymbols(
  { market, store, budget, wishes, leases, ids, clock, log }: RefreshSymbolsPorts,
  { environment, maxAgeMs = 30 * 60_000, minAgeMs = 60_000 }: RefreshSymbolsSettings,
): RefreshSymbols {
  async function reason(): Promise<RefreshReason | null> {
    const savedAt = await store.savedAt(environment);
    if (savedAt === null) return 'first';
    const age = clock.now() - savedAt;
    if (age >= maxAgeMs) return 'old';
    const askedAt = await wishes.askedAt(environment);
    return askedAt !== null && askedAt >= savedAt && age >= minAgeMs ? 'wanted' : null;
  }

  async function importNow(why: RefreshReason): Promise<Refreshed> {
    // Before the question goes out: the rules are those of then or later.
    const asOf = clock.now();
    const info = await market.exchangeInfo();
    for (const { venueSymbol, why } of info.unreadable ?? []) {
      log.error('SYMBOL_UNREADABLE', { environment, venueSymbol, error: why });
    }
    await budget.learn(info.rateLimits);
    const counts = await store.save(environment, info, asOf);
    const { added, changed, unchanged, delisted, missing } = counts;
    if (missing > 0) log.error('SYMBOLS_MISSING', { environment, missing });
    log.info('SYMBOLS_IMPORTED', { environment, reason: why, added, changed, unchanged, delisted });
    return { outcome: 'imported', reason: why, ...counts };
  }

  return async () => {
    const known = await store.rateLimits(environment);
    if (known.length > 0) await budget.learn(known);
    if ((await reason()) === null) return { outcome: 'fresh' };
    const lease = `symbols:${environment}`;
    const token = ids.token();
    if (!(await leases.hold(lease, token, LEASE_MS)).held) return { outcome: 'busy' };
    try {
      // Another may have done it between the look and the lease.
      const still = await reason();
      return still === null ? { outcome: 'fresh' } : await importNow(still);
    } finally {
      await leases.release(lease, token);
    }
  };
}
