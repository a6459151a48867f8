/**
 * An execution report of the user-data stream in the domain's words (design sections 5, 7).
 *
 * Always true:
 * - no trade id (or allocation id), no fill;
 * - a leg that expires without a trade because its sibling works says nothing about the order.
 */
import { type Decimal, ZERO } from '../../domain/money/decimal.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { Environment, ExecutionReport, FeeAmount, Fill } from '../../domain/types.ts';
import { listVenueId, ownClientId } from './client-ids.ts';
import type { ExecutionReportEvent } from './parse/user-events.ts';
import { responseText } from './response-text.ts';
import { readStatus } from './statuses.ts';

export interface ReportContext {
  readonly walletId: string;
  readonly environment: Environment;
  readonly symbol: Pick<SymbolSpec, 'symbol' | 'base' | 'quote'>;
}

export type Told =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  /** An order that this system did not place (another key, the exchange's app). */
  | { readonly kind: 'foreign'; readonly clientId: string; readonly venueOrderId: string }
  /** The sibling of a leg that works now; its own reports tell the order's fate. */
  | { readonly kind: 'sibling'; readonly clientId: string }
  /** A leg ended unfilled for a reason of its own: the whole list has to be looked at. */
  | { readonly kind: 'look'; readonly clientId: string; readonly reason: string };

export const NO_ID = '-1';

/** A cancel or an amend carries its own id in `c` and the order's in `C`. */
export const orderClientIdOf = (event: ExecutionReportEvent): string =>
  event.executionType === 'CANCELED' || event.executionType === 'REPLACED'
    ? (event.originalClientOrderId ?? event.clientOrderId)
    : event.clientOrderId;

/** A trade without commission may come without its asset: then it is nothing of what was received. */
export const feeOf = (
  commission: Decimal | null,
  asset: string | null,
  side: string,
  symbol: Pick<SymbolSpec, 'base' | 'quote'>,
): FeeAmount => ({
  asset: asset ?? (side === 'BUY' ? symbol.base : symbol.quote),
  amount: commission ?? ZERO,
});

/** The fill of this event, or null when it tells of none. */
export function fillOf(event: ExecutionReportEvent, symbol: Pick<SymbolSpec, 'base' | 'quote'>): Fill | null {
  if (event.executionType !== 'TRADE' || !event.lastQuantity.greaterThan(0)) return null;
  const tradeId = event.tradeId !== NO_ID ? event.tradeId : allocated(event.allocationId);
  if (tradeId === null) return null;
  return {
    tradeId,
    price: event.lastPrice,
    quantity: event.lastQuantity,
    fee: feeOf(event.commission, event.commissionAsset, event.side, symbol),
    feeQuoteValue: null,
    at: event.transactionTime,
    tickId: null,
    maker: event.isMaker,
  };
}

const allocated = (allocationId: string | null): string | null =>
  allocationId === null || allocationId === NO_ID ? null : `a${allocationId}`;

/** What the event tells of one of our orders. `context.symbol` is that of `event.symbol`. */
export function toExecutionReport(event: ExecutionReportEvent, context: ReportContext): Told {
  const clientId = orderClientIdOf(event);
  const own = ownClientId(clientId);
  if (own === null) return { kind: 'foreign', clientId, venueOrderId: event.orderId };
  // A list of ours is one order: after a cancel not even its legs' ids may tell.
  const inList = event.orderListId !== null && event.orderListId !== NO_ID;
  // One that has traded has no sibling any more: whatever ended it, it ended the order.
  if (own.leg !== null && event.orderStatus === 'EXPIRED' && event.cumulativeQuantity.isZero()) {
    const { expiryReason } = event;
    return expiryReason === null || expiryReason === 'NONE' || expiryReason === 'OCO_TRIGGER'
      ? { kind: 'sibling', clientId }
      : { kind: 'look', clientId, reason: expiryReason };
  }
  const said = event.orderStatus === 'REJECTED' ? event.rejectReason : event.expiryReason;
  const fill = fillOf(event, context.symbol);
  const report: ExecutionReport = {
    walletId: context.walletId,
    environment: context.environment,
    symbol: context.symbol.symbol,
    clientId,
    venueOrderId: inList ? listVenueId(event.orderListId) : event.orderId,
    ...readStatus(event.orderStatus, event.cumulativeQuantity, said),
    cumulativeQuantity: event.cumulativeQuantity,
    // What a leg has is not what its list has.
    ...(inList ? {} : { quantity: event.quantity }),
    response: responseText(event.raw),
    fills: fill === null ? [] : [fill],
    at: event.transactionTime,
    source: 'stream',
  };
  return { kind: 'report', report };
}
