/** Which positions coins that are gone came from, and what they brought (design section 5). */
import { type Decimal, minOf, quotient, ZERO } from '../money/decimal.ts';
import type { Position } from '../types.ts';
import { reducible } from './external.ts';
import type { AccountTradeOf, Correction, OutsideSales, Suspect } from './types.ts';

type Booking = Extract<Correction, { kind: 'book_external' }>;

/** Adds the sales of this asset that nobody here made to those known before. */
export function salesOutside(
  before: readonly OutsideSales[],
  trades: readonly AccountTradeOf[],
  base: string,
): readonly OutsideSales[] {
  const sold = new Map(before.map((sales) => [sales.quote, sales]));
  for (const { orderId, side, base: traded, quote, fill } of trades) {
    if (orderId !== null || side !== 'sell' || traded !== base) continue;
    const known = sold.get(quote);
    const fee = fill.fee.asset === quote ? fill.fee.amount : ZERO;
    sold.set(quote, {
      quote,
      quantity: fill.quantity.plus(known?.quantity ?? ZERO),
      brought: fill.price.times(fill.quantity).plus(known?.brought ?? ZERO),
      fees: fee.plus(known?.fees ?? ZERO),
    });
  }
  return [...sold.values()];
}

const byRecency = (a: Position, b: Position): number =>
  (b.openedAt ?? b.createdAt) - (a.openedAt ?? a.createdAt) || (a.positionId < b.positionId ? 1 : -1);

/**
 * Most recent positions first. The id is derived from what is missing and since when, so that a pass that ran twice
 * books once.
 */
export function bookExternals(of: {
  readonly shortfalls: readonly Suspect[];
  readonly positions: readonly Position[];
  readonly walletId: string;
}): readonly Booking[] {
  const found: Booking[] = [];
  for (const { asset, amount, since, sold } of of.shortfalls) {
    let missing = amount;
    const held = of.positions
      .filter((p) => p.base === asset && p.side === 'long' && p.margin === null)
      .toSorted(byRecency);
    for (const position of held) {
      const quantity = minOf(reducible(position), missing);
      if (!quantity.greaterThan(0)) continue;
      const sales = sold.find(({ quote }) => quote === position.quote);
      found.push({
        kind: 'book_external',
        id: `${of.walletId}:${asset}:${since}:${position.positionId}`,
        positionId: position.positionId,
        asset,
        quantity,
        ...priceOf(sales, quantity, amount),
      });
      missing = missing.minus(quantity);
      if (!missing.greaterThan(0)) break;
    }
  }
  return found;
}

/** Sales that explain less than what is missing give no price for the rest of it: then all of it leaves at cost. */
function priceOf(sales: OutsideSales | undefined, quantity: Decimal, missing: Decimal) {
  if (sales === undefined || sales.quantity.lessThan(missing)) return { price: null, fee: ZERO };
  return {
    price: quotient(sales.brought, sales.quantity),
    fee: sales.fees.times(quantity).dividedBy(sales.quantity).toDecimalPlaces(18),
  };
}
