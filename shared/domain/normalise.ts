/**
 * Normalising: what was asked becomes what can be sent (design section 5).
 *
 * Quantity goes down to the step. A limit price goes to the tick in the caller's favour: a buy never higher, a
 * sell never lower. A stop price goes to the tick that triggers earlier. Then all filters are checked.
 */
import { ceilTo, Decimal, floorTo } from './money/decimal.ts';
import { err, ok, type Result } from './result.ts';
import type { SymbolSpec } from './symbols.ts';
import { UNITS_LIMIT } from './triggers/units.ts';
import type { OrderType, Side } from './types.ts';

/** A refused field: stable code, the request's field, what is wrong, what to send instead. */
export interface FieldError {
  readonly code: string;
  readonly field: string;
  readonly message: string;
  readonly fix: string;
}

export interface OrderAmounts {
  readonly quantity: Decimal;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
}

/** Decimals in which the supported base assets are counted. Finer amounts do not exist. */
export const BASE_ASSET_DECIMALS = 8;

const PRICES: Record<OrderType, { readonly limit: boolean; readonly stop: boolean }> = {
  market: { limit: false, stop: false },
  limit: { limit: true, stop: false },
  stop_loss: { limit: false, stop: true },
  take_profit: { limit: false, stop: true },
};

const problem = (code: string, field: string, message: string, fix: string): FieldError => ({
  code,
  field,
  message,
  fix,
});

/** Refuses a quantity with more decimals than the base asset has; `over_precise`. */
export function checkPrecision(spec: SymbolSpec, quantity: Decimal): FieldError | null {
  if (quantity.decimalPlaces() <= BASE_ASSET_DECIMALS) return null;
  return problem(
    'over_precise',
    'quantity',
    `${spec.base} has ${BASE_ASSET_DECIMALS} decimals, ${quantity.toFixed()} has ${quantity.decimalPlaces()}`,
    `send at most ${BASE_ASSET_DECIMALS} decimals`,
  );
}

/** A price that the trigger engine can hold: positive, and below the limit of its units. */
export function checkPrice(spec: SymbolSpec, price: Decimal, field: string): FieldError | null {
  if (!price.greaterThan(0)) {
    return problem(
      'not_positive',
      field,
      `${price.toFixed()} is not a positive price`,
      'send a price above 0',
    );
  }
  const limit = new Decimal(UNITS_LIMIT).times(new Decimal(10).pow(-spec.unitExponent));
  if (price.lessThan(limit)) return null;
  return problem(
    'out_of_range',
    field,
    `${price.toFixed()} is too large for ${spec.symbol}`,
    `send a price below ${limit.toFixed()}`,
  );
}

/** Does an order of this side and type wait for the price to fall (else to rise) to its stop price? */
export const stopFalls = (side: Side, type: OrderType): boolean =>
  (side === 'sell') === (type === 'stop_loss');

/**
 * What can be sent of what was asked, or the first refusal. `reference` is the current price on the side that
 * decides (null: unknown; then the stop's side and a market order's notional are not checked).
 */
export function normaliseOrder(
  spec: SymbolSpec,
  side: Side,
  type: OrderType,
  asked: OrderAmounts,
  reference: Decimal | null,
): Result<OrderAmounts, FieldError> {
  const missing = checkWanted(spec, type, asked);
  if (missing !== null) return err(missing);
  const quantity = floorTo(asked.quantity, spec.stepSize);
  const limitPrice = asked.limitPrice && (side === 'buy' ? floorTo : ceilTo)(asked.limitPrice, spec.tickSize);
  // Falling to a stop, the higher tick comes first; rising to it, the lower one.
  const stopPrice =
    asked.stopPrice && (stopFalls(side, type) ? ceilTo : floorTo)(asked.stopPrice, spec.tickSize);
  const refused =
    (limitPrice && checkPrice(spec, limitPrice, 'limit_price')) ??
    (stopPrice && checkPrice(spec, stopPrice, 'stop_price')) ??
    (stopPrice && reference && checkStopSide(side, type, stopPrice, reference)) ??
    checkSize(spec, asked.quantity, quantity, limitPrice ?? stopPrice ?? reference);
  return refused === null ? ok({ quantity, limitPrice, stopPrice }) : err(refused);
}

function checkWanted(spec: SymbolSpec, type: OrderType, asked: OrderAmounts): FieldError | null {
  const fields = [
    ['limit_price', asked.limitPrice, PRICES[type].limit],
    ['stop_price', asked.stopPrice, PRICES[type].stop],
  ] as const;
  for (const [field, price, isWanted] of fields) {
    if (isWanted && price === null) {
      return problem('price_required', field, `a ${type} order needs a ${field}`, `add ${field}`);
    }
    if (!isWanted && price !== null) {
      return problem('price_forbidden', field, `a ${type} order takes no ${field}`, `leave ${field} out`);
    }
    const refused = price && checkPrice(spec, price, field);
    if (refused) return refused;
  }
  if (asked.quantity.greaterThan(0)) return null;
  const message = `${asked.quantity.toFixed()} is not a positive quantity`;
  return problem('not_positive', 'quantity', message, 'send a quantity above 0');
}

function checkStopSide(side: Side, type: OrderType, stop: Decimal, reference: Decimal): FieldError | null {
  const falls = stopFalls(side, type);
  const waits = falls ? stop.lessThan(reference) : stop.greaterThan(reference);
  if (waits) return null;
  const where = falls ? 'below' : 'above';
  return problem(
    'stop_wrong_side',
    'stop_price',
    `${stop.toFixed()} would trigger at once: the price is ${reference.toFixed()}`,
    `a ${type} ${side} waits ${where} the current price`,
  );
}

function checkSize(
  s: SymbolSpec,
  asked: Decimal,
  quantity: Decimal,
  price: Decimal | null,
): FieldError | null {
  const shown = asked.equals(quantity)
    ? quantity.toFixed()
    : `${asked.toFixed()} (${quantity.toFixed()} sent)`;
  const refused = (code: string, is: string, fix: string) => problem(code, 'quantity', `${shown} ${is}`, fix);
  if (quantity.lessThan(s.minQuantity) || quantity.isZero()) {
    const least = s.minQuantity.toFixed();
    return refused('below_min_quantity', `is below the least quantity ${least}`, `send at least ${least}`);
  }
  if (quantity.greaterThan(s.maxQuantity)) {
    const most = s.maxQuantity.toFixed();
    return refused('above_max_quantity', `is above the largest quantity ${most}`, `send at most ${most}`);
  }
  if (price === null) return null;
  const notional = quantity.times(price);
  if (notional.lessThan(s.minNotional)) {
    const least = ceilTo(s.minNotional.dividedBy(price), s.stepSize).toFixed();
    return refused(
      'below_min_notional',
      `at ${price.toFixed()} is worth less than ${s.minNotional.toFixed()} ${s.quote}`,
      `send at least ${least}`,
    );
  }
  if (notional.greaterThan(s.maxNotional)) {
    const most = floorTo(s.maxNotional.dividedBy(price), s.stepSize).toFixed();
    return refused(
      'above_max_notional',
      `at ${price.toFixed()} is worth more than ${s.maxNotional.toFixed()} ${s.quote}`,
      `send at most ${most}`,
    );
  }
  return null;
}
