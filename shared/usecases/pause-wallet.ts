/** Pausing by hand: entries stop, everything that reduces risk goes on (design section 12, invariant 9). */
import { paused, pauseOf, resumed, withPause } from '../domain/pauses.ts';
import { ok, type Result } from '../domain/result.ts';
import type { PauseState, Wallet } from '../domain/types.ts';
import { isDeleted } from '../domain/wallets.ts';
import { untilWritten } from './conflicts.ts';
import { type OwnWalletCommand, walletDeleted } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal } from './refusal.ts';
import { NOTHING_STOPPED, type Stopped, type StopWallet } from './stop-wallet.ts';

type Needs = Pick<Ports, 'wallets' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface PauseWalletCommand extends OwnWalletCommand {
  readonly reason: string | null;
  /** [false] Entries that rest are cancelled. */
  readonly cancelEntries?: boolean;
  /** [false] All positions are closed, and entries that rest cancelled: one that filled later would open anew. */
  readonly flatten?: boolean;
}

export interface PausedWallet extends Stopped {
  /** As it stands after the first look; with `stop` while something is still owed. */
  readonly wallet: Wallet;
}

export type PauseWallet = ReturnType<typeof makePauseWallet>;
export type ResumeWallet = ReturnType<typeof makeResumeWallet>;

/** One change of the caller's own wallet: read, decide, write by condition, again after a lost race. */
function change(
  { wallets, clock, ids, sleep }: Needs,
  { walletId, userId }: OwnWalletCommand,
  decide: <P extends PauseState>(state: P, now: number) => P,
): Promise<Result<Wallet, Refusal>> {
  return untilWritten({ ids, sleep }, `wallet ${walletId}`, async () => {
    const before = await wallets.get(walletId);
    if (before === null || before.userId !== userId) return notFound('wallet', 'wallet_id');
    if (isDeleted(before)) return walletDeleted();
    const now = clock.now();
    const wanted = withPause(before, (state) => decide(state, now));
    if (wanted === before) return ok(before);
    const after = { ...wanted, updatedAt: now };
    return (await wallets.update({ before, after }))
      ? ok({ ...after, version: before.version + 1 })
      : 'conflict';
  });
}

/**
 * A wallet that is paused stays so, with its first reason. What is to be cancelled and closed is written with the pause
 * and begun at once; where that is interrupted the due index brings it back.
 */
export function makePauseWallet(ports: Needs, stopWallet: StopWallet) {
  const { wallets, log } = ports;
  return async (command: PauseWalletCommand): Promise<Result<PausedWallet, Refusal>> => {
    const { walletId, reason, cancelEntries = false, flatten = false } = command;
    const wish = cancelEntries || flatten ? ({ flatten, cause: 'manual' } as const) : null;
    const written = await change(ports, command, (state, now) => paused(state, now, reason, wish));
    if (!written.ok) return written;
    log.info('WALLET_PAUSED', { walletId, cancelEntries: wish !== null, flatten });
    if (pauseOf(written.value).stop === null) return ok({ wallet: written.value, ...NOTHING_STOPPED });
    const stopped = (await stopWallet(walletId)) ?? NOTHING_STOPPED;
    return ok({ wallet: (await wallets.get(walletId)) ?? written.value, ...stopped });
  };
}

/** What was cancelled or claimed goes on; what a stop still owed is let be. */
export function makeResumeWallet(ports: Needs) {
  return async (command: OwnWalletCommand): Promise<Result<Wallet, Refusal>> => {
    const written = await change(ports, command, (state) =>
      state.pausedAt === null ? state : resumed(state),
    );
    if (written.ok) ports.log.info('WALLET_RESUMED', { walletId: command.walletId });
    return written;
  };
}
