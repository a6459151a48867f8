/** Reading wallets and their balances: a user sees only their own. */
import type { Page, WalletStore } from '../../ports/ledger.ts';
import type { VenueFactory } from '../../ports/venue.ts';
import { balanceView, walletView } from './wallet-view.ts';

export type WalletView = ReturnType<typeof walletView>;
export type BalanceView = ReturnType<typeof balanceView>;

export interface ReadWallets {
  get(userId: string, walletId: string): Promise<WalletView | null>;
  /** As the venue says now, by asset name; null when there is no such wallet of this user. */
  balances(userId: string, walletId: string): Promise<readonly BalanceView[] | null>;
  /** @throws BadCursorError */
  list(userId: string, query: { limit: number; cursor: string | null }): Promise<Page<WalletView>>;
}

export function makeReadWallets(ports: {
  readonly wallets: WalletStore;
  readonly venues: VenueFactory;
}): ReadWallets {
  const own = async (userId: string, walletId: string) => {
    const wallet = await ports.wallets.get(walletId);
    return wallet?.userId === userId ? wallet : null;
  };
  return {
    get: async (userId, walletId) => {
      const wallet = await own(userId, walletId);
      return wallet && walletView(wallet);
    },
    balances: async (userId, walletId) => {
      if ((await own(userId, walletId)) === null) return null;
      const venue = await ports.venues.forWallet(walletId);
      const balances = await venue.balances();
      return balances.toSorted((a, b) => (a.asset < b.asset ? -1 : 1)).map(balanceView);
    },
    list: async (userId, query) => {
      const page = await ports.wallets.ofUser(userId, query);
      return { items: page.items.map(walletView), cursor: page.cursor };
    },
  };
}
