/** Rules about what the account has already: open orders and holdings. */
import { fieldError } from './field-error.ts';
import { referenceOf } from './filters-price.ts';
import type { RuleCheck, RuleFacts, SentOrder } from './rule-check.ts';
import type { SymbolFilter } from './symbol-rules.ts';
import type { OrderType } from './types.ts';

type Filter<K extends SymbolFilter['kind']> = Extract<SymbolFilter, { kind: K }>;

/** What one new order adds to each of the venue's counts. */
export const ORDER_COUNTS: Record<
  OrderType,
  { readonly orders: number; readonly algo: number; readonly lists: number }
> = {
  market: { orders: 0, algo: 0, lists: 0 },
  limit: { orders: 1, algo: 0, lists: 0 },
  limit_maker: { orders: 1, algo: 0, lists: 0 },
  stop_loss: { orders: 1, algo: 1, lists: 0 },
  stop_limit: { orders: 1, algo: 1, lists: 0 },
  take_profit: { orders: 1, algo: 1, lists: 0 },
  take_profit_limit: { orders: 1, algo: 1, lists: 0 },
  trailing_stop: { orders: 1, algo: 1, lists: 0 },
  oco: { orders: 2, algo: 1, lists: 1 },
};

const COUNTED = {
  max_num_orders: { adds: 'orders', open: 'openOrders', what: 'open orders' },
  max_num_algo_orders: { adds: 'algo', open: 'openAlgoOrders', what: 'open stop and take profit orders' },
  max_num_order_lists: { adds: 'lists', open: 'openOrderLists', what: 'open order lists' },
} as const;

export function checkCounts(
  filter: Filter<'max_num_orders'> | Filter<'max_num_algo_orders'> | Filter<'max_num_order_lists'>,
  order: SentOrder,
  facts: RuleFacts,
): RuleCheck {
  const counted = COUNTED[filter.kind];
  const adds = ORDER_COUNTS[order.type][counted.adds];
  const open = facts[counted.open];
  const rule = { rule: filter.kind, error: null, why: null } as const;
  const limit = String(filter.limit);
  if (adds === 0) return { ...rule, outcome: 'not_applicable', figures: { limit } };
  if (open === null) {
    return {
      ...rule,
      outcome: 'not_checked',
      figures: { limit },
      why: `${counted.what} are not counted here`,
    };
  }
  const figures = { limit, open: String(open), adds: String(adds) };
  if (open + adds <= filter.limit) return { ...rule, outcome: 'passed', figures };
  const message = `${open} ${counted.what} on this symbol, ${adds} more would pass the limit of ${limit}`;
  const error = fieldError('too_many_open_orders', 'symbol', message, 'cancel some of them first');
  return { ...rule, outcome: 'failed', figures, error };
}

/** What is held, and what open buys may still bring, is limited on some symbols. */
export function checkPosition(filter: Filter<'max_position'>, order: SentOrder, facts: RuleFacts): RuleCheck {
  const max = filter.max.toFixed();
  const rule = { rule: 'max_position', error: null, why: null } as const;
  if (order.side === 'sell') return { ...rule, outcome: 'not_applicable', figures: { max } };
  const price = facts.currentPrice ?? referenceOf(facts, 0)?.price ?? null;
  const bought =
    order.quoteQuantity === null ? order.quantity : price && order.quoteQuantity.dividedBy(price);
  if (facts.holding === null || bought === null) {
    return { ...rule, outcome: 'not_checked', figures: { max }, why: 'the holding is not known' };
  }
  const figures = { max, held: facts.holding.toFixed(), adds: bought.toFixed() };
  if (facts.holding.plus(bought).lessThanOrEqualTo(filter.max))
    return { ...rule, outcome: 'passed', figures };
  const field = order.quoteQuantity === null ? 'quantity' : 'quote_quantity';
  const message = `with ${facts.holding.toFixed()} held or being bought, this would pass the most allowed, ${max}`;
  const error = fieldError('above_max_position', field, message, 'send less');
  return { ...rule, outcome: 'failed', figures, error };
}
