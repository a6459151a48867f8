/** Answers about prices, bars and symbols (shared/usecases/views/price-view.ts, read-bars.ts, symbol-view.ts). */
import * as z from 'zod';
import { FILTER_KINDS, SYMBOL_STATUSES } from '../../../shared/domain/symbol-rules.ts';
import { INTERVALS } from '../../../shared/domain/tape/intervals.ts';
import * as f from './fields.ts';

export const Price = z.strictObject({
  symbol: f.text,
  bid: f.amount,
  ask: f.amount,
  last: f.amount,
  mid: f.amount,
  mark: f.amount,
  spread: f.amount,
  bid_size: f.amountOrNull,
  ask_size: f.amountOrNull,
  quoted: f.flag,
  source: f.text,
  tick_id: f.whole,
  timestamp: f.instant,
  age_ms: f.count,
  recorded_at: f.instantOrNull,
});

export const Prices = z.strictObject({ items: z.array(Price), without_price: z.array(f.text) });

export const Bar = z.strictObject({
  time: f.instant,
  end_time: f.instant,
  open: f.amountOrNull,
  high: f.amount,
  low: f.amount,
  close: f.amount,
  count: f.count.nullable(),
  first_time: f.instant,
  last_time: f.instant,
  first_tick: f.wholeOrNull,
  last_tick: f.wholeOrNull,
  running: f.flag,
  complete: f.flag,
  source: z.enum(['own', 'polygon', 'mixed']),
});

export const Bars = z.strictObject({
  symbol: f.text,
  interval: z.enum(INTERVALS),
  price: f.priceSource,
  from: f.instant,
  to: f.instant,
  kept_since: f.instant,
  items: z.array(Bar),
  gaps: z.array(f.span),
  next_cursor: f.textOrNull,
});

export const SymbolFormats = z.strictObject({
  slash: f.text,
  venue: f.text,
  dash: f.text,
  polygon: f.text,
});

export const SymbolSummary = z.strictObject({
  symbol: f.text,
  exchange: f.environment,
  base: f.text,
  quote: f.text,
  status: z.enum(SYMBOL_STATUSES),
  venue_status: f.text,
  formats: SymbolFormats,
  order_types: z.array(f.orderType),
  tick_size: f.amount,
  step_size: f.amount,
  min_quantity: f.amount,
  max_quantity: f.amount,
  min_notional: f.amount,
  max_notional: f.amount,
});

/** The filter's own figures stand beside its kind; a bound that is off is null. */
export const SymbolFilter = z
  .object({ kind: z.enum(FILTER_KINDS) })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const SymbolDetail = SymbolSummary.extend({
  base_precision: f.count,
  quote_precision: f.count,
  quote_quantity_allowed: f.flag,
  trailing_stop_allowed: f.flag,
  oco_allowed: f.flag,
  amend_allowed: f.flag,
  spot_trading_allowed: f.flag,
  permission_sets: z.array(z.array(f.text)),
  filters: z.array(SymbolFilter),
});
