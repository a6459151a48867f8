/** The caller's own wallet at an exchange, or why the command is not for it. */
import { ok, type Result } from '../domain/result.ts';
import {
  BINANCE_ENVIRONMENTS,
  type BinanceEnvironment,
  type Environment,
  type Wallet,
} from '../domain/types.ts';
import { isDeleted } from '../domain/wallets.ts';
import type { WalletStore } from '../ports/ledger.ts';
import { atExchange, type ExchangeWalletFacts } from './change-account.ts';
import { notFound, type Refusal, refuse } from './refusal.ts';

export interface OwnWalletCommand {
  readonly userId: string;
  readonly walletId: string;
}

/** The one exchange environment that is served; null = none. */
export const servedExchange = (served: readonly Environment[]): BinanceEnvironment | null =>
  BINANCE_ENVIRONMENTS.find((environment) => served.includes(environment)) ?? null;

export function notServed(asked: string | null, served: readonly Environment[]) {
  const here = servedExchange(served);
  return refuse(
    'environment_not_served',
    'environment',
    asked === null ? 'no exchange is served here' : `${asked} is not served here`,
    here === null ? 'use a demo wallet, or another deployment' : `this deployment serves ${here}`,
  );
}

export const walletDeleted = () =>
  refuse('wallet_deleted', null, 'the wallet was deleted and has no keys', 'connect the account again');

export async function ownExchangeWallet(
  wallets: Pick<WalletStore, 'get'>,
  { userId, walletId }: OwnWalletCommand,
): Promise<Result<ExchangeWalletFacts, Refusal>> {
  const wallet: Wallet | null = await wallets.get(walletId);
  if (wallet === null || wallet.userId !== userId) return notFound('wallet', 'wallet_id');
  const own = atExchange(wallet);
  if (own === null) {
    const fix = 'a demo wallet needs no keys and holds no real money';
    return refuse('not_for_demo_wallets', 'wallet_id', 'this is for wallets at an exchange', fix);
  }
  return isDeleted(own) ? walletDeleted() : ok(own);
}
