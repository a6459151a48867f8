/** Metrics of ours, by the names that are really told (shared/adapters/metrics/catalogue.ts), and some of AWS's own. */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, type MetricName, type Part } from '../../../shared/adapters/metrics/catalogue.ts';
import { METRIC_NAMESPACE } from '../../../shared/adapters/metrics/emf.ts';
import type { Stage } from '../settings.ts';

export const MINUTE = Duration.minutes(1);
export const FIVE_MINUTES = Duration.minutes(5);

type Statistic = 'Average' | 'Maximum' | 'Minimum' | 'SampleCount' | 'Sum' | 'p50' | 'p99';

interface Shape {
  readonly statistic: Statistic;
  readonly period?: Duration;
  readonly label?: string;
}

export interface OwnShape extends Shape {
  readonly side?: 'buy' | 'sell';
  readonly venue?: string;
}

export type Own = (metricName: MetricName, shape: OwnShape) => Metric;

/** @throws Error for a metric that is not told by what is asked for */
export const ownMetrics =
  (stage: Stage): Own =>
  (metricName, { side, venue, period = MINUTE, ...shape }) => {
    const part: Part = venue === undefined ? (side === undefined ? 'stage' : 'side') : 'venue';
    if (!(METRICS[metricName] as readonly Part[]).includes(part))
      throw new Error(`${metricName} is not told by ${part}`);
    return new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { stage, ...(side !== undefined && { side }), ...(venue !== undefined && { venue }) },
      period,
      ...shape,
    });
  };

/** What a serverless cache tells of itself: by `clusterId`, not by `CacheClusterId` as caches of nodes do. */
export type CacheMetricName =
  | 'BytesUsedForCache'
  | 'ElastiCacheProcessingUnits'
  | 'Evictions'
  | 'SuccessfulReadRequestLatency'
  | 'SuccessfulWriteRequestLatency'
  | 'ThrottledCmds';

export const cacheMetric = (
  clusterId: string,
  metricName: CacheMetricName,
  { period = MINUTE, ...shape }: Shape,
): Metric =>
  new Metric({ namespace: 'AWS/ElastiCache', metricName, dimensionsMap: { clusterId }, period, ...shape });

/** Bytes of logs that the whole account and region took in. */
export const logBytes = (): Metric =>
  new Metric({
    namespace: 'AWS/Logs',
    metricName: 'IncomingBytes',
    statistic: 'Sum',
    period: Duration.hours(1),
    label: 'all logs of the account',
  });
