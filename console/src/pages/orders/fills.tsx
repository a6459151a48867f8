/** The trades of an order, and the venue's own last word. */
import { Figure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { OrderFull } from './order-notes.tsx';

type Fill = NonNullable<OrderFull['fills']>[number];

const COLUMNS: readonly Column<Fill>[] = [
  { key: 'at', title: 'Time', cell: ({ timestamp }) => <Time at={timestamp} /> },
  { key: 'amount', title: 'Amount', isNumber: true, cell: ({ amount }) => <Figure value={amount} /> },
  { key: 'price', title: 'Price', isNumber: true, cell: ({ price }) => <Figure value={price} /> },
  {
    key: 'fee',
    title: 'Fee',
    isNumber: true,
    cell: ({ fee, fee_currency }) => <Figure value={fee} unit={fee_currency} />,
  },
  { key: 'maker', title: 'Maker or taker', cell: ({ maker }) => (maker ? 'maker' : 'taker') },
  { key: 'trade', title: 'Trade', cell: ({ trade_id }) => trade_id },
];

/** More rows than a table takes without effort: the newest are shown. */
const MOST_SHOWN = 200;

export function Fills({ order }: { readonly order: OrderFull }) {
  const fills = [...(order.fills ?? [])].reverse();
  const response = order.exchange_response;
  return (
    <Panel title={`Fills (${order.fill_count})`}>
      {fills.length === 0 ? (
        <Empty title="Nothing has filled." />
      ) : (
        <Table
          caption="Fills, newest first"
          columns={COLUMNS}
          rows={fills.slice(0, MOST_SHOWN)}
          keyOf={({ fill_id }) => fill_id}
        />
      )}
      {fills.length > MOST_SHOWN && <p class="panel-body muted">The newest {MOST_SHOWN} are shown.</p>}
      {response != null && (
        <details class="orders-checks">
          <summary>
            What the exchange said last, <Time at={response.at} />
          </summary>
          <pre class="orders-json">{response.text}</pre>
          {response.truncated && (
            <p class="panel-body muted">Cut off: it has {response.length} characters.</p>
          )}
        </details>
      )}
    </Panel>
  );
}
