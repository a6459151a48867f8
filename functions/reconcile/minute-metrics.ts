/** What is looked at each minute over all wallets and positions, as metrics (design section 18). */
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import type { Measured } from '../../shared/usecases/measure-positions.ts';
import type { Scheduled } from '../../shared/usecases/reconcile/schedule.ts';

/**
 * How wallets stand, and how their comparisons wait: a line of the embedded metric format; `at` is epoch ms. `unsubscribed`: to how
 * many nobody listens; null = not known, or no exchange is served.
 */
export const walletMetrics = (
  stage: string,
  scheduled: Omit<Scheduled, 'usable'>,
  unsubscribed: number | null,
  at: number,
): string =>
  metricsLine(
    stage,
    {
      wallets_paused: scheduled.paused,
      ...(scheduled.refused !== null && { wallets_refused: scheduled.refused }),
      ...(unsubscribed !== null && { user_data_unsubscribed: unsubscribed }),
      reconcile_waiting: scheduled.waiting,
      reconcile_oldest_wait_seconds: Math.floor(scheduled.oldestWaitMs / 1000),
    },
    at,
  );

/** How positions and the prices of their symbols stand, likewise; of a part of them only who is without protection. */
export const positionMetrics = (stage: string, measured: Measured, at: number): string =>
  metricsLine(
    stage,
    {
      ...(measured.isWhole && {
        om_positions_open: measured.open,
        positions_pnl_unrealized: measured.unrealized.toNumber(), // not money: a figure of a chart
        positions_unvalued: measured.unvalued,
        prices_stale: measured.staleSymbols,
      }),
      positions_unprotected: measured.unprotected,
      positions_unprotected_longest_seconds: measured.longestUnprotectedSeconds,
    },
    at,
  );
