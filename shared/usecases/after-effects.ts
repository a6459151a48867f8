/**
 * What follows a commit: messages for new and cancelled orders, levels into the index, counters (design section 7).
 *
 * All of it is idempotent and owed by the due index as well, so a crash anywhere here only costs time.
 */

import { orderNeedsArming, positionNeedsArming } from '../domain/due.ts';
import { fillTimeMs, isFinal, sendTimeMs } from '../domain/orders.ts';
import { isClosed } from '../domain/positions.ts';
import { wantsResidentLook } from '../domain/resident-state.ts';
import type { OrderStatus, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import type { Changed } from './change-order.ts';
import { count as addCounts, FILL_TIME, observation, realizedCounts, TRIGGERED } from './counts.ts';
import { isGapped, liveOrderIds, wantsWork } from './exit-plan.ts';
import type { Ports } from './ports.ts';
import { sendPointer } from './work-pointers.ts';

type Needs = Pick<Ports, 'ledger' | 'outbox' | 'counters' | 'metrics' | 'log'>;

const COUNTED: Partial<Record<OrderStatus, string>> = {
  filled: 'orders:filled_total',
  cancelled: 'orders:cancelled_total',
  rejected: 'orders:rejected_total',
  failed: 'orders:failed_total',
};

export type AfterEffects = ReturnType<typeof makeAfterEffects>;

export function makeAfterEffects(ports: Needs, { armPosition, armOrder }: ArmLevels) {
  const { ledger, outbox } = ports;

  /** Levels of a position whose set has changed; also out of the index when it closes. */
  async function levels(position: Position, before: Position | null): Promise<void> {
    const isLeaving = isClosed(position) || position.flatten !== null;
    const left = isLeaving && (before === null || before.levelsVersion !== position.levelsVersion);
    if (left || (!isLeaving && positionNeedsArming(position))) await armPosition(position);
  }

  async function count({ before, order, position, positionBefore }: Changed): Promise<void> {
    const add: Record<string, number | string> = {};
    if (before.venueOrderId === null && order.venueOrderId !== null) {
      add['orders:placed_total'] = 1;
      add[`orders:placed_total:${order.symbol}:${order.side}`] = 1;
      const waited = sendTimeMs(order);
      if (waited !== null) ports.metrics({ orders_decision_to_sent_ms: waited });
    }
    const counted = order.status === before.status ? undefined : COUNTED[order.status];
    if (counted !== undefined) add[counted] = 1;
    const took = counted === COUNTED.filled ? fillTimeMs(order) : null;
    if (took !== null) Object.assign(add, observation(FILL_TIME, took));
    if (position !== null && positionBefore !== null) {
      const isClosing = !isClosed(positionBefore) && isClosed(position);
      if (isClosing && position.openedAt !== null) add['positions:closed_total'] = 1;
      // Of a change of an order: what its resident order has sold, of which the watched level was not told.
      if (positionBefore.flatten === null && position.flatten !== null) Object.assign(add, TRIGGERED);
      const gained = position.realizedPnl.minus(positionBefore.realizedPnl);
      Object.assign(add, realizedCounts(gained, position.quote));
    }
    await addCounts(ports, add, { orderId: order.orderId });
  }

  /**
   * Performs what a change calls for; after a duplicate, what the stored state still calls for. `goesOn`: the caller
   * has more of the order's trades and books them next, so nobody needs to ask the venue for them.
   */
  return async (changed: Changed, goesOn = false): Promise<void> => {
    const { outcome, order, position, positionBefore, planned } = changed;
    for (const next of planned) if (wantsWork(next)) await sendPointer(outbox, next);
    if (outcome === 'duplicate_fill' && position !== null && position.flatten !== null) {
      const live = await ledger.orders(liveOrderIds(position));
      for (const next of live) if (wantsWork(next)) await sendPointer(outbox, next);
    }
    if (isGapped(order) && !goesOn) await sendPointer(outbox, order);
    if (order.status === 'cancelling' && changed.before.status !== 'cancelling')
      await sendPointer(outbox, order);
    if (position !== null) await levels(position, outcome === 'done' ? positionBefore : null);
    if (position !== null && wantsResidentLook(position)) {
      await outbox.exits({ positionId: position.positionId });
    }
    const leftIndex = isFinal(order.status) && !isFinal(changed.before.status) && order.armedTick !== null;
    if (leftIndex || orderNeedsArming(order)) await armOrder(order);
    if (outcome === 'done') await count(changed);
  };
}
