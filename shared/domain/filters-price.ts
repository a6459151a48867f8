/** Rules about an order's prices: ticks and bounds, and the band around the venue's reference price. */
import { fieldError } from './field-error.ts';
import type { Decimal } from './money/decimal.ts';
import type { RuleCheck, RuleFacts, SentOrder } from './rule-check.ts';
import type { SymbolFilter } from './symbol-rules.ts';

type Filter<K extends SymbolFilter['kind']> = Extract<SymbolFilter, { kind: K }>;

export interface NamedPrice {
  readonly field: 'limit_price' | 'stop_price' | 'stop_limit_price';
  readonly price: Decimal;
}

/** The prices that an order carries, by the request's field. */
export function pricesOf(order: SentOrder): readonly NamedPrice[] {
  const all: NamedPrice[] = [];
  if (order.limitPrice !== null) all.push({ field: 'limit_price', price: order.limitPrice });
  if (order.stopPrice !== null) all.push({ field: 'stop_price', price: order.stopPrice });
  if (order.stopLimitPrice !== null) all.push({ field: 'stop_limit_price', price: order.stopLimitPrice });
  return all;
}

const given = (figures: Readonly<Record<string, Decimal | null>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) => (value === null ? [] : [[name, value.toFixed()]])),
  );

export function checkPriceFilter(filter: Filter<'price'>, order: SentOrder): RuleCheck {
  const { min, max, tick } = filter;
  const prices = pricesOf(order);
  const rule = { rule: 'price', figures: given({ min, max, tick }), why: null } as const;
  if (prices.length === 0) return { ...rule, outcome: 'not_applicable', error: null };
  for (const { field, price } of prices) {
    const failed = (code: string, is: string, fix: string): RuleCheck => ({
      ...rule,
      outcome: 'failed',
      error: fieldError(code, field, `${price.toFixed()} ${is}`, fix),
    });
    if (min?.greaterThan(price)) {
      return failed('below_min_price', `is below the least price`, `send at least ${min.toFixed()}`);
    }
    if (max?.lessThan(price)) {
      return failed('above_max_price', `is above the highest price`, `send at most ${max.toFixed()}`);
    }
    if (tick !== null && !price.modulo(tick).isZero()) {
      return failed('not_on_tick', 'is between two ticks', `send a multiple of ${tick.toFixed()}`);
    }
  }
  return { ...rule, outcome: 'passed', error: null };
}

export interface Reference {
  readonly price: Decimal;
  /** Where it comes from; `current` only stands in for the venue's own. */
  readonly source: 'reference' | 'average' | 'last' | 'current';
}

/**
 * The price that the venue's filters compare with: its reference price where it has one, else the average of the
 * filter's minutes, or the last price when the filter says 0 minutes. Null: nothing is known.
 */
export function referenceOf(facts: RuleFacts, avgPriceMins: number): Reference | null {
  if (facts.referencePrice !== null) return { price: facts.referencePrice, source: 'reference' };
  const own = avgPriceMins === 0 ? facts.lastPrice : facts.averagePrice;
  if (own !== null) return { price: own, source: avgPriceMins === 0 ? 'last' : 'average' };
  return facts.currentPrice && { price: facts.currentPrice, source: 'current' };
}

type Band = Filter<'percent_price'> | Filter<'percent_price_by_side'>;

function multipliers(filter: Band, side: SentOrder['side']): readonly [down: Decimal, up: Decimal] {
  if (filter.kind === 'percent_price') return [filter.down, filter.up];
  return side === 'buy' ? [filter.bidDown, filter.bidUp] : [filter.askDown, filter.askUp];
}

/** Limit prices have to lie within a band around the reference price. */
export function checkBand(filter: Band, order: SentOrder, facts: RuleFacts): RuleCheck {
  const rule = { rule: filter.kind, why: null, error: null } as const;
  const limits = pricesOf(order).filter(({ field }) => field !== 'stop_price');
  const [down, up] = multipliers(filter, order.side);
  const bounds = { multiplier_down: down.toFixed(), multiplier_up: up.toFixed() };
  if (limits.length === 0) return { ...rule, outcome: 'not_applicable', figures: bounds };
  const reference = referenceOf(facts, filter.avgPriceMins);
  if (reference === null) {
    return { ...rule, outcome: 'not_checked', figures: bounds, why: 'the reference price is not known' };
  }
  const [lowest, highest] = [reference.price.times(down), reference.price.times(up)];
  const figures = {
    ...bounds,
    reference: reference.price.toFixed(),
    reference_source: reference.source,
    lowest: lowest.toFixed(),
    highest: highest.toFixed(),
  };
  const outside = limits.find(({ price }) => price.lessThan(lowest) || price.greaterThan(highest));
  if (outside === undefined) return { ...rule, outcome: 'passed', figures };
  return {
    ...rule,
    figures,
    outcome: reference.source === 'current' ? 'uncertain' : 'failed',
    error: fieldError(
      'outside_price_band',
      outside.field,
      `${outside.price.toFixed()} is outside ${lowest.toFixed()} to ${highest.toFixed()}, the venue's band`,
      'send a price within the band',
    ),
  };
}
