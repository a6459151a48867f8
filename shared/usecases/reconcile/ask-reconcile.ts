/** A comparison that somebody wants now: noted first, so that a lost message only costs time (design sections 13, 14). */
import { ok, type Result } from '../../domain/result.ts';
import type { Wallet } from '../../domain/types.ts';
import { hasUsableKeys, isDeleted } from '../../domain/wallets.ts';
import type { ReconcileReason, ReconcileStatement } from '../../ports/reconcile.ts';
import { untilWritten } from '../conflicts.ts';
import { tell } from '../owed.ts';
import { notServed, type OwnWalletCommand, walletDeleted } from '../own-wallet.ts';
import type { Ports } from '../ports.ts';
import { notFound, type Refusal, refuse } from '../refusal.ts';
import { freshState } from './reconcile-wallet.ts';

type Needs = Pick<Ports, 'wallets' | 'reconciles' | 'outbox' | 'served' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface ReconcileAsked {
  /** Statements that began at or after this time answer the wish. */
  readonly wantedAt: number;
  readonly last: ReconcileStatement | null;
}

/** Notes that a pass is wanted, and says so on the queue. */
export function makeWantReconcile(ports: Needs) {
  const { reconciles, outbox, clock, log } = ports;
  return async (walletId: string, reason: ReconcileReason): Promise<number> => {
    const wantedAt = await untilWritten(ports, `wish of wallet ${walletId}`, async () => {
      const before = await reconciles.state(walletId);
      const now = clock.now();
      const after = { ...(before ?? freshState(walletId, now)), wantedAt: now, reason, dueAt: now };
      return (await reconciles.save({ before, after }, null)) ? now : 'conflict';
    });
    await tell(log, outbox.reconcile({ walletId, reason }), { walletId });
    return wantedAt;
  };
}

export type AskReconcile = ReturnType<typeof makeAskReconcile>;

export function makeAskReconcile(ports: Needs) {
  const { wallets, reconciles, served } = ports;
  const want = makeWantReconcile(ports);

  function refusalOf(wallet: Wallet) {
    if (isDeleted(wallet)) return walletDeleted();
    if (!served.includes(wallet.environment)) return notServed(wallet.environment, served);
    if (wallet.exchange === null || hasUsableKeys(wallet.exchange)) return null;
    const fix = 'wait for the check of its keys, or give it others';
    return refuse('wallet_not_ready', 'wallet_id', `its keys are ${wallet.exchange.status}`, fix);
  }

  return async (command: OwnWalletCommand): Promise<Result<ReconcileAsked, Refusal>> => {
    const { walletId, userId } = command;
    const wallet = await wallets.get(walletId);
    if (wallet === null || wallet.userId !== userId) return notFound('wallet', 'wallet_id');
    const refusal = refusalOf(wallet);
    if (refusal !== null) return refusal;
    const last = await reconciles.latest(walletId);
    return ok({ wantedAt: await want(walletId, 'asked'), last });
  };
}
