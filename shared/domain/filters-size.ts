/** Rules about an order's size: precision, lots, worth, and the distance of a trailing stop. */
import { type FieldError, fieldError } from './field-error.ts';
import { pricesOf, referenceOf } from './filters-price.ts';
import { endsAtMarket } from './lots.ts';
import { ceilTo, type Decimal, floorTo } from './money/decimal.ts';
import type { RuleCheck, RuleFacts, SentOrder } from './rule-check.ts';
import type { Bound, SymbolFilter } from './symbol-rules.ts';
import type { SymbolSpec } from './symbols.ts';

type Filter<K extends SymbolFilter['kind']> = Extract<SymbolFilter, { kind: K }>;

const shown = (order: SentOrder): string => order.shownQuantity ?? order.quantity.toFixed();

/** No amount may have more decimals than its asset. */
export function checkPrecision(spec: SymbolSpec, order: SentOrder): FieldError | null {
  const { basePrecision, quotePrecision } = spec.rules;
  const amounts: readonly (readonly [string, Decimal, number, string])[] = [
    ['quantity', order.quantity, basePrecision, spec.base],
    ...(order.quoteQuantity === null
      ? []
      : [['quote_quantity', order.quoteQuantity, quotePrecision, spec.quote] as const]),
    ...pricesOf(order).map(({ field, price }) => [field, price, quotePrecision, spec.quote] as const),
  ];
  for (const [field, amount, decimals, asset] of amounts) {
    if (amount.decimalPlaces() <= decimals) continue;
    const message = `${asset} has ${decimals} decimals, ${amount.toFixed()} has ${amount.decimalPlaces()}`;
    return fieldError('over_precise', field, message, `send at most ${decimals} decimals`);
  }
  return null;
}

const bounds = (min: Bound, max: Bound, step: Bound): Record<string, string> => ({
  ...(min !== null && { min: min.toFixed() }),
  ...(max !== null && { max: max.toFixed() }),
  ...(step !== null && { step: step.toFixed() }),
});

/** A market order by quote amount is checked by what it buys at the reference price, as far as that is known. */
export function checkLot(
  filter: Filter<'lot_size'> | Filter<'market_lot_size'>,
  order: SentOrder,
  facts: RuleFacts,
): RuleCheck {
  const { min, max, step } = filter;
  const rule = { rule: filter.kind, figures: bounds(min, max, step), error: null, why: null } as const;
  if (filter.kind === 'market_lot_size' && !endsAtMarket(order.type, order.stopLimitPrice)) {
    return { ...rule, outcome: 'not_applicable' };
  }
  if (order.quoteQuantity !== null) return checkQuoteLot(filter, order.quoteQuantity, facts);
  const { quantity } = order;
  const failed = (code: string, is: string, fix: string): RuleCheck => ({
    ...rule,
    outcome: 'failed',
    error: fieldError(code, 'quantity', `${shown(order)} ${is}`, fix),
  });
  if (quantity.isZero() || min?.greaterThan(quantity)) {
    const least = (min ?? step)?.toFixed();
    return least === undefined
      ? failed('below_min_quantity', 'is nothing', 'send more')
      : failed('below_min_quantity', `is below the least quantity ${least}`, `send at least ${least}`);
  }
  if (max?.lessThan(quantity)) {
    const most = max.toFixed();
    return failed('above_max_quantity', `is above the largest quantity ${most}`, `send at most ${most}`);
  }
  if (step !== null && !quantity.modulo(step).isZero()) {
    return failed('not_on_step', 'is between two steps', `send a multiple of ${step.toFixed()}`);
  }
  return { ...rule, outcome: 'passed' };
}

function checkQuoteLot(
  filter: Filter<'lot_size'> | Filter<'market_lot_size'>,
  quoteQuantity: Decimal,
  facts: RuleFacts,
): RuleCheck {
  const { min, max, step } = filter;
  const rule = { rule: filter.kind, error: null, why: null } as const;
  const reference = facts.currentPrice ?? referenceOf(facts, 0)?.price ?? null;
  if (reference === null) {
    const why = 'what the amount buys is not known without a price';
    return { ...rule, outcome: 'not_checked', figures: bounds(min, max, step), why };
  }
  const bought = quoteQuantity.dividedBy(reference);
  const quantity = step === null ? bought : floorTo(bought, step);
  const figures = { ...bounds(min, max, step), price: reference.toFixed(), buys: quantity.toFixed() };
  const failed = (code: string, than: string, fix: string): RuleCheck => ({
    ...rule,
    outcome: 'failed',
    figures,
    error: fieldError(code, 'quote_quantity', `${quoteQuantity.toFixed()} buys ${than}`, fix),
  });
  if (quantity.isZero() || min?.greaterThan(quantity)) {
    const least = (min ?? step)?.toFixed() ?? 'one step';
    return failed('below_min_quantity', `less than the least quantity ${least}`, 'send a larger amount');
  }
  if (max?.lessThan(quantity)) {
    return failed('above_max_quantity', `more than the largest quantity ${max.toFixed()}`, 'send less');
  }
  return { ...rule, outcome: 'passed', figures };
}

interface Leg {
  /** Null: whatever the market pays. */
  readonly price: Decimal | null;
  readonly atMarket: boolean;
}

function legsOf(order: SentOrder): readonly Leg[] {
  const { type, limitPrice, stopPrice, stopLimitPrice } = order;
  if (type === 'oco') {
    const stop = { price: stopLimitPrice ?? stopPrice, atMarket: stopLimitPrice === null };
    return [{ price: limitPrice, atMarket: false }, stop];
  }
  return endsAtMarket(type)
    ? [{ price: stopPrice, atMarket: true }]
    : [{ price: limitPrice, atMarket: false }];
}

/** An order's worth; at market by its stop price where it waits for one, else by the reference price. */
export function checkNotional(
  filter: Filter<'min_notional'> | Filter<'notional'>,
  order: SentOrder,
  spec: SymbolSpec,
  facts: RuleFacts,
): RuleCheck {
  const max = filter.kind === 'notional' ? filter.max : null;
  const toMarket =
    filter.kind === 'notional'
      ? { min: filter.applyMinToMarket, max: filter.applyMaxToMarket }
      : { min: filter.applyToMarket, max: false };
  const rule = { rule: filter.kind, error: null, why: null } as const;
  let figures: Record<string, string> = { min: filter.min.toFixed(), ...(max && { max: max.toFixed() }) };
  for (const leg of legsOf(order)) {
    const least = !leg.atMarket || toMarket.min ? filter.min : null;
    const most = !leg.atMarket || toMarket.max ? max : null;
    if (least === null && most === null) continue;
    const price = leg.price ?? referenceOf(facts, filter.avgPriceMins)?.price ?? null;
    if (price === null && order.quoteQuantity === null) {
      return { ...rule, outcome: 'not_checked', figures, why: 'the reference price is not known' };
    }
    const worth = order.quoteQuantity ?? (price === null ? null : order.quantity.times(price));
    if (worth === null) continue;
    figures = { ...figures, ...(price && { price: price.toFixed() }), worth: worth.toFixed() };
    const refused = notionalRefusal(order, spec, price, worth, least, most);
    if (refused !== null) return { ...rule, outcome: 'failed', figures, error: refused };
  }
  return { ...rule, outcome: 'worth' in figures ? 'passed' : 'not_applicable', figures };
}

function notionalRefusal(
  order: SentOrder,
  spec: SymbolSpec,
  price: Decimal | null,
  worth: Decimal,
  least: Decimal | null,
  most: Decimal | null,
): FieldError | null {
  const isByQuote = order.quoteQuantity !== null;
  const field = isByQuote ? 'quote_quantity' : 'quantity';
  const what = isByQuote ? worth.toFixed() : `${shown(order)} at ${price?.toFixed() ?? 'the market'}`;
  if (least !== null && worth.lessThan(least)) {
    const enough = isByQuote || price === null ? least : ceilTo(least.dividedBy(price), spec.stepSize);
    const message = `${what} is worth less than ${least.toFixed()} ${spec.quote}`;
    return fieldError('below_min_notional', field, message, `send at least ${enough.toFixed()}`);
  }
  if (most !== null && worth.greaterThan(most)) {
    const enough = isByQuote || price === null ? most : floorTo(most.dividedBy(price), spec.stepSize);
    const message = `${what} is worth more than ${most.toFixed()} ${spec.quote}`;
    return fieldError('above_max_notional', field, message, `send at most ${enough.toFixed()}`);
  }
  return null;
}

/** A sell's trailing stop lies below the market, a buy's above it. */
export function checkTrailingDelta(filter: Filter<'trailing_delta'>, order: SentOrder): RuleCheck {
  const [least, most] =
    order.side === 'buy' ? [filter.minAbove, filter.maxAbove] : [filter.minBelow, filter.maxBelow];
  const figures = { min: String(least), max: String(most) };
  const rule = { rule: 'trailing_delta', figures, error: null, why: null } as const;
  const delta = order.trailingDelta;
  if (delta === null) return { ...rule, outcome: 'not_applicable' };
  if (delta >= least && delta <= most) return { ...rule, outcome: 'passed' };
  return {
    ...rule,
    outcome: 'failed',
    error: fieldError(
      'trailing_delta_out_of_range',
      'trailing_delta',
      `${delta} basis points are outside ${least} to ${most}`,
      `send ${least} to ${most} basis points`,
    ),
  };
}
