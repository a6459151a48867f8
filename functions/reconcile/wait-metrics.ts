/** How comparisons wait, as metrics of each minute (design section 18). */
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import type { Scheduled } from '../../shared/usecases/reconcile/schedule.ts';

/** A line of the embedded metric format; `at` is epoch ms. */
export const waitMetrics = (stage: string, { waiting, oldestWaitMs }: Scheduled, at: number): string => {
  const oldest = Math.floor(oldestWaitMs / 1000);
  return metricsLine(stage, { reconcile_waiting: waiting, reconcile_oldest_wait_seconds: oldest }, at);
};
