/** What happens to an order of a replay between its making and its end: the events of sending and booking. Pure. */
import { type OrderEvent, transition } from '../../shared/domain/orders.ts';
import type { ExecutionReport, Fill, Order } from '../../shared/domain/types.ts';
import { REPLAY_WALLET } from './entry-order.ts';

const RECV_WINDOW_MS = 2_000;

/** For what cannot be refused where it is called. */
export function must(order: Order, event: OrderEvent): Order {
  const next = transition(order, event);
  if (!next.ok) throw new Error(`${order.orderId}: ${next.error.message}`);
  return next.value;
}

/** Claimed for its one request, as send-order does. */
export function claimed(order: Order, now: number): Order {
  const send = {
    attempt: (order.send?.attempt ?? 0) + 1,
    token: REPLAY_WALLET,
    signedAt: now,
    recvWindowMs: RECV_WINDOW_MS,
    claimedAt: now,
    outcome: 'sent',
  } as const;
  return must(order, { kind: 'claimed', at: now, send });
}

/** After the venue's news of it, as apply-execution books them. */
export function booked(order: Order, report: ExecutionReport): Order {
  const { at, venueOrderId, source: cause, fills } = report;
  const accepted = transition(order, { kind: 'accepted', at, venueOrderId, cause });
  const taken = accepted.ok ? accepted.value : order;
  const filled = fills.reduce((o, fill) => must(o, { kind: 'filled', at, fill, cause }), taken);
  const reported = transition(filled, { kind: 'reported', report, cause });
  return reported.ok ? reported.value : filled;
}

/** A fill as a decision's facts. */
export const fillFacts = (order: Order, { price, quantity, fee, tickId }: Fill) => ({
  role: order.role,
  side: order.side,
  quantity: quantity.toFixed(),
  price: price.toFixed(),
  fee: `${fee.amount.toFixed()} ${fee.asset}`,
  ...(tickId !== null && { tick_id: String(tickId) }),
});
