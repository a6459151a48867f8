/** One event of an order, committed with what follows from it. */
import { type OrderEvent, transition } from '../domain/orders.ts';
import type { Order } from '../domain/types.ts';
import type { AfterEffects } from './after-effects.ts';
import type { Changed, ChangeOrder } from './change-order.ts';
import type { Ports } from './ports.ts';

/** Null when the event no longer applies. */
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
        const next = transition(current, event);
        if (next.ok) return { order: next.value };
        const facts = { orderId: order.orderId, event: event.kind, why: next.error.message };
        log.info('TRANSITION_REFUSED', facts);
        return null;
      },
      order,
    );
    if (changed === null || changed.outcome === 'nothing') return null;
    await afterEffects(changed);
    return changed;
  };
}
