/** Reading wallets and their balances: a user sees only their own. */

import type { Wallet } from '../../domain/types.ts';
import type { Page, WalletStore } from '../../ports/ledger.ts';
import type { Clock, Log } from '../../ports/runtime.ts';
import type { UserDataBoard } from '../../ports/user-data.ts';
import type { VenueFactory } from '../../ports/venue.ts';
import { balancesView, streamView, walletView } from './wallet-view.ts';

export type WalletView = ReturnType<typeof walletView>;
/** With `stream` where the wallet is one at an exchange. */
export type WalletPageView = WalletView & { readonly stream?: ReturnType<typeof streamView> };
export type BalancesView = ReturnType<typeof balancesView>;

export interface ReadWallets {
  /** A cache that cannot be asked costs the answer its `stream` (null), nothing else. */
  get(userId: string, walletId: string): Promise<WalletPageView | null>;
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
  readonly log: Log;
  /** Null or absent: no exchange is served. */
  readonly userData?: Pick<UserDataBoard, 'readWallet'> | null;
}): ReadWallets {
  const streamOf = async ({ walletId, environment }: Wallet) => {
    if (ports.userData == null || environment === 'demo') return null;
    try {
      return await ports.userData.readWallet(environment, walletId, ports.clock.now());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      ports.log.warn('WALLET_STREAM_UNKNOWN', { wallet_id: walletId, error: message });
      return null;
    }
  };
  const own = async (userId: string, walletId: string) => {
    const wallet = await ports.wallets.get(walletId);
    return wallet?.userId === userId ? wallet : null;
  };
  return {
    get: async (userId, walletId) => {
      const wallet = await own(userId, walletId);
      if (wallet === null) return null;
      const view = walletView(wallet);
      return wallet.exchange === null ? view : { ...view, stream: streamView(await streamOf(wallet)) };
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
