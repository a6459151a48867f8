/** Health at a glance: what rings, whether the monitor runs, then what it runs on. */
import { AlarmStatusWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSet } from '../alarm-set.ts';
import type { FunctionEntry } from '../alarms/functions.ts';
import { pairOf } from '../alarms/prices.ts';
import { ageOf, deadLetterQueues, depthOf, type QueueEntry } from '../alarms/queues.ts';
import { cacheMetric, MINUTE, type Own } from '../metrics.ts';
import type { Watched } from '../watched.ts';
import { type Board, figure, graph } from './widgets.ts';

export function healthBoard(alarms: AlarmSet, own: Own, watched: Watched, feed: string): Board {
  const { queues, functions, cache, streamers } = watched;
  const maximum = { statistic: 'Maximum' } as const;
  const sum = { statistic: 'Sum' } as const;
  const entries = Object.entries(queues) as QueueEntry[];
  return {
    name: 'monitor-health',
    rows: [
      [
        new AlarmStatusWidget({
          title: 'Critical',
          alarms: [...alarms.of('critical')],
          width: 12,
          height: 5,
        }),
        new AlarmStatusWidget({ title: 'Warning', alarms: [...alarms.of('warning')], width: 12, height: 5 }),
      ],
      [
        figure('Monitor checks per minute', own('om_checks_total', sum), 4),
        figure('Price stream connected', own('ws_connected', maximum), 4),
        figure('Open positions', own('om_positions_open', maximum), 4),
        figure('Longest without protection (s)', own('positions_unprotected_longest_seconds', maximum), 4),
        figure('Longest unknown order (s)', own('orders_unknown_seconds', maximum), 4),
        figure('Longest overdue work (s)', own('work_overdue_seconds', maximum), 4),
      ],
      [
        graph('Monitor: checks and errors', [own('om_checks_total', sum)], [own('om_errors_total', sum)]),
        graph(
          'Price stream: messages and errors',
          [
            own('ws_messages_total', sum),
            ...pairOf(feed).map((venue) => own('ws_messages_total', { ...sum, venue, label: venue })),
          ],
          [own('ws_errors_total', sum)],
        ),
        graph(
          'Prices: connected sources, symbols without one',
          [
            own('ws_connected', maximum),
            ...pairOf(feed).map((venue) => own('ws_connected', { ...maximum, venue, label: venue })),
          ],
          [own('prices_stale', { ...maximum, label: 'symbols without a price' })],
        ),
      ],
      [
        graph(
          'Age of the oldest message (s)',
          entries.map(([name, { queue }]) => ageOf(queue, name)),
        ),
        graph(
          'Dead letters',
          deadLetterQueues(watched).map(([name, queue]) => depthOf(queue, name)),
        ),
        graph(
          'Function errors',
          (Object.entries(functions) as FunctionEntry[]).map(([label, fn]) =>
            fn.metricErrors({ period: MINUTE, statistic: 'Sum', label }),
          ),
        ),
      ],
      [
        graph('User data: wallets that are not subscribed', [own('user_data_unsubscribed', maximum)]),
        graph(
          'Streamer: processor and memory (%)',
          streamers.flatMap((service, n) => [
            service.metricCpuUtilization({ period: MINUTE, label: `processor ${n + 1}` }),
            service.metricMemoryUtilization({ period: MINUTE, label: `memory ${n + 1}` }),
          ]),
        ),
        graph(
          'Cache: bytes held, commands refused',
          [cacheMetric(cache.clusterId, 'BytesUsedForCache', maximum)],
          [cacheMetric(cache.clusterId, 'ThrottledCmds', sum)],
        ),
      ],
    ],
  };
}
