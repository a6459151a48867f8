/** What an account holds, asset by asset: free and locked together. */
import type { Decimal } from '../money/decimal.ts';
import type { AssetAmount } from './types.ts';

/** Assets of which there is nothing are left out; in the order of their names. */
export const accountTotals = (
  balances: readonly { readonly asset: string; readonly free: Decimal; readonly locked: Decimal }[],
): readonly AssetAmount[] =>
  balances
    .map(({ asset, free, locked }) => ({ asset, amount: free.plus(locked) }))
    .filter(({ amount }) => !amount.isZero())
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));

export const isSameTotals = (a: readonly AssetAmount[], b: readonly AssetAmount[]): boolean =>
  a.length === b.length &&
  a.every(({ asset, amount }, i) => b[i]?.asset === asset && amount.equals(b[i]?.amount ?? -1));
