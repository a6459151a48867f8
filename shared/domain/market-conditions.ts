/**
 * The market when a position was entered, from bars of a quarter of an hour (the specification's `market_conditions`).
 *
 * Only whole bars that were over by then and that follow one another without a gap; too few of them give no figure.
 */
import { type Decimal, maxOf, minOf, percentOf, sum, ZERO } from './money/decimal.ts';

/** One bar; they come oldest first. */
export interface ConditionBar {
  /** Epoch seconds. */
  readonly from: number;
  readonly to: number;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
}

export const VOLATILITIES = ['low', 'medium', 'high'] as const;
export type Volatility = (typeof VOLATILITIES)[number];

/** The market as whoever placed the entry saw it: kept as it was given, compared with nothing. Null = not given. */
export interface GivenConditions {
  readonly price: Decimal | null;
  readonly rsi14: Decimal | null;
  /** In base asset. */
  readonly volume24h: Decimal | null;
  readonly volatility: Volatility | null;
}

export interface MarketConditions {
  /** Wilder's relative strength index over 14 bars, 0 to 100, 2 decimals; null with fewer than 15 bars. */
  readonly rsi14: Decimal | null;
  /** Average true range of 14 bars in percent of the last close, 4 decimals; null with fewer than 15 bars. */
  readonly atrPercent: Decimal | null;
  readonly volatility: Volatility | null;
}

const PERIOD = 14;
/** From which average range of a quarter of an hour on, in percent. */
const HIGH_FROM = '0.8';
const MEDIUM_FROM = '0.25';

/** The bars that end without a gap at `until`, which the last of them has to reach. */
export function unbroken(bars: readonly ConditionBar[], until: number): readonly ConditionBar[] {
  let next = until;
  let first = bars.length;
  while (first > 0 && bars[first - 1]?.to === next) {
    first -= 1;
    next = bars[first]?.from ?? next;
  }
  return bars.slice(first);
}

export function marketConditions(bars: readonly ConditionBar[]): MarketConditions {
  const last = bars.at(-1);
  if (last === undefined || bars.length <= PERIOD) return { rsi14: null, atrPercent: null, volatility: null };
  const atrPercent = percentOf(smoothed(bars.slice(1).map((bar, i) => trueRange(bar, bars[i]))), last.close);
  const volatility = atrPercent.greaterThanOrEqualTo(HIGH_FROM)
    ? 'high'
    : atrPercent.greaterThanOrEqualTo(MEDIUM_FROM)
      ? 'medium'
      : 'low';
  return { rsi14: rsi(bars), atrPercent, volatility };
}

/** Wilder: the mean of the first 14, then each next one with a weight of 1/14. */
function smoothed(values: readonly Decimal[]): Decimal {
  const begin = sum(values.slice(0, PERIOD)).dividedBy(PERIOD);
  return values.slice(PERIOD).reduce(
    (mean, value) =>
      mean
        .times(PERIOD - 1)
        .plus(value)
        .dividedBy(PERIOD),
    begin,
  );
}

function rsi(bars: readonly ConditionBar[]): Decimal {
  const changes = bars.slice(1).map((bar, i) => bar.close.minus(bars[i]?.close ?? bar.close));
  const gain = smoothed(changes.map((change) => maxOf(change, ZERO)));
  const loss = smoothed(changes.map((change) => maxOf(change.negated(), ZERO)));
  const all = gain.plus(loss);
  // Nothing moved: neither strong nor weak.
  return all.isZero() ? gain.plus(50) : gain.times(100).dividedBy(all).toDecimalPlaces(2);
}

function trueRange(bar: ConditionBar, before: ConditionBar | undefined): Decimal {
  const close = before?.close ?? bar.close;
  return maxOf(bar.high, close).minus(minOf(bar.low, close));
}
