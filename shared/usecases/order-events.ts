/**
 * One event of an order, committed with what follows from it.
 *
 * Always true: what was heard of one attempt is never taken for news of another. A sender that was frozen, or a second
 * resolver, may speak of an attempt that is void while the next is at the venue already (design section 6).
 */
import { type OrderEvent, transition } from '../domain/orders.ts';
import type { Order } from '../domain/types.ts';
import type { AfterEffects } from './after-effects.ts';
import type { Changed, ChangeOrder } from './change-order.ts';
import type { Ports } from './ports.ts';

/** What can be said of one attempt only: of the one that `order.send` was when the event was found out. */
const OF_ONE_ATTEMPT: readonly OrderEvent['kind'][] = [
  'refused',
  'not_sent',
  'not_executed',
  'reply_lost',
  'proven_absent',
];

/** `order`: as it was when the event was found out. Null when the event no longer applies. */
export type Happen = (order: Order, event: OrderEvent) => Promise<Changed | null>;

export function makeOrderEvents(
  { log }: Pick<Ports, 'log'>,
  changeOrder: ChangeOrder,
  afterEffects: AfterEffects,
): Happen {
  return async (order, event) => {
    const changed = await changeOrder(
      order.orderId,
      (current) => {
        const isStale = OF_ONE_ATTEMPT.includes(event.kind) && current.send?.token !== order.send?.token;
        const next = isStale ? null : transition(current, event);
        if (next?.ok === true) return { order: next.value };
        const why = next === null ? 'it is of an earlier attempt' : next.error.message;
        log.info('TRANSITION_REFUSED', { orderId: order.orderId, event: event.kind, why });
        return null;
      },
      order,
    );
    if (changed === null || changed.outcome === 'nothing') return null;
    await afterEffects(changed);
    return changed;
  };
}
