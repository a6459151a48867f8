/**
 * Parts of a position that wait until its resident order has given way (residents.ts). Pure.
 *
 * Always true: a part gets what is free then and no more; until then it reserves nothing and cannot be sent.
 */
import { exitSettled, withReserved } from './exits.ts';
import { exitLot } from './lots.ts';
import { floorTo, minOf } from './money/decimal.ts';
import { noted } from './order-notes.ts';
import { transition } from './orders.ts';
import { freeQuantity, isDust } from './positions.ts';
import type { SymbolSpec } from './symbols.ts';
import type { Order, Position } from './types.ts';

export interface Released {
  readonly position: Position;
  /** Those that waited, as they are to be now: on their way, or ended because nothing is left for them. */
  readonly orders: readonly { readonly before: Order; readonly after: Order }[];
}

/** Parts of one transaction, so that it stays below the store's 100 items with 50 fills; the next look goes on. */
const RELEASED_AT_ONCE = 40;

/**
 * The resident order has given way: the parts that waited for it get what is free, in the order in which they came. One
 * that the resident order's own fills have left nothing for ends. Of many the first; without any: as it was.
 */
export function releaseWaiting(
  start: Position,
  live: readonly Order[],
  spec: SymbolSpec,
  now: number,
): Released {
  const orders: { before: Order; after: Order }[] = [];
  if (start.flatten !== null || start.resident?.resting != null) return { position: start, orders };
  let position = start;
  for (const { orderId, waits } of start.liveExits) {
    if (orders.length >= RELEASED_AT_ONCE) break;
    const before = waits === null ? undefined : live.find((one) => one.orderId === orderId);
    if (waits === null || before === undefined) continue;
    const quantity = floorTo(minOf(waits, freeQuantity(position)), exitLot(spec).step);
    if (isDust(quantity, spec, before.referencePrice)) {
      const ended = transition(before, { kind: 'cancel_wanted', at: now, cause: 'exit_plan' });
      if (!ended.ok) continue;
      orders.push({ before, after: { ...ended.value, waitsFor: null } });
      position = exitSettled(position, ended.value, now);
      continue;
    }
    const why = 'the resident order has given way';
    const less = quantity.equals(waits) ? '' : `: ${quantity.toFixed()} of ${waits.toFixed()} is left`;
    const next = noted({ ...before, quantity, waitsFor: null }, now, `${why}${less}`, 'exit_plan');
    orders.push({ before, after: next });
    position = {
      ...withReserved(position, orderId, quantity, now),
      liveExits: position.liveExits.map((e) =>
        e.orderId === orderId ? { ...e, reserved: quantity, waits: null } : e,
      ),
    };
  }
  return { position, orders };
}
