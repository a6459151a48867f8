/** Cancelling: stored intent, finished through exits and the due index (design sections 6, 9). */
import { transition } from '../domain/orders.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Order } from '../domain/types.ts';
import type { AfterEffects } from './after-effects.ts';
import type { ChangeOrder } from './change-order.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'clock' | 'log'>;

export interface CancelOrderCommand {
  readonly userId: string;
  readonly orderId: string;
}

export type CancelOrder = ReturnType<typeof makeCancelOrder>;

export function makeCancelOrder(ports: Needs, changeOrder: ChangeOrder, afterEffects: AfterEffects) {
  const { ledger, clock, log } = ports;

  /** Answers the order as it stands; a repeat of a cancel under way, or done by a cancel, changes nothing. */
  return async ({ userId, orderId }: CancelOrderCommand): Promise<Result<Order, Refusal>> => {
    const owned = await ledger.order(orderId);
    if (owned === null || owned.userId !== userId) return notFound('order', 'order_id');
    const changed = await changeOrder(
      orderId,
      (current) => {
        const next = transition(current, { kind: 'cancel_wanted', at: clock.now(), cause: 'api' });
        return next.ok ? { order: next.value } : null;
      },
      owned,
    );
    if (changed === null) return notFound('order', 'order_id');
    const { order, outcome } = changed;
    if (outcome === 'nothing') {
      if (order.status === 'cancelling' || order.status === 'cancelled') return ok(order);
      const facts = { status: order.status };
      return refuse(
        'already_final',
        'order_id',
        `the order is ${order.status}`,
        'nothing is left to cancel',
        facts,
      );
    }
    log.info('CANCEL_WANTED', { orderId, status: order.status });
    await tell(log, afterEffects(changed), { orderId });
    return ok(order);
  };
}
