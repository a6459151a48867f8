/**
 * Order lists as the exchange takes them: OCO, and those that wait for a working order (OTO, OTOCO, OPO, OPOCO).
 *
 * Which of an OCO's legs is above follows from the side: a selling pair takes profit above and stops below, a buying
 * pair the other way round. What a symbol does not allow is refused here, before anything is sent.
 */
import type { Decimal } from '../../domain/money/decimal.ts';
import type { SymbolRules } from '../../domain/symbol-rules.ts';
import type { Side, TimeInForce } from '../../domain/types.ts';
import type { Params } from './signing.ts';

export type ListKind = 'oco' | 'oto' | 'otoco' | 'opo' | 'opoco';

/** By how much the unfilled-order count grows. */
export const ORDERS_OF_LIST: Readonly<Record<ListKind, number>> = {
  oco: 2,
  oto: 2,
  otoco: 3,
  opo: 2,
  opoco: 3,
};

/** Why the symbol does not take such a list; null = it does. */
export function listRefusal(kind: ListKind, rules: SymbolRules): string | null {
  const needs: readonly (readonly [keyof SymbolRules, readonly ListKind[]])[] = [
    ['ocoAllowed', ['oco', 'otoco', 'opoco']],
    ['otoAllowed', ['oto', 'otoco', 'opo', 'opoco']],
    ['opoAllowed', ['opo', 'opoco']],
  ];
  const missing = needs
    .filter(([flag, kinds]) => kinds.includes(kind) && rules[flag] !== true)
    .map(([flag]) => flag);
  return missing.length === 0
    ? null
    : `${kind.toUpperCase()} lists need ${missing.join(' and ')}, which this symbol lacks`;
}

/** A resting price that takes profit: LIMIT_MAKER. */
export interface LimitLeg {
  readonly clientId: string;
  readonly price: Decimal;
}

/** Becomes a market order at `stopPrice`, or a limit order where `limitPrice` is given. */
export interface StopLeg {
  readonly clientId: string;
  readonly stopPrice: Decimal;
  readonly limitPrice: Decimal | null;
}

export interface OcoLegs {
  readonly side: Side;
  readonly limit: LimitLeg;
  readonly stop: StopLeg;
}

export interface WorkingOrder {
  readonly clientId: string;
  readonly type: 'LIMIT' | 'LIMIT_MAKER';
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
  /** LIMIT only. */
  readonly timeInForce: TimeInForce;
}

/** One pending order; no quantity in an OPO: it sells what was received. */
export interface PendingOrder {
  readonly clientId: string;
  readonly type:
    | 'LIMIT'
    | 'LIMIT_MAKER'
    | 'MARKET'
    | 'STOP_LOSS'
    | 'STOP_LOSS_LIMIT'
    | 'TAKE_PROFIT'
    | 'TAKE_PROFIT_LIMIT';
  readonly side: Side;
  readonly price: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly trailingDelta: number | null;
}

const sideWord = (side: Side): string => (side === 'buy' ? 'BUY' : 'SELL');
const text = (value: Decimal | null): string | undefined => value?.toFixed();

/** Legs under their place's prefix: `above`, `below`, `pendingAbove`, `pendingBelow`. */
function pair(
  legs: OcoLegs,
  names: { readonly above: string; readonly below: string },
): Record<string, string | undefined> {
  const sells = legs.side === 'sell';
  const limitAt = sells ? names.above : names.below;
  const stopAt = sells ? names.below : names.above;
  const { limit, stop } = legs;
  return {
    [`${limitAt}Type`]: 'LIMIT_MAKER',
    [`${limitAt}Price`]: text(limit.price),
    [`${limitAt}ClientOrderId`]: limit.clientId,
    [`${stopAt}Type`]: stop.limitPrice === null ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT',
    [`${stopAt}StopPrice`]: text(stop.stopPrice),
    [`${stopAt}Price`]: text(stop.limitPrice),
    [`${stopAt}TimeInForce`]: stop.limitPrice === null ? undefined : 'GTC',
    [`${stopAt}ClientOrderId`]: stop.clientId,
  };
}

export interface ListHead {
  readonly venueSymbol: string;
  readonly listClientId: string;
  /** Null = the account's own default. */
  readonly selfTradePreventionMode: string | null;
}

const head = (of: ListHead): Record<string, string | undefined> => ({
  symbol: of.venueSymbol,
  listClientOrderId: of.listClientId,
  newOrderRespType: 'FULL',
  selfTradePreventionMode: of.selfTradePreventionMode ?? undefined,
});

export const ocoParams = (of: ListHead, legs: OcoLegs, quantity: Decimal): Params => ({
  ...head(of),
  side: sideWord(legs.side),
  quantity: text(quantity),
  ...pair(legs, { above: 'above', below: 'below' }),
});

const working = (order: WorkingOrder): Record<string, string | undefined> => ({
  workingType: order.type,
  workingSide: sideWord(order.side),
  workingPrice: text(order.price),
  workingQuantity: text(order.quantity),
  workingTimeInForce: order.type === 'LIMIT' ? order.timeInForce : undefined,
  workingClientOrderId: order.clientId,
});

const LIMIT_TYPES: readonly PendingOrder['type'][] = ['LIMIT', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'];

const pending = (order: PendingOrder): Record<string, string | undefined> => ({
  pendingType: order.type,
  pendingSide: sideWord(order.side),
  pendingPrice: text(order.price),
  pendingStopPrice: text(order.stopPrice),
  pendingTrailingDelta: order.trailingDelta?.toFixed(0),
  pendingTimeInForce: LIMIT_TYPES.includes(order.type) ? 'GTC' : undefined,
  pendingClientOrderId: order.clientId,
});

const pendingPair = (legs: OcoLegs): Record<string, string | undefined> => ({
  pendingSide: sideWord(legs.side),
  ...pair(legs, { above: 'pendingAbove', below: 'pendingBelow' }),
});

const otoParams = (of: ListHead, first: WorkingOrder, then: PendingOrder, quantity: Decimal): Params => ({
  ...head(of),
  ...working(first),
  ...pending(then),
  pendingQuantity: text(quantity),
});

const otocoParams = (of: ListHead, first: WorkingOrder, then: OcoLegs, quantity: Decimal): Params => ({
  ...head(of),
  ...working(first),
  ...pendingPair(then),
  pendingQuantity: text(quantity),
});

/** The pending order sells what the working one bought, after its fee. */
const opoParams = (of: ListHead, first: WorkingOrder, then: PendingOrder): Params => ({
  ...head(of),
  ...working(first),
  ...pending(then),
});

const opocoParams = (of: ListHead, first: WorkingOrder, then: OcoLegs): Params => ({
  ...head(of),
  ...working(first),
  ...pendingPair(then),
});

/** A list of any kind, with what it needs. `opo` and `opoco` have no amount: they sell what was received. */
export type OrderListRequest =
  | { readonly kind: 'oco'; readonly legs: OcoLegs; readonly quantity: Decimal }
  | {
      readonly kind: 'oto';
      readonly working: WorkingOrder;
      readonly pending: PendingOrder;
      readonly quantity: Decimal;
    }
  | {
      readonly kind: 'otoco';
      readonly working: WorkingOrder;
      readonly pending: OcoLegs;
      readonly quantity: Decimal;
    }
  | { readonly kind: 'opo'; readonly working: WorkingOrder; readonly pending: PendingOrder }
  | { readonly kind: 'opoco'; readonly working: WorkingOrder; readonly pending: OcoLegs };

export function listParams(of: ListHead, request: OrderListRequest): Params {
  switch (request.kind) {
    case 'oco':
      return ocoParams(of, request.legs, request.quantity);
    case 'oto':
      return otoParams(of, request.working, request.pending, request.quantity);
    case 'otoco':
      return otocoParams(of, request.working, request.pending, request.quantity);
    case 'opo':
      return opoParams(of, request.working, request.pending);
    case 'opoco':
      return opocoParams(of, request.working, request.pending);
  }
}
