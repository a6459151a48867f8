/**
 * What wallets owe is sent again: key checks whose message was lost or whose venue could not be asked, and stops that
 * were interrupted or wait for what they cancel (design section 14).
 */
import { pauseOf } from '../domain/pauses.ts';
import { isCheckOwed, nextCheckAfter } from '../domain/wallets.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'wallets' | 'outbox' | 'clock' | 'log'>;

/** More than this wait for the next sweep, a second later. */
const PAGE = 100;

export type RedriveWallets = ReturnType<typeof makeRedriveWallets>;

/** Answers how many were sent. A due time is moved on first, by condition, so that two sweeps do not send the same. */
export function makeRedriveWallets({ wallets, outbox, clock, log }: Needs) {
  return async (): Promise<number> => {
    let driven = 0;
    for (const due of await wallets.dueWallets(clock.now(), PAGE)) {
      const { walletId } = due;
      const wallet = await wallets.get(walletId);
      if (wallet === null) continue;
      const { exchange } = wallet;
      const isChecked = exchange !== null && isCheckOwed(exchange);
      const { stop } = pauseOf(wallet);
      const since = [isChecked ? exchange.checkWantedAt : null, stop?.since ?? null];
      const owed = since.filter((at) => at !== null);
      if (owed.length === 0) continue; // the index lags behind
      if (!(await wallets.moveWallet(due, nextCheckAfter(clock.now(), Math.max(...owed))))) continue;
      log.info('WORK_REDRIVEN', { walletId, status: exchange?.status ?? 'demo', isStopping: stop !== null });
      if (stop !== null) await outbox.exits({ walletId, stop: true });
      if (isChecked) await outbox.submit({ walletId });
      driven += 1;
    }
    return driven;
  };
}
