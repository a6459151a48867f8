/**
 * Bars of the price tape as the chart takes them: a point for every interval, without a price where the tape has a gap, and
 * the live price in the last one. Prices stay text.
 */
import type { AnswerTo } from '../../../shared/client/contract.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';

export type Bar = AnswerTo<'listBars'>['items'][number];

export interface Candle {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
}

/** `time`: the interval's begin, in seconds. `candle` null: the tape has nothing of it, which is shown and not filled. */
export interface Point {
  readonly time: number;
  readonly candle: Candle | null;
}

/** Beyond so many points a gap is not shown at its full length. */
const LONGEST_GAP = 300;

const secondOf = (iso: string): number => Math.floor(Date.parse(iso) / 1_000);

/** Of the API's answer, newest first, the points oldest first. `seconds`: the interval's length. */
export function pointsOf(bars: readonly Bar[], seconds: number): readonly Point[] {
  const points: Point[] = [];
  for (const bar of [...bars].reverse()) {
    const time = secondOf(bar.time);
    const before = points.at(-1);
    if (before !== undefined) points.push(...gapBetween(before.time, time, seconds));
    const { high, low, close } = bar;
    // What a bar began with was not always kept: it is then drawn from its close.
    points.push({ time, candle: { open: bar.open ?? close, high, low, close } });
  }
  return points;
}

function gapBetween(from: number, to: number, seconds: number): readonly Point[] {
  const missing = Math.min(LONGEST_GAP, Math.round((to - from) / seconds) - 1);
  return Array.from({ length: Math.max(0, missing) }, (_, index) => ({
    time: to - (missing - index) * seconds,
    candle: null,
  }));
}

/** With a price of now: in the bar that runs, or as the first of the next one. One from before the last bar changes nothing. */
export function withPrice(
  points: readonly Point[],
  price: { readonly last: string; readonly timestamp: string },
  seconds: number,
): readonly Point[] {
  const at = secondOf(price.timestamp);
  const time = at - (at % seconds);
  const { last } = price;
  const before = points.at(-1);
  if (before !== undefined && time < before.time) return points;
  if (before?.time === time) {
    const candle = before.candle === null ? flat(last) : grown(before.candle, last);
    return [...points.slice(0, -1), { time, candle }];
  }
  const gap = before === undefined ? [] : gapBetween(before.time, time, seconds);
  return [...points, ...gap, { time, candle: flat(last) }];
}

/** A price may be on its way for so long before its interval counts as empty. */
const LATE_MS = 2_000;

/** With empty points up to the interval of now: that there is no price is seen as well. `now` in ms. */
export function untilNow(points: readonly Point[], now: number, seconds: number): readonly Point[] {
  const at = Math.floor((now - LATE_MS) / 1_000);
  const time = at - (at % seconds);
  const last = points.at(-1);
  if (last === undefined || last.time >= time) return points;
  return [...points, ...gapBetween(last.time, time + seconds, seconds)];
}

const flat = (price: string): Candle => ({ open: price, high: price, low: price, close: price });

function grown(candle: Candle, price: string): Candle {
  const at = decimal(price);
  return {
    open: candle.open,
    high: at.greaterThan(decimal(candle.high)) ? price : candle.high,
    low: at.lessThan(decimal(candle.low)) ? price : candle.low,
    close: price,
  };
}
