/** How values are written in answers: decimals as text, times as ISO 8601 UTC (design section 17). */
import { type Decimal, sum } from '../../domain/money/decimal.ts';
import type { FeeAmount } from '../../domain/types.ts';

export const money = (value: Decimal): string => value.toFixed();
export const moneyOrNull = (value: Decimal | null): string | null => value?.toFixed() ?? null;

export const time = (epochMs: number): string => new Date(epochMs).toISOString();
export const timeOrNull = (epochMs: number | null): string | null =>
  epochMs === null ? null : time(epochMs);

/** Fees as the venue charged them: text by asset. */
export function feesByAsset(fees: readonly FeeAmount[]): Record<string, string> {
  const assets = [...new Set(fees.map((fee) => fee.asset))];
  return Object.fromEntries(
    assets.map((asset) => [
      asset,
      money(sum(fees.filter((fee) => fee.asset === asset).map((fee) => fee.amount))),
    ]),
  );
}

/** The specification's single fee figure: only where there is one asset; without fees it is zero of `quote`. */
export function singleFee(
  fees: readonly FeeAmount[],
  quote: string,
): { readonly fees: string | null; readonly fee_currency: string | null } {
  const [first, ...others] = Object.entries(feesByAsset(fees));
  if (first === undefined) return { fees: '0', fee_currency: quote };
  return others.length === 0
    ? { fees: first[1], fee_currency: first[0] }
    : { fees: null, fee_currency: null };
}
