/** How reconciliation's state and statements are written. */
import type {
  AssetAmount,
  AssetRow,
  BookedExternal,
  Difference,
  OutsideSales,
  ReconcileState,
  Suspect,
} from '../../domain/reconcile/types.ts';
import { ENVIRONMENTS } from '../../domain/types.ts';
import {
  type ForeignOpenOrder,
  type ForeignTrade,
  RECONCILE_REASONS,
  type ReconcileStatement,
  type StatedCorrection,
} from '../../ports/reconcile.ts';
import {
  booleans,
  decimals,
  integers,
  lists,
  maps,
  nullable,
  nullableSince,
  objects,
  texts,
  words,
} from './codec.ts';
import { sides } from './common-entities.ts';

const amounts = objects<AssetAmount>({ asset: texts, amount: decimals });

const outsideSales = objects<OutsideSales>({
  quote: texts,
  quantity: decimals,
  brought: decimals,
  fees: decimals,
});

const suspects = objects<Suspect>({
  kind: words(['balance', 'shortfall']),
  asset: texts,
  amount: decimals,
  since: integers,
  sold: lists(outsideSales),
});

const externals = objects<BookedExternal>({
  id: texts,
  positionId: texts,
  asset: texts,
  quantity: decimals,
  at: integers,
});

export const reconcileStates = objects<ReconcileState>({
  walletId: texts,
  version: integers,
  cursors: maps(texts),
  totals: nullable(lists(amounts)),
  asOf: nullable(integers),
  ordersSince: nullableSince(integers),
  looked: nullableSince(lists(texts)),
  suspects: lists(suspects),
  externals: lists(externals),
  watched: lists(texts),
  wantedAt: nullable(integers),
  reason: nullable(texts),
  dueAt: integers,
  failures: integers,
  unsettled: integers,
  wholeAt: nullableSince(integers),
  waitingSince: nullableSince(integers),
});

const differences = objects<Difference>({
  kind: words([
    'balance',
    'shortfall',
    'order_missing_at_venue',
    'order_open_at_venue',
    'unknown_own_order',
    'fill_not_at_venue',
  ]),
  symbol: nullable(texts),
  asset: nullable(texts),
  orderId: nullable(texts),
  expected: nullable(texts),
  actual: nullable(texts),
  confirmed: booleans,
});

const corrections = objects<StatedCorrection>({
  kind: words(['ask_order', 'book_external', 'reverse_external']),
  symbol: texts,
  orderId: nullable(texts),
  positionId: nullable(texts),
  detail: texts,
});

const foreignOrders = objects<ForeignOpenOrder>({
  symbol: texts,
  venueOrderId: texts,
  clientId: texts,
  side: sides,
  type: texts,
  quantity: decimals,
  executedQuantity: decimals,
  price: nullable(decimals),
  stopPrice: nullable(decimals),
});

const foreignTrades = objects<ForeignTrade>({
  symbol: texts,
  tradeId: texts,
  venueOrderId: texts,
  side: sides,
  price: decimals,
  quantity: decimals,
  at: integers,
});

const assetRows = objects<AssetRow>({
  asset: texts,
  venue: decimals,
  expected: nullable(decimals),
  positions: decimals,
});

export const statements = objects<ReconcileStatement>({
  walletId: texts,
  environment: words(ENVIRONMENTS),
  reason: words(RECONCILE_REASONS),
  startedAt: integers,
  asOf: integers,
  status: words(['in_agreement', 'correcting', 'moving', 'differences']),
  openOrdersOf: nullableSince(lists(texts)),
  corrections: lists(corrections),
  differences: lists(differences),
  foreignOrders: lists(foreignOrders),
  foreignTrades: lists(foreignTrades),
  assets: lists(assetRows),
  counts: objects<ReconcileStatement['counts']>({
    symbols: integers,
    orders: integers,
    trades: integers,
    corrections: integers,
    differences: integers,
    foreignOrders: integers,
    foreignTrades: integers,
    assets: integers,
  }),
});
