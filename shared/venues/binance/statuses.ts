/** The venue's words for an order's state, in ours. */
import type { Decimal } from '../../domain/money/decimal.ts';
import type { ExecutionReport } from '../../domain/types.ts';

export type ReportStatus = ExecutionReport['status'];

export interface ReadStatus {
  readonly status: ReportStatus;
  readonly reason: string | null;
}

const working = (executed: Decimal): ReportStatus => (executed.greaterThan(0) ? 'partially_filled' : 'new');

/**
 * `reason`: what the venue says (reject or expiry reason), null where it says none. A status that is not known is
 * never taken for an end: the order counts as working and the reason names the word.
 */
export function readStatus(word: string, executed: Decimal, reason: string | null): ReadStatus {
  const said = reason === null || reason === 'NONE' || reason === '' ? null : reason;
  switch (word) {
    case 'NEW':
    case 'PENDING_NEW':
    case 'PARTIALLY_FILLED':
    case 'PENDING_CANCEL':
      return { status: working(executed), reason: said };
    case 'FILLED':
      return { status: 'filled', reason: said };
    case 'CANCELED':
      return { status: 'cancelled', reason: said };
    case 'REJECTED':
      return { status: 'rejected', reason: said };
    case 'EXPIRED':
      return { status: 'expired', reason: said };
    case 'EXPIRED_IN_MATCH':
      return { status: 'expired', reason: said ?? 'SELF_TRADE_PREVENTION' };
    default:
      return { status: working(executed), reason: `unknown_status:${word}` };
  }
}

export const isFinalStatus = (status: ReportStatus): boolean =>
  status !== 'new' && status !== 'partially_filled';
