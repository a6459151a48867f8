/** One run of the schedule: rules where they are due, then the budget's figures as metrics (design section 18). */
import { metricsLine } from '../../shared/adapters/metrics/emf.ts';
import type { RateBudget } from '../../shared/ports/rate-budget.ts';
import type { Clock, Log } from '../../shared/ports/runtime.ts';
import { VenueUnavailableError } from '../../shared/ports/venue.ts';
import type { RefreshSymbols } from '../../shared/usecases/refresh-symbols.ts';
import type { ServerClock } from '../../shared/venues/binance/clock.ts';

export interface RunPorts {
  readonly refresh: RefreshSymbols;
  readonly budget: Pick<RateBudget, 'figures'>;
  readonly venueClock: Pick<ServerClock, 'venueTime'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly stage: string;
  /** Takes a line of the embedded metric format. */
  readonly write: (line: string) => void;
}

/** Throws when rules that are due could not be had; the figures are told all the same. */
export const makeRun =
  ({ refresh, budget, venueClock, clock, log, stage, write }: RunPorts) =>
  async (): Promise<void> => {
    let now: number;
    try {
      // The budget's windows are the venue's: no look at them by a clock that may be seconds off.
      now = await venueClock.venueTime();
    } catch (error) {
      if (!(error instanceof VenueUnavailableError)) throw error;
      log.warn('VENUE_CLOCK_UNKNOWN', { error: error.message });
      now = clock.now();
    }
    try {
      const { outcome } = await refresh();
      log.debug('SYMBOLS_CHECKED', { outcome });
    } catch (error) {
      throw error instanceof VenueUnavailableError ? asOneLine(error) : error;
    } finally {
      const figures = await budget.figures();
      if (figures !== null) {
        const minute = figures.weight.find(({ intervalMs }) => intervalMs === 60_000);
        const blockedMs = figures.blockedUntil === null ? 0 : Math.max(0, figures.blockedUntil - now);
        const [used, limit] = [minute?.used ?? 0, minute?.limit ?? 0];
        const values = {
          budget_weight_used_percent: limit === 0 ? 0 : Math.round((used / limit) * 100),
          budget_weight_used: used,
          budget_weight_limit: limit,
          budget_blocked_seconds: Math.ceil(blockedMs / 1000),
          budget_limits_assumed: figures.assumed ? 1 : 0,
        };
        write(`${metricsLine(stage, values, clock.now())}\n`);
      }
    }
  };

/** The run has failed, and whoever reads of it wants the reason: where in our code it was noticed says nothing more. */
function asOneLine(cause: VenueUnavailableError): VenueUnavailableError {
  const error = new VenueUnavailableError(`the trading rules could not be read: ${cause.message}`);
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
