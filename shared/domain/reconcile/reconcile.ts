/**
 * Ledger against venue: what to ask for, what to book, what to list (design sections 4.5, 5, 13).
 *
 * Pure; the caller reads the venue first and the ledger after it, so that whatever the venue shows should be booked.
 * Always true:
 * - a second pass over what the first one's corrections led to corrects nothing;
 * - nothing is booked as sold outside while an order in that asset may still explain it, and not before two looks
 *   [60 s] apart have seen the same;
 * - the account's totals are taken anew only when every trade is booked and the balances are explained, or the
 *   difference was seen twice; until then they move on by trades of ours that are booked.
 */
import { type Decimal, sum, ZERO } from '../money/decimal.ts';
import { isFinal, isSettled } from '../orders.ts';
import type { Order } from '../types.ts';
import { accountMath, lookedAt } from './account-math.ts';
import { bookExternals, salesOutside } from './book-externals.ts';
import { compareOrders } from './compare-orders.ts';
import { rollForward } from './roll-forward.ts';
import type {
  AssetRow,
  Correction,
  Difference,
  LedgerView,
  ReconcileState,
  Reconciliation,
  Suspect,
  VenueView,
} from './types.ts';

export interface ReconcileRules {
  /** [60 s] Between two looks that see the same difference; and an order that ended here is left open there for no longer. */
  readonly confirmMs: number;
  /** [7 days] A trade found later than this puts nothing back. */
  readonly reverseMs: number;
}
export const RECONCILE_RULES: ReconcileRules = { confirmMs: 60_000, reverseMs: 7 * 24 * 3_600_000 };

/** What one look at both sides means. */
export function reconcile(
  ledger: LedgerView,
  venue: VenueView,
  state: ReconcileState,
  rules: ReconcileRules = RECONCILE_RULES,
): Reconciliation {
  const orders = compareOrders(ledger, venue, state, rules.confirmMs);
  const math = accountMath(ledger, venue, state);
  const reversed = reversals(ledger, venue, state);
  const seen = suspectsOf(math.rows, venue, state);
  const isConfirmed = (suspect: Suspect): boolean => venue.asOf - suspect.since >= rules.confirmMs;
  const isCorrecting = orders.corrections.length > 0 || reversed.length > 0;
  // What is on its way to the ledger changes what is held: nothing is booked beside it.
  const isOpen = (asset: string): boolean =>
    isCorrecting || !venue.isQuiet || venue.trades === null || ordersOpen(ledger, venue, asset);
  const booked = bookExternals({
    shortfalls: seen.filter(
      (suspect) => suspect.kind === 'shortfall' && isConfirmed(suspect) && !isOpen(suspect.asset),
    ),
    positions: ledger.positions,
    walletId: state.walletId,
  });
  const differences = [
    ...orders.differences,
    ...seen.map((suspect): Difference => differenceOf(suspect, math.rows, isConfirmed(suspect))),
  ];
  const corrections: Correction[] = [...reversed, ...orders.corrections, ...booked];
  const unexplained = seen.filter(({ kind }) => kind === 'balance');
  // A trade that is not booked yet has to be seen again: its report may get lost on its way.
  const isBooked = orders.corrections.every(({ why }) => why !== 'missing_trades' && why !== 'executed_more');
  const isExplained = venue.isQuiet && isBooked && unexplained.every(isConfirmed);
  const unsettled = ledger.orders.filter((order) => !isSettled(order));
  const live = unsettled.map(({ orderId }) => orderId);
  return {
    corrections,
    differences,
    assets: math.rows,
    next: {
      ...(isExplained
        ? {
            cursors: math.cursors,
            totals: venue.totals,
            asOf: venue.asOf,
            ordersSince: venue.asOf,
            looked: [...new Set(unsettled.map(({ symbol }) => symbol))],
            watched: live,
          }
        : {
            ...{ cursors: state.cursors, totals: state.totals, asOf: state.asOf },
            ordersSince: state.ordersSince,
            looked: lookedAt(ledger, state),
            watched: [...new Set([...state.watched, ...live])],
            ...rollForward(ledger, venue, state),
          }),
      // A balance that was seen twice is the new starting point; a shortfall stays until it is booked.
      suspects: isExplained
        ? seen.filter(({ kind }) => kind === 'shortfall')
        : seen.map((suspect) => ({ ...suspect, sold: knownSales(state, suspect) })),
      externals: [
        ...state.externals.filter(
          ({ id, at }) =>
            venue.asOf - at < rules.reverseMs &&
            !booked.some((b) => b.id === id) &&
            !reversed.some((r) => r.kind === 'reverse_external' && r.id === id),
        ),
        ...booked.map(({ id, positionId, asset, quantity }) => ({
          ...{ id, positionId, asset, quantity },
          at: venue.asOf,
        })),
      ],
    },
  };
}

/** While the cursors stay the same trades are read again: they must not count twice. */
const knownSales = (state: ReconcileState, { kind, asset }: Suspect): Suspect['sold'] =>
  state.suspects.find((known) => known.kind === kind && known.asset === asset)?.sold ?? [];

/**
 * May an order in this asset still explain what is missing? One that rests as both sides say cannot. One that has
 * traded since the venue was read can: the ledger, read after it, has coins that its balances had not.
 */
function ordersOpen(ledger: LedgerView, venue: VenueView, asset: string): boolean {
  const resting = new Map(venue.openOrders.map((open) => [open.orderId, open]));
  const isNewer = (at: number | null): boolean => at !== null && at >= venue.asOf;
  // The index of orders lags: a position that has opened since tells as well.
  if (ledger.positions.some(({ base, openedAt }) => base === asset && isNewer(openedAt))) return true;
  return ledger.orders.some((order) => {
    if (!order.symbol.split('/').includes(asset)) return false;
    if (isNewer(order.timings.lastFillAt)) return true;
    if (isFinal(order.status)) return !isSettled(order);
    const open = resting.get(order.orderId);
    if (order.status === 'pending') return order.send !== null;
    return !isAgreed(order, open?.executedQuantity ?? null);
  });
}

const isAgreed = (order: Order, executed: Decimal | null): boolean =>
  (order.status === 'open' || order.status === 'partially_filled') &&
  executed !== null &&
  executed.equals(order.filledQuantity);

/** A difference keeps the time at which it was first seen for as long as it stays the same. */
function suspectsOf(rows: readonly AssetRow[], venue: VenueView, state: ReconcileState): readonly Suspect[] {
  if (!venue.isQuiet) return state.suspects;
  const found: Pick<Suspect, 'kind' | 'asset' | 'amount'>[] = [];
  for (const { asset, venue: held, expected, positions } of rows) {
    if (expected !== null && !held.equals(expected)) {
      found.push({ kind: 'balance', asset, amount: held.minus(expected) });
    }
    if (positions.greaterThan(held)) found.push({ kind: 'shortfall', asset, amount: positions.minus(held) });
  }
  return found.map((suspect) => {
    const known = state.suspects.find(
      ({ kind, asset, amount }) =>
        kind === suspect.kind && asset === suspect.asset && amount.equals(suspect.amount),
    );
    const before = state.suspects.find(({ kind, asset }) => kind === suspect.kind && asset === suspect.asset);
    const sold =
      suspect.kind === 'shortfall' ? salesOutside(before?.sold ?? [], venue.trades ?? [], suspect.asset) : [];
    return { ...suspect, since: known?.since ?? venue.asOf, sold };
  });
}

/**
 * A sale of ours that is found only now had taken the coins before they were booked as sold outside: those are put
 * back, most recent first, and the sale is booked in their place.
 */
function reversals(ledger: LedgerView, venue: VenueView, state: ReconcileState): readonly Correction[] {
  const found: Correction[] = [];
  const open = state.externals.toSorted((a, b) => b.at - a.at);
  for (const asset of new Set(open.map((external) => external.asset))) {
    const sales = (venue.trades ?? []).filter(
      (trade) =>
        trade.base === asset &&
        trade.side === 'sell' &&
        trade.orderId !== null &&
        ledger.booked.get(trade.orderId)?.has(trade.fill.tradeId) !== true,
    );
    let putBack = ZERO;
    for (const { id, positionId, quantity, at } of open.filter((external) => external.asset === asset)) {
      const late = sum(sales.filter(({ fill }) => fill.at <= at).map(({ fill }) => fill.quantity));
      if (late.lessThanOrEqualTo(putBack)) continue;
      found.push({ kind: 'reverse_external', id, positionId, asset });
      putBack = putBack.plus(quantity);
    }
  }
  return found;
}

function differenceOf(suspect: Suspect, rows: readonly AssetRow[], confirmed: boolean): Difference {
  const { kind, asset } = suspect;
  const row = rows.find((candidate) => candidate.asset === asset);
  const expected = kind === 'balance' ? row?.expected : row?.positions;
  return {
    kind,
    symbol: null,
    asset,
    orderId: null,
    expected: expected?.toFixed() ?? null,
    actual: row?.venue.toFixed() ?? null,
    confirmed,
  };
}
