/**
 * Metrics as a log line: CloudWatch's embedded metric format on stdout, by `stage`, and by `venue` or `side` where it is one
 * of several (design section 18). What is no metric (catalogue.ts) is a field of the line, and costs what a line costs.
 */
import { isMetric, type MetricName, type Part } from './catalogue.ts';

/** Of every metric of ours; the alarms look here. */
export const METRIC_NAMESPACE = 'Moniqo';

/** CloudWatch knows no minutes and no dollars. */
const unitOf = (name: string): string => {
  if (name.endsWith('_ms')) return 'Milliseconds';
  if (name.endsWith('_seconds')) return 'Seconds';
  if (name.endsWith('_percent')) return 'Percent';
  return name.endsWith('_minutes') || name.includes('_pnl_') ? 'None' : 'Count';
};

/** What a metric is one of several of, beside its stage. */
export interface MetricOf {
  readonly venue?: string | undefined;
  readonly side?: string | undefined;
}

const partOf = ({ venue, side }: MetricOf): Part => {
  if (venue !== undefined) return 'venue';
  return side === undefined ? 'stage' : 'side';
};

/** The values that are metrics of that part. */
export const metricsAmong = (
  values: Readonly<Record<string, number>>,
  of: MetricOf = {},
): readonly MetricName[] => Object.keys(values).filter((name) => isMetric(name, partOf(of)));

/** One line: all values; the metrics among them under the namespace. The end of a name is its unit. `at` is epoch ms. */
export function metricsLine(
  stage: string,
  values: Readonly<Record<string, number>>,
  at: number,
  of: MetricOf = {},
): string {
  const { venue, side } = of;
  const metrics = metricsAmong(values, of).map((name) => ({ Name: name, Unit: unitOf(name) }));
  const dimensions = {
    stage,
    ...(venue !== undefined && { venue }),
    ...(side !== undefined && { side }),
  };
  const told = {
    Timestamp: at,
    CloudWatchMetrics: [
      { Namespace: METRIC_NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics },
    ],
  };
  return JSON.stringify({ ...(metrics.length > 0 && { _aws: told }), ...dimensions, ...values });
}
