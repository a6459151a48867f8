/** Prices that go up and down by small steps, on all symbols, so many a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import type { FedMarket } from '../fed-market.ts';

/** Every tick another price within a tenth of a percent; answers how many there were. */
export async function moveMarket(
  market: FedMarket,
  prices: Readonly<Record<string, string>>,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<number> {
  let ticks = 0;
  const begun = performance.now();
  for (let nth = 0; nth < perSecond * seconds; nth += 1) {
    for (const [symbol, price] of Object.entries(prices)) {
      // A widening swing: extremes are set again and again, as a market does that moves.
      const share = new Decimal(Math.sin(nth / 7) * nth).dividedBy(perSecond * seconds * 1_000);
      await market.tick(symbol, decimal(price).times(share.plus(1)).toDecimalPlaces(2).toFixed());
      ticks += 1;
    }
    const left = begun + (nth + 1) * (1_000 / perSecond) - performance.now();
    if (left > 0) await sleep(left);
  }
  for (const [symbol, price] of Object.entries(prices)) await market.tick(symbol, price);
  return ticks;
}
