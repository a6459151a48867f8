/** One order: its life, what it has filled and cost, why it was refused, and what can still be done about it. */

import { useSignal } from '@preact/signals';
import { positionPath, walletPath } from '../../app/pages.ts';
import { Link, search } from '../../app/router.tsx';
import { baseOf, quoteOf } from '../../format/symbol-text.ts';
import { useAction, useLive, useQuery } from '../../live/context.ts';
import { Badge, wordsOf } from '../../ui/badge.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Fact, Facts, Panel } from '../../ui/panel.tsx';
import { Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.tsx';
import { AmendDialog } from './amend-dialog.tsx';
import { amendable } from './amend-form.ts';
import { Fills } from './fills.tsx';
import { addressQuery, filtersOf } from './filters.ts';
import { isLive } from './lifecycle.ts';
import { LifecycleLine } from './lifecycle-line.tsx';
import { WalletName } from './order-list.tsx';
import { Linked, type OrderFull, Trouble } from './order-notes.tsx';

/** Of one that is live; events come sooner. */
const AGAIN_MS = 10_000;

export function OrderDetail({ orderId }: { readonly orderId: string }) {
  const { api } = useLive();
  const order = useQuery(`order ${orderId}`, () => api.call('getOrder', { params: { order_id: orderId } }), {
    everyMs: AGAIN_MS,
    after: ({ type, data }) => (type === 'order' || type === 'fill') && data['order_id'] === orderId,
  });
  return (
    <>
      <p>
        <Link to={`/orders${addressQuery(filtersOf(search.value))}`}>← Orders</Link>
      </p>
      <Loaded of={order} what="Reading the order">
        {(found) => <Found order={found} onChanged={order.reload} />}
      </Loaded>
    </>
  );
}

function Found({ order, onChanged }: { readonly order: OrderFull; readonly onChanged: () => void }) {
  const base = baseOf(order);
  const quote = quoteOf(order);
  return (
    <>
      <div class="row orders-head">
        <h1>
          {order.side} {order.symbol}, {wordsOf(order.type)}
        </h1>
        <Badge word={order.status} />
        {order.outcome_unknown && <Badge word="outcome unknown" tone="warn" />}
        <Commands order={order} onChanged={onChanged} />
      </div>
      <Trouble order={order} />
      <Panel title="Life">
        <LifecycleLine status={order.status} history={order.status_history} />
      </Panel>
      <Panel title="Figures">
        <Facts>
          <Fact name="Asked">
            {order.requested_quote_amount === null ? (
              <Figure value={order.requested_amount} unit={base} />
            ) : (
              <Figure value={order.requested_quote_amount} unit={quote} />
            )}
          </Fact>
          <Fact name="Filled">
            <Figure value={order.filled_amount} unit={base} />
          </Fact>
          <Fact name="Remaining">
            <Figure value={order.remaining_amount} unit={base} />
          </Fact>
          <Fact name="Value of the fills">
            <Figure value={order.filled_value} unit={quote} />
          </Fact>
          <Fact name="Average fill">
            <Figure value={order.average_fill_price} unit={quote} />
          </Fact>
          <Fact name="Limit price">
            <Figure value={order.limit_price} />
          </Fact>
          <Fact name="Stop price">
            <Figure value={order.stop_price} />
          </Fact>
          {order.stop_limit_price !== null && (
            <Fact name="Limit of the stop">
              <Figure value={order.stop_limit_price} />
            </Fact>
          )}
          {order.trailing_delta !== null && <Fact name="Trailing">{order.trailing_delta} basis points</Fact>}
          <Fact name="Time in force">{order.time_in_force}</Fact>
          <Fact name="Fees">
            {Object.entries(order.fees_by_asset).map(([asset, amount]) => (
              <div key={asset}>
                <Figure value={amount} unit={asset} />
              </div>
            ))}
            {Object.keys(order.fees_by_asset).length === 0 && <span class="muted">none</span>}
          </Fact>
          <Fact name="Fees in US dollars">
            <Figure value={order.total_fees_usd} />
          </Fact>
          <Fact name="Made">
            <Time at={order.created_at} />
          </Fact>
          <Fact name="Sent">
            <Time at={order.submitted_at} />
          </Fact>
          <Fact name="Ended">
            <Time at={order.closed_at} />
          </Fact>
          <Fact name="Time to fill">
            {order.timings.fill_time_ms === null ? '–' : `${order.timings.fill_time_ms} ms`}
          </Fact>
        </Facts>
      </Panel>
      <Fills order={order} />
      <Panel title="Belongs to">
        <Facts>
          <Fact name="Wallet">
            <Link to={walletPath(order.user_wallet_id)}>
              <WalletName id={order.user_wallet_id} />
            </Link>
          </Fact>
          <Fact name="Position">
            <Link to={positionPath(order.position_id)}>{order.position_id}</Link>
          </Fact>
          <Fact name="Role">{order.exit === null ? order.role : `exit: ${wordsOf(order.exit.cause)}`}</Fact>
          <Fact name="Order">{order.order_id}</Fact>
          <Fact name="At the exchange">{order.external_order_id ?? '–'}</Fact>
          <Fact name="Your id">{order.metadata.client_order_id ?? '–'}</Fact>
          <Fact name="Flow">{order.flow_id ?? '–'}</Fact>
          <Linked order={order} />
        </Facts>
      </Panel>
    </>
  );
}

function Commands({ order, onChanged }: { readonly order: OrderFull; readonly onChanged: () => void }) {
  const { api } = useLive();
  const open = useSignal<'cancel' | 'amend' | null>(null);
  const close = (): void => {
    open.value = null;
  };
  const cancel = useAction(async () => {
    const params = { order_id: order.order_id };
    const { status } = await api.call('cancelOrder', { params, body: {} });
    toast(status === 'cancelled' ? 'The order is cancelled.' : `Cancel asked for: ${wordsOf(status)}.`);
    close();
    onChanged();
  });
  if (!isLive(order.status)) return null;
  return (
    <>
      {amendable(order).length > 0 && (
        <button
          type="button"
          class="button"
          onClick={() => {
            open.value = 'amend';
          }}
        >
          Amend
        </button>
      )}
      <button
        type="button"
        class="button button-danger"
        disabled={order.cancel_requested_at !== null}
        onClick={() => {
          open.value = 'cancel';
        }}
      >
        {order.cancel_requested_at === null ? 'Cancel order' : 'Cancelling…'}
      </button>
      {open.value === 'amend' && <AmendDialog order={order} onClose={close} onChanged={onChanged} />}
      {open.value === 'cancel' && (
        <Confirm
          title="Cancel the order?"
          action="Cancel it"
          isDangerous
          isBusy={cancel.isBusy.value}
          problem={cancel.problem.value}
          onConfirm={() => void cancel.run()}
          onClose={close}
        >
          <p>
            {order.side} {order.remaining_amount} {order.symbol} that has not filled, in the wallet{' '}
            <strong>
              <WalletName id={order.user_wallet_id} />
            </strong>
            . A fill that beats the cancel counts.
          </p>
        </Confirm>
      )}
    </>
  );
}
