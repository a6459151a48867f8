/**
 * The one door between exact decimal text and the numbers that the chart library draws with.
 *
 * Always true: a number made here is drawn and nothing else. What comes back from the chart (where the pointer is) becomes
 * text on the symbol's tick before anybody sees or sends it.
 */
import { Decimal, decimal, decimalText } from '../../../shared/domain/money/decimal.ts';

/** Where to draw it: a price in the chart's own terms, and the value of a slider. */
export const drawn = (text: string): number => Number(text);

/** The price on the tick that is nearest to where something was drawn; never below one tick. */
export function snapped(drawnPrice: number, tick: string): string {
  const step = decimal(tick);
  // A double has some 16 digits; more than that is noise of the drawing.
  const near = new Decimal(drawnPrice).toSignificantDigits(15).toNearest(step, Decimal.ROUND_HALF_UP);
  return decimalText(near.lessThan(step) ? step : near);
}
