import type { TriggerFacts } from '../../domain/types.ts';
import { money, moneyOrNull, time, timeOrNull } from './text.ts';

/** The price that decided an exit: which tick, which level, armed when, and the market then. */
export function triggerView(trigger: TriggerFacts) {
  return {
    level_name: trigger.levelName,
    /** `tick`, `armed` (due at once when it was armed) or `rebuilt` (found from the tape). */
    cause: trigger.cause,
    source: trigger.source,
    level: money(trigger.level),
    price: money(trigger.price),
    peak: moneyOrNull(trigger.peak),
    bid: money(trigger.bid),
    ask: money(trigger.ask),
    last: money(trigger.last),
    tick_id: trigger.tickId,
    armed_tick_id: trigger.armedTickId,
    tick_at: time(trigger.tickAt),
    recorded_at: timeOrNull(trigger.recordedAt === 0 ? null : trigger.recordedAt),
  };
}
