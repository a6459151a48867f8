/** One-second bars of one symbol, per price source, folded from its ticks (design sections 8, 10). */
import { priceOf } from './rules.ts';
import type { Bar, PriceSource, Tick, Units } from './types.ts';

type Prices = Readonly<Record<PriceSource, Units>>;

const pricesOf = (tick: Tick): Prices => ({
  bid: tick.bid,
  ask: tick.ask,
  last: tick.last,
  mid: priceOf(tick, 'mid'),
});

const each = (pick: (source: PriceSource) => number): Prices => {
  const at = (source: PriceSource): Units => pick(source) as Units;
  return { bid: at('bid'), ask: at('ask'), last: at('last'), mid: at('mid') };
};

export const barOf = (tick: Tick): Bar => {
  const prices = pricesOf(tick);
  return {
    second: Math.floor(tick.at / 1000),
    open: prices,
    low: prices,
    high: prices,
    close: prices,
    firstTick: tick.id,
    lastTick: tick.id,
    count: 1,
  };
};

/**
 * Two parts of one second as one: after a change of writers, or of what was written and what is now known.
 * Putting the same part in twice changes nothing; therefore `count` is the larger of the two, a lower bound.
 */
export function mergeBars(a: Bar, b: Bar): Bar {
  const later = b.lastTick >= a.lastTick ? b : a;
  const earlier = b.firstTick < a.firstTick ? b : a;
  return {
    second: a.second,
    ...(earlier.open !== undefined && { open: earlier.open }),
    low: each((s) => Math.min(a.low[s], b.low[s])),
    high: each((s) => Math.max(a.high[s], b.high[s])),
    close: later.close,
    firstTick: Math.min(a.firstTick, b.firstTick),
    lastTick: Math.max(a.lastTick, b.lastTick),
    count: Math.max(a.count, b.count),
  };
}

/** The open bar with one more tick. A clock that went back leaves the tick in the open second. */
function extend(open: Bar, tick: Tick): Bar {
  const prices = pricesOf(tick);
  return {
    second: open.second,
    ...(open.open !== undefined && { open: open.open }),
    low: each((s) => Math.min(open.low[s], prices[s])),
    high: each((s) => Math.max(open.high[s], prices[s])),
    close: prices,
    firstTick: open.firstTick,
    lastTick: tick.id,
    count: open.count + 1,
  };
}

/** Puts ticks, in order, into bars: those that are complete, and the one still open. */
export function foldTicks(
  open: Bar | null,
  ticks: readonly Tick[],
): { readonly complete: readonly Bar[]; readonly open: Bar | null } {
  const complete: Bar[] = [];
  let current = open;
  for (const tick of ticks) {
    if (current === null) {
      current = barOf(tick);
    } else if (Math.floor(tick.at / 1000) > current.second) {
      complete.push(current);
      current = barOf(tick);
    } else {
      current = extend(current, tick);
    }
  }
  return { complete, open: current };
}

/** The highest and lowest price of a stretch of bars; null for none. */
export function extremesOf(
  bars: readonly Bar[],
  source: PriceSource,
): { readonly low: Units; readonly high: Units } | null {
  if (bars.length === 0) return null;
  return {
    low: bars.reduce((low, bar) => Math.min(low, bar.low[source]), Number.POSITIVE_INFINITY) as Units,
    high: bars.reduce((high, bar) => Math.max(high, bar.high[source]), 0) as Units,
  };
}
