/**
 * Each minute: every wallet at the exchange whose comparison is due gets a message (design section 13). Certainty
 * beside the messages that gaps, wishes and follow-ups send by themselves.
 */
import { BINANCE_ENVIRONMENTS } from '../../domain/types.ts';
import { tell } from '../owed.ts';
import type { Ports } from '../ports.ts';

type Needs = Pick<Ports, 'wallets' | 'reconciles' | 'outbox' | 'served' | 'clock' | 'log'>;

export type ScheduleReconciles = ReturnType<typeof makeScheduleReconciles>;

/** Answers how many were sent. Those that wait longest go first. */
export function makeScheduleReconciles({ wallets, reconciles, outbox, served, clock, log }: Needs) {
  return async (): Promise<number> => {
    const environment = BINANCE_ENVIRONMENTS.find((candidate) => served.includes(candidate));
    if (environment === undefined) return 0;
    const now = clock.now();
    const ids = (await wallets.exchangeWallets(environment)).map(({ walletId }) => walletId);
    const states = new Map((await reconciles.states(ids)).map((state) => [state.walletId, state]));
    const dueAt = (walletId: string): number => states.get(walletId)?.dueAt ?? 0;
    // One that has found no room in the budget waits since then.
    const since = (walletId: string): number => states.get(walletId)?.waitingSince ?? dueAt(walletId);
    const due = ids.filter((walletId) => dueAt(walletId) <= now).sort((a, b) => since(a) - since(b));
    for (const walletId of due) {
      const reason = states.has(walletId) ? 'scheduled' : 'first';
      await tell(log, outbox.reconcile({ walletId, reason }), { walletId });
    }
    return due.length;
  };
}
