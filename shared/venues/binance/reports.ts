/**
 * What REST tells of an order, as an execution report (design sections 5, 7).
 *
 * An `oco` is one order: its legs' amounts add up, and it is over when both legs are.
 */
import { sum, ZERO } from '../../domain/money/decimal.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { ExecutionReport, Fill } from '../../domain/types.ts';
import { listVenueId, ownClientId } from './client-ids.ts';
import { feeOf, NO_ID, type ReportContext } from './execution-reports.ts';
import type { VenueTrade } from './parse/account.ts';
import type { AnswerFill, VenueOrder, VenueOrderList } from './parse/orders.ts';
import { responseText } from './response-text.ts';
import { isFinalStatus, readStatus } from './statuses.ts';

type Assets = Pick<SymbolSpec, 'base' | 'quote'>;

/** No trade id and no allocation id: no fill. */
function ofAnswer(fill: AnswerFill, order: VenueOrder, symbol: Assets): Fill | null {
  const allocated = fill.allocationId === null ? null : `a${fill.allocationId}`;
  const tradeId = fill.tradeId === NO_ID ? allocated : fill.tradeId;
  if (tradeId === null || !fill.quantity.greaterThan(0)) return null;
  return {
    tradeId,
    price: fill.price,
    quantity: fill.quantity,
    fee: feeOf(fill.commission, fill.commissionAsset, order.side ?? '', symbol),
    feeQuoteValue: null,
    at: order.at,
    tickId: null,
    maker: false,
  };
}

/** A trade of `GET /myTrades`. */
export const fillOfTrade = (trade: VenueTrade, symbol: Assets): Fill => ({
  tradeId: trade.tradeId,
  price: trade.price,
  quantity: trade.quantity,
  fee: feeOf(trade.commission, trade.commissionAsset, trade.isBuyer ? 'BUY' : 'SELL', symbol),
  feeQuoteValue: null,
  at: trade.at,
  tickId: null,
  maker: trade.isMaker,
});

export const fillsOfAnswer = (order: VenueOrder, symbol: Assets): readonly Fill[] =>
  order.fills.map((fill) => ofAnswer(fill, order, symbol)).filter((fill) => fill !== null);

/** An ACK has no state: the order was taken, and more is not known. */
const executedOf = (order: VenueOrder) => order.executedQuantity ?? ZERO;

export interface ReportParts {
  readonly fills: readonly Fill[];
  readonly source: ExecutionReport['source'];
  /** Under which the order is known to us, where the venue's answer has that of a cancel. */
  readonly clientId?: string;
}

export function reportOf(order: VenueOrder, context: ReportContext, parts: ReportParts): ExecutionReport {
  const clientId = parts.clientId ?? order.originalClientOrderId ?? order.clientOrderId;
  const isLeg = order.orderListId !== null && ownClientId(clientId)?.leg != null;
  const cumulativeQuantity = executedOf(order);
  return {
    walletId: context.walletId,
    environment: context.environment,
    symbol: context.symbol.symbol,
    clientId,
    venueOrderId: isLeg && order.orderListId !== null ? listVenueId(order.orderListId) : order.orderId,
    ...readStatus(order.status ?? 'NEW', cumulativeQuantity, order.expiryReason),
    cumulativeQuantity,
    // What a leg has is not what its list has.
    ...(isLeg || order.quantity === null ? {} : { quantity: order.quantity }),
    response: responseText(order.raw),
    fills: parts.fills,
    at: order.at,
    source: parts.source,
  };
}

/** Reasons with which a leg makes way for its sibling. */
const MADE_WAY = 'OCO_TRIGGER';

/** One report of a list from those of its legs (at least one). */
export function combineLegs(
  legs: readonly ExecutionReport[],
  clientId: string,
  venueOrderId: string,
): ExecutionReport {
  const [first] = legs;
  if (first === undefined) throw new Error(`no legs of ${clientId}`);
  const cumulativeQuantity = sum(legs.map((leg) => leg.cumulativeQuantity));
  const { quantity: _ofLeg, ...told } = first;
  const whole = {
    ...told,
    clientId,
    venueOrderId,
    cumulativeQuantity,
    fills: legs.flatMap((leg) => leg.fills),
    at: Math.max(...legs.map((leg) => leg.at)),
  };
  const live = legs.filter((leg) => !isFinalStatus(leg.status));
  const filled = legs.find((leg) => leg.status === 'filled');
  if (filled !== undefined) return { ...whole, status: 'filled', reason: filled.reason };
  if (live.length > 0) {
    const status = cumulativeQuantity.greaterThan(0) ? 'partially_filled' : 'new';
    return { ...whole, status, reason: live[0]?.reason ?? null };
  }
  const ended =
    legs.find((leg) => leg.status === 'cancelled') ??
    legs.find((leg) => leg.reason !== null && leg.reason !== MADE_WAY) ??
    legs.find((leg) => leg.reason !== MADE_WAY) ??
    first;
  return { ...whole, status: ended.status, reason: ended.reason };
}

/** The answer to the placement or the cancel of a list. */
export function reportOfList(
  list: VenueOrderList,
  context: ReportContext,
  clientId: string,
): ExecutionReport {
  const venueOrderId = listVenueId(list.orderListId);
  const legs = list.reports.map((order) =>
    reportOf(order, context, { fills: fillsOfAnswer(order, context.symbol), source: 'answer' }),
  );
  const response = responseText(list.raw);
  if (legs.length > 0) return { ...combineLegs(legs, clientId, venueOrderId), response };
  return {
    walletId: context.walletId,
    environment: context.environment,
    symbol: context.symbol.symbol,
    clientId,
    venueOrderId,
    status: 'new',
    reason: null,
    cumulativeQuantity: ZERO,
    response,
    fills: [],
    at: list.at,
    source: 'answer',
  };
}
