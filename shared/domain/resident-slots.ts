/**
 * Who may rest stop orders where a symbol's places for them are few (design section 9): those nearest to their stops,
 * in percent of the price. Pure.
 */
import { ORDER_COUNTS } from './filters-account.ts';
import { filterOf } from './lots.ts';
import { type Decimal, decimal } from './money/decimal.ts';
import { isFinal } from './orders.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import type { Order, OrderType } from './types.ts';

/** Nobody gives way to one that is nearer by less, percentage points: two would take turns. */
const NEARER = decimal('0.5');

const COUNTED = [
  ['max_num_orders', 'orders'],
  ['max_num_algo_orders', 'algo'],
  ['max_num_order_lists', 'lists'],
] as const;

/** Has the symbol a limit of any kind? Without one there is room whatever rests. */
export const hasLimits = (spec: SymbolSpec): boolean =>
  COUNTED.some(([kind]) => filterOf(spec, kind)?.limit !== undefined);

/** Is there room for one more order of this type? `live`: the account's live orders on the symbol, as far as is known. */
export function hasSlot(spec: SymbolSpec, type: OrderType, live: readonly Order[]): boolean {
  const counted = live.filter(({ status, symbol }) => !isFinal(status) && symbol === spec.symbol);
  return COUNTED.every(([kind, name]) => {
    const limit = filterOf(spec, kind)?.limit;
    const used = counted.reduce((sum, order) => sum + ORDER_COUNTS[order.type][name], 0);
    return limit === undefined || used + ORDER_COUNTS[type][name] <= limit;
  });
}

/** A position whose resident order has a place. */
export interface Holder {
  readonly positionId: string;
  readonly orderId: string;
  /** From the price to its stop, percent. */
  readonly distance: Decimal;
}

/** Whose place goes to a position at this distance; null: all others are as near. */
export function givesWay(distance: Decimal, holders: readonly Holder[]): Holder | null {
  const farthest = holders.toSorted(
    (a, b) => b.distance.comparedTo(a.distance) || (a.positionId < b.positionId ? -1 : 1),
  )[0];
  if (farthest === undefined) return null;
  return farthest.distance.minus(distance).greaterThanOrEqualTo(NEARER) ? farthest : null;
}
