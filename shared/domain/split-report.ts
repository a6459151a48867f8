/** Reports in parts that any queue takes (design section 15). Pure. */
import { maxOf, sum, ZERO } from './money/decimal.ts';
import type { ExecutionReport } from './types.ts';

/** Trades per message: some 20 KB of a queue's 1 MiB, and one transaction for whoever books them. */
export const TRADES_PER_REPORT = 50;

/**
 * The same news in order, in reports of at most so many trades. The cumulative quantity counts up: each part says what
 * had been executed with its own last trade; only the last part has the order's status and its whole quantity, and
 * says what the order was set to, which may be less than had filled.
 */
export function splitReport(report: ExecutionReport): readonly ExecutionReport[] {
  const { fills, cumulativeQuantity } = report;
  const { quantity: _ofTheWhole, ...told } = report;
  if (fills.length <= TRADES_PER_REPORT) return [report];
  const parts: ExecutionReport[] = [];
  let executed = maxOf(cumulativeQuantity.minus(sum(fills.map((fill) => fill.quantity))), ZERO);
  for (let start = 0; start < fills.length; start += TRADES_PER_REPORT) {
    const part = fills.slice(start, start + TRADES_PER_REPORT);
    executed = executed.plus(sum(part.map((fill) => fill.quantity)));
    const isLast = start + TRADES_PER_REPORT >= fills.length;
    parts.push(
      isLast
        ? { ...report, fills: part }
        : { ...told, fills: part, status: 'partially_filled', reason: null, cumulativeQuantity: executed },
    );
  }
  return parts;
}
