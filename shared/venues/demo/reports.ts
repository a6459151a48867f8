/** The demo venue's news of an order, in the words of every venue. Pure. */
import { sum } from '../../domain/money/decimal.ts';
import { splitReport } from '../../domain/split-report.ts';
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

/**
 * Reports for the queue that tell of these trades, in order; the last of them has the order's status, and what had been
 * executed before the first counts.
 */
export const streamReports = (
  walletId: string,
  order: DemoOrder,
  fills: readonly Fill[],
): readonly ExecutionReport[] => splitReport(reportOf(walletId, order, fills, 'stream'));
