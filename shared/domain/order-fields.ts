/** Which fields an order of each type takes (design section 5). */
import { type FieldError, fieldError } from './field-error.ts';
import type { Decimal } from './money/decimal.ts';
import type { Environment, OrderAmounts, OrderType, TimeInForce } from './types.ts';

type Need = 'required' | 'optional' | 'forbidden';

interface Fields {
  readonly limit: Need;
  readonly stop: Need;
  readonly stopLimit: Need;
  readonly trailing: Need;
  /** A quote amount in place of the quantity. */
  readonly quote: Need;
  readonly timesInForce: readonly TimeInForce[];
}

const ANY: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK'];
const PLAIN: Fields = {
  limit: 'forbidden',
  stop: 'forbidden',
  stopLimit: 'forbidden',
  trailing: 'forbidden',
  quote: 'forbidden',
  timesInForce: ['GTC'],
};

const FIELDS: Record<OrderType, Fields> = {
  market: { ...PLAIN, quote: 'optional' },
  limit: { ...PLAIN, limit: 'required', timesInForce: ANY },
  limit_maker: { ...PLAIN, limit: 'required' },
  stop_loss: { ...PLAIN, stop: 'required' },
  stop_limit: { ...PLAIN, limit: 'required', stop: 'required', timesInForce: ANY },
  take_profit: { ...PLAIN, stop: 'required' },
  take_profit_limit: { ...PLAIN, limit: 'required', stop: 'required', timesInForce: ANY },
  trailing_stop: { ...PLAIN, stop: 'optional', trailing: 'required' },
  oco: { ...PLAIN, limit: 'required', stop: 'required', stopLimit: 'optional' },
};

/** Missing, forbidden and non-positive fields; null when the order is complete. */
export function checkFields(type: OrderType, asked: OrderAmounts): FieldError | null {
  const wants = FIELDS[type];
  const prices: readonly (readonly [string, Decimal | number | null, Need])[] = [
    ['limit_price', asked.limitPrice, wants.limit],
    ['stop_price', asked.stopPrice, wants.stop],
    ['stop_limit_price', asked.stopLimitPrice, wants.stopLimit],
    ['trailing_delta', asked.trailingDelta, wants.trailing],
  ];
  for (const [field, value, need] of prices) {
    if (need === 'required' && value === null) {
      return fieldError('price_required', field, `a ${type} order needs a ${field}`, `add ${field}`);
    }
    if (need === 'forbidden' && value !== null) {
      return fieldError('price_forbidden', field, `a ${type} order takes no ${field}`, `leave ${field} out`);
    }
  }
  return checkAmount(type, asked, wants.quote);
}

function checkAmount(type: OrderType, { quantity, quoteQuantity }: OrderAmounts, quote: Need) {
  const notPositive = (field: string, value: Decimal) =>
    fieldError(
      'not_positive',
      field,
      `${value.toFixed()} is not a positive amount`,
      `send a ${field} above 0`,
    );
  if (quoteQuantity === null) return quantity.greaterThan(0) ? null : notPositive('quantity', quantity);
  if (quote === 'forbidden') {
    const message = `a ${type} order takes no quote_quantity`;
    return fieldError('amount_forbidden', 'quote_quantity', message, 'send quantity instead');
  }
  if (!quantity.isZero()) {
    const message = 'the order has a quantity and a quote_quantity';
    return fieldError('amount_forbidden', 'quote_quantity', message, 'send one of the two');
  }
  return quoteQuantity.greaterThan(0) ? null : notPositive('quote_quantity', quoteQuantity);
}

/**
 * Only orders with a limit price can rest or expire by time in force; the others are sent as `GTC`. The demo venue's
 * market orders take one too: there it says what becomes of what a thin market leaves.
 */
export function checkTimeInForce(
  type: OrderType,
  timeInForce: TimeInForce,
  environment: Environment,
): FieldError | null {
  const timesInForce = type === 'market' && environment === 'demo' ? ANY : FIELDS[type].timesInForce;
  if (timesInForce.includes(timeInForce)) return null;
  const message = `a ${type} order takes no time_in_force ${timeInForce}`;
  const fix = timesInForce.length === 1 ? 'leave time_in_force out' : `send ${timesInForce.join(', ')}`;
  return fieldError('time_in_force_forbidden', 'time_in_force', message, fix);
}

/** The amounts and prices of whatever has them, and nothing else. */
export const amountsOf = (order: OrderAmounts): OrderAmounts => ({
  quantity: order.quantity,
  quoteQuantity: order.quoteQuantity,
  limitPrice: order.limitPrice,
  stopPrice: order.stopPrice,
  stopLimitPrice: order.stopLimitPrice,
  trailingDelta: order.trailingDelta,
});
