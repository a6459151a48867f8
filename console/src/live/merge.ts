/**
 * What an event says of a row that is there: status and levels at once. Figures that stand for each other (amount, cost, P&L)
 * are left to the read that follows, so that they are always of one moment.
 */
import type { EventView } from '../../../shared/client/push.ts';
import type { Keyed } from './keyed.ts';
import type { Position } from './positions.ts';
import type { Order } from './rows.ts';

type Data = Readonly<Record<string, unknown>>;

/** Older than what is known: it says nothing new. */
const isOld = (event: EventView, row: { readonly updated_at: string }): boolean => event.at < row.updated_at;

/** Of a position that is not here nothing is made: it is read. */
export function mergedPosition(positions: Keyed<Position>, event: EventView): void {
  const { position_id, status, protection } = event.data;
  const row = positions.row(String(position_id)).peek();
  if (row === null || isOld(event, row)) return;
  const levels = (protection ?? {}) as Data;
  positions.put({
    ...row,
    status: status as Position['status'],
    updated_at: event.at,
    risk_management: {
      ...row.risk_management,
      ...pick(levels, ['current_stop_loss', 'current_stop_level', 'take_profits']),
    },
  });
}

/** As above, of orders; their sums are of the event's own moment, so they are taken together. */
export function mergedOrder(orders: Keyed<Order>, event: EventView): void {
  const row = orders.row(String(event.data['order_id'])).peek();
  if (row === null || isOld(event, row)) return;
  orders.put({
    ...row,
    ...pick(event.data, [
      ...(['status', 'filled_amount', 'filled_value', 'remaining_amount', 'average_fill_price'] as const),
      ...(['limit_price', 'stop_price', 'outcome_unknown'] as const),
    ]),
    updated_at: event.at,
  });
}

/** Members of the event, which has them in the row's own form (docs/push.md). */
const pick = (data: Data, names: readonly string[]): object =>
  Object.fromEntries(names.flatMap((name) => (name in data ? [[name, data[name]]] : [])));
