/**
 * Changing what a wallet is set to: what AI signals may do to its positions, and how new ones are protected at the venue.
 * What is not named stays as it is.
 */

import type { ResidentMode } from '../domain/resident-facts.ts';
import { ok, type Result } from '../domain/result.ts';
import type { SignalPolicy } from '../domain/signal-facts.ts';
import type { Wallet } from '../domain/types.ts';
import { isDeleted } from '../domain/wallets.ts';
import { untilWritten } from './conflicts.ts';
import { type OwnWalletCommand, walletDeleted } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface ChangeWalletCommand extends OwnWalletCommand {
  readonly signalPolicy?: Partial<SignalPolicy>;
  readonly resident?: ResidentMode;
}

export type ChangeWallet = ReturnType<typeof makeChangeWallet>;

/** Counts from the next signal on. Sets values, so a repeat changes nothing more. */
export function makeChangeWallet(ports: Needs) {
  const { wallets, clock, log } = ports;

  async function attempt(command: ChangeWalletCommand): Promise<Result<Wallet, Refusal> | 'conflict'> {
    const { walletId, userId, signalPolicy: change = {} } = command;
    const before = await wallets.get(walletId);
    if (before === null || before.userId !== userId) return notFound('wallet', 'wallet_id');
    if (isDeleted(before)) return walletDeleted();
    const { signalPolicy } = before;
    const resident = command.resident ?? before.resident;
    const wanted = { ...signalPolicy, ...change };
    const isSame =
      resident === before.resident &&
      wanted.act === signalPolicy.act &&
      wanted.allowLoosen === signalPolicy.allowLoosen &&
      wanted.minConfidence.equals(signalPolicy.minConfidence);
    if (isSame) return ok(before);
    const after = { ...before, signalPolicy: wanted, resident, updatedAt: clock.now() };
    if (!(await wallets.update({ before, after }))) return 'conflict';
    log.info('WALLET_CHANGED', {
      walletId,
      resident,
      act: wanted.act,
      allowLoosen: wanted.allowLoosen,
      minConfidence: wanted.minConfidence.toFixed(),
    });
    return ok({ ...after, version: before.version + 1 });
  }

  return (command: ChangeWalletCommand): Promise<Result<Wallet, Refusal>> =>
    untilWritten(ports, `wallet ${command.walletId}`, () => attempt(command));
}
