/**
 * Each minute: every wallet at the exchange whose comparison is due gets a message (design section 13). Certainty
 * beside the messages that gaps, wishes and follow-ups send by themselves.
 */
import { pauseOf } from '../../domain/pauses.ts';
import type { ReconcileState } from '../../domain/reconcile/types.ts';
import { BINANCE_ENVIRONMENTS } from '../../domain/types.ts';
import { tell } from '../owed.ts';
import type { Ports } from '../ports.ts';

type Needs = Pick<Ports, 'wallets' | 'reconciles' | 'outbox' | 'served' | 'counters' | 'clock' | 'log'>;

export type ScheduleReconciles = ReturnType<typeof makeScheduleReconciles>;

export interface Scheduled {
  readonly sent: number;
  /** Wallets for whose comparison the budget has no room. */
  readonly waiting: number;
  /** Wallets at the exchange that send no entries because they are paused, by whomever. */
  readonly paused: number;
  /** Wallets whose keys the exchange refuses: nothing can be sent, exits neither. Null: not known now. */
  readonly refused: number | null;
  /** How long the oldest comparison has been owed, whatever it waits for; 0 = none is. */
  readonly oldestWaitMs: number;
  /** Wallets at the exchange whose keys may be used: those that are to be listened to. */
  readonly usable: readonly string[];
}
const NOTHING: Scheduled = { sent: 0, waiting: 0, paused: 0, refused: 0, oldestWaitMs: 0, usable: [] };

/** What health shows of it stands until the next two minutes have not come. */
const TOLD_MS = 180_000;

/** Those that wait longest go first. */
export function makeScheduleReconciles(ports: Needs) {
  const { wallets, reconciles, outbox, served, counters, clock, log } = ports;

  /** Epoch ms; null = it is not due, and waits for nothing. One that found no room waits since then. */
  const owedSince = ({ waitingSince, dueAt }: ReconcileState, now: number): number | null =>
    waitingSince ?? (dueAt <= now ? dueAt : null);

  async function told(
    states: readonly ReconcileState[],
    now: number,
  ): Promise<Pick<Scheduled, 'waiting' | 'oldestWaitMs'>> {
    const waiting = states.filter(({ waitingSince }) => waitingSince !== null).length;
    const since = states.flatMap((state) => owedSince(state, now) ?? []);
    const oldest = since.length === 0 ? null : Math.min(...since);
    const counts = { 'reconcile:waiting': String(waiting), 'reconcile:waiting_since': String(oldest ?? 0) };
    await tell(log, counters.set(counts, TOLD_MS), counts);
    return { waiting, oldestWaitMs: oldest === null ? 0 : Math.max(0, now - oldest) };
  }

  /** A figure, for which nothing else waits. */
  async function refusedIn(environment: (typeof BINANCE_ENVIRONMENTS)[number]): Promise<number | null> {
    try {
      return await wallets.refusedWallets(environment);
    } catch (error) {
      log.warn('REFUSED_WALLETS_UNKNOWN', { error: String(error) });
      return null;
    }
  }

  return async (): Promise<Scheduled> => {
    const environment = BINANCE_ENVIRONMENTS.find((candidate) => served.includes(candidate));
    if (environment === undefined) return NOTHING;
    const now = clock.now();
    const usable = await wallets.exchangeWallets(environment);
    const ids = usable.map(({ walletId }) => walletId);
    const paused = usable.filter((wallet) => pauseOf(wallet).pausedAt !== null).length;
    const states = new Map((await reconciles.states(ids)).map((state) => [state.walletId, state]));
    const dueAt = (walletId: string): number => states.get(walletId)?.dueAt ?? 0;
    const since = (walletId: string): number => states.get(walletId)?.waitingSince ?? dueAt(walletId);
    const due = ids.filter((walletId) => dueAt(walletId) <= now).sort((a, b) => since(a) - since(b));
    for (const walletId of due) {
      const reason = states.has(walletId) ? 'scheduled' : 'first';
      await tell(log, outbox.reconcile({ walletId, reason }), { walletId });
    }
    const waits = await told([...states.values()], now);
    return { sent: due.length, paused, refused: await refusedIn(environment), usable: ids, ...waits };
  };
}
