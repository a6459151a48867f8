/**
 * One scheduled pass of the evaluator (design section 10): visible hits of the shard's symbols, due work, and losses.
 *
 * Always true:
 * - a sweep of a second that somebody else has done does nothing;
 * - with the monitor switched off no hit is taken (they stay, and are judged anew when it is on again); what is owed
 *   already is done, and losses are looked at: an order in doubt, or an exit half-way, waits for no switch;
 * - one that comes too late stands in for the present second: while a queue lags behind, all are late, and dropping
 *   them would leave due work to nobody for as long as it lasts. There is still at most one in each second.
 */
import type { CheckLosses } from './check-losses.ts';
import type { EvaluateHits } from './evaluate-hits.ts';
import type { Ports } from './ports.ts';
import type { RedriveDue, Redriven } from './redrive-due.ts';

type Needs = Pick<Ports, 'index' | 'leases' | 'counters' | 'metrics' | 'clock' | 'log'>;

/** Later ones have done the work of an older sweep, if there were any. */
export const SWEEP_TOO_OLD_MS = 5_000;
/** Doubled dispatches overlap by a little more than a minute. */
const ONCE_MS = 300_000;

export type SweepOutcome = 'done' | 'too_old' | 'doubled' | 'disabled';
export type Sweep = ReturnType<typeof makeSweep>;

export function makeSweep(
  ports: Needs,
  parts: {
    readonly evaluateHits: EvaluateHits;
    readonly redriveDue: RedriveDue;
    readonly checkLosses: CheckLosses;
  },
  enabled: boolean,
) {
  const { index, leases, counters, metrics, clock, log } = ports;

  /** One symbol's failure leaves the others' to be done; answers how many failed. */
  async function takeHits(shard: number): Promise<number> {
    let errors = 0;
    for (const symbol of await index.symbolsWithHits(shard, clock.now())) {
      try {
        await parts.evaluateHits(symbol);
      } catch (error) {
        errors += 1;
        log.error('SWEEP_SYMBOL_FAILED', { shard, symbol, error: String(error) });
      }
    }
    return errors;
  }

  /** What is due, and how late it is: told when it is, and once a minute that it is not. */
  async function redrive(shard: number, second: number): Promise<void> {
    const { overdueMs, unknownMs, failure }: Redriven = await parts.redriveDue(shard);
    if (second % 60 === 0 || overdueMs > 0 || unknownMs > 0) {
      metrics({
        work_overdue_seconds: Math.floor(overdueMs / 1000),
        orders_unknown_seconds: Math.floor(unknownMs / 1000),
      });
    }
    if (failure !== null) throw failure.error;
  }

  /** Side by side: neither many hits nor a failure of one part keeps the other waiting. */
  async function pass(shard: number, second: number): Promise<number> {
    const [hits, due, losses] = await Promise.allSettled([
      takeHits(shard),
      redrive(shard, second),
      parts.checkLosses(shard),
    ]);
    if (hits.status === 'rejected') throw hits.reason;
    if (due.status === 'rejected') throw due.reason;
    if (losses.status === 'rejected') throw losses.reason;
    return hits.value;
  }

  return async (message: { readonly shard: number; readonly second: number }): Promise<SweepOutcome> => {
    const { shard, second } = message;
    const now = clock.now();
    const isLate = now - second * 1000 > SWEEP_TOO_OLD_MS;
    const done = isLate ? Math.floor(now / 1000) : second;
    try {
      if (!(await leases.once(`sweep:{${shard}}:${done}`, ONCE_MS))) return isLate ? 'too_old' : 'doubled';
    } catch (error) {
      // Without the cache there are no hits, but work that is due goes on: the ledger drops its doubles.
      await redrive(shard, done);
      throw error;
    }
    const errors = await pass(shard, done);
    if (!enabled) return 'disabled';
    await counters.add({
      'om:checks_total': 1,
      'om:errors_total': errors,
    });
    await counters.set({ 'om:last_check': String(clock.now()) });
    return 'done';
  };
}
