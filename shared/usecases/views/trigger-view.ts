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
    /** The feed that sent the price; null where the price was read from the tape. */
    price_source: trigger.origin?.feed ?? null,
    /** Made of a price in another currency. */
    converted: trigger.origin?.converted ?? false,
    /** True: neither a book nor a second source stood beside the price, so the rule on outliers was off. */
    unchecked: trigger.origin === null ? null : !trigger.origin.checked,
    price_age_ms: trigger.ageMs,
    tick_id: trigger.tickId,
    armed_tick_id: trigger.armedTickId,
    tick_at: time(trigger.tickAt),
    recorded_at: timeOrNull(trigger.recordedAt === 0 ? null : trigger.recordedAt),
  };
}
