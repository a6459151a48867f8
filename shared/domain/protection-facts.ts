/** A position's protection. The rules are in protection.ts and check-protection.ts. */
import type { Decimal } from './money/decimal.ts';
import type { ResidentMode } from './resident-facts.ts';

export interface Protection {
  readonly stopLoss: { readonly price: Decimal } | null;
  /** One or a ladder; shares are fractions of the position and add up to at most 1. */
  readonly takeProfits: readonly { readonly price: Decimal; readonly share: Decimal }[];
  readonly trailingStop: {
    readonly distance: { readonly percent: Decimal } | { readonly amount: Decimal };
    readonly activationPrice: Decimal | null;
  } | null;
  readonly breakEven: {
    /** Profit in percent of the entry price at which the stop moves to entry + fees (+ offset). */
    readonly activationProfitPercent: Decimal;
    readonly offsetPercent: Decimal;
  } | null;
  /** Closes the position whatever its price: so long after its first fill, or at a time (epoch ms). */
  readonly timeStop: { readonly maxSeconds: number } | { readonly until: number } | null;
  /** So long a stop that was reached waits for the price to come back, whole seconds; 0 = it sells at once. */
  readonly confirmSeconds: number;
  /** A price so far beyond the stop, in percent of the stop's, sells without waiting. */
  readonly confirmMaxPercent: Decimal;
  /** Stops sell by a limit so far behind their price, in percent of it, for so long; then by market. Null: at once. */
  readonly stopLimit: { readonly percent: Decimal; readonly seconds: number } | null;
  /** `bid_ask`: bid closes a long, ask a short. */
  readonly triggerPrice: 'bid_ask' | 'last' | 'mid';
  /** What of it rests at the venue besides (residents.ts). */
  readonly resident: ResidentMode;
}
