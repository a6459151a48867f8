/**
 * Values in US dollars, for statistics. Convention: coins that are kept at a dollar count as one dollar, 1:1, whatever
 * they trade at. Of any other asset no value is known here.
 */
import type { Decimal } from './money/decimal.ts';

const AS_DOLLARS: ReadonlySet<string> = new Set([
  'USD',
  'USDT',
  'USDC',
  'FDUSD',
  'TUSD',
  'USDP',
  'BUSD',
  'DAI',
  'USD1',
  'RLUSD',
]);

/** The amount in dollars; null where the convention says nothing of the asset, or the amount is not known. */
export const inDollars = (amount: Decimal | null, asset: string): Decimal | null =>
  AS_DOLLARS.has(asset) ? amount : null;
