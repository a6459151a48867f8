/**
 * The budget of one process while the shared one cannot be asked: a fraction of the limits, for exits and cancels
 * alone. It sees no other process; the fraction is what keeps all of them together below the venue's limits.
 */
import type { VenueRateLimit } from '../../ports/symbols.ts';

export interface LocalBudget {
  /** Epoch ms at which there will be room; null = taken. */
  take(now: number, account: string | null, weight: number, orders: number): number | null;
  learn(limits: readonly VenueRateLimit[]): void;
}

interface Window {
  start: number;
  used: number;
}

/** `share`: percent of each limit that this process may use alone. */
export function createLocalBudget(assumed: readonly VenueRateLimit[], share: number): LocalBudget {
  let limits = assumed;
  /** Bounded by itself: only windows that are not over are kept. */
  const windows = new Map<string, Window>();

  const windowOf = (name: string, intervalMs: number, now: number): Window => {
    const start = now - (now % intervalMs);
    const known = windows.get(name);
    if (known !== undefined && known.start >= start) return known;
    const fresh = { start, used: 0 };
    windows.set(name, fresh);
    return fresh;
  };

  const forget = (now: number): void => {
    for (const [name, { start }] of windows) {
      const intervalMs = Number(name.split('|')[1]); // not money: a duration
      if (start + intervalMs <= now) windows.delete(name);
    }
  };

  return {
    learn: (next) => {
      limits = next;
    },
    take(now, account, weight, orders) {
      forget(now);
      const amounts: Readonly<Record<string, number>> = {
        REQUEST_WEIGHT: weight,
        RAW_REQUESTS: 1,
        ORDERS: orders,
      };
      const asked = limits.flatMap(({ type, intervalMs, limit }) => {
        const amount = amounts[type] ?? 0;
        if (amount === 0) return [];
        const owner = type === 'ORDERS' ? (account ?? '') : '';
        const window = windowOf(`${type}|${intervalMs}|${owner}`, intervalMs, now);
        // Never below one call: a process that may send no exit at all protects nobody.
        const ceiling = Math.max(amount, Math.floor((limit * share) / 100));
        return [{ window, amount, full: window.used + amount > ceiling, ends: window.start + intervalMs }];
      });
      const full = asked.filter((one) => one.full);
      if (full.length > 0) return Math.max(...full.map((one) => one.ends));
      for (const { window, amount } of asked) window.used += amount;
      return null;
    },
  };
}
