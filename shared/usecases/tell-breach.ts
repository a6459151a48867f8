/**
 * A wallet that has lost more than it may, on the timelines of its positions (design sections 12, 18): that it was paused,
 * by which figures, and what becomes of them. Its user is pushed it once, by the first one's alarm.
 *
 * Told after the pause is written, and never in its way.
 */
import { decimalText } from '../domain/money/decimal.ts';
import { isClosed } from '../domain/positions.ts';
import { type Breach, breachReason } from '../domain/risk/breach.ts';
import type { Ports } from './ports.ts';

/** Lines of one transaction. */
const AT_ONCE = 50;

/** `flatten`: all of them are closed. */
export async function tellBreach(
  { ledger, clock, log }: Pick<Ports, 'ledger' | 'clock' | 'log'>,
  walletId: string,
  breaches: readonly Breach[],
  flatten: boolean,
): Promise<void> {
  const message = `the wallet is paused: ${breachReason(breaches)}`;
  const figures = breaches.flatMap(({ name, limit, lost }) => [
    [`${name}_limit`, decimalText(limit)],
    [`${name}_lost`, decimalText(lost)],
  ]);
  const facts = {
    ...{ why: 'risk_breach', message, on_breach: flatten ? 'flatten' : 'pause' },
    ...Object.fromEntries(figures),
  };
  const at = clock.now();
  try {
    const listed = (await ledger.livePositionsOfWallet(walletId)).filter((p) => !isClosed(p));
    const lines = listed.map(({ positionId }, n) => ({
      positionId,
      action: { at, kind: n === 0 ? 'alarm' : 'risk_breach', facts },
    }));
    for (let from = 0; from < lines.length; from += AT_ONCE) {
      await ledger.commit({ actions: lines.slice(from, from + AT_ONCE) });
    }
  } catch (error) {
    log.warn('BREACH_NOT_TOLD', { walletId, error: String(error) });
  }
}
