/** Orders and trades, ledger against venue (design sections 5, 13). */
import { type Decimal, sum } from '../money/decimal.ts';
import { isFinal, isSettled } from '../orders.ts';
import type { Order } from '../types.ts';
import { isAfter, isNumbered } from './account-math.ts';
import type {
  AccountTradeOf,
  AskReason,
  Correction,
  Difference,
  LedgerView,
  OpenAtVenue,
  ReconcileState,
  VenueView,
} from './types.ts';

export interface Compared {
  readonly corrections: readonly Extract<Correction, { kind: 'ask_order' }>[];
  readonly differences: readonly Difference[];
}

/** `confirmMs`: an order that ended here for longer than that, and is open there, is cancelled. */
export function compareOrders(
  ledger: LedgerView,
  venue: VenueView,
  state: ReconcileState,
  confirmMs: number,
): Compared {
  const known = new Map(ledger.orders.map((order) => [order.orderId, order]));
  const open = Map.groupBy(
    venue.openOrders.filter(({ orderId }) => orderId !== null),
    ({ orderId }) => orderId ?? '',
  );
  const asks = new Map<string, AskReason>();
  const stillOpen: Difference[] = [];
  for (const order of ledger.orders) {
    const why = reasonToAsk(order, open.get(order.orderId) ?? [], venue);
    if (why !== null) asks.set(order.orderId, why);
    if (why === 'open_at_venue')
      stillOpen.push(difference('order_open_at_venue', order.symbol, order.orderId));
  }
  const traded = new Map<string, AccountTradeOf>();
  for (const trade of venue.trades ?? []) {
    const { orderId, clientId, fill } = trade;
    if (orderId === null || !known.has(orderId)) continue;
    if (ledger.booked.get(orderId)?.has(fill.tradeId) !== true) asks.set(orderId, 'missing_trades');
    if (clientId !== null && asks.get(orderId) === 'missing_trades') traded.set(orderId, trade);
  }
  const corrections = [...asks].map(([orderId, why]) => {
    const order = known.get(orderId);
    const isStray = why === 'open_at_venue' && order !== undefined && venue.asOf - endOf(order) >= confirmMs;
    return {
      ...{ kind: 'ask_order' as const, orderId, symbol: order?.symbol ?? '', why },
      traded: attemptOf(traded.get(orderId)),
      strays: isStray
        ? (open.get(orderId) ?? []).map(({ clientId, venueOrderId }) => ({ clientId, venueOrderId }))
        : [],
    };
  });
  return {
    corrections,
    differences: [...stillOpen, ...strangers(known, venue), ...fillsNowhere(ledger, venue, state)],
  };
}

const attemptOf = (trade: AccountTradeOf | undefined) =>
  trade === undefined ? null : { clientId: trade.clientId, venueOrderId: trade.venueOrderId };

/**
 * What the venue's list of open orders says against the ledger's word. What the ledger has learned after the list was
 * read (`asOf`) is newer than it; where the list was not asked for (`openOrdersOf`) it says nothing.
 */
function reasonToAsk(
  order: Order,
  open: readonly OpenAtVenue[],
  { asOf, openOrdersOf }: VenueView,
): AskReason | null {
  const isOpen = open.length > 0;
  if (isFinal(order.status)) {
    if (isOpen && endOf(order) < asOf) return 'open_at_venue';
    return isSettled(order) ? null : 'not_settled';
  }
  // Nothing of an order that is not known to be taken should be there; what is there says that it was.
  if (order.status === 'pending' || order.status === 'submitted') return isOpen ? 'outcome_known' : null;
  if (isOpen) {
    if (executedOf(open).greaterThan(order.filledQuantity)) return 'executed_more';
    return isSmaller(order, open) ? 'smaller_at_venue' : null;
  }
  const isAsked = openOrdersOf === null || openOrdersOf.has(order.symbol);
  return isAsked && (order.timings.acceptedAt ?? order.updatedAt) < asOf ? 'not_open_at_venue' : null;
}

const endOf = (order: Order): number => order.timings.finalAt ?? order.updatedAt;

/** Somebody amended it there; a quantity only ever grows less. Legs of a list each have the whole. */
const isSmaller = (order: Order, [only, ...others]: readonly OpenAtVenue[]): boolean =>
  order.environment !== 'demo' &&
  order.quoteQuantity === null &&
  only !== undefined &&
  others.length === 0 &&
  only.quantity.lessThan(order.quantity);

/** A list's legs add up. */
const executedOf = (open: readonly OpenAtVenue[]): Decimal =>
  sum(open.map(({ executedQuantity }) => executedQuantity));

/** Ids that this system makes, and no order of this ledger has: another deployment on the same account, or a lost table. */
function strangers(known: ReadonlyMap<string, Order>, venue: VenueView): readonly Difference[] {
  const seen = new Map<string, string>();
  const trades: readonly Pick<AccountTradeOf, 'orderId' | 'symbol'>[] = venue.trades ?? [];
  for (const { orderId, symbol } of [...venue.openOrders, ...trades]) {
    if (orderId !== null && !known.has(orderId)) seen.set(orderId, symbol);
  }
  return [...seen].map(([orderId, symbol]) => difference('unknown_own_order', symbol, orderId));
}

/** Booked in the span of trades that was read, and not among them. */
function fillsNowhere(ledger: LedgerView, venue: VenueView, state: ReconcileState): readonly Difference[] {
  if (venue.trades === null) return [];
  const bySymbol = Map.groupBy(venue.trades, ({ symbol }) => symbol);
  const found: Difference[] = [];
  for (const order of ledger.orders) {
    const trades = bySymbol.get(order.symbol) ?? [];
    const last = trades.at(-1)?.fill.tradeId;
    if (last === undefined || !isNumbered(last)) continue;
    const ids = new Set(trades.map(({ fill }) => fill.tradeId));
    const missing = [...(ledger.booked.get(order.orderId) ?? [])].filter(
      (tradeId) =>
        isNumbered(tradeId) &&
        isAfter(tradeId, state.cursors[order.symbol]) &&
        !isAfter(tradeId, last) &&
        !ids.has(tradeId),
    );
    // Without a cursor the list may begin after the order's first trades.
    if (missing.length > 0 && state.cursors[order.symbol] !== undefined) {
      found.push({
        ...difference('fill_not_at_venue', order.symbol, order.orderId),
        expected: missing.join(', '),
      });
    }
  }
  return found;
}

const difference = (kind: Difference['kind'], symbol: string, orderId: string): Difference => ({
  kind,
  symbol,
  asset: null,
  orderId,
  expected: null,
  actual: null,
  confirmed: true,
});
