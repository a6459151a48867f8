import type { Order } from '../../domain/types.ts';
import type { CancelledAll } from '../cancel-all.ts';
import { money, timeOrNull } from './text.ts';

/** Each order with its status, oldest first; and those that could not be cancelled, with why. */
export const cancelAllView = (
  walletId: string,
  orders: readonly Order[],
  refused: CancelledAll['refused'],
  repeated: boolean,
) => ({
  wallet_id: walletId,
  repeated,
  orders: orders
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .map((order) => ({
      order_id: order.orderId,
      position_id: order.positionId,
      symbol: order.symbol,
      side: order.side,
      type: order.type,
      role: order.role,
      status: order.status,
      filled_amount: money(order.filledQuantity),
      cancel_requested_at: timeOrNull(order.cancelWanted?.at ?? null),
      replaced_by: order.replacedBy,
    })),
  not_cancelled: refused.map(({ orderId, refusal }) => ({
    order_id: orderId,
    code: refusal.code,
    detail: refusal.message,
    next_action: refusal.fix,
  })),
});
