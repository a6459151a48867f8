/** Which account at the exchange a wallet stands for. Apart from wallets.ts: who signs nothing asks this too. */
import type { BinanceEnvironment, ExchangeAccount, Wallet } from '../../domain/types.ts';
import { WalletUnusableError } from '../../ports/venue.ts';

/** The wallet's account, where this deployment serves its environment. Throws WalletUnusableError. */
export function servedAccount(wallet: Wallet, served: BinanceEnvironment | null): ExchangeAccount {
  if (wallet.environment !== served || wallet.exchange === null) {
    const serves = served === null ? 'no exchange' : served;
    throw new WalletUnusableError(
      `wallet ${wallet.walletId} lives in ${wallet.environment}, this deployment serves ${serves}`,
    );
  }
  return wallet.exchange;
}
