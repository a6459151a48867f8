/** Reading wallets and their balances: a user sees only their own. */
import type { Page, WalletStore } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { VenueFactory } from '../../ports/venue.ts';
import { balancesView, walletView } from './wallet-view.ts';

export type WalletView = ReturnType<typeof walletView>;
export type BalancesView = ReturnType<typeof balancesView>;

export interface ReadWallets {
  get(userId: string, walletId: string): Promise<WalletView | null>;
  /**
   * Of a demo wallet, as its venue says now; null when there is no such wallet of this user. Those of a wallet at an
   * exchange have to be asked for where its keys may be opened (ask-balances.ts).
   */
  balances(userId: string, walletId: string): Promise<BalancesView | 'at_exchange' | null>;
  /** @throws BadCursorError */
  list(userId: string, query: { limit: number; cursor: string | null }): Promise<Page<WalletView>>;
}

export function makeReadWallets(ports: {
  readonly wallets: WalletStore;
  readonly venues: VenueFactory;
  readonly clock: Clock;
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
      const wallet = await own(userId, walletId);
      if (wallet === null) return null;
      if (wallet.exchange !== null) return 'at_exchange';
      const asOf = ports.clock.now();
      const venue = await ports.venues.forWallet(walletId);
      return balancesView(walletId, { asOf, balances: await venue.balances() });
    },
    list: async (userId, query) => {
      const page = await ports.wallets.ofUser(userId, query);
      return { items: page.items.map(walletView), cursor: page.cursor };
    },
  };
}
