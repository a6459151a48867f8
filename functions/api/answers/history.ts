/** Answers about what became of a position (shared/usecases/views/read-timeline.ts, read-updates.ts). */
import * as z from 'zod';
import * as f from './fields.ts';
import { Signal } from './signals.ts';

/** Something that was done to the position, or not done and why. */
export const TimelineAction = z.strictObject({
  timestamp: f.instant,
  kind: z.literal('action'),
  action: f.text,
  refused: f.flag,
  reason: f.textOrNull,
  rule: f.textOrNull,
  cause: f.textOrNull,
  reached_by: f.textOrNull,
  level: f.textOrNull,
  price: f.textOrNull,
  source: f.textOrNull,
  price_source: f.textOrNull,
  price_age_ms: f.wholeOrNull,
  peak: f.textOrNull,
  tick_id: f.wholeOrNull,
  armed_tick_id: f.wholeOrNull,
  tick_at: f.instantOrNull,
  recorded_at: f.instantOrNull,
  order_id: f.idOrNull,
  details: f.facts,
});

export const TimelineOrder = z.strictObject({
  timestamp: f.instant,
  kind: z.literal('order'),
  action: f.text,
  refused: f.flag,
  reason: f.text,
  rule: f.textOrNull,
  cause: f.exitCause.nullable(),
  order_id: f.id,
  details: z.strictObject({ role: f.role, side: f.side, type: f.orderType, by: f.text }),
});

export const TimelineSignal = z.strictObject({
  timestamp: f.instant,
  kind: z.literal('signal'),
  action: f.text,
  refused: f.flag,
  reason: f.textOrNull,
  rule: z.null(),
  cause: z.literal('ai_signal').nullable(),
  order_id: f.idOrNull,
  details: Signal,
});

export const TimelineEntry = z.discriminatedUnion('kind', [TimelineAction, TimelineOrder, TimelineSignal]);

export const WatchedLevel = z.strictObject({
  rule: f.text,
  source: f.priceSource,
  level: f.amountOrNull,
  direction: z.enum(['falls', 'rises']),
  peak: f.amountOrNull,
  armed: f.flag,
  armed_tick_id: f.wholeOrNull,
  armed_at: f.instant,
});

export const TimelineMarket = z.strictObject({
  source: f.priceSource,
  low: f.amountOrNull,
  high: f.amountOrNull,
  resolution_seconds: f.wholeOrNull,
  gaps: z.array(f.span),
});

export const Timeline = z.strictObject({
  position_id: f.id,
  symbol: f.text,
  status: f.positionStatus,
  items: z.array(TimelineEntry),
  levels: z.array(WatchedLevel),
  market: TimelineMarket.nullable(),
  next_cursor: f.textOrNull,
});

/** A move of the stop, told by the tape, has neither a time of its own nor details. */
export const UpdateAction = z.strictObject({
  action: f.text,
  from: f.amountOrNull,
  to: f.amountOrNull,
  timestamp: f.instant.exactOptional(),
  details: f.facts.exactOptional(),
});

export const PositionUpdate = z.strictObject({
  update_id: f.id,
  position_id: f.id,
  timestamp: f.instant,
  seconds: f.count,
  price: f.amount,
  amount: f.amount,
  unrealized_pnl: f.amountOrNull,
  unrealized_pnl_percent: f.amountOrNull,
  actions_triggered: z.array(UpdateAction),
});

export const Updates = z.strictObject({
  position_id: f.id,
  symbol: f.text,
  status: f.positionStatus,
  items: z.array(PositionUpdate),
  gaps: z.array(f.span.extend({ actions_triggered: z.array(UpdateAction) })),
  next_cursor: f.textOrNull,
});
