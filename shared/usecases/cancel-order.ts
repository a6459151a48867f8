/** Cancelling: stored intent, finished through exits and the due index (design sections 6, 9). */
import { transition } from '../domain/orders.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Order } from '../domain/types.ts';
import type { AfterEffects } from './after-effects.ts';
import type { ChangeOrder } from './change-order.ts';
import { callRecord, formerCall, keyedCall } from './keyed-call.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'clock' | 'log'>;

export interface CancelOrderCommand {
  readonly userId: string;
  readonly orderId: string;
  /** The caller's key; null = every call is its own, which a cancel can bear. */
  readonly idempotencyKey?: string | null;
  /** Who wants it gone, as the order's history says it: its user where nothing else is said. */
  readonly cause?: 'api' | 'pause' | 'risk_breach';
}

export type CancelOrder = ReturnType<typeof makeCancelOrder>;

export function makeCancelOrder(ports: Needs, changeOrder: ChangeOrder, afterEffects: AfterEffects) {
  const { ledger, clock, log } = ports;

  /** Answers the order as it stands; a repeat of a cancel under way, or done by a cancel, changes nothing. */
  return async (command: CancelOrderCommand): Promise<Result<Order, Refusal>> => {
    const { userId, orderId, idempotencyKey, cause = 'api' } = command;
    const owned = await ledger.order(orderId);
    if (owned === null || owned.userId !== userId) return notFound('order', 'order_id');
    const call = keyedCall('cancel', orderId, idempotencyKey ?? null, {});
    const former = await formerCall(ledger, call);
    if (!former.ok) return former;
    if (former.value !== null) return ok(owned);
    const changed = await changeOrder(
      orderId,
      (current) => {
        const at = clock.now();
        const next = transition(current, { kind: 'cancel_wanted', at, cause });
        return next.ok ? { order: next.value, call: callRecord(call, at) } : null;
      },
      owned,
    );
    if (changed === null) return notFound('order', 'order_id');
    const { order, outcome } = changed;
    if (outcome === 'key_taken') {
      const made = await formerCall(ledger, call);
      return made.ok ? ok(order) : made;
    }
    if (outcome === 'nothing') return standing(order);
    log.info('CANCEL_WANTED', { orderId, status: order.status });
    await tell(log, afterEffects(changed), { orderId });
    return ok(order);
  };
}

/** A cancel that changes nothing: done already, or too late. */
function standing(order: Order): Result<Order, Refusal> {
  const { status, replacedBy } = order;
  if (replacedBy !== null) {
    // Whoever wants it gone must know that what was left of it lives on.
    const facts = { status, replaced_by: replacedBy };
    const message = `the order is ${status}, and another took its place`;
    return refuse('already_final', 'order_id', message, `cancel ${replacedBy} instead`, facts);
  }
  if (status === 'cancelling' || status === 'cancelled') return ok(order);
  return refuse('already_final', 'order_id', `the order is ${status}`, 'nothing is left to cancel', {
    status,
  });
}
