/**
 * The specification's counters (design section 18): their names, and what a change adds to them. For dashboards: the
 * ledger has the exact figures, and a cache that was lost begins anew.
 */
import { type Decimal, decimalText } from '../domain/money/decimal.ts';
import type { Position } from '../domain/types.ts';
import { inDollars } from '../domain/usd.ts';
import type { Ports } from './ports.ts';

/** What `Counters.add` takes. */
export type Counts = Readonly<Record<string, number | string>>;

export interface Histogram {
  readonly name: string;
  /** Upper bounds, rising; what is more is under `more`. */
  readonly bounds: readonly number[];
}

/** From the moment an order went out until it was filled. */
export const FILL_TIME: Histogram = {
  name: 'orders:fill_time_ms',
  bounds: [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000, 600_000, 3_600_000],
};

/** From a position's first fill until it was closed: a minute to 30 days. */
export const DURATION: Histogram = {
  name: 'positions:duration_minutes',
  bounds: [1, 5, 15, 60, 240, 720, 1_440, 4_320, 10_080, 43_200],
};

/** One value of a histogram: it is in exactly one of the bounds' counters. */
export function observation({ name, bounds }: Histogram, value: number): Counts {
  const bound = bounds.find((most) => value <= most) ?? 'more';
  return { [`${name}:count`]: 1, [`${name}:sum`]: value, [`${name}:${bound}`]: 1 };
}

/** What was won or lost, in dollars; in a quote asset without a value in dollars apart, under its name. */
export function realizedCounts(gained: Decimal, quote: string): Counts {
  if (gained.isZero()) return {};
  const name = 'positions:pnl_realized';
  return { [inDollars(gained, quote) === null ? `${name}:${quote}` : name]: decimalText(gained) };
}

/** An exit that a level has made. */
export const TRIGGERED: Counts = { 'om:stops_triggered': 1, 'om:positions_updated': 1 };

/** Adds; a cache that is away keeps nobody waiting. */
export async function count(
  { counters, log }: Pick<Ports, 'counters' | 'log'>,
  counts: Counts,
  about: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(counts).length === 0) return;
  try {
    await counters.add(counts);
  } catch (error) {
    log.warn('COUNTERS_NOT_WRITTEN', { ...about, error: String(error) });
  }
}

/** What a written position has won or lost by the write. */
export const countRealized = (
  ports: Pick<Ports, 'counters' | 'log'>,
  before: Position,
  after: Position,
): Promise<void> =>
  count(ports, realizedCounts(after.realizedPnl.minus(before.realizedPnl), after.quote), {
    positionId: after.positionId,
  });
