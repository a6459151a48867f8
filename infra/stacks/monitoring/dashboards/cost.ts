/** Cost drivers: what is paid by use, an hour at a time, dearest services first (docs/cost.md). */
import { Duration } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { TABLE_NAMES } from '../../data-stack.ts';
import type { FunctionEntry } from '../alarms/functions.ts';
import type { QueueEntry } from '../alarms/queues.ts';
import { cacheMetric, logBytes } from '../metrics.ts';
import type { Watched } from '../watched.ts';
import { type Board, graph } from './widgets.ts';

const HOURLY = { statistic: 'Sum', period: Duration.hours(1) } as const;

export function costBoard({ functions, queues, tables, cache, httpApi, socketApi }: Watched): Board {
  return {
    name: 'cost-drivers',
    rows: [
      [
        graph(
          'Functions: milliseconds an hour',
          (Object.entries(functions) as FunctionEntry[]).map(([label, fn]) =>
            fn.metricDuration({ ...HOURLY, label }),
          ),
          [
            LambdaFunction.metricAllInvocations({
              ...HOURLY,
              label: 'calls of all functions of the account',
            }),
          ],
        ),
        graph(
          'Tables: units written an hour',
          TABLE_NAMES.map((name) =>
            tables[name].metricConsumedWriteCapacityUnits({ ...HOURLY, label: name }),
          ),
        ),
        graph(
          'Tables: units read an hour',
          TABLE_NAMES.map((name) => tables[name].metricConsumedReadCapacityUnits({ ...HOURLY, label: name })),
        ),
      ],
      [
        graph(
          'Queues: messages an hour',
          (Object.entries(queues) as QueueEntry[]).map(([label, { queue }]) =>
            queue.metricNumberOfMessagesSent({ ...HOURLY, label }),
          ),
        ),
        graph(
          'Cache: processing units an hour; bytes held',
          [cacheMetric(cache.clusterId, 'ElastiCacheProcessingUnits', HOURLY)],
          [
            cacheMetric(cache.clusterId, 'BytesUsedForCache', {
              statistic: 'Maximum',
              period: Duration.hours(1),
            }),
          ],
        ),
        graph(
          'Requests and pushed messages an hour; bytes of logs',
          [
            httpApi.metricCount({ ...HOURLY, label: 'requests' }),
            socketApi.metric('MessageCount', { ...HOURLY, label: 'pushed messages' }),
          ],
          [logBytes()],
        ),
      ],
    ],
  };
}
