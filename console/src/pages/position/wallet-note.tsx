/** Whose money it is: named before anything is sent. */
import { walletPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive } from '../../live/context.ts';
import { wordsOf } from '../../ui/badge.tsx';
import type { Detail } from './protection-draft.ts';

export interface WalletName {
  readonly id: string;
  readonly name: string;
  /** For instance `binance testnet`; null: not read yet. */
  readonly environment: string | null;
  /** Anything but a demo wallet, and what is not known. */
  readonly isReal: boolean;
}

export function useWallet(walletId: string): WalletName {
  const { wallets } = useLive();
  const wallet = wallets.row(walletId).value;
  return {
    id: walletId,
    name: wallet?.name ?? walletId,
    environment: wallet === null ? null : wordsOf(wallet.environment),
    isReal: wallet?.type !== 'demo',
  };
}

export function WalletNote({ position }: { readonly position: Detail }) {
  const { name, environment, isReal } = useWallet(position.user_wallet_id);
  if (!isReal) {
    return (
      <p class="muted">
        Demo wallet <strong>{name}</strong>: no real money.
      </p>
    );
  }
  return (
    <p class="note note-warn">
      <span>
        This is for the wallet <strong>{name}</strong>
        {environment === null ? '' : ` (${environment})`}, at a real exchange.
      </span>
    </p>
  );
}

export function WalletLink({ position }: { readonly position: Detail }) {
  const { id, name, environment } = useWallet(position.user_wallet_id);
  return (
    <Link to={walletPath(id)}>
      {name}
      {environment === null || environment === 'demo' ? '' : ` (${environment})`}
    </Link>
  );
}
