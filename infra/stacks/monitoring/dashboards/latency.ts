/** Latency: from a tick to the decision, from the decision to the order, from the order to its fill; then what it runs on. */
import type { MetricName } from '../../../../shared/adapters/metrics/catalogue.ts';
import { ageOf } from '../alarms/queues.ts';
import { cacheMetric, FIVE_MINUTES, MINUTE, type Own } from '../metrics.ts';
import type { Watched } from '../watched.ts';
import { type Board, graph, type Rows } from './widgets.ts';

/** On the way of an order. */
const ON_THE_WAY = ['api', 'evaluate', 'submit', 'exits', 'executions'] as const;

export function latencyRows(own: Own, { functions, queues, cache, httpApi }: Watched): Rows {
  const percentiles = (name: MetricName) => [
    own(name, { statistic: 'p50', period: FIVE_MINUTES, label: 'half' }),
    own(name, { statistic: 'p99', period: FIVE_MINUTES, label: '99 %' }),
  ];
  return [
    [
      graph('Tick to decision (ms)', percentiles('exits_tick_to_decision_ms')),
      graph('Decision to order sent (ms)', percentiles('orders_decision_to_sent_ms')),
      graph('Order sent to filled (ms)', percentiles('orders_fill_time_ms')),
    ],
    [
      graph('Price: from receipt until it is shown (ms)', [own('ws_latency_ms', { statistic: 'Maximum' })]),
      graph(
        'Functions on the way: duration, 99 % (ms)',
        ON_THE_WAY.map((label) =>
          functions[label].metricDuration({ statistic: 'p99', period: FIVE_MINUTES, label }),
        ),
      ),
      graph('Queues on the way: oldest message (s)', [
        ageOf(queues.triggers.queue, 'triggers'),
        ageOf(queues.submit.queue, 'submit'),
        ageOf(queues.exits.queue, 'exits'),
        ageOf(queues.executions.queue, 'executions'),
      ]),
    ],
    [
      graph('API: answer (ms)', [
        httpApi.metricLatency({ statistic: 'p50', period: FIVE_MINUTES, label: 'half' }),
        httpApi.metricLatency({ statistic: 'p99', period: FIVE_MINUTES, label: '99 %' }),
      ]),
      graph('Cache: average of a command (microseconds)', [
        cacheMetric(cache.clusterId, 'SuccessfulReadRequestLatency', { statistic: 'Average' }),
        cacheMetric(cache.clusterId, 'SuccessfulWriteRequestLatency', { statistic: 'Average' }),
      ]),
      graph('Changes told to users: age (ms)', [
        functions.publish.metric('IteratorAge', { statistic: 'Maximum', period: MINUTE }),
      ]),
    ],
  ];
}

export const latencyBoard = (own: Own, watched: Watched): Board => ({
  name: 'latency',
  rows: latencyRows(own, watched),
});
