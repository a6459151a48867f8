/**
 * Metrics of the functions (design section 18).
 *
 * Every count that the use cases add is a metric as well, `om:checks_total` as `om_checks_total`. Money is not: it
 * stays exact, in the ledger and the cache.
 */
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import type { Counters } from '../../shared/ports/trigger-index.ts';

export function withMetrics(
  counters: Counters,
  {
    stage,
    now,
    write,
  }: { readonly stage: string; readonly now: () => number; readonly write: (line: string) => void },
): Counters {
  return {
    ...counters,
    add: async (increments) => {
      const counts: Record<string, number> = {};
      for (const [name, by] of Object.entries(increments)) {
        if (typeof by === 'number') counts[name.replaceAll(':', '_')] = by;
      }
      if (Object.keys(counts).length > 0) write(`${metricsLine(stage, counts, now())}\n`);
      await counters.add(increments);
    },
  };
}
