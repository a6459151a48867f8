/** Answers about comparisons of ledger and venue (shared/usecases/views/reconcile-view.ts). */
import * as z from 'zod';
import { RECONCILE_REASONS } from '../../../shared/ports/reconcile.ts';
import * as f from './fields.ts';

export const Difference = z.strictObject({
  kind: z.enum([
    'balance',
    'shortfall',
    'order_missing_at_venue',
    'order_open_at_venue',
    'unknown_own_order',
    'fill_not_at_venue',
  ]),
  symbol: f.textOrNull,
  asset: f.textOrNull,
  order_id: f.idOrNull,
  expected: f.textOrNull,
  actual: f.textOrNull,
  confirmed: f.flag,
});

export const Correction = z.strictObject({
  kind: z.enum(['ask_order', 'book_external', 'reverse_external']),
  symbol: f.text,
  order_id: f.idOrNull,
  position_id: f.idOrNull,
  detail: f.text,
});

export const ForeignOrder = z.strictObject({
  symbol: f.text,
  external_order_id: f.id,
  client_order_id: f.text,
  side: f.side,
  type: f.text,
  quantity: f.amount,
  filled_quantity: f.amount,
  price: f.amountOrNull,
  stop_price: f.amountOrNull,
});

export const ForeignTrade = z.strictObject({
  symbol: f.text,
  trade_id: f.id,
  external_order_id: f.id,
  side: f.side,
  price: f.amount,
  quantity: f.amount,
  timestamp: f.instant,
});

export const AssetStatement = z.strictObject({
  asset: f.text,
  venue: f.amount,
  expected: f.amountOrNull,
  held_by_positions: f.amount,
});

export const Statement = z.strictObject({
  wallet_id: f.id,
  environment: f.environment,
  status: z.enum(['in_agreement', 'correcting', 'moving', 'differences']),
  in_agreement: f.flag,
  reason: z.enum(RECONCILE_REASONS),
  started_at: f.instant,
  as_of: f.instant,
  open_orders_of: z.array(f.text).nullable(),
  corrections: z.array(Correction),
  differences: z.array(Difference),
  foreign_orders: z.array(ForeignOrder),
  foreign_trades: z.array(ForeignTrade),
  assets: z.array(AssetStatement),
  counts: z.strictObject({
    symbols: f.count,
    orders: f.count,
    trades: f.count,
    corrections: f.count,
    differences: f.count,
    foreign_orders: f.count,
    foreign_trades: f.count,
    assets: f.count,
  }),
});

export const AskedReconciliation = z.strictObject({
  wallet_id: f.id,
  done: f.flag,
  statement: Statement.nullable(),
});

export const LatestReconciliation = z.strictObject({ wallet_id: f.id, statement: Statement.nullable() });
