/** A comparison of a wallet with its venue, as the API shows it (design sections 4.5, 13). */
import type { AssetRow, Difference } from '../../domain/reconcile/types.ts';
import type {
  ForeignOpenOrder,
  ForeignTrade,
  ReconcileStatement,
  ReconcileStore,
  StatedCorrection,
} from '../../ports/reconcile.ts';
import { money, moneyOrNull, time } from './text.ts';

const differenceView = (d: Difference) => ({
  kind: d.kind,
  symbol: d.symbol,
  asset: d.asset,
  order_id: d.orderId,
  expected: d.expected,
  actual: d.actual,
  /** False: seen for the first time; the next look, a minute later, may explain it. */
  confirmed: d.confirmed,
});

const correctionView = (c: StatedCorrection) => ({
  kind: c.kind,
  symbol: c.symbol,
  order_id: c.orderId,
  position_id: c.positionId,
  detail: c.detail,
});

/** An order that this system did not place. It is never touched. */
const foreignOrderView = (o: ForeignOpenOrder) => ({
  symbol: o.symbol,
  external_order_id: o.venueOrderId,
  client_order_id: o.clientId,
  side: o.side,
  type: o.type,
  quantity: money(o.quantity),
  filled_quantity: money(o.executedQuantity),
  price: moneyOrNull(o.price),
  stop_price: moneyOrNull(o.stopPrice),
});

const foreignTradeView = (t: ForeignTrade) => ({
  symbol: t.symbol,
  trade_id: t.tradeId,
  external_order_id: t.venueOrderId,
  side: t.side,
  price: money(t.price),
  quantity: money(t.quantity),
  timestamp: time(t.at),
});

const assetView = (row: AssetRow) => ({
  asset: row.asset,
  /** Free and locked, as the venue says. */
  venue: money(row.venue),
  /** What the trades since the last agreement explain; null at the first comparison. */
  expected: moneyOrNull(row.expected),
  held_by_positions: money(row.positions),
});

export const statementView = (s: ReconcileStatement) => ({
  wallet_id: s.walletId,
  environment: s.environment,
  status: s.status,
  in_agreement: s.status === 'in_agreement',
  reason: s.reason,
  started_at: time(s.startedAt),
  as_of: time(s.asOf),
  /** Open orders were asked for on these symbols alone (after a gap); null = on all of the account. */
  open_orders_of: s.openOrdersOf,
  corrections: s.corrections.map(correctionView),
  differences: s.differences.map(differenceView),
  foreign_orders: s.foreignOrders.map(foreignOrderView),
  foreign_trades: s.foreignTrades.map(foreignTradeView),
  assets: s.assets.map(assetView),
  /** How many there are; the lists hold the first 200. */
  counts: {
    symbols: s.counts.symbols,
    orders: s.counts.orders,
    trades: s.counts.trades,
    corrections: s.counts.corrections,
    differences: s.counts.differences,
    foreign_orders: s.counts.foreignOrders,
    foreign_trades: s.counts.foreignTrades,
    assets: s.counts.assets,
  },
});

export type StatementView = ReturnType<typeof statementView>;

export interface ReadReconciles {
  latest(walletId: string): Promise<ReconcileStatement | null>;
  /** Newest first. */
  list(walletId: string, limit: number, before: number | null): Promise<readonly StatementView[]>;
}

export const makeReadReconciles = ({
  reconciles,
}: {
  readonly reconciles: ReconcileStore;
}): ReadReconciles => ({
  latest: (walletId) => reconciles.latest(walletId),
  list: async (walletId, limit, before) =>
    (await reconciles.statements(walletId, limit, before)).map(statementView),
});
