/** What the rules of a symbol are asked, and what they answer. */
import type { FieldError } from './field-error.ts';
import type { Decimal } from './money/decimal.ts';
import type { FilterKind } from './symbol-rules.ts';
import type { OrderAmounts, OrderType, Side } from './types.ts';

/** An order as it would be sent. */
export interface SentOrder extends OrderAmounts {
  readonly side: Side;
  readonly type: OrderType;
  /** How messages show the quantity, where less is sent than was asked. */
  readonly shownQuantity?: string;
}

/** What is known beside the order; null = not known, so what needs it is not checked. */
export interface RuleFacts {
  /** The venue's reference price. */
  readonly referencePrice: Decimal | null;
  /** Volume-weighted average over the filter's minutes. */
  readonly averagePrice: Decimal | null;
  readonly lastPrice: Decimal | null;
  /** The price shown now on the order's side: stands in for the above where they are unknown. */
  readonly currentPrice: Decimal | null;
  /** Open orders of the account on this symbol, algo orders included. */
  readonly openOrders: number | null;
  /** Of those: stop loss and take profit orders, with or without limit. */
  readonly openAlgoOrders: number | null;
  readonly openOrderLists: number | null;
  /** Base asset free and locked, and the rest of all open buys. */
  readonly holding: Decimal | null;
}

export const NO_FACTS: RuleFacts = {
  referencePrice: null,
  averagePrice: null,
  lastPrice: null,
  currentPrice: null,
  openOrders: null,
  openAlgoOrders: null,
  openOrderLists: null,
  holding: null,
};

export type RuleName = FilterKind | 'symbol_status' | 'order_type' | 'precision';

export interface RuleCheck {
  readonly rule: RuleName;
  readonly outcome: 'passed' | 'failed' | 'uncertain' | 'not_applicable' | 'not_checked';
  /** Bounds and compared values, decimal text. */
  readonly figures: Readonly<Record<string, string>>;
  /** Set when failed or uncertain. */
  readonly error: FieldError | null;
  /** Why it was not checked. */
  readonly why: string | null;
}
