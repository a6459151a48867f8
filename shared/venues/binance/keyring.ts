/**
 * Opened keys of this process: each is opened once per wallet and key version, the least used are forgotten. What is
 * kept is a signer, never text that could be shown.
 */
import type { ExchangeAccount, Wallet } from '../../domain/types.ts';
import { type KeyOpener, KeyUnreadableError } from '../../ports/keys.ts';
import { WalletUnusableError } from '../../ports/venue.ts';
import { BadKeyError, createSigner, type Signer } from './signing.ts';

const REMEMBERED = 1_000;

export interface Keyring {
  /** The keys in use. Throws WalletUnusableError. */
  current(wallet: Wallet, account: ExchangeAccount): Promise<Signer>;
  /** The keys that wait for their check, else those in use; opened anew each time. Throws WalletUnusableError. */
  pending(wallet: Wallet, account: ExchangeAccount): Promise<Signer>;
}

async function openSigner(opener: KeyOpener, wallet: Wallet, sealed: string): Promise<Signer> {
  const { walletId, userId } = wallet;
  if (sealed === '') throw new WalletUnusableError(`wallet ${walletId} has no keys`);
  try {
    return createSigner(await opener.open(sealed, { walletId, userId }));
  } catch (error) {
    // Neither the sealed text nor the opener's words go further than this.
    if (error instanceof KeyUnreadableError || error instanceof BadKeyError) {
      throw new WalletUnusableError(`the keys of wallet ${walletId} cannot be used: ${error.message}`);
    }
    throw error;
  }
}

export function createKeyring(opener: KeyOpener): Keyring {
  const known = new Map<string, { readonly keyVersion: number; readonly signer: Promise<Signer> }>();
  return {
    async current(wallet, account) {
      const { walletId } = wallet;
      const { keyVersion, sealedKeys, status } = account;
      if (status === 'deleted') throw new WalletUnusableError(`the keys of wallet ${walletId} are deleted`);
      const found = known.get(walletId);
      known.delete(walletId);
      const entry =
        found?.keyVersion === keyVersion
          ? found
          : { keyVersion, signer: openSigner(opener, wallet, sealedKeys) };
      const oldest = known.size >= REMEMBERED ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      known.set(walletId, entry);
      try {
        return await entry.signer;
      } catch (error) {
        // A failure is no key: the next one asks again.
        if (known.get(walletId) === entry) known.delete(walletId);
        throw error;
      }
    },
    pending: (wallet, account) =>
      openSigner(opener, wallet, account.pendingKeys?.sealedKeys ?? account.sealedKeys),
  };
}
