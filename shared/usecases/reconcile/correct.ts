/**
 * Carrying out what a comparison found (design sections 5, 13). Each correction is idempotent: a pass that runs twice,
 * or dies between two of them, changes nothing twice.
 */

import { withDue } from '../../domain/due.ts';
import { applyExternal, reverseExternal } from '../../domain/reconcile/external.ts';
import type { Correction } from '../../domain/reconcile/types.ts';
import { unreachable } from '../../domain/result.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import type { Order, Position } from '../../domain/types.ts';
import type { OrderSought, VenueWallet } from '../../ports/venue.ts';
import type { ArmLevels } from '../arm-levels.ts';
import { actionsOf, readLiveOrders, specOf, stored } from '../change-order.ts';
import { untilWritten } from '../conflicts.ts';
import { countRealized } from '../counts.ts';
import { parseVenueClientId, venueClientId } from '../derive-ids.ts';
import { carryOutPlan, needsPlan, wantsWork } from '../exit-plan.ts';
import { tell } from '../owed.ts';
import type { Ports } from '../ports.ts';
import { soughtOf } from '../sought.ts';
import { tellAlarms } from '../tell-alarms.ts';
import { sendPointer } from '../work-pointers.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'outbox' | 'counters' | 'metrics' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'
>;

/** What came of asking for an order. */
export type AskedOrder = 'reported' | 'absent' | 'unknown';

type Asking = Extract<Correction, { kind: 'ask_order' }>;
type Traded = Asking['traded'];

/** An attempt that was thought void may have traded after all: what is missing is asked of that one. */
function attemptSought(order: Order, traded: Traded): OrderSought {
  const sought = soughtOf(order);
  const attempt = traded?.clientId == null ? undefined : parseVenueClientId(traded.clientId)?.attempt;
  if (traded === null || attempt === undefined || attempt === order.send?.attempt) return sought;
  const venueOrderId = order.type === 'oco' ? null : traded.venueOrderId;
  return { ...sought, clientId: venueClientId(order.orderId, attempt), venueOrderId };
}

function withoutLeg(clientId: string): string {
  const parsed = parseVenueClientId(clientId);
  return parsed === null ? clientId : venueClientId(parsed.orderId, parsed.attempt);
}

export function makeCorrect(ports: Needs, arm: ArmLevels) {
  const { ledger, outbox, clock, log } = ports;

  /** The venue's word goes the way of every report: the executions queue. */
  async function askOrder(order: Order, traded: Traded, venue: VenueWallet): Promise<AskedOrder> {
    const found = await venue.orderStatus(attemptSought(order, traded));
    if (found.kind === 'found') {
      await outbox.executions(found.report);
      return 'reported';
    }
    if (found.kind === 'absent') return 'absent';
    log.warn('RECONCILE_QUERY_UNKNOWN', { orderId: order.orderId, why: found.message });
    return 'unknown';
  }

  /**
   * Cancels what rests at the venue of an order that has ended here: whoever owns it was told that it cannot trade, and may
   * have sent another one. A cancel whose reply is lost is sent again by the next comparison that finds it open.
   */
  async function cancelStrays(order: Order, strays: Asking['strays'], venue: VenueWallet): Promise<void> {
    const { orderId, symbol, type, status } = order;
    // The legs of a list go together, by the list's own id.
    const byId = new Map(strays.map((stray) => [withoutLeg(stray.clientId), stray.venueOrderId]));
    for (const [clientId, venueOrderId] of byId) {
      const outcome = await venue.cancelOrder(symbol, clientId, type, type === 'oco' ? null : venueOrderId);
      const facts = { orderId, symbol, status, venueOrderId };
      if (outcome.kind === 'cancelled') {
        log.error('STRAY_ORDER_CANCELLED', { ...facts, outcome: outcome.kind });
        await outbox.executions(outcome.report);
        continue;
      }
      const why = outcome.kind === 'unknown' ? outcome.message : 'no such live order';
      log.error('STRAY_ORDER_CANCEL_UNKNOWN', { ...facts, outcome: outcome.kind, why });
    }
  }

  /** One change of a position with what its exit plan makes of it, in one transaction. */
  async function changePosition(
    positionId: string,
    kind: string,
    facts: Readonly<Record<string, string>>,
    change: (p: Position, spec: SymbolSpec, now: number) => Position,
  ): Promise<boolean> {
    const written = await untilWritten(ports, `${kind} of position ${positionId}`, async () => {
      const before = await ledger.position(positionId);
      if (before === null) return null;
      const now = clock.now();
      const spec = await specOf(ports.symbols, before);
      const changed = change(before, spec, now);
      if (changed === before) return null;
      const live = needsPlan(changed) ? await readLiveOrders(ledger, changed, null) : [];
      const mark = changed.flatten?.price ?? null;
      const planned = needsPlan(changed)
        ? carryOutPlan(changed, live, { spec, now, claiming: false, mark })
        : { position: withDue(changed, now), orders: [], alarms: [] };
      const written = { before, after: planned.position };
      const result = await ledger.commit({
        orders: planned.orders,
        positions: [written],
        actions: [
          { positionId, action: { at: now, kind, facts } },
          ...actionsOf(before, planned.position, now),
        ],
      });
      if (result.outcome !== 'done') return 'conflict';
      await countRealized(ports, before, written.after);
      return { position: stored(written), orders: planned.orders.map(stored), alarms: planned.alarms };
    });
    if (written === null) return false;
    for (const order of written.orders) {
      if (wantsWork(order)) await tell(log, sendPointer(outbox, order), { orderId: order.orderId });
    }
    await tellAlarms(ports, positionId, written.alarms);
    await arm.armPosition(written.position);
    return true;
  }

  /** Books or puts back; answers whether anything changed. Asking is the caller's. */
  async function correctPosition(correction: Exclude<Correction, { kind: 'ask_order' }>): Promise<boolean> {
    const { positionId, id, asset } = correction;
    switch (correction.kind) {
      case 'book_external': {
        const { quantity, price, fee } = correction;
        const facts = {
          external_id: id,
          asset,
          quantity: quantity.toFixed(),
          price: price?.toFixed() ?? 'none',
        };
        log.error('COINS_SOLD_OUTSIDE', { positionId, ...facts });
        return changePosition(positionId, 'external_booked', facts, (p, spec, now) =>
          applyExternal(p, { id, quantity, price, fee }, spec, now),
        );
      }
      case 'reverse_external': {
        log.warn('OUTSIDE_SALE_REVERSED', { positionId, external_id: id });
        return changePosition(positionId, 'external_reversed', { external_id: id, asset }, (p, _spec, now) =>
          reverseExternal(p, id, now),
        );
      }
      default:
        return unreachable(correction);
    }
  }

  return { askOrder, cancelStrays, correctPosition };
}
