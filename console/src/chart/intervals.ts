/** Which bars of a position are looked at: their length, and from when to when. Times here are whole seconds or ms, no money. */

export const INTERVAL_SECONDS = {
  ...{ '1s': 1, '1m': 60, '5m': 300, '15m': 900, '1h': 3_600, '4h': 14_400, '1d': 86_400 },
} as const;
export type Interval = keyof typeof INTERVAL_SECONDS;
export const INTERVALS = Object.keys(INTERVAL_SECONDS) as readonly Interval[];

export const isInterval = (text: string | null): text is Interval =>
  text !== null && text in INTERVAL_SECONDS;

/** Seconds are kept so long (docs/bars.md). */
const SECONDS_KEPT_MS = 2 * 3_600_000;
/** So many bars of one read; the API gives at most 1000. */
export const MOST_BARS = 600;
/** A life is seen with at least so many bars before and after it. */
const AROUND = 40;

export interface Life {
  readonly opened_at: string | null;
  readonly closed_at: string | null;
  readonly created_at: string;
}

const beginOf = ({ opened_at, created_at }: Life): number => Date.parse(opened_at ?? created_at);
const endOf = ({ closed_at }: Life, now: number): number =>
  closed_at === null ? now : Date.parse(closed_at);

/** The finest bars of which a position's whole life fits into one read, and which are still kept. */
export function intervalFor(life: Life, now: number): Interval {
  const begin = beginOf(life);
  const seconds = (endOf(life, now) - begin) / 1_000;
  const fits = INTERVALS.find(
    (one) =>
      seconds / INTERVAL_SECONDS[one] <= MOST_BARS - 2 * AROUND &&
      (one !== '1s' || now - begin < SECONDS_KEPT_MS),
  );
  return fits ?? '1d';
}

/** From when to when bars are read. Of an open position up to now (`to` null); of a closed one around its life. */
export function windowFor(
  life: Life,
  interval: Interval,
  now: number,
): { readonly from: string; readonly to: string | null } {
  const ms = INTERVAL_SECONDS[interval] * 1_000;
  if (life.closed_at === null) return { from: iso(now - MOST_BARS * ms), to: null };
  const to = Math.min(now, endOf(life, now) + AROUND * ms);
  const from = Math.max(to - MOST_BARS * ms, beginOf(life) - AROUND * ms);
  return { from: iso(from), to: iso(to) };
}

const iso = (ms: number): string => new Date(ms).toISOString();
