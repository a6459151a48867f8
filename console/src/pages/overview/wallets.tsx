/** Wallets: what each is worth, what today has brought, and whether it is paused. */
import { useComputed } from '@preact/signals';
import { walletPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { type Query, useLive } from '../../live/context.ts';
import type { Wallet } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import { Figure, LiveFigure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import type { Figures, WalletMoney } from './money.ts';

export interface WalletsProps {
  readonly money: Query<readonly WalletMoney[]>;
  readonly figures: Figures;
}

interface WalletCellProps {
  readonly wallet: Wallet;
}

/** Paused, and why; else what is wrong with its keys; else active. */
export function WalletState({ wallet }: WalletCellProps) {
  if (wallet.paused)
    return <Badge word="paused" {...(wallet.pause_reason !== null && { title: wallet.pause_reason })} />;
  const problem = wallet.problem ?? null;
  if (problem !== null) return <Badge word={problem.code} tone="bad" title={problem.message} />;
  return <Badge word={wallet.status ?? 'active'} />;
}

function EquityCell({ wallet, figures }: WalletCellProps & { readonly figures: Figures }) {
  const text = useComputed(() => figures.value.get(wallet.wallet_id)?.equity.total ?? null);
  return <LiveFigure of={text} places={2} />;
}

function TodayCell({ wallet, figures }: WalletCellProps & { readonly figures: Figures }) {
  const text = useComputed(() => figures.value.get(wallet.wallet_id)?.today?.total ?? null);
  return <LiveFigure of={text} places={2} signed toned />;
}

export function WalletsNow({ money, figures }: WalletsProps) {
  const { wallets, isLoading } = useLive();
  const rows = wallets.ids.value.flatMap((id) => wallets.row(id).value ?? []);
  const byId = new Map((money.value.value ?? []).map((one) => [one.walletId, one]));
  const columns: readonly Column<Wallet>[] = [
    {
      key: 'name',
      title: 'Wallet',
      onPhone: 'wide',
      cell: (wallet) => (
        <span class="row row-tight">
          <Link to={walletPath(wallet.wallet_id)} class="strong">
            {wallet.name}
          </Link>
          <span class="muted">{wallet.environment.replaceAll('_', ' ')}</span>
        </span>
      ),
    },
    { key: 'state', title: 'State', cell: (wallet) => <WalletState wallet={wallet} /> },
    {
      key: 'equity',
      title: 'Equity, USD',
      isNumber: true,
      cell: (wallet) => <EquityCell wallet={wallet} figures={figures} />,
    },
    {
      key: 'today',
      title: 'Today, USD',
      isNumber: true,
      cell: (wallet) => <TodayCell wallet={wallet} figures={figures} />,
    },
    {
      key: 'exposure',
      title: 'Exposure, USD',
      onPhone: 'most',
      hint: 'What is open and what entries may still buy, of its limit',
      isNumber: true,
      cell: ({ wallet_id }) => <Exposure money={byId.get(wallet_id)} />,
    },
    {
      key: 'reason',
      title: 'Why',
      onPhone: 'wide',
      cell: (wallet) => reasonOf(wallet, byId.get(wallet.wallet_id)),
    },
  ];
  return (
    <Panel title="Wallets" aside={<Link to="/wallets">Wallets & risk</Link>}>
      {rows.length > 0 && (
        <Table caption="Wallets" columns={columns} rows={rows} keyOf={(wallet) => wallet.wallet_id} />
      )}
      {rows.length === 0 && (isLoading.value ? <Loading /> : <Empty title="There is no wallet yet." />)}
    </Panel>
  );
}

function reasonOf({ pause_reason, problem }: Wallet, money: WalletMoney | undefined) {
  const text = pause_reason ?? problem?.message ?? money?.problem?.problem?.detail ?? null;
  return text === null ? null : <span class="muted">{text}</span>;
}

function Exposure({ money }: { readonly money: WalletMoney | undefined }) {
  const limits = money?.limits ?? null;
  const most = limits?.limits.max_total_exposure ?? null;
  return (
    <>
      <Figure value={limits?.used.total_exposure} places={2} />
      {most !== null && (
        <span class="muted">
          {' '}
          of <Figure value={most} />
        </span>
      )}
    </>
  );
}
