/** `order.amend.keepPriority`: less quantity at the same place in the queue. The legs of a pair go together. */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { JsonObject } from '../contract.ts';
import { VenueError } from '../contract.ts';
import { adjust } from './accounts.ts';
import { refuse } from './errors.ts';
import { checkFilters, checkPrecision } from './filters.ts';
import { endOrder, randomClientId, relabel, report } from './lifecycle.ts';
import { pendingOf, sendListStatus, workingOf } from './lists.ts';
import { findOrder, readOrderName } from './lookup.ts';
import { ZERO } from './numbers.ts';
import type { ParamReader } from './params.ts';
import { amended, listShape } from './shapes/orders.ts';
import { type Account, isOpen, type Market, type Order, remaining, type World } from './state.ts';
import { marketOf } from './world.ts';

export function amendOrder(world: World, account: Account, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  const name = readOrderName(params);
  const clientId = params.clientId('newClientOrderId');
  params.required('newQty');
  const newQty = params.decimal('newQty') ?? ZERO;
  params.finish();
  if (!market.info.flag('amendAllowed')) throw refuse.api('Order amend is not supported for this symbol.');
  const order = findOrder(account, market, name);
  if (order === null || !isOpen(order)) throw refuse.amend('Unknown order sent.');
  checkAmend(world, market, order, newQty);
  return apply(world, order, newQty, clientId ?? randomClientId());
}

function checkAmend(world: World, market: Market, order: Order, newQty: Decimal): void {
  const { status } = market.info;
  if (status !== 'TRADING' && status !== 'CANCEL_ONLY') throw refuse.api('Market is closed.');
  const { list } = order;
  const waitsForOpo = order.terms.quantity === null && order.status === 'PENDING_NEW';
  if (list !== null && waitsForOpo) throw refuse.amend('Order amend (pending OPO order) is not supported.');
  if (newQty.equals(order.quantity)) {
    throw refuse.amend('The requested action would change no state; rejecting');
  }
  if (newQty.greaterThan(order.quantity)) {
    throw refuse.amend('Order amend (quantity increase) is not supported.');
  }
  const most = market.info.filter('MAX_NUM_ORDER_AMENDS')?.decimal('maxNumOrderAmends') ?? null;
  if (most?.lessThan(order.amendments.length + 1)) {
    throw new VenueError(-2038, 'Filter failure: MAX_NUM_ORDER_AMENDS');
  }
  const terms = { ...order.terms, quantity: newQty };
  checkPrecision(market, terms);
  checkFilters(world, market, terms);
}

function apply(world: World, order: Order, newQty: Decimal, clientId: string): JsonObject {
  const { list, market } = order;
  const together = list === null ? [order] : legsWith(order);
  let executionId = market.nextExecutionId;
  for (const one of together) {
    const from = one.clientId;
    const origQty = one.quantity;
    const to = one === order ? clientId : from;
    if (to === from) one.previousClientId = from;
    else relabel(world, one, to);
    one.quantity = newQty;
    market.changed = true;
    one.updatedAt = world.now();
    adjust(one.reservation);
    const id = report(world, one, 'REPLACED');
    if (one === order) executionId = id;
    one.amendments.push({ executionId: id, from, to, origQty, newQty, time: world.now() });
    // Nothing is left to trade: the amendment ends the order.
    if (!remaining(one).greaterThan(ZERO)) endOrder(world, one, 'EXPIRED');
  }
  const answer = { transactTime: order.updatedAt, executionId, amendedOrder: amended(order) };
  if (list === null) return answer;
  if (list.orderStatus === 'EXECUTING' && order.previousClientId !== order.clientId) {
    list.statusType = 'UPDATED';
    list.transactionTime = world.now();
    sendListStatus(world, list);
  }
  return { ...answer, listStatus: listShape(list) };
}

/** The open legs of the same pair; the order alone when it is none of a pair. */
function legsWith(order: Order): readonly Order[] {
  const { list } = order;
  if (list === null || order === workingOf(list)) return [order];
  const pair = list.kind === 'OCO' ? list.orders : pendingOf(list);
  return [order, ...pair.filter((other) => other !== order && isOpen(other))];
}
