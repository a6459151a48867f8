/** A position's derived figures: computed when read, never stored (design section 8). Amounts in quote. */

import { type Decimal, percentOf, quotient, sum, ZERO } from './money/decimal.ts';
import { addFee } from './orders.ts';
import type { FeeAmount, Position } from './types.ts';

export interface PositionFigures {
  /** Volume-weighted, 18 decimals; null before the first fill. */
  readonly entryPrice: Decimal | null;
  readonly exitPrice: Decimal | null;
  /** What the entry's fills were worth. */
  readonly notional: Decimal;
  /** What is held, at the mark; null while there is no mark. */
  readonly value: Decimal | null;
  /** After the entry fees of what is held, before those of its exit. */
  readonly unrealizedPnl: Decimal | null;
  /** Of the cost of what is held; 4 decimals. */
  readonly unrealizedPnlPercent: Decimal | null;
  readonly realizedPnl: Decimal;
  /** Of the entry's notional; 4 decimals. */
  readonly realizedPnlPercent: Decimal;
  /** Null when there are fees in another asset. */
  readonly totalFeesQuote: Decimal | null;
  readonly feesByAsset: readonly FeeAmount[];
}

/** Figures at a mark (mid where a quote is fresh, else last). A null mark leaves what depends on it null. */
export function figures(p: Position, mark: Decimal | null): PositionFigures {
  const value = p.quantity.isZero() ? ZERO : mark && p.quantity.times(mark);
  const gain = value && (p.side === 'long' ? value.minus(p.cost) : p.cost.minus(value));
  const unrealizedPnl = gain?.minus(p.openFees) ?? null;
  return {
    entryPrice: quotient(p.entryQuote, p.entryQuantity),
    exitPrice: quotient(p.exitQuote, p.exitQuantity),
    notional: p.entryQuote,
    value,
    unrealizedPnl,
    unrealizedPnlPercent: unrealizedPnl && percentOf(unrealizedPnl, p.cost),
    realizedPnl: p.realizedPnl,
    realizedPnlPercent: percentOf(p.realizedPnl, p.entryQuote),
    totalFeesQuote: totalFeesQuote(p),
    feesByAsset: p.exitFees.reduce(addFee, p.entryFees),
  };
}

/** Fees in other assets went into the P&L at their values, fill by fill; a sum over assets would mix them. */
function totalFeesQuote(p: Position): Decimal | null {
  const fees = [...p.entryFees, ...p.exitFees];
  return fees.every((f) => f.asset === p.quote) ? sum(fees.map((f) => f.amount)) : null;
}
