/** What is wrong with a protection that somebody asks for, field by field (design section 9). */
import { checkConfirmation } from './confirmation.ts';
import { type Decimal, isMultipleOf, sum } from './money/decimal.ts';
import { checkPrice, type FieldError } from './normalise.ts';
import { roundProtection, trailingStopAt } from './protection.ts';
import { checkStopLimit } from './stop-limit.ts';
import type { SymbolSpec } from './symbols.ts';
import type { Position, PositionSide, Protection } from './types.ts';

/**
 * Everything that is wrong with a protection, by field. `reference` is the price that closes this side now
 * (bid for a long, ask for a short); null: unknown, then no level is compared with the market.
 */
export function checkProtection(
  protection: Protection,
  side: PositionSide,
  spec: SymbolSpec,
  reference: Decimal | null,
): readonly FieldError[] {
  const rounded = roundProtection(protection, side, spec);
  return [
    ...checkLevels(rounded, side, spec, reference),
    ...checkShares(protection),
    ...checkTrailing(rounded, spec, reference),
    ...checkActivation(rounded, side, spec, reference),
    ...checkBreakEven(protection),
    ...checkConfirmation(protection),
    ...checkStopLimit(protection),
  ];
}

/** A trailing stop that goes on from the peak it has reached must not lie beyond the price; null = it does not. */
export function checkTrailed(p: Position, reference: Decimal): FieldError | null {
  const { trailingStop } = p.protection;
  const peak = p.armings['trailing_stop']?.peak ?? null;
  if (trailingStop === null || peak === null) return null;
  const stop = trailingStopAt(p.side, trailingStop.distance, peak);
  if (p.side === 'long' ? stop.lessThan(reference) : stop.greaterThan(reference)) return null;
  const kind = 'percent' in trailingStop.distance ? 'distance_percent' : 'distance_amount';
  const field = `protection.trailing_stop.${kind}`;
  const message = `after a best price of ${peak.toFixed()} the stop would be at ${stop.toFixed()} and trigger at once: the price is ${reference.toFixed()}`;
  return { code: 'stop_wrong_side', field, message, fix: 'send a longer distance, or close the position' };
}

function checkLevels(p: Protection, side: PositionSide, spec: SymbolSpec, reference: Decimal | null) {
  const errors: FieldError[] = [];
  const isBelow = (a: Decimal, b: Decimal) => (side === 'long' ? a.lessThan(b) : a.greaterThan(b));
  const [less, more] = side === 'long' ? ['below', 'above'] : ['above', 'below'];
  const stop = p.stopLoss?.price ?? null;
  if (stop !== null) {
    const field = 'protection.stop_loss';
    const unusable = checkPrice(spec, stop, field);
    if (unusable !== null) errors.push(unusable);
    else if (reference !== null && !isBelow(stop, reference)) {
      const message = `a ${side}'s stop loss at ${stop.toFixed()} would trigger at once: the price is ${reference.toFixed()}`;
      errors.push({ code: 'stop_wrong_side', field, message, fix: `put it ${less} the current price` });
    }
  }
  for (const [i, { price }] of p.takeProfits.entries()) {
    const field = `protection.take_profits.${i}.price`;
    const unusable = checkPrice(spec, price, field);
    const fix = `put it ${more} the current price and the stop`;
    if (unusable !== null) errors.push(unusable);
    else if (reference !== null && !isBelow(reference, price)) {
      const message = `a ${side}'s take profit at ${price.toFixed()} would trigger at once: the price is ${reference.toFixed()}`;
      errors.push({ code: 'target_wrong_side', field, message, fix });
    } else if (stop !== null && !isBelow(stop, price)) {
      const message = `the take profit at ${price.toFixed()} is not ${more} the stop loss at ${stop.toFixed()}`;
      errors.push({ code: 'target_wrong_side', field, message, fix });
    }
  }
  return errors;
}

function checkShares(p: Protection): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { share }] of p.takeProfits.entries()) {
    if (share.greaterThan(0) && share.lessThanOrEqualTo(1)) continue;
    const field = `protection.take_profits.${i}.share`;
    const message = `${share.toFixed()} is no share of a position`;
    errors.push({ code: 'share_out_of_range', field, message, fix: 'send a fraction above 0, at most 1' });
  }
  const total = sum(p.takeProfits.map((t) => t.share));
  if (total.greaterThan(1)) {
    const message = `the shares add up to ${total.toFixed()}`;
    const fix = 'let them add up to at most 1';
    errors.push({ code: 'shares_above_whole', field: 'protection.take_profits', message, fix });
  }
  return errors;
}

function checkTrailing(p: Protection, spec: SymbolSpec, reference: Decimal | null): FieldError[] {
  if (p.trailingStop === null) return [];
  const { distance } = p.trailingStop;
  const errors: FieldError[] = [];
  if ('percent' in distance) {
    const field = 'protection.trailing_stop.distance_percent';
    errors.push(...checkPercent(distance.percent, field, false));
  } else {
    const field = 'protection.trailing_stop.distance_amount';
    const amount = distance.amount;
    const tick = spec.tickSize.toFixed();
    const isUsable =
      checkPrice(spec, amount, field) === null && !(reference && amount.greaterThanOrEqualTo(reference));
    if (!isUsable) {
      const message = `${amount.toFixed()} is no distance between zero and the price`;
      errors.push({ code: 'distance_out_of_range', field, message, fix: 'send a distance within the price' });
    } else if (!isMultipleOf(amount, spec.tickSize)) {
      const message = `${amount.toFixed()} is not a whole number of ticks of ${tick}`;
      errors.push({ code: 'not_on_tick', field, message, fix: `send a multiple of ${tick}` });
    }
  }
  return errors;
}

/** One that the market has passed already would let the stop trail at once: that is asked for by none. */
function checkActivation(
  p: Protection,
  side: PositionSide,
  spec: SymbolSpec,
  reference: Decimal | null,
): FieldError[] {
  const from = p.trailingStop?.activationPrice ?? null;
  if (from === null) return [];
  const unusable = checkPrice(spec, from, ACTIVATION_FIELD);
  if (unusable !== null) return [unusable];
  if (reference === null || (side === 'long' ? reference.lessThan(from) : reference.greaterThan(from)))
    return [];
  const more = side === 'long' ? 'above' : 'below';
  const message = `a ${side}'s trailing stop would begin at once at ${from.toFixed()}: the price is ${reference.toFixed()}`;
  const fix = `put it ${more} the current price, or leave it out to trail at once`;
  return [{ code: 'activation_wrong_side', field: ACTIVATION_FIELD, message, fix }];
}

const ACTIVATION_FIELD = 'protection.trailing_stop.activation_price';

function checkBreakEven(p: Protection): FieldError[] {
  if (p.breakEven === null) return [];
  const { activationProfitPercent: activation, offsetPercent: offset } = p.breakEven;
  const errors = [
    ...checkPercent(activation, 'protection.break_even.activation_profit_percent', false),
    ...checkPercent(offset, 'protection.break_even.offset_percent', true),
  ];
  if (errors.length > 0 || offset.lessThan(activation)) return errors;
  const message = `an offset of ${offset.toFixed()} % lies beyond the activation at ${activation.toFixed()} %`;
  const fix = 'send an offset below the activation';
  return [{ code: 'offset_beyond_activation', field: 'protection.break_even.offset_percent', message, fix }];
}

/** Percent: above zero (or zero where allowed), below 100, in whole basis points. */
function checkPercent(percent: Decimal, field: string, isZeroAllowed: boolean): FieldError[] {
  const isInRange = (percent.greaterThan(0) || (isZeroAllowed && percent.isZero())) && percent.lessThan(100);
  if (!isInRange) {
    const message = `${percent.toFixed()} % is out of range`;
    const least = isZeroAllowed ? 'at least' : 'above';
    return [{ code: 'percent_out_of_range', field, message, fix: `send ${least} 0 and below 100` }];
  }
  if (percent.decimalPlaces() <= 2) return [];
  const message = `${percent.toFixed()} % is finer than a basis point`;
  return [{ code: 'not_whole_basis_points', field, message, fix: 'send at most 2 decimals' }];
}
