/** Reading orders: a user sees only their own; others' ids are as if they did not exist (design section 4.8). */
import type { Order } from '../../domain/types.ts';
import type { Ledger, ListQuery, Page } from '../../ports/ledger.ts';
import { orderIdFor } from '../derive-ids.ts';
import { type OrderView, orderView } from './order-view.ts';

export interface ReadOrders {
  /** With its fills; null when there is none of this user. */
  get(userId: string, orderId: string): Promise<OrderView | null>;
  /** As in a list; null when this user has none under it. Of one that was amended: the order that was placed. */
  byClientId(
    userId: string,
    of: { readonly walletId: string; readonly clientOrderId: string },
  ): Promise<OrderView | null>;
  /** The stored order; null when there is none of this user. */
  own(userId: string, orderId: string): Promise<Order | null>;
  view(order: Order): Promise<OrderView>;
  /** Newest first, without the single fills. @throws BadCursorError */
  list(userId: string, query: ListQuery): Promise<Page<OrderView>>;
}

export function makeReadOrders({ ledger }: { readonly ledger: Ledger }): ReadOrders {
  const own = async (userId: string, orderId: string): Promise<Order | null> => {
    const order = await ledger.order(orderId);
    return order?.userId === userId ? order : null;
  };
  const view = async (order: Order): Promise<OrderView> =>
    orderView(order, order.fillCount === 0 ? [] : await ledger.fills(order.orderId));
  return {
    own,
    view,
    get: async (userId, orderId) => {
      const [found] = await ledger.ordersWithFills([orderId]);
      return found?.order.userId === userId ? orderView(found.order, found.fills) : null;
    },
    byClientId: async (userId, { walletId, clientOrderId }) => {
      // The id follows from the two; the key is not looked at where there is a client order id.
      const order = await own(userId, orderIdFor({ walletId, clientOrderId, idempotencyKey: '' }));
      return order === null ? null : orderView(order, null);
    },
    list: async (userId, query) => {
      const page = await ledger.ordersOfUser(userId, query);
      return { items: page.items.map((order) => orderView(order, null)), cursor: page.cursor };
    },
  };
}
