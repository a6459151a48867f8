/** Which venue a wallet trades at. */
import type { Wallet } from '../domain/types.ts';
import type { WalletStore } from '../ports/ledger.ts';
import {
  type DemoVenueBook,
  type VenueFactory,
  type VenueWallet,
  WalletUnusableError,
} from '../ports/venue.ts';
import { createDemoWallet, type DemoPorts } from './demo/demo-wallet.ts';

export interface VenueFactoryPorts extends DemoPorts {
  readonly wallets: Pick<WalletStore, 'get'>;
}

/** A wallet's settings are read again after this long, and this many are remembered. */
const REMEMBER_MS = 60_000;
const REMEMBER_WALLETS = 1000;

type DemoVenue = VenueWallet & DemoVenueBook;

export function createVenueFactory(ports: VenueFactoryPorts): VenueFactory {
  const { wallets, clock } = ports;
  const known = new Map<string, { readonly venue: DemoVenue; readonly readAt: number }>();

  const notServed = (wallet: Wallet): WalletUnusableError =>
    new WalletUnusableError(`wallet ${wallet.walletId}: ${wallet.environment} is not served here`);

  const venueOf = (wallet: Wallet): DemoVenue => {
    const { demo } = wallet;
    if (demo === null) throw notServed(wallet);
    return createDemoWallet({ ...wallet, demo }, ports);
  };

  const find = async (walletId: string): Promise<DemoVenue> => {
    const readAt = clock.now();
    const remembered = known.get(walletId);
    if (remembered !== undefined && readAt - remembered.readAt < REMEMBER_MS) return remembered.venue;
    const wallet = await wallets.get(walletId);
    if (wallet === null) throw new Error(`no wallet ${walletId}`);
    const venue = venueOf(wallet);
    known.delete(walletId);
    const oldest = known.size >= REMEMBER_WALLETS ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(walletId, { venue, readAt });
    return venue;
  };

  return {
    forWallet: find,
    demoBook: find,
    async forKeyCheck(walletId) {
      const wallet = await wallets.get(walletId);
      if (wallet === null) throw new Error(`no wallet ${walletId}`);
      throw notServed(wallet);
    },
  };
}
