/** The venue of an order's wallet, where the wallet can be used. */
import type { Order, Wallet } from '../domain/types.ts';
import { type VenueWallet, WalletUnusableError } from '../ports/venue.ts';
import type { Ports } from './ports.ts';

type Found = { readonly venue: VenueWallet } | { readonly venue: null; readonly why: string };

/**
 * Keys that are gone or an environment that is not served here are no failure of this message: said, and left due.
 * `known`: the order's wallet as it was just read.
 */
export async function venueOf(
  { venues, log }: Pick<Ports, 'venues' | 'log'>,
  { orderId, walletId, role, status }: Order,
  known: Wallet | null = null,
): Promise<Found> {
  try {
    return { venue: await venues.forWallet(walletId, known) };
  } catch (error) {
    if (!(error instanceof WalletUnusableError)) throw error;
    log.error('WALLET_UNUSABLE', { orderId, walletId, role, status, error: error.message });
    return { venue: null, why: error.message };
  }
}
