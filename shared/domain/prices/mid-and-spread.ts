/** The middle and the width of a quote as exact decimal text, from its two sides as text (`quote:{}` in the cache). */
import { Decimal, decimalText } from '../money/decimal.ts';
import type { Units } from '../triggers/types.ts';
import { formatUnits, parseUnits } from '../triggers/units.ts';

export interface MidAndSpread {
  readonly mid: string;
  readonly spread: string;
}

/** Plain decimal text in; of a crossed quote the spread is below zero. */
export const midAndSpread = (bid: string, ask: string): MidAndSpread =>
  byUnits(bid, ask) ?? byDecimals(bid, ask);

/** In whole units of the finer side, half of one for the middle: nearly every quote of a feed. Null = one of the others. */
function byUnits(bid: string, ask: string): MidAndSpread | null {
  const exponent = Math.max(decimalsOf(bid), decimalsOf(ask));
  const bids = parseUnits(bid, exponent);
  const asks = parseUnits(ask, exponent);
  if (!bids.ok || !asks.ok || asks.value.units < bids.value.units) return null;
  const sum = bids.value.units + asks.value.units;
  return {
    // Below 10^13: exact in a double, as are its digits.
    mid: formatUnits((sum * 5) as Units, exponent + 1),
    spread: formatUnits((asks.value.units - bids.value.units) as Units, exponent),
  };
}

function byDecimals(bid: string, ask: string): MidAndSpread {
  const [bids, asks] = [new Decimal(bid), new Decimal(ask)];
  return { mid: decimalText(bids.plus(asks).div(2)), spread: decimalText(asks.minus(bids)) };
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}
