/** A stop that is being moved: typed, dragged or stepped. Text on the symbol's tick, as the API rounds it. */
import { ceilTo, decimal, decimalText, floorTo, parseDecimal } from '../../../shared/domain/money/decimal.ts';

export type Side = 'long' | 'short';

/** To the tick that triggers earlier, as the API does it; null: that is no price. */
export function stopSent(text: string, side: Side, tick: string): string | null {
  const price = parseDecimal(text.trim());
  if (price === null || !price.greaterThan(0)) return null;
  return decimalText((side === 'long' ? ceilTo : floorTo)(price, decimal(tick)));
}

/** A target, or a price from which to trail: the other way round. */
export function targetSent(text: string, side: Side, tick: string): string | null {
  const price = parseDecimal(text.trim());
  if (price === null || !price.greaterThan(0)) return null;
  return decimalText((side === 'long' ? floorTo : ceilTo)(price, decimal(tick)));
}

/** What a key does to a stop, in ticks; 0: nothing. `big` is for Page Up and Down. */
export function ticksOfKey(key: string, big: number): number {
  switch (key) {
    case 'ArrowUp':
    case 'ArrowRight':
      return 1;
    case 'ArrowDown':
    case 'ArrowLeft':
      return -1;
    case 'PageUp':
      return big;
    case 'PageDown':
      return -big;
    default:
      return 0;
  }
}

/** So many ticks further, never below one tick. */
export function nudged(price: string, tick: string, ticks: number): string {
  const step = decimal(tick);
  const moved = decimal(price).toNearest(step).plus(step.times(ticks));
  return decimalText(moved.lessThan(step) ? step : moved);
}

/** A tenth of a percent of the price in ticks, at least ten. */
export function bigStep(price: string, tick: string): number {
  const ticks = decimal(price).dividedBy(1_000).dividedBy(decimal(tick)).floor();
  // A count of ticks, bounded: not the price.
  return Math.max(10, Math.min(1_000_000, Number.parseInt(ticks.toFixed(0), 10))); // not money: a count of ticks
}
