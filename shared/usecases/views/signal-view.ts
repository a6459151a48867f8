/** Signals as the API shows them, and a position's `ai_monitoring` (the specification's names). */
import { ZERO } from '../../domain/money/decimal.ts';
import type { Adjustment, Signal, SignalPolicy } from '../../domain/signal-facts.ts';
import type { Position } from '../../domain/types.ts';
import { money, moneyOrNull, time, timeOrNull } from './text.ts';

/** What was asked for, in the words of the request; `take_profit` is shown as a ladder of one. */
function adjustView({ stopLoss, takeProfits, trailingStop, breakEven }: Adjustment) {
  return {
    ...(stopLoss !== undefined && { stop_loss: moneyOrNull(stopLoss?.price ?? null) }),
    ...(takeProfits !== undefined && {
      take_profits: takeProfits.map(({ price, share }) => ({ price: money(price), share: money(share) })),
    }),
    ...(trailingStop !== undefined && {
      trailing_stop: trailingStop && {
        ...('percent' in trailingStop.distance && {
          distance_percent: money(trailingStop.distance.percent),
        }),
        ...('amount' in trailingStop.distance && { distance_amount: money(trailingStop.distance.amount) }),
        activation_price: moneyOrNull(trailingStop.activationPrice),
      },
    }),
    ...(breakEven !== undefined && {
      break_even: breakEven && {
        activation_profit_percent: money(breakEven.activationProfitPercent),
        offset_percent: money(breakEven.offsetPercent),
      },
    }),
  };
}

export const signalView = (signal: Signal) => ({
  signal_id: signal.signalId,
  timestamp: time(signal.at),
  signal: signal.action,
  confidence: money(signal.confidence),
  urgency: signal.urgency,
  reasoning: signal.reasoning,
  agent: signal.agentId,
  adjust: signal.adjust && adjustView(signal.adjust),
  outcome: signal.outcome,
  reason: signal.reason && {
    code: signal.reason.code,
    field: signal.reason.field,
    message: signal.reason.message,
    next_action: signal.reason.fix,
    facts: signal.reason.facts,
  },
  exit_order_id: signal.exitOrderId,
});

export type SignalView = ReturnType<typeof signalView>;

/** Why it closes or should close: the claim, else the last signal. Without the signals themselves. */
export function monitoringView({ signals, flatten }: Position) {
  const last = signals?.last ?? null;
  const close = last?.action === 'close' ? last : null;
  const reason = flatten?.cause ?? (close === null ? null : ('ai_signal' as const));
  return {
    should_close: reason !== null,
    close_reason: reason,
    close_urgency: close?.urgency ?? ('none' as const),
    close_confidence: money(close?.confidence ?? ZERO),
    last_ai_check: timeOrNull(last?.at ?? null),
    signal_count: signals?.count ?? 0,
    last_signal: last && {
      signal_id: last.signalId,
      timestamp: time(last.at),
      signal: last.action,
      confidence: money(last.confidence),
      urgency: last.urgency,
      agent: last.agentId,
      outcome: last.outcome,
    },
  };
}

export const policyView = ({ act, minConfidence, allowLoosen }: SignalPolicy) => ({
  act,
  min_confidence: money(minConfidence),
  allow_loosen: allowLoosen,
});
