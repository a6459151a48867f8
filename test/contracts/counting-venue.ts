/** A venue that counts calls, for budgets to be held to. */
import type { BudgetAsk } from '../../shared/ports/rate-budget.ts';

interface Count {
  readonly intervalMs: number;
  readonly count: number;
}

export interface VenueCall {
  readonly ask: BudgetAsk;
  readonly grantId: string;
  readonly startedAt: number;
  /** What the venue's answer says; null until it has the call. */
  seen: { readonly at: number; readonly weight: readonly Count[]; readonly orders: readonly Count[] } | null;
}

/** Counts as the exchange does: fixed windows; a placement costs no weight; a fill gives one order back. */
export class CountingVenue {
  readonly broken: string[] = [];
  readonly #windows: { kind: string; intervalMs: number; limit: number; start: number; count: number }[];

  constructor(limiters: readonly { kind: string; intervalMs: number; limit: number }[]) {
    this.#windows = limiters.map((one) => ({ ...one, start: 0, count: 0 }));
  }

  #roll(now: number): void {
    for (const window of this.#windows) {
      const start = now - (now % window.intervalMs);
      if (start > window.start) Object.assign(window, { start, count: 0 });
    }
  }

  take(call: VenueCall, now: number): void {
    // Later than this a request is too old for the venue, and the client has given up.
    if (call.seen !== null || now - call.startedAt >= 30_000) return;
    this.#roll(now);
    const { weight, orders } = call.ask;
    for (const window of this.#windows) {
      window.count += window.kind === 'orders' ? orders : orders > 0 ? 0 : weight;
      if (window.count > window.limit)
        this.broken.push(`${window.kind} ${window.intervalMs}: ${window.count}`);
    }
    const counts = (kind: string) => this.#windows.filter((window) => window.kind === kind);
    const copy = ({ intervalMs, count }: Count): Count => ({ intervalMs, count });
    call.seen = { at: now, weight: counts('weight').map(copy), orders: counts('orders').map(copy) };
  }

  fill(now: number): void {
    this.#roll(now);
    for (const window of this.#windows) {
      if (window.kind === 'orders') window.count = Math.max(0, window.count - 1);
    }
  }
}
