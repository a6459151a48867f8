/** What is kept of orders and positions on margin. The rules are in margin.ts. */
import type { Decimal } from './money/decimal.ts';

/**
 * On what terms a position is on margin, fixed when its entry is placed: whatever the wallet says later, where it is
 * liquidated does not move by that.
 */
export interface MarginTerms {
  /** Worth over collateral: whole, at least 1. */
  readonly leverage: number;
  /** Of what a position is worth, a fraction that its collateral has to cover. */
  readonly maintenanceRate: Decimal;
  /** What closing is taken to cost, a fraction of the worth. */
  readonly feeRate: Decimal;
}
