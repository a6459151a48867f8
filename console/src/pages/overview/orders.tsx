/** Orders that can still fill. */
import { type ReadonlySignal, useComputed } from '@preact/signals';
import { orderPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive } from '../../live/context.ts';
import type { Order } from '../../live/store.ts';
import { Badge, wordsOf } from '../../ui/badge.tsx';
import { LiveFigure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { type Column, LiveTable } from '../../ui/table.tsx';
import { Age } from '../../ui/time.tsx';

interface CellProps {
  readonly id: string;
  readonly read: (order: Order) => string | null;
}

function useRow<T>(id: string, read: (order: Order) => T): ReadonlySignal<T | null> {
  const { orders } = useLive();
  return useComputed(() => {
    const order = orders.row(id).value;
    return order === null ? null : read(order);
  });
}

function FigureCell({ id, read }: CellProps) {
  return <LiveFigure of={useRow(id, read)} />;
}

function AverageCell({ id }: { readonly id: string }) {
  return <LiveFigure of={useRow(id, (row) => row.average_fill_price)} most={8} />;
}

function WordsCell({ id, read }: CellProps) {
  const text = useRow(id, (row) => wordsOf(read(row) ?? '–'));
  return <span>{text}</span>;
}

function SymbolCell({ id }: { readonly id: string }) {
  const symbol = useRow(id, (row) => row.symbol);
  const side = useRow(id, (row) => row.side);
  return (
    <span class="row row-tight">
      <Link to={orderPath(id)} class="strong">
        {symbol.value}
      </Link>
      <span class={`side side-${side.value}`}>{side.value}</span>
    </span>
  );
}

function StatusCell({ id }: { readonly id: string }) {
  const status = useRow(id, (row) => row.status);
  const isUnknown = useRow(id, (row) => row.outcome_unknown);
  return (
    <span class="row row-tight">
      <Badge word={status.value ?? 'closed'} />
      {isUnknown.value === true && (
        <Badge word="unknown" tone="bad" title="It is not known yet what became of it at the exchange" />
      )}
    </span>
  );
}

function AgeCell({ id }: { readonly id: string }) {
  const at = useRow(id, (row) => row.created_at);
  return <Age at={at.value} />;
}

const COLUMNS: readonly Column<string>[] = [
  { key: 'symbol', title: 'Order', onPhone: 'most', cell: (id) => <SymbolCell id={id} /> },
  { key: 'status', title: 'Status', onPhone: 'bare', cell: (id) => <StatusCell id={id} /> },
  { key: 'type', title: 'Type', cell: (id) => <WordsCell id={id} read={(row) => row.type} /> },
  { key: 'role', title: 'Role', cell: (id) => <WordsCell id={id} read={(row) => row.role} /> },
  {
    key: 'limit',
    title: 'Limit',
    isNumber: true,
    cell: (id) => <FigureCell id={id} read={(row) => row.limit_price} />,
  },
  {
    key: 'stop',
    title: 'Stop',
    isNumber: true,
    cell: (id) => <FigureCell id={id} read={(row) => row.stop_price} />,
  },
  {
    key: 'amount',
    title: 'Amount',
    isNumber: true,
    cell: (id) => <FigureCell id={id} read={(row) => row.requested_amount} />,
  },
  {
    key: 'filled',
    title: 'Filled',
    isNumber: true,
    cell: (id) => <FigureCell id={id} read={(row) => row.filled_amount} />,
  },
  {
    key: 'average',
    title: 'Average',
    hint: 'Of its fills',
    isNumber: true,
    onPhone: 'hidden',
    cell: (id) => <AverageCell id={id} />,
  },
  { key: 'age', title: 'Age', isNumber: true, cell: (id) => <AgeCell id={id} /> },
];

export function OpenOrders() {
  const { orders, isLoading } = useLive();
  const count = orders.ids.value.length;
  return (
    <Panel
      title="Open orders"
      aside={
        <>
          <span class="muted">{count}</span>
          <Link to="/orders">All orders</Link>
        </>
      }
    >
      {count > 0 && <LiveTable caption="Open orders" ids={orders.ids} columns={COLUMNS} />}
      {count === 0 && (isLoading.value ? <Loading /> : <Empty title="No order is waiting." />)}
    </Panel>
  );
}
