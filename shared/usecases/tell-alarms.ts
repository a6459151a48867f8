/**
 * What a full exit is stuck on, for the log and on the position's timeline (design sections 9, 18): the log, and the alarm's
 * metric, have it at each step, the timeline the same alarm once in a quarter of an hour, for as long as it stands.
 *
 * Told after the step is written, and never in its way: a step that could not be told is told by the next one.
 */
import type { PlanAlarm } from '../domain/exits.ts';
import { isToldLately } from './pace-refusals.ts';
import type { Ports } from './ports.ts';

export const ALARM_PACE_MS = 15 * 60_000;

export async function tellAlarms(
  { ledger, metrics, clock, log }: Pick<Ports, 'ledger' | 'metrics' | 'clock' | 'log'>,
  positionId: string,
  alarms: readonly PlanAlarm[],
): Promise<void> {
  if (alarms.length > 0) metrics({ exits_stuck_total: 1 });
  for (const { code, why } of alarms) {
    log.error('EXIT_PLAN_ALARM', { positionId, code, why });
    const action = { at: clock.now(), kind: 'alarm', facts: { why: code, message: why } };
    try {
      if (await isToldLately(ledger, positionId, action, ALARM_PACE_MS)) continue;
      await ledger.commit({ actions: [{ positionId, action }] });
    } catch (error) {
      log.warn('ALARM_NOT_TOLD', { positionId, code, error: String(error) });
    }
  }
}
