/**
 * Metrics as a log line: CloudWatch's embedded metric format on stdout, by `stage`, and by `venue` where it is one of several
 * (design section 18).
 */
const NAMESPACE = 'Moniqo';

const unitOf = (name: string): string => (name.endsWith('_ms') ? 'Milliseconds' : 'Count');

/** One line: all values under the namespace; `_ms` at the end of a name is its unit. `at` is epoch ms. */
export function metricsLine(
  stage: string,
  values: Readonly<Record<string, number>>,
  at: number,
  venue?: string,
): string {
  const metrics = Object.keys(values).map((name) => ({ Name: name, Unit: unitOf(name) }));
  const dimensions = venue === undefined ? { stage } : { stage, venue };
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics }],
    },
    ...dimensions,
    ...values,
  });
}
