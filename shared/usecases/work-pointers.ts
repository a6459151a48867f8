/**
 * Pointers to orders and positions, each to the queue of its kind: entries and figures to submit; exits, levels, every
 * cancel and every amendment to exits.
 */
import { isAmending } from '../domain/amendments.ts';
import { owesOnlyFigures } from '../domain/due.ts';
import type { Order, Position } from '../domain/types.ts';
import type { Outbox, WorkMessage } from '../ports/messages.ts';

type WorkQueues = Pick<Outbox, 'submit' | 'exits'>;
type Pointed = Pick<Order, 'orderId' | 'role' | 'status' | 'amendment'>;

function send(
  outbox: WorkQueues,
  order: Pointed,
  message: WorkMessage,
  delaySeconds?: number,
): Promise<void> {
  const isUrgent = order.role === 'exit' || order.status === 'cancelling' || isAmending(order);
  const queue = isUrgent ? outbox.exits : outbox.submit;
  return queue.call(outbox, message, delaySeconds);
}

/** Do what its state calls for. */
export const sendPointer = (outbox: WorkQueues, order: Pointed, delaySeconds?: number): Promise<void> =>
  send(outbox, order, { orderId: order.orderId }, delaySeconds);

/** Ask the venue for it, whether that is due or not. */
export const sendLook = (outbox: WorkQueues, order: Pointed, delaySeconds?: number): Promise<void> =>
  send(outbox, order, { orderId: order.orderId, look: true }, delaySeconds);

/** Do what a position's state calls for; figures never stand before exits. */
export const sendPosition = (
  outbox: WorkQueues,
  position: Position,
  now: number,
  delaySeconds?: number,
): Promise<void> => {
  const queue = owesOnlyFigures(position, now) ? outbox.submit : outbox.exits;
  return queue.call(outbox, { positionId: position.positionId }, delaySeconds);
};
