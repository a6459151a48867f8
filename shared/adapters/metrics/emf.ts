/**
 * Metrics as a log line: CloudWatch's embedded metric format on stdout, by `stage`, and by `venue` or `side` where it is one
 * of several (design section 18).
 */
const NAMESPACE = 'Moniqo';

/** CloudWatch knows no minutes and no dollars. */
const unitOf = (name: string): string => {
  if (name.endsWith('_ms')) return 'Milliseconds';
  return name.endsWith('_minutes') || name.includes('_pnl_') ? 'None' : 'Count';
};

/** What a metric is one of several of, beside its stage. */
export interface MetricOf {
  readonly venue?: string | undefined;
  readonly side?: string | undefined;
}

/** One line: all values under the namespace; `_ms` at the end of a name is its unit. `at` is epoch ms. */
export function metricsLine(
  stage: string,
  values: Readonly<Record<string, number>>,
  at: number,
  { venue, side }: MetricOf = {},
): string {
  const metrics = Object.keys(values).map((name) => ({ Name: name, Unit: unitOf(name) }));
  const dimensions = {
    stage,
    ...(venue !== undefined && { venue }),
    ...(side !== undefined && { side }),
  };
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics }],
    },
    ...dimensions,
    ...values,
  });
}
