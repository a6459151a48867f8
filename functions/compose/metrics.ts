/**
 * Metrics as log lines: CloudWatch's embedded metric format on stdout, one dimension `stage` (design section 18).
 *
 * Every counter that the use cases add to is a metric as well, `om:checks_total` as `om_checks_total`.
 */
import type { Counters } from '../../shared/ports/trigger-index.ts';

const NAMESPACE = 'Moniqo';

/** One line: all values under the namespace, by stage. `at` is epoch ms. */
export function metricsLine(stage: string, values: Readonly<Record<string, number>>, at: number): string {
  const metrics = Object.keys(values).map((metric) => ({ Name: metric, Unit: 'None' }));
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [['stage']], Metrics: metrics }],
    },
    stage,
    ...values,
  });
}

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
      const values = Object.entries(increments).map(([name, by]) => [name.replaceAll(':', '_'), by] as const);
      if (values.length > 0) write(`${metricsLine(stage, Object.fromEntries(values), now())}\n`);
      await counters.add(increments);
    },
  };
}
