/** Finding orders and lists as requests name them. */
import { refuse } from './errors.ts';
import { clientKey } from './lifecycle.ts';
import type { ParamReader } from './params.ts';
import type { Account, Market, Order, OrderList } from './state.ts';

export interface OrderName {
  readonly id: number | null;
  readonly clientId: string | null;
}

/** Reads which order is meant; one of the two must be there (-1102). */
export function readOrderName(
  params: ParamReader,
  idName = 'orderId',
  clientName = 'origClientOrderId',
): OrderName {
  const id = params.integer(idName);
  const clientId = params.text(clientName);
  if (id === null && clientId === null) throw refuse.missingBoth(clientName, idName);
  return { id, clientId };
}

/** The account's order of that name, open or not; null when there is none. Both names must fit (-2039). */
export function findOrder(account: Account, market: Market, name: OrderName): Order | null {
  if (name.id === null) {
    return account.byClientId.get(clientKey(market, name.clientId ?? '')) ?? null;
  }
  const order = market.orders.get(name.id);
  if (order === undefined || order.account !== account) return null;
  if (name.clientId !== null && order.clientId !== name.clientId) throw refuse.clientIdMismatch();
  return order;
}

export function findList(account: Account, name: OrderName): OrderList | null {
  const named = (list: OrderList): boolean =>
    (name.id === null || list.id === name.id) && (name.clientId === null || list.clientId === name.clientId);
  return account.lists.findLast(named) ?? null;
}
