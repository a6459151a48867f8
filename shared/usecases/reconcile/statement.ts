/** A pass's result as it is kept and shown; lists are bounded, and their counts say what was left out. */
import type {
  Correction,
  Difference,
  LedgerView,
  ReconcileStatus,
  Reconciliation,
  VenueView,
} from '../../domain/reconcile/types.ts';
import type { Wallet } from '../../domain/types.ts';
import type { ReconcileReason, ReconcileStatement, StatedCorrection } from '../../ports/reconcile.ts';
import type { Sides } from './read-venue.ts';

/** Entries of a list that a statement keeps: an item of the store has a size. */
export const MOST_STATED = 200;

function stated(correction: Correction, ledger: LedgerView): StatedCorrection {
  if (correction.kind === 'ask_order') {
    const { kind, symbol, orderId, why, strays } = correction;
    const detail = strays.length > 0 ? `${why}, cancel sent` : why;
    return { kind, symbol, orderId, positionId: null, detail };
  }
  const { kind, asset, positionId } = correction;
  const symbol = ledger.positions.find((p) => p.positionId === positionId)?.symbol ?? asset;
  const detail =
    kind === 'book_external'
      ? `${correction.quantity.toFixed()} ${asset} at ${correction.price?.toFixed() ?? 'cost'}`
      : `${asset} put back`;
  return { kind, symbol, orderId: null, positionId, detail };
}

export function statementOf(of: {
  readonly wallet: Wallet;
  readonly reason: ReconcileReason;
  readonly startedAt: number;
  readonly found: Reconciliation;
  readonly status: ReconcileStatus;
  /** Those of the comparison, and orders that the venue does not know. */
  readonly differences: readonly Difference[];
  readonly view: VenueView;
  readonly ledger: LedgerView;
  readonly sides: Sides;
}): ReconcileStatement {
  const { wallet, reason, startedAt, found, status, differences, view, ledger, sides } = of;
  const foreignOrders = view.openOrders.filter(({ orderId }) => orderId === null);
  const foreignTrades = (view.trades ?? []).filter(({ orderId }) => orderId === null);
  const first = <T>(items: readonly T[]): readonly T[] => items.slice(0, MOST_STATED);
  return {
    walletId: wallet.walletId,
    environment: wallet.environment,
    reason,
    startedAt,
    asOf: view.asOf,
    status,
    openOrdersOf: view.openOrdersOf && [...view.openOrdersOf],
    corrections: first(found.corrections).map((correction) => stated(correction, ledger)),
    differences: first(differences),
    foreignOrders: first(foreignOrders).map(({ orderId: _own, createdAt: _at, ...order }) => order),
    foreignTrades: first(foreignTrades).map(({ symbol, venueOrderId, side, fill }) => ({
      ...{ symbol, venueOrderId, side },
      tradeId: fill.tradeId,
      price: fill.price,
      quantity: fill.quantity,
      at: fill.at,
    })),
    assets: first(found.assets),
    counts: {
      symbols: sides.symbols.size,
      orders: ledger.orders.length,
      trades: view.trades?.length ?? 0,
      corrections: found.corrections.length,
      differences: differences.length,
      foreignOrders: foreignOrders.length,
      foreignTrades: foreignTrades.length,
      assets: found.assets.length,
    },
  };
}
