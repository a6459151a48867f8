/**
 * Normalising: what was asked becomes what can be sent (design section 5).
 *
 * Quantity goes down to the step (of market orders: the coarser of both lots), a quote amount down to the quote
 * asset's decimals. A limit price goes to the tick in the caller's favour: a buy never higher, a sell never lower. A
 * stop price goes to the tick that triggers earlier. Then every rule of the symbol is checked.
 */
import { type FieldError, fieldError } from './field-error.ts';
import { checkRules, firstFailure, typeRefusal } from './filters.ts';
import { endsAtMarket, lotOf } from './lots.ts';
import { ceilTo, Decimal, floorTo, ZERO } from './money/decimal.ts';
import { checkFields } from './order-fields.ts';
import { err, ok, type Result } from './result.ts';
import { NO_FACTS, type RuleCheck, type RuleFacts } from './rule-check.ts';
import type { SymbolSpec } from './symbol-spec.ts';
import { UNITS_LIMIT } from './triggers/units.ts';
import type { OrderAmounts, OrderType, Side } from './types.ts';

export type { FieldError } from './field-error.ts';
export type { OrderAmounts } from './types.ts';

/** Refuses a quantity with more decimals than the base asset has; `over_precise`. */
export function checkPrecision(spec: SymbolSpec, quantity: Decimal): FieldError | null {
  return overPrecise(quantity, 'quantity', spec.base, spec.rules.basePrecision);
}

function overPrecise(amount: Decimal, field: string, asset: string, decimals: number): FieldError | null {
  if (amount.decimalPlaces() <= decimals) return null;
  const message = `${asset} has ${decimals} decimals, ${amount.toFixed()} has ${amount.decimalPlaces()}`;
  return fieldError('over_precise', field, message, `send at most ${decimals} decimals`);
}

/** A price that the trigger engine can hold: positive, and below the limit of its units. */
export function checkPrice(spec: SymbolSpec, price: Decimal, field: string): FieldError | null {
  if (!price.greaterThan(0)) {
    const message = `${price.toFixed()} is not a positive price`;
    return fieldError('not_positive', field, message, 'send a price above 0');
  }
  const limit = new Decimal(UNITS_LIMIT).times(new Decimal(10).pow(-spec.unitExponent));
  if (price.lessThan(limit)) return null;
  const message = `${price.toFixed()} is too large for ${spec.symbol}`;
  return fieldError('out_of_range', field, message, `send a price below ${limit.toFixed()}`);
}

/**
 * Does an order of this side and type wait for the price to fall (else to rise) to its stop price? A trailing
 * stop's stop price is where it begins to trail, on the side of a stop loss.
 */
export const stopFalls = (side: Side, type: OrderType): boolean =>
  (side === 'sell') === (type !== 'take_profit' && type !== 'take_profit_limit');

export interface Normalised {
  readonly sent: OrderAmounts;
  readonly checks: readonly RuleCheck[];
}

/** The same for an order that may be refused: what would be sent, every rule's answer, and the first refusal. */
export interface Explained extends Normalised {
  readonly refusal: FieldError | null;
}

/** To the tick and the step; nothing is checked. */
function rounded(spec: SymbolSpec, side: Side, type: OrderType, asked: OrderAmounts): OrderAmounts {
  const { tickSize } = spec;
  const inFavour = side === 'buy' ? floorTo : ceilTo;
  // Falling to a stop, the higher tick comes first; rising to it, the lower one.
  const earlier = stopFalls(side, type) ? ceilTo : floorTo;
  const { step } = lotOf(spec, endsAtMarket(type, asked.stopLimitPrice));
  const { quoteQuantity, limitPrice, stopPrice, stopLimitPrice, trailingDelta } = asked;
  const decimals = spec.rules.quotePrecision;
  return {
    quantity: quoteQuantity === null ? floorTo(asked.quantity, step) : ZERO,
    quoteQuantity: quoteQuantity?.toDecimalPlaces(decimals, Decimal.ROUND_DOWN) ?? null,
    limitPrice: limitPrice && inFavour(limitPrice, tickSize),
    stopPrice: stopPrice && earlier(stopPrice, tickSize),
    stopLimitPrice: stopLimitPrice && inFavour(stopLimitPrice, tickSize),
    trailingDelta,
  };
}

/**
 * Everything about an order that the symbol's rules decide. `reference` is the current price on the side that
 * decides (null: unknown; then sides and the worth of market orders are not checked).
 */
export function explain(
  spec: SymbolSpec,
  side: Side,
  type: OrderType,
  asked: OrderAmounts,
  reference: Decimal | null,
  facts: Partial<RuleFacts> = {},
): Explained {
  const unfit = typeRefusal(spec, { type, quoteQuantity: null }) ?? checkFields(type, asked);
  const sent = rounded(spec, side, type, asked);
  const shownQuantity = asked.quantity.equals(sent.quantity)
    ? sent.quantity.toFixed()
    : `${asked.quantity.toFixed()} (${sent.quantity.toFixed()} sent)`;
  const wrong =
    checkPrices(spec, asked) ?? checkPrices(spec, sent) ?? checkSides(side, type, sent, reference);
  const known = { ...NO_FACTS, currentPrice: reference, ...facts };
  const checks = checkRules(spec, { ...sent, side, type, shownQuantity }, known);
  return { sent, checks, refusal: unfit ?? wrong ?? firstFailure(checks) };
}

/** What can be sent of what was asked, and every rule's answer; or the first refusal. */
export function normalise(
  spec: SymbolSpec,
  side: Side,
  type: OrderType,
  asked: OrderAmounts,
  reference: Decimal | null,
  facts: Partial<RuleFacts> = {},
): Result<Normalised, FieldError> {
  const { sent, checks, refusal } = explain(spec, side, type, asked, reference, facts);
  return refusal === null ? ok({ sent, checks }) : err(refusal);
}

/** `normalise` for those who want nothing but what is sent. */
export function normaliseOrder(
  spec: SymbolSpec,
  side: Side,
  type: OrderType,
  asked: OrderAmounts,
  reference: Decimal | null,
): Result<OrderAmounts, FieldError> {
  const result = normalise(spec, side, type, asked, reference);
  return result.ok ? ok(result.value.sent) : result;
}

function checkPrices(spec: SymbolSpec, amounts: OrderAmounts): FieldError | null {
  const { limitPrice, stopPrice, stopLimitPrice } = amounts;
  return (
    (limitPrice && checkPrice(spec, limitPrice, 'limit_price')) ??
    (stopPrice && checkPrice(spec, stopPrice, 'stop_price')) ??
    (stopLimitPrice && checkPrice(spec, stopLimitPrice, 'stop_limit_price'))
  );
}

/** Stops have to lie where the market has not been; a list's two legs on either side of it. */
function checkSides(
  side: Side,
  type: OrderType,
  { limitPrice, stopPrice }: OrderAmounts,
  reference: Decimal | null,
): FieldError | null {
  if (type === 'oco' && limitPrice !== null && stopPrice !== null) {
    const wrong = checkLegs(side, limitPrice, stopPrice, reference);
    if (wrong !== null) return wrong;
  }
  if (stopPrice === null || reference === null) return null;
  const falls = stopFalls(side, type);
  const waits = falls ? stopPrice.lessThan(reference) : stopPrice.greaterThan(reference);
  if (waits) return null;
  return fieldError(
    'stop_wrong_side',
    'stop_price',
    `${stopPrice.toFixed()} would trigger at once: the price is ${reference.toFixed()}`,
    `a ${type} ${side} waits ${falls ? 'below' : 'above'} the current price`,
  );
}

function checkLegs(side: Side, limit: Decimal, stop: Decimal, reference: Decimal | null): FieldError | null {
  const isBeyond = (a: Decimal, b: Decimal) => (side === 'sell' ? a.greaterThan(b) : a.lessThan(b));
  const [above, below] = side === 'sell' ? ['above', 'below'] : ['below', 'above'];
  if (!isBeyond(limit, stop)) {
    const message = `the limit price ${limit.toFixed()} is not ${above} the stop price ${stop.toFixed()}`;
    return fieldError('prices_in_wrong_order', 'limit_price', message, `put it ${above} the stop price`);
  }
  if (reference === null || isBeyond(limit, reference)) return null;
  const message = `the limit price ${limit.toFixed()} would fill at once: the price is ${reference.toFixed()}`;
  const fix = `put the limit price ${above} and the stop price ${below} the current price`;
  return fieldError('prices_in_wrong_order', 'limit_price', message, fix);
}
