/**
 * Bars of an interval, made of finer ones (design section 8): exact, and nothing is made up where there was nothing.
 *
 * Always true:
 * - a bar exists only where at least one finer one lies in it; its open is its first one's, its close its last one's;
 * - what is missing is said: a bar is `complete` only when none of its finer ones is missing, and `gapsOf` names the
 *   stretches without any.
 *
 * Times are epoch seconds; intervals begin at whole multiples of their length, so days are UTC days.
 */
import type { Units } from '../triggers/types.ts';

export const INTERVAL_SECONDS = {
  '1s': 1,
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '4h': 14_400,
  '1d': 86_400,
} as const;

export type Interval = keyof typeof INTERVAL_SECONDS;
export const INTERVALS = Object.keys(INTERVAL_SECONDS) as readonly Interval[];

/** A second, a minute or a quarter of an hour, of one kind of price. */
export interface Piece {
  readonly at: number;
  /** How long it is, and how much of that it has prices of, by its own finer ones. */
  readonly seconds: number;
  readonly present: number;
  /** Begin of its first finer one, end of its last. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Null where it is not known. */
  readonly open: Units | null;
  readonly high: Units;
  readonly low: Units;
  readonly close: Units;
  /** Null where the source does not say. */
  readonly count: number | null;
  /** Of our own ticks; null for pieces of another source. */
  readonly ticks: { readonly first: number; readonly last: number } | null;
}

export interface IntervalBar extends Omit<Piece, 'at' | 'seconds'> {
  readonly from: number;
  readonly to: number;
  /** Not over yet at `now`. */
  readonly running: boolean;
  /** It is over, and no piece of it is missing. */
  readonly complete: boolean;
  /** Pieces of our own tape, and of another source. */
  readonly own: number;
  readonly filled: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The begin of the interval that a time lies in; and the end of the one that a time is reached in. */
export const beginOf = (at: number, step: number): number => Math.floor(at / step) * step;
export const endOf = (at: number, step: number): number => Math.ceil(at / step) * step;

const lower = (a: Units, b: Units): Units => (a < b ? a : b);
const higher = (a: Units, b: Units): Units => (a > b ? a : b);

function ticksOf(a: Piece['ticks'], b: Piece['ticks']): Piece['ticks'] {
  if (a === null || b === null) return a ?? b;
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** Pieces, oldest first, none over another -> bars of `step` seconds, a multiple of theirs, oldest first. */
export function intervalBars(pieces: readonly Piece[], step: number, now: number): readonly IntervalBar[] {
  const bars: IntervalBar[] = [];
  for (const piece of pieces) {
    const from = beginOf(piece.at, step);
    const own = piece.ticks === null ? 0 : 1;
    const open = bars.at(-1);
    if (open === undefined || open.from !== from) {
      const { at: _, seconds: __, ...rest } = piece;
      const to = from + step;
      const running = to > now;
      const complete = !running && piece.present === step;
      bars.push({ ...rest, from, to, running, complete, own, filled: 1 - own });
      continue;
    }
    const present = open.present + piece.present;
    bars[bars.length - 1] = {
      ...open,
      high: higher(open.high, piece.high),
      low: lower(open.low, piece.low),
      close: piece.close,
      count: open.count === null || piece.count === null ? null : open.count + piece.count,
      ticks: ticksOf(open.ticks, piece.ticks),
      lastAt: piece.lastAt,
      present,
      complete: !open.running && present === step,
      own: open.own + own,
      filled: open.filled + 1 - own,
    };
  }
  return bars;
}

/** Stretches of [from, to) without any piece, oldest first. */
export function gapsOf(
  pieces: readonly Pick<Piece, 'at' | 'seconds'>[],
  { from, to }: Span,
): readonly Span[] {
  const gaps: Span[] = [];
  let covered = from;
  for (const { at, seconds } of pieces) {
    if (at >= to) break;
    if (at > covered) gaps.push({ from: covered, to: at });
    covered = Math.max(covered, at + seconds);
  }
  if (covered < to) gaps.push({ from: covered, to });
  return gaps;
}
