/** Pausing by hand: entries stop, everything that reduces risk goes on (design section 12, invariant 9). */
import { ok, type Result } from '../domain/result.ts';
import { paused, resumed } from '../domain/wallets.ts';
import type { ChangeAccount, ExchangeWalletFacts } from './change-account.ts';
import { type OwnWalletCommand, ownExchangeWallet, walletDeleted } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import type { Refusal } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'log'>;

export interface PauseWalletCommand extends OwnWalletCommand {
  readonly reason: string | null;
}

export type PauseWallet = ReturnType<typeof makePauseWallet>;
export type ResumeWallet = ReturnType<typeof makeResumeWallet>;

/** A wallet that is paused stays so, with its first reason. */
export function makePauseWallet({ wallets, log }: Needs, changeAccount: ChangeAccount) {
  return async (command: PauseWalletCommand): Promise<Result<ExchangeWalletFacts, Refusal>> => {
    const own = await ownExchangeWallet(wallets, command);
    if (!own.ok) return own;
    const { walletId } = own.value;
    const wallet = await changeAccount(walletId, (account, now) => paused(account, now, command.reason));
    if (wallet === null || wallet.exchange.status === 'deleted') return walletDeleted();
    log.info('WALLET_PAUSED', { walletId });
    return ok(wallet);
  };
}

export function makeResumeWallet({ wallets, log }: Needs, changeAccount: ChangeAccount) {
  return async (command: OwnWalletCommand): Promise<Result<ExchangeWalletFacts, Refusal>> => {
    const own = await ownExchangeWallet(wallets, command);
    if (!own.ok) return own;
    const { walletId } = own.value;
    const wallet = await changeAccount(walletId, (account) =>
      account.pausedAt === null ? null : resumed(account),
    );
    if (wallet === null || wallet.exchange.status === 'deleted') return walletDeleted();
    log.info('WALLET_RESUMED', { walletId });
    return ok(wallet);
  };
}
