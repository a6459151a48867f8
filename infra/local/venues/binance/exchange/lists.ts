/**
 * Order lists at work: which leg ends which, and when pending legs go live.
 *
 * Always true:
 * - of a pair (OCO) only one leg trades: the first fill of one, or its trigger, ends the other (OCO_TRIGGER);
 * - pending legs go live when the working order is filled completely, after the answer to the request;
 * - a list is done when all its orders are.
 */
import { balanceOf, lock } from './accounts.ts';
import { admit, announce, fund, proceed } from './entry.ts';
import { refuse } from './errors.ts';
import { checkFilters } from './filters.ts';
import { endOrder } from './lifecycle.ts';
import { floorStep, min, ZERO } from './numbers.ts';
import { checkPairPrices } from './pair.ts';
import { listStatus } from './shapes/events.ts';
import { type Fill, isOpen, type Order, type OrderList, type World } from './state.ts';
import { passes } from './triggers.ts';
import { sendUser } from './world.ts';

export const workingOf = (list: OrderList): Order | null =>
  list.kind === 'OCO' ? null : (list.orders[0] ?? null);

export const pendingOf = (list: OrderList): readonly Order[] =>
  list.kind === 'OCO' ? [] : list.orders.slice(1);

/** The legs of which only one can trade. */
const pairOf = (list: OrderList): readonly Order[] =>
  list.kind === 'OCO' ? list.orders : list.orders.slice(1);

const isOpo = (list: OrderList): boolean => list.kind === 'OPO' || list.kind === 'OPOCO';

/** Makes the lists answer to what happens to their orders. */
export function installLists(world: World): void {
  const hooks: World['hooks'] = {
    afterFill: (order, fill) => afterFill(world, order, fill),
    afterEnd: (order) => afterEnd(world, order),
    beforeActivation: (order) => endSibling(world, order),
  };
  Object.assign(world.hooks, hooks);
}

export function sendListStatus(world: World, list: OrderList): void {
  sendUser(world, list.account, listStatus(list, world.now()));
}

function endSibling(world: World, order: Order): void {
  const { list } = order;
  if (list === null || !pairOf(list).includes(order)) return;
  const sibling = pairOf(list).find((other) => other !== order);
  if (sibling !== undefined && isOpen(sibling)) endOrder(world, sibling, 'EXPIRED', 'OCO_TRIGGER');
}

function afterFill(world: World, order: Order, fill: Fill): void {
  const { list } = order;
  if (list === null) return;
  endSibling(world, order);
  if (isOpo(list) && order === workingOf(list)) hold(list, fill);
}

/** An OPO keeps what its working order buys, net of a fee that free funds of the asset cannot bear. */
function hold(list: OrderList, fill: Fill): void {
  const { base } = list.market.info;
  const net =
    fill.commissionAsset === base && base === 'BNB' ? fill.quantity.minus(fill.commission) : fill.quantity;
  const amount = min(net, balanceOf(list.account, base).free);
  lock(list.account, base, amount);
  list.held = list.held.plus(amount);
}

function letGo(list: OrderList): void {
  lock(list.account, list.market.info.base, list.held.negated());
  list.held = ZERO;
}

function afterEnd(world: World, order: Order): void {
  const { list } = order;
  if (list === null) return;
  if (!list.ending) {
    if (order === workingOf(list)) afterWorking(world, list, order);
    else if (order.status !== 'FILLED' && order.expiryReason !== 'OCO_TRIGGER') endSibling(world, order);
  }
  conclude(world, list);
}

function afterWorking(world: World, list: OrderList, working: Order): void {
  if (working.status === 'FILLED') {
    world.jobs.push(() => release(world, list));
    return;
  }
  list.ending = true;
  for (const order of pendingOf(list)) {
    if (isOpen(order)) endOrder(world, order, 'EXPIRED', 'OTO_PHASE_ONE_EXPIRED');
  }
}

function conclude(world: World, list: OrderList): void {
  if (list.orderStatus === 'ALL_DONE' || list.orders.some(isOpen)) return;
  letGo(list);
  list.statusType = 'ALL_DONE';
  list.orderStatus = 'ALL_DONE';
  list.transactionTime = world.now();
  sendListStatus(world, list);
}

/** Puts the pending legs on the market; refused ones end as EXPIRED with reason REJECTED. */
function release(world: World, list: OrderList): void {
  const pending = pendingOf(list).filter(isOpen);
  if (list.ending || pending.length === 0) return;
  if (isOpo(list)) {
    const quantity = floorStep(list.held, list.market.info.step);
    letGo(list);
    for (const order of pending) order.quantity = quantity;
  }
  const admitted = passes(() => {
    for (const order of pending) {
      if (order.quantity.isZero()) throw refuse.filter('LOT_SIZE');
      checkFilters(world, list.market, { ...order.terms, quantity: order.quantity });
      order.status = 'NEW';
    }
    if (pending.length === 2)
      checkPairPrices(
        list.market,
        pending.map((order) => order.terms),
      );
    admit(pending);
  });
  if (!admitted) {
    list.ending = true;
    for (const order of pending) endOrder(world, order, 'EXPIRED', 'REJECTED');
    return;
  }
  fund(pending);
  for (const order of pending) announce(world, order);
  for (const order of pending) proceed(world, order);
}
