/** Key checks whose message was lost, or whose venue could not be asked, are sent again (design section 14). */
import { nextCheckAfter } from '../domain/wallets.ts';
import { atExchange } from './change-account.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'wallets' | 'outbox' | 'clock' | 'log'>;

/** More than this wait for the next sweep, a second later. */
const PAGE = 100;

export type RedriveChecks = ReturnType<typeof makeRedriveChecks>;

/** Answers how many were sent. A due time is moved on first, by condition, so that two sweeps do not send the same. */
export function makeRedriveChecks({ wallets, outbox, clock, log }: Needs) {
  return async (): Promise<number> => {
    let driven = 0;
    for (const check of await wallets.dueChecks(clock.now(), PAGE)) {
      const { walletId } = check;
      const wallet = atExchange(await wallets.get(walletId));
      const wantedAt = wallet?.exchange.checkWantedAt ?? null;
      if (wantedAt === null) continue; // the index lags behind
      if (!(await wallets.moveCheck(check, nextCheckAfter(clock.now(), wantedAt)))) continue;
      log.info('WORK_REDRIVEN', { walletId, status: wallet?.exchange.status });
      await outbox.submit({ walletId });
      driven += 1;
    }
    return driven;
  };
}
