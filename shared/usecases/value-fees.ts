/** What fees in a third asset are worth in the quote asset (design section 7). */
import { type Decimal, decimal } from '../domain/money/decimal.ts';
import type { Environment, ExecutionReport, Fill } from '../domain/types.ts';
import { specOf } from './change-order.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'prices' | 'symbols' | 'log'>;

export type ValueFees = ReturnType<typeof makeValueFees>;

/** The last price of an asset in another; null without one, and then the next such fee is to find one. */
export function makePriceOfFee({ prices, symbols, log }: Needs) {
  return async (asset: string, quote: string, environment: Environment): Promise<Decimal | null> => {
    const pair = `${asset}/${quote}`;
    const price = await prices.price(pair);
    if (price !== null) return decimal(price.last);
    const isTraded = (await symbols.find(environment, pair)) !== null;
    if (isTraded) await tell(log, prices.want([pair]), { symbol: pair });
    return null;
  };
}

export function makeValueFees(ports: Needs) {
  const { symbols } = ports;
  const priceOf = makePriceOfFee(ports);

  /**
   * The same fills, their fees in a third asset valued at that asset's price now; without one they are left as they
   * are, which flags them (value-late-fees.ts comes back to them). Each asset's price is asked for once. Throws when the report's symbol is not known any more.
   */
  return async (fills: readonly Fill[], report: ExecutionReport): Promise<readonly Fill[]> => {
    const { base, quote } = await specOf(symbols, report);
    const isForeign = ({ fee: { asset, amount }, feeQuoteValue }: Fill): boolean =>
      feeQuoteValue === null && asset !== base && asset !== quote && !amount.isZero();
    const found = new Map<string, Decimal | null>();
    for (const asset of new Set(fills.filter(isForeign).map((fill) => fill.fee.asset))) {
      found.set(asset, await priceOf(asset, quote, report.environment));
    }
    return fills.map((fill) => {
      const price = isForeign(fill) ? (found.get(fill.fee.asset) ?? null) : null;
      if (price === null) return fill;
      return { ...fill, feeQuoteValue: fill.fee.amount.times(price).toDecimalPlaces(18) };
    });
  };
}
