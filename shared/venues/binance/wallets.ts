/** Wallets of the one environment of the exchange that this deployment serves. */
import type { ExchangeAccount, Wallet } from '../../domain/types.ts';
import type { KeyOpener } from '../../ports/keys.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';
import type { AccountRank, ExchangeWallet } from '../../ports/venue.ts';
import { createKeyring } from './keyring.ts';
import { servedAccount } from './served-account.ts';
import type { Signer } from './signing.ts';
import { type BinanceVenue, type BinanceVenueParts, budgetAccount, createBinanceVenue } from './venue.ts';
import { createBinanceWallet } from './wallet.ts';

export interface BinanceWalletsParts extends BinanceVenueParts {
  readonly opener: KeyOpener;
  readonly symbols: Pick<SymbolDirectory, 'find'>;
  /** Null (the default) = the account's own. */
  readonly selfTradePreventionMode?: string | null;
}

export interface BinanceWallets {
  readonly venue: BinanceVenue;
  /** `rank`: of what is for comparisons. Throws WalletUnusableError. */
  wallet(wallet: Wallet, rank?: AccountRank): Promise<ExchangeWallet>;
  /** With the keys that wait for their check where there are any. Throws WalletUnusableError. */
  forKeyCheck(wallet: Wallet): Promise<ExchangeWallet>;
}

export function createBinanceWallets(parts: BinanceWalletsParts): BinanceWallets {
  const { environment, symbols, log } = parts;
  const venue = createBinanceVenue(parts);
  const keyring = createKeyring(parts.opener);

  const walletOf = (
    wallet: Wallet,
    signer: Signer,
    account: string | null,
    keyVersion: number | null,
    accountRank: AccountRank = 'comparison',
  ): ExchangeWallet =>
    createBinanceWallet({
      walletId: wallet.walletId,
      keyVersion,
      environment,
      client: venue.clientFor(signer, account),
      clock: venue.clock,
      dayVolume: venue.dayVolume,
      accountRank,
      symbols,
      selfTradePreventionMode: parts.selfTradePreventionMode ?? null,
      log,
    });

  /** Before its first check an account has no number: then its orders are counted under the wallet. */
  const accountOf = (wallet: Wallet, { accountUid }: ExchangeAccount): string =>
    budgetAccount(environment, accountUid ?? `wallet-${wallet.walletId}`);

  return {
    venue,
    async wallet(wallet, rank) {
      const account = servedAccount(wallet, environment);
      const signer = await keyring.current(wallet, account);
      return walletOf(wallet, signer, accountOf(wallet, account), account.keyVersion, rank);
    },
    async forKeyCheck(wallet) {
      const account = servedAccount(wallet, environment);
      return walletOf(wallet, await keyring.pending(wallet, account), null, null);
    },
  };
}
