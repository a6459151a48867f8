/**
 * What became of an order: the venue's own evidence (design 6.5, 7).
 *
 * Always true:
 * - `found` has all of its trades: their sum is what the venue says was executed, else the outcome is `unknown`;
 * - `absent` only where the venue says "no such order" to our id and to its cancel's, both asked after `venueNow`;
 * - what cannot be told apart is `unknown`, never `absent`.
 */
import { type Decimal, sum } from '../../domain/money/decimal.ts';
import type { ExecutionReport, Fill } from '../../domain/types.ts';
import type { BudgetRank } from '../../ports/rate-budget.ts';
import { type OrderSought, type QueryOutcome, VenueUnavailableError } from '../../ports/venue.ts';
import { type BinanceClient, type ById, PAGE } from './client.ts';
import {
  belongsTo,
  cancelIdOf,
  limitLegId,
  listVenueId,
  orderListIdOf,
  ownClientId,
  stopLegId,
} from './client-ids.ts';
import type { ReportContext } from './execution-reports.ts';
import { venueTypeOf } from './order-params.ts';
import { type Asked, problemText } from './outcomes.ts';
import type { VenueTrade } from './parse/account.ts';
import type { VenueOrder, VenueOrderList } from './parse/orders.ts';
import { combineLegs, fillOfTrade, reportOf } from './reports.ts';

/** A query's answer, with "no such order" told apart from everything else. */
export type Found<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  /** Ended without a fill, long ago. */
  | { readonly kind: 'archived' }
  | { readonly kind: 'unknown'; readonly message: string };

export interface LookupContext extends ReportContext {
  readonly venueSymbol: string;
  readonly client: BinanceClient;
  /** The venue's own time by GET /time. Throws VenueUnavailableError. */
  readonly readTime: () => Promise<number>;
}

const unknown = (message: string) => ({ kind: 'unknown', message }) as const;

export function toFound<T>(asked: Asked<T>): Found<T> {
  switch (asked.kind) {
    case 'ok':
      return { kind: 'found', value: asked.value };
    case 'unavailable':
      return unknown(asked.reason);
    case 'refused': {
      const { kind } = asked.problem.meaning;
      if (kind === 'unknown_order') return { kind: 'absent' };
      return kind === 'archived' ? { kind: 'archived' } : unknown(problemText(asked.problem));
    }
  }
}

const getOrder = async (context: LookupContext, by: ById, rank: BudgetRank): Promise<Found<VenueOrder>> =>
  toFound(await context.client.order(context.venueSymbol, by, rank));

/** By our id, then by that of its cancel: a cancel gives the order the cancel's own. */
export async function byClientId(
  context: LookupContext,
  clientId: string,
  rank: BudgetRank,
): Promise<Found<VenueOrder>> {
  const found = await getOrder(context, { clientId }, rank);
  return found.kind === 'absent' ? getOrder(context, { clientId: cancelIdOf(clientId) }, rank) : found;
}

/** All trades of an order, every page. */
async function tradesOf(
  context: LookupContext,
  order: VenueOrder,
  rank: BudgetRank,
): Promise<Asked<readonly VenueTrade[]>> {
  const { client, venueSymbol } = context;
  const { orderId } = order;
  const all: VenueTrade[] = [];
  for (let fromId: string | undefined; ; ) {
    const page = await client.trades(venueSymbol, { orderId, fromId }, rank);
    if (page.kind !== 'ok') return page;
    all.push(...page.value);
    const last = page.value.at(-1);
    if (page.value.length < PAGE || last === undefined) break;
    fromId = nextId(last.tradeId);
  }
  if (order.usedSor !== true) return { kind: 'ok', value: all };
  for (let from: string | undefined; ; ) {
    const page = await client.allocations(venueSymbol, orderId, from, rank);
    if (page.kind !== 'ok') return page;
    all.push(...page.value);
    const last = page.value.at(-1);
    if (page.value.length < PAGE || last === undefined) return { kind: 'ok', value: all };
    from = nextId(last.tradeId.slice(1));
  }
}

/** The venue's ids are whole numbers; pages begin at the id that is asked for. */
export const nextId = (id: string): string => (BigInt(id) + 1n).toString();

/** The trades' sum has to be what the order says; an order read before its last trade is read once more. */
export async function withTrades(
  context: LookupContext,
  first: VenueOrder,
  rank: BudgetRank,
  clientId: string,
): Promise<QueryOutcome> {
  let order = first;
  for (let look = 0; look < 2; look += 1) {
    const executed = order.executedQuantity;
    if (executed === null) return unknown('the order is without its executed quantity');
    let fills: readonly Fill[] = [];
    if (!executed.isZero()) {
      const trades = await tradesOf(context, order, rank);
      if (trades.kind === 'unavailable') return unknown(`its trades: ${trades.reason}`);
      if (trades.kind === 'refused') return unknown(`its trades: ${problemText(trades.problem)}`);
      fills = trades.value.map((trade) => fillOfTrade(trade, context.symbol));
    }
    const total: Decimal = sum(fills.map((fill) => fill.quantity));
    if (total.equals(executed)) {
      return { kind: 'found', report: reportOf(order, context, { fills, source: 'query', clientId }) };
    }
    if (total.lessThan(executed)) {
      return unknown(`its trades add up to ${total.toFixed()} of ${executed.toFixed()}`);
    }
    const again = await getOrder(context, { orderId: order.orderId }, rank);
    if (again.kind !== 'found') return unknown('the order was traded on while it was read');
    order = again.value;
  }
  return unknown('the order was traded on while it was read');
}

/** Archived: it ended without a fill more than 90 days ago. */
function archived(context: LookupContext, sought: OrderSought): QueryOutcome {
  const { walletId, environment, symbol } = context;
  const report: ExecutionReport = {
    walletId,
    environment,
    symbol: symbol.symbol,
    clientId: sought.clientId,
    venueOrderId: sought.venueOrderId ?? 'archived',
    status: 'expired',
    reason: 'archived',
    cumulativeQuantity: sum([]),
    fills: [],
    at: sought.signedAt,
    source: 'query',
  };
  return { kind: 'found', report };
}

/** An order is made within this of its signature: the longest receive window, the venue's own limit, and a margin. */
export const MADE_WITHIN_MS = 60_000 + 10_000 + 20_000;
/** The venue takes timestamps from the future up to this. */
export const MADE_BEFORE_MS = 1_000;

/** Made when the attempt could have made it, of the same side and type. */
export function couldBe(order: VenueOrder, sought: OrderSought): boolean {
  const createdAt = order.createdAt ?? order.at;
  const isInTime =
    createdAt >= sought.signedAt - MADE_BEFORE_MS && createdAt <= sought.signedAt + MADE_WITHIN_MS;
  const type = venueTypeOf(sought.type);
  const isSame =
    order.side === (sought.side === 'buy' ? 'BUY' : 'SELL') && (type === null || order.type === type);
  return isInTime && isSame;
}

/**
 * Is the order under this number ours? After the venue's ids began anew (a testnet reset) a number may be another
 * order's. A foreign client id is no proof against it: whoever cancels or amends an order elsewhere gives it a new one.
 */
const isOurs = (order: VenueOrder, sought: OrderSought): boolean =>
  belongsTo(order.clientOrderId, sought.clientId) ||
  (ownClientId(order.clientOrderId) === null && couldBe(order, sought));

/** State and trades of a plain order. */
export async function lookUpOrder(context: LookupContext, sought: OrderSought): Promise<QueryOutcome> {
  const { clientId, venueOrderId, rank } = sought;
  if (venueOrderId !== null) {
    const known = await getOrder(context, { orderId: venueOrderId }, rank);
    if (known.kind === 'unknown') return known;
    if (known.kind === 'archived') return archived(context, sought);
    if (known.kind === 'found' && isOurs(known.value, sought)) {
      return withTrades(context, known.value, rank, clientId);
    }
  }
  const venueNow = await timeOf(context);
  if (typeof venueNow !== 'number') return venueNow;
  const found = await byClientId(context, clientId, rank);
  switch (found.kind) {
    case 'found':
      return withTrades(context, found.value, rank, clientId);
    case 'absent':
      return { kind: 'absent', venueNow };
    case 'archived':
      return archived(context, sought);
    case 'unknown':
      return found;
  }
}

/** Read before the query, so that absence holds for that moment at least. */
export async function timeOf(
  context: LookupContext,
): Promise<number | Extract<QueryOutcome, { kind: 'unknown' }>> {
  try {
    return await context.readTime();
  } catch (error) {
    if (!(error instanceof VenueUnavailableError)) throw error;
    return unknown(error.message);
  }
}

/** State and trades of both legs of a list. */
export async function lookUpList(context: LookupContext, sought: OrderSought): Promise<QueryOutcome> {
  const { clientId, rank, venueOrderId } = sought;
  const venueNow = await timeOf(context);
  if (typeof venueNow !== 'number') return venueNow;
  const known = venueOrderId === null ? null : orderListIdOf(venueOrderId);
  const list = await findList(context, known, clientId, rank);
  if (list.kind === 'unknown') return list;
  if (list.kind === 'archived') return archived(context, sought);
  const legs = await Promise.all(
    [limitLegId(clientId), stopLegId(clientId)].map((legId, i) => {
      const inList = list.kind === 'found' ? legOf(list.value, legId, i) : null;
      return inList === null
        ? byClientId(context, legId, rank)
        : getOrder(context, { orderId: inList }, rank);
    }),
  );
  if (list.kind === 'absent' && legs.every((leg) => leg.kind === 'absent')) {
    return { kind: 'absent', venueNow };
  }
  if (legs.every((leg) => leg.kind === 'archived')) return archived(context, sought);
  return combined(context, sought, list, legs);
}

async function combined(
  context: LookupContext,
  sought: OrderSought,
  list: Found<VenueOrderList>,
  legs: readonly Found<VenueOrder>[],
): Promise<QueryOutcome> {
  const { clientId, rank, venueOrderId } = sought;
  const reports: ExecutionReport[] = [];
  let listId = list.kind === 'found' ? list.value.orderListId : null;
  for (const [i, leg] of legs.entries()) {
    if (leg.kind === 'unknown') return leg;
    if (leg.kind === 'absent') return unknown('one leg of the list is not to be found yet');
    if (leg.kind === 'archived') continue;
    listId ??= leg.value.orderListId;
    const legId = i === 0 ? limitLegId(clientId) : stopLegId(clientId);
    const found = await withTrades(context, leg.value, rank, legId);
    if (found.kind !== 'found') return found;
    reports.push(found.report);
  }
  const id = listId === null ? (venueOrderId ?? clientId) : listVenueId(listId);
  return { kind: 'found', report: combineLegs(reports, clientId, id) };
}

async function findList(
  context: LookupContext,
  orderListId: string | null,
  clientId: string,
  rank: BudgetRank,
): Promise<Found<VenueOrderList>> {
  const { client } = context;
  if (orderListId !== null) {
    const known = toFound(await client.orderList({ orderListId }, rank));
    const isSame = known.kind === 'found' && belongsTo(known.value.listClientOrderId, clientId);
    if (isSame || known.kind === 'unknown') return known;
  }
  return toFound(await client.orderList({ listClientId: clientId }, rank));
}

/** The leg's number. After a cancel both legs may carry the cancel's id: then the other's place tells nothing. */
function legOf(list: VenueOrderList, legId: string, index: number): string | null {
  const named = list.orders.find((order) => belongsToLeg(order.clientOrderId, legId));
  if (named !== undefined) return named.orderId;
  const unnamed = list.orders.filter((order) => ownClientId(order.clientOrderId)?.leg == null);
  return unnamed[unnamed.length === list.orders.length ? index : 0]?.orderId ?? null;
}

const belongsToLeg = (text: string, legId: string): boolean => text === legId || text === cancelIdOf(legId);
