/**
 * The second look before absence is believed (design 6.5): what is open, all orders since the signature, and trades
 * since then. An order that is not known by its id is compared: a cancel or an amend from elsewhere gives an order
 * a new client id, so the id alone proves nothing.
 */
import type { BudgetRank } from '../../ports/rate-budget.ts';
import type { OrderSought, QueryOutcome } from '../../ports/venue.ts';
import { PAGE } from './client.ts';
import { belongsTo, ownClientId } from './client-ids.ts';
import {
  couldBe,
  type LookupContext,
  lookUpList,
  MADE_BEFORE_MS,
  MADE_WITHIN_MS,
  nextId,
  timeOf,
  toFound,
  withTrades,
} from './order-lookup.ts';
import { type Asked, problemText } from './outcomes.ts';
import type { Amendment, VenueOrder } from './parse/orders.ts';

const DAY_MS = 24 * 3_600_000;

const ENDED = ['CANCELED', 'EXPIRED', 'REJECTED', 'EXPIRED_IN_MATCH'];

/** Carries the reason out of the steps below. */
class LookFailed extends Error {
  override readonly name = 'LookFailed';
}

function need<T>(asked: Asked<T>, what: string): T {
  if (asked.kind === 'ok') return asked.value;
  throw new LookFailed(`${what}: ${asked.kind === 'refused' ? problemText(asked.problem) : asked.reason}`);
}

/** Every page of all orders that the attempt could have made. */
async function ordersSince(context: LookupContext, sought: OrderSought): Promise<readonly VenueOrder[]> {
  const { client, venueSymbol } = context;
  const startTime = sought.signedAt - MADE_BEFORE_MS;
  const endTime = sought.signedAt + MADE_WITHIN_MS;
  const orders: VenueOrder[] = [];
  for (let orderId: string | undefined; ; ) {
    const query = orderId === undefined ? { startTime, endTime } : { orderId };
    const page = need(await client.allOrders(venueSymbol, query, sought.rank), 'all orders');
    orders.push(...page.filter((order) => (order.createdAt ?? order.at) <= endTime));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE || (last.createdAt ?? last.at) > endTime) return orders;
    orderId = nextId(last.orderId);
  }
}

/** Numbers of the orders that traded since the signature. */
async function tradedSince(
  context: LookupContext,
  sought: OrderSought,
  venueNow: number,
): Promise<ReadonlySet<string>> {
  const { client, venueSymbol } = context;
  const ids = new Set<string>();
  for (let startTime = sought.signedAt - MADE_BEFORE_MS; startTime <= venueNow; startTime += DAY_MS) {
    const endTime = Math.min(startTime + DAY_MS - 1, venueNow);
    let page = need(await client.trades(venueSymbol, { startTime, endTime }, sought.rank), 'trades');
    for (;;) {
      for (const trade of page) if (trade.at <= endTime) ids.add(trade.orderId);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE || last.at > endTime) break;
      page = need(await client.trades(venueSymbol, { fromId: nextId(last.tradeId) }, sought.rank), 'trades');
    }
  }
  return ids;
}

const knows = (changes: readonly Amendment[], clientId: string): boolean =>
  changes.some(
    (change) =>
      belongsTo(change.originalClientOrderId, clientId) || belongsTo(change.newClientOrderId, clientId),
  );

/** Was this order known under one of our ids before somebody amended it? */
async function wasOurs(context: LookupContext, order: VenueOrder, sought: OrderSought): Promise<boolean> {
  const asked = await context.client.amendments(context.venueSymbol, order.orderId, sought.rank);
  return knows(need(asked, 'amendments'), sought.clientId);
}

/** The same of a number; false also where the venue does not answer. */
export async function wasKnownAs(
  context: LookupContext,
  orderId: string,
  clientId: string,
  rank: BudgetRank,
): Promise<boolean> {
  const asked = await context.client.amendments(context.venueSymbol, orderId, rank);
  return asked.kind === 'ok' && knows(asked.value, clientId);
}

type Verdict = 'ours' | 'other' | 'undecidable';

async function judge(context: LookupContext, order: VenueOrder, sought: OrderSought): Promise<Verdict> {
  if (belongsTo(order.clientOrderId, sought.clientId)) return 'ours';
  // An id of ours is never given twice: it is another order of this system.
  if (ownClientId(order.clientOrderId) !== null || !couldBe(order, sought)) return 'other';
  const quantity = order.quantity;
  if (quantity === null) return 'undecidable';
  // An amend only ever lessens an order. By quote amount the venue decides how much it is.
  const isByQuote = sought.quantity.isZero();
  if (!isByQuote && quantity.greaterThan(sought.quantity)) return 'other';
  const isAmended = !isByQuote && quantity.lessThan(sought.quantity);
  if (isAmended || order.status !== 'CANCELED') {
    // Without a cancel only an amend could have taken the id away, and that leaves a trace.
    return isAmended && (await wasOurs(context, order, sought)) ? 'ours' : 'other';
  }
  return 'undecidable';
}

async function candidates(
  context: LookupContext,
  sought: OrderSought,
  venueNow: number,
): Promise<readonly VenueOrder[]> {
  const { client, venueSymbol } = context;
  const { rank } = sought;
  const open = need(await client.openOrders(venueSymbol, rank), 'open orders');
  const all = await ordersSince(context, sought);
  const found = new Map([...open, ...all].map((order) => [order.orderId, order]));
  for (const orderId of await tradedSince(context, sought, venueNow)) {
    if (found.has(orderId)) continue;
    const order = await fetchOrder(context, orderId, rank);
    if (order !== null) found.set(orderId, order);
  }
  return [...found.values()];
}

async function fetchOrder(
  context: LookupContext,
  orderId: string,
  rank: BudgetRank,
): Promise<VenueOrder | null> {
  const found = toFound(await context.client.order(context.venueSymbol, { orderId }, rank));
  if (found.kind === 'found') return found.value;
  // It has traded, so it exists: an answer that denies it lags.
  if (found.kind === 'absent') throw new LookFailed(`order ${orderId} has traded and is not to be found yet`);
  if (found.kind === 'unknown') throw new LookFailed(found.message);
  return null;
}

const hasEndedUntraded = ({ status, executedQuantity }: VenueOrder): boolean =>
  status !== null && ENDED.includes(status) && executedQuantity?.isZero() === true;

export async function secondLook(context: LookupContext, sought: OrderSought): Promise<QueryOutcome> {
  const venueNow = await timeOf(context);
  if (typeof venueNow !== 'number') return venueNow;
  try {
    const undecidable: VenueOrder[] = [];
    for (const order of await candidates(context, sought, venueNow)) {
      const verdict = await judge(context, order, sought);
      if (verdict === 'ours') {
        return sought.type === 'oco'
          ? lookUpList(context, { ...sought, venueOrderId: null })
          : withTrades(context, order, sought.rank, sought.clientId);
      }
      if (verdict === 'undecidable') undecidable.push(order);
    }
    const [first] = undecidable;
    if (first === undefined) return { kind: 'absent', venueNow };
    // Whosever they were: all of them have ended without a trade, and so has ours, if it was ever there.
    if (sought.type !== 'oco' && undecidable.every(hasEndedUntraded)) {
      return withTrades(context, first, sought.rank, sought.clientId);
    }
    const message = `order ${first.orderId} was cancelled elsewhere and may be it`;
    return { kind: 'unknown', message };
  } catch (error) {
    if (!(error instanceof LookFailed)) throw error;
    return { kind: 'unknown', message: error.message };
  }
}
