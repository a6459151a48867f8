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

/** A counter or an epoch time in ms; null when it was never written. */
export function whole(text: string | null | undefined): number | null {
  if (text == null) return null;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`not a whole number in a counter: ${text.slice(0, 40)}`);
  return Number.parseInt(text, 10); // not money: a count or a time
}
