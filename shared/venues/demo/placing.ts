/** Taking an order into the demo book: the checks that a venue makes before anything else. Pure. */
import { createHash } from 'node:crypto';
import { withoutLeastWorth } from '../../domain/margin.ts';
import { type Decimal, decimalText, maxOf, ZERO } from '../../domain/money/decimal.ts';
import { normaliseOrder } from '../../domain/normalise.ts';
import { err, ok, type Result } from '../../domain/result.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import type { DemoOrder } from '../../ports/demo-store.ts';
import type { MarginRequest, OrderSought, PlaceRequest, VenueRefusalCode } from '../../ports/venue.ts';
import { closable, newMargin } from './margin.ts';
import {
  type Account,
  enter,
  type Holding,
  type Market,
  reachesLimit,
  reservation,
  reserve,
  type Terms,
  takerPrice,
} from './matching.ts';

export interface PlaceRefusal {
  readonly code: VenueRefusalCode;
  readonly message: string;
}

/** A venue's id of an order, made of the account and the client id; its trades count on from it. */
export const venueOrderIdOf = (walletId: string, clientId: string): string =>
  `d${createHash('sha256').update(`${walletId}\n${clientId}`).digest('hex').slice(0, 20)}`;

/** Why a client id is taken by no order. */
const VOID = 'void: never placed';

/** In place of an order that was never placed: whoever is still about to place it, however late, finds this. */
export const voided = (walletId: string, sought: OrderSought, now: number): DemoOrder => ({
  ...{ clientId: sought.clientId, version: 0, venueOrderId: venueOrderIdOf(walletId, sought.clientId) },
  ...{ symbol: sought.symbol, side: sought.side, type: sought.type, timeInForce: 'GTC', margin: null },
  ...{ quantity: sought.quantity, quoteQuantity: null, limitPrice: null, stopPrice: null },
  ...{ status: 'rejected', reason: VOID, triggered: false },
  ...{ executedQuantity: ZERO, executedQuote: ZERO, feePaid: ZERO, locked: ZERO, lockPrice: ZERO },
  ...{ tradeCount: 0, lastTickId: -1, createdAt: now, updatedAt: now },
});

export const isVoid = ({ status, reason }: Pick<DemoOrder, 'status' | 'reason'>): boolean =>
  status === 'rejected' && reason === VOID;

const sameAmount = (a: Decimal | null, b: Decimal | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);

const isSameMargin = (a: MarginRequest | null, b: MarginRequest | null): boolean =>
  a === null || b === null
    ? a === b
    : a.positionId === b.positionId && a.closes === b.closes && a.leverage === b.leverage;

/** Is this the order that stands in the book already? */
export const isSameOrder = (order: DemoOrder, request: PlaceRequest): boolean =>
  order.symbol === request.symbol &&
  order.side === request.side &&
  order.type === request.type &&
  order.timeInForce === request.timeInForce &&
  isSameMargin(order.margin, request.margin) &&
  sameAmount(order.quantity, request.quantity) &&
  sameAmount(order.quoteQuantity, request.quoteQuantity) &&
  sameAmount(order.limitPrice, request.limitPrice) &&
  sameAmount(order.stopPrice, request.stopPrice);

/** What a rule's refusal is in the words of a venue; everything else is a filter's. */
const REFUSALS: Readonly<Record<string, VenueRefusalCode>> = {
  stop_wrong_side: 'would_trigger',
  order_type_not_supported: 'invalid',
  price_required: 'invalid',
  price_forbidden: 'invalid',
  amount_forbidden: 'invalid',
};

function checkFilters(listed: SymbolSpec, request: PlaceRequest, market: Market): PlaceRefusal | null {
  const spec = request.margin?.closes === true ? withoutLeastWorth(listed) : listed;
  const { quantity, quoteQuantity, limitPrice, stopPrice } = request;
  const checked = normaliseOrder(spec, request.side, request.type, request, takerPrice(request, market));
  if (!checked.ok) {
    const { code, message } = checked.error;
    return { code: REFUSALS[code] ?? 'filter', message };
  }
  // Whoever sends to a venue has normalised before; a venue rounds nothing.
  if (!sameAmount(checked.value.quantity, quantity)) {
    return { code: 'filter', message: `quantity is not a multiple of ${decimalText(spec.stepSize)}` };
  }
  if (!sameAmount(checked.value.quoteQuantity, quoteQuantity)) {
    return { code: 'filter', message: `the quote amount has more decimals than ${spec.quote}` };
  }
  if (sameAmount(checked.value.limitPrice, limitPrice) && sameAmount(checked.value.stopPrice, stopPrice))
    return null;
  return { code: 'filter', message: `price is not a multiple of ${decimalText(spec.tickSize)}` };
}

/** A short sale at its limit or better may have to put up more than its limit asks for. */
function lockPriceOf(request: PlaceRequest, market: Market): Decimal {
  const own = request.limitPrice ?? request.stopPrice;
  const taken = takerPrice(request, market);
  if (own === null) return taken;
  const mayTakeBetter = request.margin !== null && request.side === 'sell' && request.stopPrice === null;
  return mayTakeBetter ? maxOf(own, taken) : own;
}

/** What the account has too little of for this order. */
function lackOf({ order, base, quote, margin }: Holding, terms: Terms): PlaceRefusal | null {
  const needed = reservation(order, terms);
  if (margin !== null && order.margin?.closes === true) {
    const left = closable(margin);
    if (needed.lessThanOrEqualTo(left)) return null;
    const what = margin.side === 'long' ? 'held' : 'owed';
    const message = `${decimalText(needed)} to be closed, ${decimalText(left)} is ${what} and not held by other orders`;
    return { code: 'invalid', message };
  }
  const paying = order.side === 'buy' || margin !== null ? quote : base;
  if (!paying.free.lessThan(needed)) return null;
  const what = margin === null ? '' : ' for margin and fee';
  const message = `${decimalText(needed)} ${paying.asset} needed${what}, ${decimalText(paying.free)} free`;
  return { code: 'insufficient_balance', message };
}

/** The book after taking the order at this price, or why it is refused. Nothing changes when refused. */
export function place(
  request: PlaceRequest,
  walletId: string,
  account: Account,
  market: Market,
  terms: Terms,
): Result<Holding, PlaceRefusal> {
  const refused = checkFilters(terms.spec, request, market);
  if (refused !== null) return err(refused);
  const order: DemoOrder = {
    clientId: request.clientId,
    version: 0,
    venueOrderId: venueOrderIdOf(walletId, request.clientId),
    symbol: request.symbol,
    side: request.side,
    type: request.type,
    timeInForce: request.timeInForce,
    margin: request.margin,
    quantity: request.quantity,
    quoteQuantity: request.quoteQuantity,
    limitPrice: request.limitPrice,
    stopPrice: request.stopPrice,
    status: 'new',
    reason: null,
    triggered: false,
    executedQuantity: ZERO,
    executedQuote: ZERO,
    feePaid: ZERO,
    locked: ZERO,
    lockPrice: lockPriceOf(request, market),
    tradeCount: 0,
    lastTickId: -1,
    createdAt: terms.now,
    updatedAt: terms.now,
  };
  if (order.type === 'limit_maker' && reachesLimit(order, takerPrice(order, market))) {
    return err({ code: 'would_match', message: 'the order would match at once and take' });
  }
  const margin = account.margin ?? (request.margin && newMargin(request.margin));
  const holding: Holding = { order, base: account.base, quote: account.quote, margin, fills: [] };
  const lacking = lackOf(holding, terms);
  return lacking === null ? ok(enter(reserve(holding, terms), market, terms)) : err(lacking);
}
