/** All orders, newest first, by filters that stand in the address. */

import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { newOrderPath, positionPath } from '../../app/pages.ts';
import { Link, search } from '../../app/router.tsx';
import { quoteOf } from '../../format/symbol-text.ts';
import { useLive, useQuery } from '../../live/context.ts';
import type { Order } from '../../live/store.ts';
import { LiveBadge } from '../../ui/badge.tsx';
import { Figure, LiveFigure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { FilterForm } from './filter-form.tsx';
import { addressQuery, filtersOf, listQuery, type OrderFilters } from './filters.ts';

const PER_PAGE = 50;
/** Events tell of most; this catches what a list lagged behind. */
const AGAIN_MS = 15_000;

export function OrderList() {
  const filters = filtersOf(search.value);
  const key = addressQuery(filters);
  return (
    <>
      <div class="row orders-head">
        <h1>Orders</h1>
        <Link to={newOrderPath()} class="button button-primary">
          New order
        </Link>
      </div>
      <Panel title="Orders, newest first">
        <FilterForm key={key} filters={filters} />
        <Pages key={`list${key}`} filters={filters} />
      </Panel>
    </>
  );
}

/** `key`ed by its filters: other filters begin at the first page. */
function Pages({ filters }: { readonly filters: OrderFilters }) {
  const { api } = useLive();
  /** Cursors of the pages before this one; the first page has none. */
  const cursors = useSignal<readonly string[]>([]);
  const cursor = cursors.value.at(-1) ?? null;
  const page = useQuery(
    `orders ${addressQuery(filters)} ${cursor}`,
    () => api.call('listOrders', { query: { ...listQuery(filters), limit: PER_PAGE, cursor } }),
    { everyMs: AGAIN_MS, after: ({ type }) => type === 'order' || type === 'fill' },
  );
  return (
    <Loaded of={page} what="Reading orders">
      {({ items, next_cursor }) => (
        <>
          {items.length === 0 ? (
            <Empty
              title={addressQuery(filters) === '' ? 'There are no orders yet.' : 'No order is like that.'}
            />
          ) : (
            <Table caption="Orders" columns={COLUMNS} rows={items} keyOf={({ order_id }) => order_id} />
          )}
          {(cursor !== null || next_cursor !== null) && (
            <nav class="row row-end orders-pages" aria-label="Pages of orders">
              <button
                type="button"
                class="button"
                disabled={cursor === null}
                onClick={() => {
                  cursors.value = cursors.value.slice(0, -1);
                }}
              >
                Newer
              </button>
              <span class="muted">Page {cursors.value.length + 1}</span>
              <button
                type="button"
                class="button"
                disabled={next_cursor === null}
                onClick={() => {
                  if (next_cursor !== null) cursors.value = [...cursors.value, next_cursor];
                }}
              >
                Older
              </button>
            </nav>
          )}
        </>
      )}
    </Loaded>
  );
}

const COLUMNS: readonly Column<Order>[] = [
  { key: 'symbol', title: 'Order', onPhone: 'wide', cell: (order) => <OrderLink order={order} /> },
  { key: 'at', title: 'Made', cell: ({ created_at }) => <Time at={created_at} /> },
  { key: 'status', title: 'Status', cell: (order) => <StatusNow order={order} /> },
  {
    key: 'asked',
    title: 'Asked',
    isNumber: true,
    cell: ({ symbol, requested_amount, requested_quote_amount }) =>
      requested_quote_amount === null ? (
        <Figure value={requested_amount} />
      ) : (
        <Figure value={requested_quote_amount} unit={quoteOf({ symbol })} />
      ),
  },
  { key: 'filled', title: 'Filled', isNumber: true, cell: (order) => <FilledNow order={order} /> },
  {
    key: 'price',
    title: 'Price',
    hint: 'Limit, else stop price',
    isNumber: true,
    cell: ({ limit_price, stop_price }) => <Figure value={limit_price ?? stop_price} />,
  },
  {
    key: 'average',
    title: 'Average fill',
    isNumber: true,
    cell: ({ average_fill_price }) => <Figure value={average_fill_price} />,
  },
  {
    key: 'fees',
    title: 'Fees',
    onPhone: 'most',
    isNumber: true,
    cell: ({ total_fees, fee_currency }) => <Figure value={total_fees} unit={fee_currency ?? ''} />,
  },
  { key: 'wallet', title: 'Wallet', cell: ({ user_wallet_id }) => <WalletName id={user_wallet_id} /> },
  {
    key: 'position',
    title: 'Position',
    cell: ({ position_id, role, exit }) => (
      <Link to={positionPath(position_id)}>{exit === null ? role : exit.cause.replaceAll('_', ' ')}</Link>
    ),
  },
];

/** Opens the order, and keeps the filters for the way back. */
function OrderLink({ order }: { readonly order: Order }) {
  const { order_id, side, symbol, type } = order;
  return (
    <Link to={`/orders${addressQuery(filtersOf(search.value), { order: order_id })}`}>
      {side} {symbol} {type.replaceAll('_', ' ')}
    </Link>
  );
}

/** What the page knows of a live order, where that is newer than the list. */
function useNewest(order: Order) {
  const live = useLive().orders.row(order.order_id);
  const own = useSignal(order);
  useEffect(() => {
    own.value = order;
  }, [own, order]);
  return useComputed(() => {
    const known = live.value;
    return known !== null && known.updated_at > own.value.updated_at ? known : own.value;
  });
}

function StatusNow({ order }: { readonly order: Order }) {
  const newest = useNewest(order);
  const status = useComputed(() => newest.value.status);
  const isUnknown = useComputed(() => newest.value.outcome_unknown);
  return (
    <>
      <LiveBadge of={status} />
      {isUnknown.value && (
        <span title="The venue's answer has not come: it is being asked"> outcome unknown</span>
      )}
    </>
  );
}

function FilledNow({ order }: { readonly order: Order }) {
  const newest = useNewest(order);
  const filled = useComputed(() => newest.value.filled_amount);
  return <LiveFigure of={filled} />;
}

export function WalletName({ id }: { readonly id: string }) {
  const wallet = useLive().wallets.row(id).value;
  return <>{wallet?.name ?? id}</>;
}
