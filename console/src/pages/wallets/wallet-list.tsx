/** All wallets, and adding one. */
import { useSignal } from '@preact/signals';
import { walletPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive, useQuery } from '../../live/context.ts';
import type { Wallet } from '../../live/store.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loading, ProblemNote } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { WalletState } from '../overview/wallets.tsx';
import { AddDemoWallet, AddExchangeWallet } from './add-wallet.tsx';
import { closestOf, limitUses } from './limits-use.ts';

export function WalletList() {
  const { wallets, isLoading, trouble } = useLive();
  const open = useSignal<'demo' | 'binance' | null>(null);
  const close = (): void => {
    open.value = null;
  };
  const rows = wallets.ids.value.flatMap((id) => wallets.row(id).value ?? []);
  const problem = trouble.value;
  return (
    <>
      <div class="row wallets-head">
        <h1>Wallets and risk</h1>
        <button
          type="button"
          class="button button-primary"
          onClick={() => {
            open.value = 'demo';
          }}
        >
          Add a demo wallet
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            open.value = 'binance';
          }}
        >
          Connect a Binance account
        </button>
      </div>
      <Panel title={`Wallets (${rows.length})`}>
        {problem !== null && <ProblemNote problem={problem} />}
        {rows.length > 0 && (
          <Table caption="Wallets" columns={COLUMNS} rows={rows} keyOf={({ wallet_id }) => wallet_id} />
        )}
        {rows.length === 0 &&
          (isLoading.value ? (
            <Loading />
          ) : (
            <Empty title="There is no wallet yet. A demo wallet trades play money." />
          ))}
      </Panel>
      {open.value === 'demo' && <AddDemoWallet onClose={close} />}
      {open.value === 'binance' && <AddExchangeWallet onClose={close} />}
    </>
  );
}

const COLUMNS: readonly Column<Wallet>[] = [
  {
    key: 'name',
    title: 'Wallet',
    onPhone: 'wide',
    cell: ({ wallet_id, name }) => <Link to={walletPath(wallet_id)}>{name}</Link>,
  },
  { key: 'where', title: 'Where', cell: ({ environment }) => wordsOf(environment) },
  { key: 'state', title: 'State', cell: (wallet) => <WalletState wallet={wallet} /> },
  {
    key: 'limits',
    title: 'Closest limit',
    onPhone: 'wide',
    cell: ({ wallet_id }) => <Closest walletId={wallet_id} />,
  },
  { key: 'reason', title: 'Why paused', onPhone: 'wide', cell: ({ pause_reason }) => pause_reason ?? '' },
  { key: 'made', title: 'Made', cell: ({ created_at }) => <Time at={created_at} /> },
];

/** The limit of which most is used. */
function Closest({ walletId }: { readonly walletId: string }) {
  const { api } = useLive();
  const limits = useQuery(
    `closest ${walletId}`,
    () => api.call('getLimits', { params: { wallet_id: walletId } }),
    { everyMs: 30_000 },
  );
  const found = limits.value.value;
  if (found === null)
    return limits.problem.value === null ? <>…</> : <span class="tone-down">not known</span>;
  const closest = closestOf(limitUses(found));
  if (closest === null) return <span class="muted">no limit is set</span>;
  return (
    <span class={closest.tone === 'bad' ? 'tone-down' : undefined}>
      {closest.title}: <Figure value={closest.percent} places={0} unit="%" />
    </span>
  );
}
