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

/** [5 s] A pass that is asked for begins no sooner after the last one: passes cost the exchange's request weight. */
const SPACE_MS = 5_000;
/** [30 s] A wish that is pending answers others; one that is older is told again. */
const PENDING_MS = 30_000;

/**
 * Notes that a pass is wanted, and says so on the queue; however often it is asked for, one pass comes of it. Answers
 * since when it is wanted.
 */
export function makeWantReconcile(ports: Needs) {
  const { reconciles, outbox, clock, log } = ports;
  return async (walletId: string, reason: ReconcileReason, notBefore: number): Promise<number> => {
    let delayMs: number | null = null;
    const wantedAt = await untilWritten(ports, `wish of wallet ${walletId}`, async () => {
      const before = await reconciles.state(walletId);
      const now = clock.now();
      const pending = before?.wantedAt ?? null;
      if (pending !== null && now - pending < PENDING_MS) return pending;
      const dueAt = Math.max(now, notBefore);
      delayMs = dueAt - now;
      const after = { ...(before ?? freshState(walletId, now)), wantedAt: now, reason, dueAt };
      return (await reconciles.save({ before, after }, null)) ? now : 'conflict';
    });
    if (delayMs === null) return wantedAt;
    const seconds = Math.ceil(delayMs / 1000);
    await tell(log, outbox.reconcile({ walletId, reason }, seconds), { walletId });
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
    const notBefore = last === null ? 0 : last.startedAt + SPACE_MS;
    return ok({ wantedAt: await want(walletId, 'asked', notBefore), last });
  };
}
