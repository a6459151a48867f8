/** Wallets and risk: all of them, or one (`?wallet=ID`). */
import { search } from '../app/router.tsx';
import { WalletDetail } from './wallets/wallet-detail.tsx';
import { WalletList } from './wallets/wallet-list.tsx';
import './wallets/wallets.css';

export default function WalletsPage() {
  const walletId = search.value.get('wallet');
  return walletId === null ? <WalletList /> : <WalletDetail key={walletId} walletId={walletId} />;
}
