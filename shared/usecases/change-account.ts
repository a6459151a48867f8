/** One change of a wallet's exchange account: read, decide, write by condition, again after a lost race. */
import type { ExchangeAccount, Wallet } from '../domain/types.ts';
import { untilWritten } from './conflicts.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'wallets' | 'clock' | 'ids' | 'sleep'>;

export type ExchangeWalletFacts = Wallet & { readonly exchange: ExchangeAccount };

export const atExchange = (wallet: Wallet | null): ExchangeWalletFacts | null =>
  wallet === null || wallet.exchange === null ? null : { ...wallet, exchange: wallet.exchange };

export const withAccount = (wallet: Wallet, exchange: ExchangeAccount, now: number): ExchangeWalletFacts => ({
  ...wallet,
  exchange,
  updatedAt: now,
});

export type ChangeAccount = ReturnType<typeof makeChangeAccount>;

/**
 * `decide` answers the account as it should be, or null to leave it. Answers the wallet as it then stands; null when
 * there is no such wallet at an exchange. Throws ContendedError.
 */
export function makeChangeAccount(ports: Needs) {
  const { wallets, clock } = ports;
  return (
    walletId: string,
    decide: (account: ExchangeAccount, now: number) => ExchangeAccount | null,
  ): Promise<ExchangeWalletFacts | null> =>
    untilWritten(ports, `wallet ${walletId}`, async () => {
      const before = atExchange(await wallets.get(walletId));
      if (before === null) return null;
      const now = clock.now();
      const account = decide(before.exchange, now);
      if (account === null || account === before.exchange) return before;
      const after = withAccount(before, account, now);
      if (!(await wallets.update({ before, after }))) return 'conflict';
      return { ...after, version: before.version + 1 };
    });
}
