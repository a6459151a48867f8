/** Figures of many runs. */
import type { SeedResult } from './run-seed.ts';

type Counts = Record<string, number>;

/** Of what is called the longest there is one; everything else adds up. */
const addTo = (sums: Counts, by: Readonly<Counts>): void => {
  for (const [name, value] of Object.entries(by)) {
    const known = sums[name] ?? 0;
    sums[name] = name.startsWith('longest_') ? Math.max(known, value) : known + value;
  }
};

const sorted = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

const secondsOf = (ms: number | undefined): string => ((ms ?? 0) / 1_000).toFixed(1);

export class Tally {
  seeds = 0;
  readonly figures: Counts = {};
  readonly faults: Counts = {};
  readonly violations: Counts = {};
  readonly failing: number[] = [];
  readonly #began = performance.now();

  add({ seed, figures, faults, violations }: SeedResult): void {
    this.seeds += 1;
    addTo(this.figures, figures);
    addTo(this.faults, faults);
    for (const { kind } of violations) addTo(this.violations, { [kind]: 1 });
    if (violations.length > 0) this.failing.push(seed);
  }

  seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Seeds a second. */
  rate(): number {
    return Math.round((this.seeds / this.seconds()) * 10) / 10;
  }

  document(range: { readonly from: number; readonly seeds: number }, workers: number) {
    const failing = this.failing.toSorted((a, b) => a - b);
    return {
      seeds: this.seeds,
      from: range.from,
      to: range.from + range.seeds - 1,
      workers,
      seconds: Math.round(this.seconds()),
      seeds_per_second: this.rate(),
      failing_seeds: failing.length,
      first_failing: failing.slice(0, 20),
      violations: sorted(this.violations),
      figures: sorted(this.figures),
      faults: sorted(this.faults),
    };
  }

  text(range: { readonly from: number; readonly seeds: number }): string {
    const { figures } = this;
    const kinds = Object.entries(sorted(this.violations)).map(([kind, count]) => `${kind} ${count}`);
    return [
      `seeds ${range.from} to ${range.from + range.seeds - 1}: ${this.seeds} runs, ${this.rate()} a second`,
      `${figures['orders'] ?? 0} orders, ${figures['venue_orders'] ?? 0} at a venue, ${figures['fills'] ?? 0} fills, ${figures['closed'] ?? 0} positions closed`,
      `${figures['shorts'] ?? 0} shorts and ${figures['leveraged_longs'] ?? 0} leveraged longs, ${figures['liquidated'] ?? 0} liquidated`,
      `${secondsOf(figures['unprotected_ms'])} position-seconds unprotected, the longest ${secondsOf(figures['longest_unprotected_ms'])} s; without a fault meanwhile ${secondsOf(figures['longest_undisturbed_ms'])} s`,
      `${figures['stops_that_waited'] ?? 0} stops waited ${secondsOf(figures['confirming_ms'])} s to be confirmed: ${figures['stops_confirmed'] ?? 0} were, ${figures['stops_beyond_bound'] ?? 0} sold beyond the bound`,
      `faults: ${Object.entries(sorted(this.faults))
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ')}`,
      kinds.length === 0 ? 'no violation' : `VIOLATIONS in ${this.failing.length} seeds: ${kinds.join(', ')}`,
    ].join('\n');
  }
}
