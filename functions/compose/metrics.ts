/**
 * Metrics of the functions (design section 18).
 *
 * What the use cases count is a metric as well where an alarm or a dashboard looks at it (shared/adapters/metrics/catalogue.ts),
 * `om:checks_total` as `om_checks_total`. A count by symbol and
 * side is one by side: symbols stay in the cache, where a name costs nothing. Of a histogram the value itself is the
 * metric, and CloudWatch makes its percentiles. What was won or lost is one as a figure for charts; it is exact in the
 * ledger and the cache. In a quote asset without a value in dollars it is none.
 */
import { type MetricOf, metricsAmong, metricsLine } from '../../shared/adapters/metrics/emf.ts';
import type { Counters } from '../../shared/ports/trigger-index.ts';

const BY_SYMBOL_AND_SIDE = /^(.+):[^:]+\/[^:]+:(buy|sell)$/;
/** As `observation` (shared/usecases/counts.ts) writes one value of a histogram. */
const OF_HISTOGRAM = /^(.+):(count|sum|more|\d+)$/;

/** Told as text, so that nothing of it is lost in the cache. */
const IN_DOLLARS = 'positions:pnl_realized';

interface Metric extends MetricOf {
  readonly name: string;
  readonly value: number;
}

/** Null: the count is a part of a metric that another one tells. */
function metricOf(name: string, by: number): Metric | null {
  const [, ofSide, side] = BY_SYMBOL_AND_SIDE.exec(name) ?? [];
  if (ofSide !== undefined) return { name: ofSide, value: by, side };
  const [, histogram, part] = OF_HISTOGRAM.exec(name) ?? [];
  if (histogram === undefined) return { name, value: by };
  return part === 'sum' ? { name: histogram, value: by } : null;
}

const ofMoney = (name: string, by: string): readonly Metric[] =>
  name === IN_DOLLARS ? [{ name, value: Number(by) }] : []; // not money: a figure of a chart

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
      const metrics = Object.entries(increments).flatMap(([name, by]) =>
        typeof by === 'number' ? (metricOf(name, by) ?? []) : ofMoney(name, by),
      );
      for (const [side, own] of Map.groupBy(metrics, ({ side }) => side)) {
        const values = Object.fromEntries(own.map(({ name, value }) => [name.replaceAll(':', '_'), value]));
        // What is only counted says nothing new in the log.
        if (metricsAmong(values, { side }).length > 0)
          write(`${metricsLine(stage, values, now(), { side })}\n`);
      }
      await counters.add(increments);
    },
  };
}
