/**
 * The time stop's exit (design section 9): claimed once its time has come, by due work alone. It waits for no price and
 * needs no cache; whoever comes second finds it claimed.
 */
import { isTimeUp, timeStopAt } from '../domain/time-stop.ts';
import type { ArmLevels } from './arm-levels.ts';
import { type ClaimedClose, claimClose, tellClose } from './claim-close.ts';
import { untilWritten } from './conflicts.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'outbox' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'>;

export type CloseInTime = ReturnType<typeof makeCloseInTime>;

export function makeCloseInTime(ports: Needs, arm: ArmLevels) {
  const { ledger, clock, log } = ports;

  async function attempt(positionId: string): Promise<ClaimedClose | null | 'conflict'> {
    const before = await ledger.position(positionId);
    const now = clock.now();
    if (before === null || !isTimeUp(before, now)) return null;
    const at = timeStopAt(before) ?? now;
    const facts = { time_stop_at: new Date(at).toISOString(), late_ms: String(now - at) };
    const claimed = await claimClose(ports, before, { cause: 'time_stop', now, facts });
    if (!claimed.ok) return null;
    const { change, orders, action } = claimed.value;
    const result = await ledger.commit({ orders, positions: [change], actions: [action] });
    if (result.outcome !== 'done') return 'conflict';
    log.info('TIME_STOP_CLAIMED', { positionId, lateMs: now - at });
    return claimed.value;
  }

  /** Claims the exit of a position whose time is up; nothing to do is no error. */
  return async (positionId: string): Promise<void> => {
    const claimed = await untilWritten(ports, `time stop of position ${positionId}`, () =>
      attempt(positionId),
    );
    if (claimed !== null) await tellClose(ports, arm, claimed);
  };
}
