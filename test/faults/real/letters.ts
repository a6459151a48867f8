/**
 * What a dead letter means (design section 15). One whose readers were killed, or were too slow, as often as it may be
 * read is expected when all that it speaks of was done by others; anything else is a violation. Pure.
 */
import * as z from 'zod';
import { parseVenueClientId } from '../../../shared/usecases/derive-ids.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';

export interface Letter {
  readonly queue: string;
  readonly body: string;
  /** As the worker that gave it up noted it; null: the queue did, since nobody ever finished with it. */
  readonly reason: string | null;
}

interface Known {
  readonly orders: readonly OrderView[];
  readonly positions: readonly PositionView[];
}

/** Reasons that say nothing against the message itself. */
const ONLY_TRIED_TOO_OFTEN: readonly (string | null)[] = [null, 'failed', 'not_tried'];
const LIVE: readonly OrderView['status'][] = [
  'pending',
  'submitted',
  'open',
  'partially_filled',
  'cancelling',
];

const Report = z.object({ clientId: z.string(), fills: z.array(z.object({ tradeId: z.string() })) });
const Work = z.union([
  z.object({ orderId: z.string() }),
  z.object({ positionId: z.string() }),
  z.object({ walletId: z.string() }),
]);
/** What the next minute does again by itself. */
const Repeated = z.union([
  z.object({ kind: z.string() }),
  z.object({ walletId: z.string(), reason: z.string() }),
]);

/** Null: expected. Else why it is not. */
export function judgeLetter({ queue, body, reason }: Letter, known: Known): string | null {
  if (!ONLY_TRIED_TOO_OFTEN.includes(reason)) return `given up as ${reason}`;
  const content = parsed(body);
  if (queue.startsWith('executions')) {
    const report = Report.safeParse(content);
    return report.success ? missingOf(report.data, known) : 'no report that can be read';
  }
  if (queue.startsWith('triggers') || queue.startsWith('reconcile')) {
    return Repeated.safeParse(content).success ? null : 'no message that can be read';
  }
  const work = Work.safeParse(content);
  return work.success ? undoneOf(work.data, known) : 'no pointer that can be read';
}

function missingOf({ clientId, fills }: z.output<typeof Report>, { orders }: Known): string | null {
  const id = parseVenueClientId(clientId)?.orderId;
  const order = orders.find(({ order_id: orderId }) => orderId === id);
  if (order === undefined) return `of ${clientId}, which is no order here`;
  const booked = new Set((order.fills ?? []).map(({ trade_id: tradeId }) => tradeId));
  const missing = fills.filter(({ tradeId }) => !booked.has(tradeId));
  return missing.length === 0 ? null : `its trades ${missing.map(({ tradeId }) => tradeId)} are not booked`;
}

function undoneOf(work: z.output<typeof Work>, { orders, positions }: Known): string | null {
  if ('orderId' in work) {
    const order = orders.find(({ order_id: id }) => id === work.orderId);
    if (order === undefined) return `of ${work.orderId}, which is no order here`;
    return LIVE.includes(order.status) ? `its order is ${order.status}` : null;
  }
  if (!('positionId' in work)) return null;
  const position = positions.find(({ position_id: id }) => id === work.positionId);
  if (position === undefined) return `of ${work.positionId}, which is no position here`;
  return position.status === 'closed' ? null : `its position is ${position.status}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
