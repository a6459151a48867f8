/** What the account of a wallet holds. */
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import { useLive, useQuery } from '../../live/context.ts';
import { Figure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Age } from '../../ui/time.tsx';

type Balance = AnswerTo<'getBalances'>['balances'][number];

const AGAIN_MS = 15_000;
const COLUMNS: readonly Column<Balance>[] = [
  { key: 'asset', title: 'Asset', onPhone: 'wide', cell: ({ asset }) => <strong>{asset}</strong> },
  {
    key: 'free',
    title: 'Free',
    isNumber: true,
    onPhone: 'most',
    cell: ({ free }) => <Figure value={free} />,
  },
  {
    key: 'locked',
    title: 'Locked',
    hint: 'Held by orders, or collateral of positions on margin',
    isNumber: true,
    cell: ({ locked }) => <Figure value={locked} />,
  },
  {
    key: 'total',
    title: 'Total',
    isNumber: true,
    onPhone: 'most',
    cell: ({ total }) => <Figure value={total} />,
  },
];

export function BalancesPanel({ walletId }: { readonly walletId: string }) {
  const { api } = useLive();
  const found = useQuery(
    `balances ${walletId}`,
    () => api.call('getBalances', { params: { wallet_id: walletId } }),
    { everyMs: AGAIN_MS, after: ({ type }) => type === 'fill' },
  );
  const asOf = found.value.value?.as_of ?? null;
  return (
    <Panel
      title="Balances"
      aside={
        asOf !== null && (
          <span class="muted">
            <Age at={asOf} /> old
          </span>
        )
      }
    >
      <Loaded of={found}>
        {({ balances }) =>
          balances.length === 0 ? (
            <Empty title="The account holds nothing." />
          ) : (
            <Table caption="Balances" columns={COLUMNS} rows={balances} keyOf={({ asset }) => asset} />
          )
        }
      </Loaded>
    </Panel>
  );
}
