/** Bars of one symbol from its trades (for forex: its quotes). An interval without a trade has no bar. */

/** Prices in whole units, volume in whole size units. */
export interface Bar {
  /** Start, epoch ms. */
  readonly s: number;
  readonly width: number;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  readonly v: number;
  /** Sum of price times size, for the average. */
  readonly worth: number;
  readonly n: number;
}

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;

const begin = (time: number, width: number, price: number, size: number): Bar => ({
  s: Math.floor(time / width) * width,
  width,
  o: price,
  h: price,
  l: price,
  c: price,
  v: size,
  worth: price * size,
  n: 1,
});

/** The bar with one more trade in it, as the latest. */
export const withTrade = (bar: Bar, price: number, size: number): Bar => ({
  ...bar,
  h: Math.max(bar.h, price),
  l: Math.min(bar.l, price),
  c: price,
  v: bar.v + size,
  worth: bar.worth + price * size,
  n: bar.n + 1,
});

/** Two neighbours (or the same) as one bar of a wider interval. */
export const merged = (first: Bar, next: Bar): Bar => ({
  ...first,
  h: Math.max(first.h, next.h),
  l: Math.min(first.l, next.l),
  c: next.c,
  v: first.v + next.v,
  worth: first.worth + next.worth,
  n: first.n + next.n,
});

/** The open bar of one width; a trade of an earlier interval counts into the open one. */
export class BarBuilder {
  private open: Bar | null = null;
  private readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  /** @returns the bar that this trade's time has closed, if it did */
  add(time: number, price: number, size: number): Bar | null {
    const { open } = this;
    if (open !== null && time < open.s + this.width) {
      this.open = withTrade(open, price, size);
      return null;
    }
    this.open = begin(time, this.width, price, size);
    return open;
  }

  /** @returns the open bar when its interval is over at this time */
  closeAt(time: number): Bar | null {
    const { open } = this;
    if (open === null || time < open.s + this.width) return null;
    this.open = null;
    return open;
  }

  get current(): Bar | null {
    return this.open;
  }
}
