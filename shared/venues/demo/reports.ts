/** The demo venue's news of an order, in the words of every venue. Pure. */
import { sum } from '../../domain/money/decimal.ts';
import type { ExecutionReport, Fill } from '../../domain/types.ts';
import type { DemoOrder } from '../../ports/demo-store.ts';

/** An order as it stands. `fills`: those that this report tells of. */
export const reportOf = (
  walletId: string,
  order: DemoOrder,
  fills: readonly Fill[],
  source: ExecutionReport['source'],
): ExecutionReport => ({
  walletId,
  environment: 'demo',
  symbol: order.symbol,
  clientId: order.clientId,
  venueOrderId: order.venueOrderId,
  status: order.status,
  reason: order.reason,
  cumulativeQuantity: order.executedQuantity,
  fills,
  at: order.updatedAt,
  source,
});

/** The answer to a placement: taken; its fills come by the queue. */
export const acceptance = (walletId: string, order: DemoOrder): ExecutionReport => ({
  ...reportOf(walletId, order, [], 'answer'),
  status: 'new',
  reason: null,
  cumulativeQuantity: sum([]),
  at: order.createdAt,
});

/** Trades per message, far below a queue's size limit. */
export const TRADES_PER_REPORT = 50;

/**
 * Reports for the queue that tell of these trades, in order. `before` is what had been executed before the
 * first of them; each report's cumulative quantity counts up to its own last trade, and only the last one has
 * the order's status.
 */
export function streamReports(
  walletId: string,
  order: DemoOrder,
  fills: readonly Fill[],
): readonly ExecutionReport[] {
  const reports: ExecutionReport[] = [];
  let executed = order.executedQuantity.minus(sum(fills.map((fill) => fill.quantity)));
  for (let start = 0; start < fills.length; start += TRADES_PER_REPORT) {
    const part = fills.slice(start, start + TRADES_PER_REPORT);
    executed = executed.plus(sum(part.map((fill) => fill.quantity)));
    const isLast = start + TRADES_PER_REPORT >= fills.length;
    const whole = reportOf(walletId, order, part, 'stream');
    reports.push(
      isLast ? whole : { ...whole, status: 'partially_filled', reason: null, cumulativeQuantity: executed },
    );
  }
  return reports.length > 0 ? reports : [reportOf(walletId, order, [], 'stream')];
}
