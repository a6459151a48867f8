/** What an order is about, and a change of it. The rules are in normalise.ts and amendments.ts. */
import type { Decimal } from './money/decimal.ts';

/** What an order is about; which fields a type takes is in normalise.ts. */
export interface OrderAmounts {
  readonly quantity: Decimal;
  readonly quoteQuantity: Decimal | null;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly stopLimitPrice: Decimal | null;
  readonly trailingDelta: number | null;
}

export const AMEND_WAYS = ['before_sending', 'in_place', 'new_order'] as const;
export type AmendWay = (typeof AMEND_WAYS)[number];

/**
 * `done`: the order has the wanted amounts. `replaced`: its heir has. `nothing_left`, `below_minimum`: what had not
 * filled was cancelled, and is too little for an heir. `too_late`: it ended first. `withdrawn`: a cancel, or a full
 * exit of its position, came after it.
 */
export const AMEND_OUTCOMES = [
  'under_way',
  'done',
  'replaced',
  'nothing_left',
  'below_minimum',
  'too_late',
  'withdrawn',
] as const;
export type AmendOutcome = (typeof AMEND_OUTCOMES)[number];

export interface Amendment {
  readonly at: number;
  /** Who asked for it. */
  readonly cause: string;
  readonly way: AmendWay;
  /** The whole order as asked and as it is to be; `quantity` counts what has filled too. */
  readonly asked: OrderAmounts;
  readonly wanted: OrderAmounts;
  /** The id that the heir would have. */
  readonly heirId: string;
  /** The market when it was asked for; null where it was not known. */
  readonly referencePrice: Decimal | null;
  /** Of an entry: the wallet's pauses when it was asked for; what is sent anew leaves under this count. */
  readonly walletPauses: number | null;
  readonly outcome: AmendOutcome;
  /** Why, where the outcome is not what was wanted, or not in the way that it was to be. */
  readonly reason: string | null;
}
