/** What was bought and sold, fill by fill, with its order. */
import { orderPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { placesOf } from '../../format/decimal-text.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { Detail } from './protection-draft.ts';

type Row = Detail['fills'][number] & { readonly cause: string | null };

/** A table is for so many rows; of more the newest are shown. */
const MOST = 100;

export function FillsPanel({ position, tick }: { readonly position: Detail; readonly tick: string }) {
  const causes = new Map(position.orders.map(({ order_id, exit }) => [order_id, exit?.cause ?? null]));
  const rows = position.fills
    .map((fill): Row => ({ ...fill, cause: causes.get(fill.order_id) ?? null }))
    .slice(-MOST)
    .reverse();
  const hidden = position.fills.length - rows.length;
  return (
    <Panel title="Fills">
      {rows.length === 0 ? (
        <Empty title="Nothing has been bought yet." />
      ) : (
        <div class="position-fills">
          <Table
            caption="Fills of this position"
            columns={columnsFor(tick)}
            rows={rows}
            keyOf={(row) => row.fill_id}
          />
        </div>
      )}
      {hidden > 0 && <p class="position-note">{hidden} older fills are not shown.</p>}
    </Panel>
  );
}

const columnsFor = (tick: string): readonly Column<Row>[] => [
  { key: 'time', title: 'Time', cell: ({ timestamp }) => <Time at={timestamp} /> },
  { key: 'side', title: 'Side', cell: ({ side, role }) => `${side}, ${role}` },
  { key: 'cause', title: 'Why', cell: ({ cause }) => (cause === null ? '–' : wordsOf(cause)) },
  { key: 'amount', title: 'Amount', isNumber: true, cell: ({ amount }) => <Figure value={amount} /> },
  {
    key: 'price',
    title: 'Price',
    isNumber: true,
    cell: ({ price }) => <Figure value={price} least={placesOf(tick)} />,
  },
  {
    key: 'fee',
    title: 'Fee',
    isNumber: true,
    cell: ({ fee, fee_currency }) => <Figure value={fee} unit={fee_currency} />,
  },
  {
    key: 'order',
    title: 'Order',
    cell: ({ order_id }) => <Link to={orderPath(order_id)}>{order_id.slice(0, 8)}…</Link>,
  },
];
