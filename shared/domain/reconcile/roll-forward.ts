/**
 * An account that trades at every look (design section 13): nothing can be said of its balances, and yet what one pass
 * has explained must not be read again by all later ones.
 *
 * Always true: totals and the trades after the cursors explain the same balance before and after.
 */
import { type Decimal, ZERO } from '../money/decimal.ts';
import { isSettled } from '../orders.ts';
import type { Order } from '../types.ts';
import { cursorsAfter, flowsSince, isAfter, isNumbered, symbolsInTotals } from './account-math.ts';
import type { AccountTradeOf, AssetAmount, LedgerView, ReconcileState, VenueView } from './types.ts';

export type Rolled = Pick<ReconcileState, 'cursors' | 'totals' | 'ordersSince' | 'watched'>;

/**
 * Of each symbol the trades up to the first that is not ours, or not booked yet: somebody else's may have to price what
 * was sold outside, and a report under way may get lost. None of a symbol whose trades are partly in the totals: the
 * cursor would hide which.
 */
function explained(
  trades: readonly AccountTradeOf[],
  ledger: LedgerView,
  state: ReconcileState,
): readonly AccountTradeOf[] {
  const ended = new Set(symbolsInTotals(trades, ledger, state));
  return trades.filter(({ symbol, orderId, fill: { tradeId } }) => {
    const isOurs = orderId !== null && isNumbered(tradeId);
    if (!isOurs || ledger.booked.get(orderId)?.has(tradeId) !== true) ended.add(symbol);
    return !ended.has(symbol);
  });
}

function plus(totals: readonly AssetAmount[], flows: ReadonlyMap<string, Decimal>): readonly AssetAmount[] {
  const sums = new Map(totals.map(({ asset, amount }) => [asset, amount]));
  for (const [asset, amount] of flows) sums.set(asset, (sums.get(asset) ?? ZERO).plus(amount));
  return [...sums].map(([asset, amount]) => ({ asset, amount })).filter(({ amount }) => !amount.isZero());
}

/** The totals with what is booked of the trades since; null before the first agreement, and where no trades are listed. */
export function rollForward(ledger: LedgerView, venue: VenueView, state: ReconcileState): Rolled | null {
  const { totals } = state;
  if (totals === null || venue.trades === null) return null;
  const done = explained(venue.trades, ledger, state);
  const cursors = cursorsAfter(done, state.cursors);
  const isDone = (order: Order): boolean =>
    isSettled(order) &&
    [...(ledger.booked.get(order.orderId) ?? [])].every(
      (tradeId) => isNumbered(tradeId) && !isAfter(tradeId, cursors[order.symbol] ?? '0'),
    );
  return {
    cursors,
    totals: plus(totals, flowsSince(done, ledger, state)),
    ordersSince: venue.asOf,
    watched: ledger.orders.filter((order) => !isDone(order)).map(({ orderId }) => orderId),
  };
}
