/** Which venue a wallet trades at: our own demo wallet, or the one exchange environment of this deployment. */
import type { Wallet } from '../domain/types.ts';
import type { WalletStore } from '../ports/ledger.ts';
import {
  type AccountFactory,
  type DemoVenueBook,
  type ExchangeWallet,
  type VenueFactory,
  type VenueWallet,
  WalletUnusableError,
} from '../ports/venue.ts';
import { servedAccount } from './binance/served-account.ts';
import type { BinanceWallets } from './binance/wallets.ts';
import { createDemoWallet, type DemoPorts } from './demo/demo-wallet.ts';

export interface VenueFactoryPorts extends DemoPorts {
  readonly wallets: Pick<WalletStore, 'get'>;
  /**
   * Null = no exchange is served, or nothing is signed here: only demo wallets can be used. Given ready-made, so that
   * a function that never speaks to the exchange does not carry its client.
   */
  readonly binance: BinanceWallets | null;
}

/** Where the exchange's clock, market data and budget are of use to others (health, symbols, streams). */
export interface VenueFactoryParts extends VenueFactory, AccountFactory {
  readonly binance: BinanceWallets | null;
  /** Ends idle connections. */
  close(): void;
}

/** A demo wallet's settings are read again after this long, and this many are remembered. */
const REMEMBER_MS = 60_000;
const REMEMBER_WALLETS = 1000;

type Venue =
  | { readonly kind: 'demo'; readonly venue: VenueWallet & DemoVenueBook }
  | { readonly kind: 'exchange'; readonly venue: ExchangeWallet };

export function createVenueFactory(ports: VenueFactoryPorts): VenueFactoryParts {
  const { wallets, clock, binance } = ports;
  const known = new Map<string, { readonly venue: Venue; readonly readAt: number }>();

  async function read(walletId: string): Promise<Wallet> {
    const wallet = await wallets.get(walletId);
    if (wallet === null) throw new Error(`no wallet ${walletId}`);
    return wallet;
  }

  async function venueOf(wallet: Wallet): Promise<Venue> {
    const { demo } = wallet;
    if (demo !== null) return { kind: 'demo', venue: createDemoWallet({ ...wallet, demo }, ports) };
    return { kind: 'exchange', venue: await exchange(wallet).wallet(wallet) };
  }

  function exchange(wallet: Wallet): BinanceWallets {
    servedAccount(wallet, binance?.venue.environment ?? null);
    if (binance === null) throw new WalletUnusableError(`this deployment serves no exchange`);
    return binance;
  }

  /**
   * Wallets at the exchange are not remembered: who was told that new keys are in use may end the old ones at once.
   * Opening keys is what takes long, and opened ones are kept by their version (keyring.ts).
   */
  async function find(walletId: string, given: Wallet | null = null): Promise<Venue> {
    const readAt = clock.now();
    const remembered = known.get(walletId);
    if (remembered !== undefined && readAt - remembered.readAt < REMEMBER_MS) return remembered.venue;
    const venue = await venueOf(given ?? (await read(walletId)));
    if (venue.kind === 'exchange') return venue;
    known.delete(walletId);
    const oldest = known.size >= REMEMBER_WALLETS ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(walletId, { venue, readAt });
    return venue;
  }

  return {
    binance,
    forWallet: async (walletId, given) => (await find(walletId, given)).venue,
    async forKeyCheck(walletId) {
      const wallet = await read(walletId);
      return exchange(wallet).forKeyCheck(wallet);
    },
    async forAccount(walletId, rank) {
      const wallet = await read(walletId);
      return exchange(wallet).wallet(wallet, rank);
    },
    async demoBook(walletId) {
      const { kind, venue } = await find(walletId);
      if (kind === 'demo') return venue;
      throw new Error(`wallet ${walletId} is no demo wallet`);
    },
    close: () => binance?.venue.close(),
  };
}
