/** What was done to a wallet lately: calls that could change something, by whom, and what came of them. */
import type { ItemOf } from '../../../../shared/client/contract.ts';
import { orderPath, positionPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive, useQuery } from '../../live/context.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

type Call = ItemOf<'listAudit'>;

/** Of the user's last calls; those of other wallets are left out. */
const LOOKED_AT = 200;
const SHOWN = 20;
const AGAIN_MS = 30_000;

const COLUMNS: readonly Column<Call>[] = [
  { key: 'at', title: 'Time', cell: ({ at }) => <Time at={at} /> },
  { key: 'what', title: 'What', cell: ({ operation }) => inWords(operation) },
  {
    key: 'outcome',
    title: 'Outcome',
    cell: ({ status, code }) => <Badge word={code ?? 'done'} tone={status < 400 ? 'good' : 'bad'} />,
  },
  { key: 'by', title: 'By', cell: ({ client_id }) => client_id ?? 'you' },
  { key: 'of', title: 'Of', cell: ({ ids }) => <Subject ids={ids} /> },
];

export function Activity({ walletId }: { readonly walletId: string }) {
  const { api } = useLive();
  const calls = useQuery(
    `activity ${walletId}`,
    async () => {
      const { items } = await api.call('listAudit', { query: { limit: LOOKED_AT } });
      return items.filter(({ ids }) => ids['wallet_id'] === walletId).slice(0, SHOWN);
    },
    { everyMs: AGAIN_MS, after: ({ type }) => type === 'order' },
  );
  return (
    <Panel
      title="Recent activity"
      aside={<Link to={`/orders?wallet_id=${encodeURIComponent(walletId)}`}>All its orders</Link>}
    >
      <Loaded of={calls}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nothing was done to it lately." />
          ) : (
            <Table
              caption="Recent calls"
              columns={COLUMNS}
              rows={rows}
              keyOf={({ request_id }) => request_id}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Subject({ ids }: { readonly ids: Readonly<Record<string, string>> }) {
  const { order_id, position_id } = ids;
  if (order_id !== undefined) return <Link to={orderPath(order_id)}>order</Link>;
  if (position_id !== undefined) return <Link to={positionPath(position_id)}>position</Link>;
  return <>the wallet</>;
}

/** `createOrder` as `create order`. */
const inWords = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
