/** Metrics as a log line: CloudWatch's embedded metric format on stdout, one dimension `stage` (design section 18). */
const NAMESPACE = 'Moniqo';

/** One line: all values as counts under the namespace, by stage. `at` is epoch ms. */
export function metricsLine(stage: string, values: Readonly<Record<string, number>>, at: number): string {
  const metrics = Object.keys(values).map((name) => ({ Name: name, Unit: 'Count' }));
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [['stage']], Metrics: metrics }],
    },
    stage,
    ...values,
  });
}
