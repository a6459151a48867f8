/**
 * The life of an order, from its creation to its end. Every change of an order happens here, and each tells the
 * account with one execution report.
 */
import { randomBytes } from 'node:crypto';
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { addTo, adjust, credit } from './accounts.ts';
import { removeFromBook } from './book.ts';
import { commissionOn } from './commission.ts';
import { max, ZERO } from './numbers.ts';
import { type ExecutionType, executionReport, type ReportDetails } from './shapes/events.ts';
import {
  type Account,
  type ExpiryReason,
  type Fill,
  type Market,
  type Order,
  type OrderList,
  type OrderStatus,
  type OrderTerms,
  remaining,
  type World,
} from './state.ts';
import { sendUser } from './world.ts';

/** 22 letters and digits, as the exchange makes them for orders that bring no id. */
export const randomClientId = (): string =>
  randomBytes(32).toString('base64').replace(/[+/=]/g, '').slice(0, 22).padEnd(22, 'x');

export const clientKey = (market: Market, clientId: string): string => `${market.info.symbol}:${clientId}`;

export function createOrder(
  world: World,
  account: Account,
  market: Market,
  terms: OrderTerms,
  list: OrderList | null,
): Order {
  const now = world.now();
  const id = market.nextOrderId;
  market.nextOrderId += 1;
  return {
    id,
    account,
    market,
    terms,
    createdAt: now,
    clientId: terms.clientId ?? randomClientId(),
    previousClientId: '',
    list,
    status: 'NEW',
    quantity: terms.quantity ?? ZERO,
    executed: ZERO,
    quoteFilled: ZERO,
    prevented: ZERO,
    updatedAt: now,
    workingTime: null,
    trail: null,
    lockPrice: null,
    budget: null,
    reservation: null,
    expiryReason: null,
    amendments: [],
    fills: [],
    preventedMatches: [],
    shortOfQuote: false,
  };
}

/** The account owns the order from here on. */
export function register(order: Order): void {
  order.account.orders.push(order);
  order.account.open.add(order);
  order.account.byClientId.set(clientKey(order.market, order.clientId), order);
  order.market.orders.set(order.id, order);
}

export function report(world: World, order: Order, type: ExecutionType, details: ReportDetails = {}): number {
  const executionId = order.market.nextExecutionId;
  // Gaps, as on the real exchange: nobody may count on consecutive ids.
  order.market.nextExecutionId += 1 + (executionId % 2);
  sendUser(world, order.account, executionReport(order, type, executionId, world.now(), details));
  return executionId;
}

/** A cancel or an amendment gives the order another client id. */
export function relabel(world: World, order: Order, clientId: string): void {
  const { byClientId } = order.account;
  const old = clientKey(order.market, order.clientId);
  if (world.options.order?.oldClientIds !== 'resolve' && byClientId.get(old) === order)
    byClientId.delete(old);
  order.previousClientId = order.clientId;
  order.clientId = clientId;
  byClientId.set(clientKey(order.market, clientId), order);
}

/** Books one fill: status, funds, fee, report. The funds come out of the order's reservation. */
export function fillOrder(
  world: World,
  order: Order,
  trade: {
    readonly id: number;
    readonly price: Decimal;
    readonly quantity: Decimal;
    readonly quote: Decimal;
  },
  maker: boolean,
): void {
  const { account } = order;
  const first = order.executed.isZero();
  order.executed = order.executed.plus(trade.quantity);
  order.quoteFilled = order.quoteFilled.plus(trade.quote);
  order.updatedAt = world.now();
  const complete = remaining(order).isZero() && !order.shortOfQuote;
  order.status = complete ? 'FILLED' : 'PARTIALLY_FILLED';
  if (order.budget !== null) order.budget = max(ZERO, order.budget.minus(trade.quote));
  if (order.reservation !== null) order.reservation.holders = [order];
  adjust(order.reservation);
  const fill = settle(world, order, trade, maker);
  order.fills.push(fill);
  account.fills.push(fill);
  if (complete) leave(order);
  report(world, order, 'TRADE', { fill });
  if (first) {
    const credited = { uid: account.options.uid, orderId: order.id, maker };
    world.outbox.push(() => {
      for (const listener of world.listeners.firstFill) listener(credited);
    });
  }
  world.hooks.afterFill(order, fill);
  if (complete) world.hooks.afterEnd(order);
}

/** Moves the assets of one side of a trade and takes the fee. */
function settle(
  world: World,
  order: Order,
  trade: {
    readonly id: number;
    readonly price: Decimal;
    readonly quantity: Decimal;
    readonly quote: Decimal;
  },
  maker: boolean,
): Fill {
  const { account, market, terms } = order;
  const { base, quote } = market.info;
  const buying = terms.side === 'BUY';
  credit(account, base, buying ? trade.quantity : trade.quantity.negated());
  credit(account, quote, buying ? trade.quote.negated() : trade.quote);
  const received = buying ? trade.quantity : trade.quote;
  const commission = commissionOn(world, account, market, terms.side, received, maker);
  credit(account, commission.asset, commission.amount.negated());
  addTo(world.fees, commission.asset, commission.amount);
  return {
    tradeId: trade.id,
    price: trade.price,
    quantity: trade.quantity,
    quote: trade.quote,
    commission: commission.amount,
    commissionAsset: commission.asset,
    time: world.now(),
    maker,
    order,
  };
}

/** Ends an order that is not filled: its funds are free again, its account is told. */
export function endOrder(
  world: World,
  order: Order,
  status: Exclude<OrderStatus, 'NEW' | 'PENDING_NEW' | 'PARTIALLY_FILLED' | 'FILLED'>,
  reason: ExpiryReason | null = null,
  details: ReportDetails = {},
): void {
  order.status = status;
  order.expiryReason = reason;
  order.updatedAt = world.now();
  leave(order);
  adjust(order.reservation);
  report(world, order, executionTypeOf(status), details);
  world.hooks.afterEnd(order);
}

const executionTypeOf = (status: OrderStatus): ExecutionType => {
  if (status === 'EXPIRED_IN_MATCH') return 'TRADE_PREVENTION';
  return status === 'CANCELED' || status === 'REJECTED' ? status : 'EXPIRED';
};

function leave(order: Order): void {
  removeFromBook(order.market, order);
  order.account.open.delete(order);
}
