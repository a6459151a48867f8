/**
 * The venue's rules as pure functions: one entry, one answer per rule, exact arithmetic (design section 5).
 *
 * Always true:
 * - every rule of the symbol is answered: passed, failed, not applicable to this order, or not checked and why;
 * - `uncertain` is a failure by a price that only stands in for the venue's own reference: the venue decides;
 * - nothing is rounded here, only compared (plain modulo for steps and ticks, as the venue does).
 */
import { type FieldError, fieldError } from './field-error.ts';
import { checkCounts, checkPosition } from './filters-account.ts';
import { checkBand, checkPriceFilter } from './filters-price.ts';
import { checkLot, checkNotional, checkPrecision, checkTrailingDelta } from './filters-size.ts';
import { unreachable } from './result.ts';
import type { RuleCheck, RuleFacts, RuleName, SentOrder } from './rule-check.ts';
import type { SymbolFilter, SymbolStatus } from './symbol-rules.ts';
import type { SymbolSpec } from './symbols.ts';
import type { OrderType } from './types.ts';

export { NO_FACTS, type RuleCheck, type RuleFacts, type RuleName, type SentOrder } from './rule-check.ts';

const TRADING: Record<SymbolStatus, { readonly code: string; readonly is: string } | null> = {
  trading: null,
  end_of_day: { code: 'symbol_halted', is: 'has ended its trading day' },
  halt: { code: 'symbol_halted', is: 'is halted' },
  break: { code: 'symbol_halted', is: 'is in a break' },
  cancel_only: { code: 'cancel_only', is: 'takes cancels only' },
  delisted: { code: 'symbol_delisted', is: 'is no longer listed' },
  watch_only: { code: 'symbol_watch_only', is: 'is watched only, and not traded' },
  unknown: { code: 'symbol_not_trading', is: 'is in a state that is not known to allow trading' },
};

/** Why the venue takes no order of this symbol now, entry or exit; null while it trades. Cancels always pass. */
export function tradingRefusal(spec: SymbolSpec): FieldError | null {
  const { status, venueStatus, isSpotTradingAllowed } = spec.rules;
  const closed = TRADING[status];
  if (closed !== null) {
    const message = `${spec.symbol} ${closed.is} at the venue (${venueStatus})`;
    const fix =
      status === 'delisted' || status === 'watch_only'
        ? 'trade another symbol'
        : 'wait until it trades; open orders can be cancelled';
    return fieldError(closed.code, 'symbol', message, fix);
  }
  if (isSpotTradingAllowed) return null;
  const message = `${spec.symbol} is not open for spot trading`;
  return fieldError('symbol_not_trading', 'symbol', message, 'trade another symbol');
}

/** Whether the symbol takes this type of order at all. */
export function typeRefusal(spec: SymbolSpec, order: Pick<SentOrder, 'type' | 'quoteQuantity'>) {
  const { orderTypes, quoteOrderQtyMarketAllowed } = spec.rules;
  if (!orderTypes.includes(order.type)) {
    const message = `${spec.symbol} takes no ${order.type} orders at this venue`;
    return fieldError('order_type_not_supported', 'type', message, insteadOf(order.type, orderTypes));
  }
  if (order.quoteQuantity === null || quoteOrderQtyMarketAllowed) return null;
  const message = `${spec.symbol} takes no market orders by quote amount`;
  return fieldError('order_type_not_supported', 'quote_quantity', message, 'send quantity instead');
}

function insteadOf(type: OrderType, possible: readonly OrderType[]): string {
  if (type === 'trailing_stop') return 'open the position with protection.trailing_stop instead';
  if (type === 'oco') return "set the position's protection (stop_loss and take_profit) instead";
  const limited = ({ stop_loss: 'stop_limit', take_profit: 'take_profit_limit' } as const)[String(type)];
  if (limited !== undefined && possible.includes(limited)) return `send ${limited} instead`;
  return `send one of ${possible.join(', ')}`;
}

const answerOf = (rule: RuleName, error: FieldError | null, figures: Record<string, string>): RuleCheck => ({
  rule,
  outcome: error === null ? 'passed' : 'failed',
  figures,
  error,
  why: null,
});

function checkFilter(filter: SymbolFilter, order: SentOrder, spec: SymbolSpec, facts: RuleFacts): RuleCheck {
  switch (filter.kind) {
    case 'price':
      return checkPriceFilter(filter, order);
    case 'percent_price':
    case 'percent_price_by_side':
      return checkBand(filter, order, facts);
    case 'lot_size':
    case 'market_lot_size':
      return checkLot(filter, order, facts);
    case 'min_notional':
    case 'notional':
      return checkNotional(filter, order, spec, facts);
    case 'trailing_delta':
      return checkTrailingDelta(filter, order);
    case 'max_position':
      return checkPosition(filter, order, facts);
    case 'max_num_orders':
    case 'max_num_algo_orders':
    case 'max_num_order_lists':
      return checkCounts(filter, order, facts);
    case 'iceberg_parts':
    case 'max_num_iceberg_orders':
    case 'max_num_order_amends':
      // No order of ours is an iceberg, and a new order has no amendments.
      return notApplicable(filter.kind, { limit: String(filter.limit) });
    case 'unknown':
      return {
        rule: 'unknown',
        outcome: 'not_checked',
        figures: { name: filter.name },
        error: null,
        why: `the filter ${filter.name} is not known here`,
      };
    default:
      return unreachable(filter);
  }
}

const notApplicable = (rule: RuleName, figures: Record<string, string>): RuleCheck => ({
  rule,
  outcome: 'not_applicable',
  figures,
  error: null,
  why: null,
});

/** Every rule of the symbol against one order, in a fixed order: status, type, precision, then each filter. */
export function checkRules(spec: SymbolSpec, order: SentOrder, facts: RuleFacts): readonly RuleCheck[] {
  const { venueStatus, basePrecision, quotePrecision, filters } = spec.rules;
  const precision = { base_precision: String(basePrecision), quote_precision: String(quotePrecision) };
  return [
    answerOf('symbol_status', tradingRefusal(spec), { status: venueStatus }),
    answerOf('order_type', typeRefusal(spec, order), { type: order.type }),
    answerOf('precision', checkPrecision(spec, order), precision),
    ...filters.map((filter) => checkFilter(filter, order, spec, facts)),
  ];
}

/** The first rule that is surely broken. */
export const firstFailure = (checks: readonly RuleCheck[]): FieldError | null =>
  checks.find((check) => check.outcome === 'failed')?.error ?? null;
