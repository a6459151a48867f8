import { expect, it } from 'vitest';
import { waitMetrics } from '../../../functions/reconcile/wait-metrics.ts';

it('tells how many comparisons wait, and for how many whole seconds the oldest has been owed', () => {
  const line = waitMetrics('sandbox', { sent: 3, waiting: 2, oldestWaitMs: 61_999 }, 1_000);
  expect(JSON.parse(line)).toEqual({
    _aws: {
      Timestamp: 1_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Moniqo',
          Dimensions: [['stage']],
          Metrics: [
            { Name: 'reconcile_waiting', Unit: 'Count' },
            { Name: 'reconcile_oldest_wait_seconds', Unit: 'Count' },
          ],
        },
      ],
    },
    stage: 'sandbox',
    reconcile_waiting: 2,
    reconcile_oldest_wait_seconds: 61,
  });
});
