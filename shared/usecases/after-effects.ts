/**
 * What follows a commit: messages for new and cancelled orders, levels into the index, counters (design section 7).
 *
 * All of it is idempotent and owed by the due index as well, so a crash anywhere here only costs time.
 */

import { orderNeedsArming, positionNeedsArming } from '../domain/due.ts';
import { decimalText } from '../domain/money/decimal.ts';
import { fillTimeMs, isFinal } from '../domain/orders.ts';
import { isClosed } from '../domain/positions.ts';
import { wantsResidentLook } from '../domain/resident-state.ts';
import type { OrderStatus, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import type { Changed } from './change-order.ts';
import { isGapped, liveOrderIds, wantsWork } from './exit-plan.ts';
import type { Ports } from './ports.ts';
import { sendPointer } from './work-pointers.ts';

type Needs = Pick<Ports, 'ledger' | 'outbox' | 'counters' | 'log'>;

const COUNTED: Partial<Record<OrderStatus, string>> = {
  filled: 'orders:filled_total',
  cancelled: 'orders:cancelled_total',
  rejected: 'orders:rejected_total',
  failed: 'orders:failed_total',
};

/** Upper bounds of the histogram of fill times, in ms; what took longer is under `more`. */
const FILL_TIME_BOUNDS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000, 600_000, 3_600_000];

function fillTimeCounts(took: number): Record<string, number> {
  const bound = FILL_TIME_BOUNDS.find((most) => took <= most) ?? 'more';
  const name = 'orders:fill_time_ms';
  return { [`${name}:count`]: 1, [`${name}:sum`]: took, [`${name}:${bound}`]: 1 };
}

export type AfterEffects = ReturnType<typeof makeAfterEffects>;

export function makeAfterEffects(ports: Needs, { armPosition, armOrder }: ArmLevels) {
  const { ledger, outbox, counters, log } = ports;

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
    }
    const counted = order.status === before.status ? undefined : COUNTED[order.status];
    if (counted !== undefined) add[counted] = 1;
    const took = counted === COUNTED.filled ? fillTimeMs(order) : null;
    if (took !== null) Object.assign(add, fillTimeCounts(took));
    if (position !== null && positionBefore !== null) {
      if (positionBefore.openedAt === null && position.openedAt !== null) add['om:positions_open'] = 1;
      if (!isClosed(positionBefore) && isClosed(position) && position.openedAt !== null) {
        add['om:positions_open'] = -1;
        add['positions:closed_total'] = 1;
      }
      const gained = position.realizedPnl.minus(positionBefore.realizedPnl);
      // A counter for dashboards only; the ledger has the exact figure.
      if (!gained.isZero()) add['positions:pnl_realized'] = decimalText(gained);
    }
    if (Object.keys(add).length === 0) return;
    try {
      await counters.add(add);
    } catch (error) {
      log.warn('COUNTERS_NOT_WRITTEN', { orderId: order.orderId, error: String(error) });
    }
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
