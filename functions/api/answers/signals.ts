/** Answers about AI signals (shared/usecases/views/signal-view.ts). */
import * as z from 'zod';
import { SIGNAL_ACTIONS, SIGNAL_OUTCOMES, SIGNAL_URGENCIES } from '../../../shared/domain/signal-facts.ts';
import * as f from './fields.ts';

export const TakeProfitRung = z.strictObject({ price: f.amount, share: f.amount });

export const SignalReason = z.strictObject({
  code: f.text,
  field: f.textOrNull,
  message: f.text,
  next_action: f.text,
  facts: f.facts,
});

export const Adjustment = z.strictObject({
  stop_loss: f.amountOrNull.exactOptional(),
  take_profits: z.array(TakeProfitRung).exactOptional(),
  trailing_stop: z
    .strictObject({
      distance_percent: f.amount.exactOptional(),
      distance_amount: f.amount.exactOptional(),
      activation_price: f.amountOrNull,
    })
    .nullable()
    .exactOptional(),
  break_even: z
    .strictObject({ activation_profit_percent: f.amount, offset_percent: f.amount })
    .nullable()
    .exactOptional(),
});

export const Signal = z.strictObject({
  signal_id: f.id,
  timestamp: f.instant,
  signal: z.enum(SIGNAL_ACTIONS),
  confidence: f.amount,
  urgency: z.enum(SIGNAL_URGENCIES),
  reasoning: f.textOrNull,
  agent: f.textOrNull,
  adjust: Adjustment.nullable(),
  outcome: z.enum(SIGNAL_OUTCOMES),
  reason: SignalReason.nullable(),
  exit_order_id: f.idOrNull,
});

export const LastSignal = z.strictObject({
  signal_id: f.id,
  timestamp: f.instant,
  signal: z.enum(SIGNAL_ACTIONS),
  confidence: f.amount,
  urgency: z.enum(SIGNAL_URGENCIES),
  agent: f.textOrNull,
  outcome: z.enum(SIGNAL_OUTCOMES),
});

export const Monitoring = z.strictObject({
  should_close: f.flag,
  close_reason: f.exitCause.nullable(),
  close_urgency: z.enum([...SIGNAL_URGENCIES, 'none']),
  close_confidence: f.amount,
  last_ai_check: f.instantOrNull,
  signal_count: f.count,
  last_signal: LastSignal.nullable(),
});

export const SignalPolicy = z.strictObject({ act: f.flag, min_confidence: f.amount, allow_loosen: f.flag });
