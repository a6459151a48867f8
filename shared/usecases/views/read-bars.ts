/**
 * Bars of a symbol as the API shows them (design sections 8, 17): newest first, in windows of whole intervals.
 *
 * 1 s bars come from the cache (2 h). Up to 5 min they are made of the tape's minutes (7 days), above of its quarters
 * of an hour (90 days) and, behind the newest of these, of minutes; the last minutes, whose rows are not written to the
 * end yet, also of the cache's seconds. Where there was no tape of our own, of what another source told. Where there is
 * neither, there is no bar, and the gap is said.
 */
import {
  beginOf,
  endOf,
  gapsOf,
  INTERVAL_SECONDS,
  type Interval,
  type IntervalBar,
  intervalBars,
  type Piece,
  type Span,
} from '../../domain/tape/intervals.ts';
import { mergeBars } from '../../domain/triggers/bars.ts';
import type { Bar, PriceSource } from '../../domain/triggers/types.ts';
import { formatUnits } from '../../domain/triggers/units.ts';
import type { FilledRow, TapeQuarter } from '../../ports/tape.ts';
import type { Ports } from '../ports.ts';
import { barOfMinute } from '../replay-tape.ts';
import { time } from './text.ts';

const MINUTE = 60;
const QUARTER = 900;
const DAY = 86_400;
/** A minute's row may lag by the time between two writes; this many of the last minutes are looked up in seconds too. */
const FRESH_MINUTES = 3;
/** Rows read for one answer; what is further back lies behind the cursor. Ten times as many take DynamoDB seconds. */
const MOST_PIECES = 3_000;

interface Grain {
  /** Seconds of the finest piece that bars of this interval are made of. */
  readonly piece: number;
  /** How long these are kept, in seconds. */
  readonly kept: number;
}

const grainOf = (step: number): Grain => {
  if (step < MINUTE) return { piece: 1, kept: 7_200 };
  return step < QUARTER ? { piece: MINUTE, kept: 7 * DAY } : { piece: QUARTER, kept: 90 * DAY };
};

type Needs = Pick<Ports, 'prices' | 'tape' | 'clock'>;

export interface BarsQuery {
  readonly symbol: string;
  /** Decimals of the symbol's price unit. */
  readonly unitExponent: number;
  readonly interval: Interval;
  readonly price: PriceSource;
  /** Epoch seconds; null = as far back as is kept. */
  readonly from: number | null;
  /** Epoch seconds, not included; null = now. */
  readonly to: number | null;
  /** Most intervals of one answer. */
  readonly limit: number;
}

interface BarsBody {
  readonly symbol: string;
  readonly interval: Interval;
  readonly price: PriceSource;
  readonly from: string;
  readonly to: string;
  /** Nothing before this is kept. */
  readonly kept_since: string;
  readonly items: readonly BarView[];
  readonly gaps: readonly { readonly from: string; readonly to: string }[];
}

export interface BarsPage {
  readonly body: BarsBody;
  /** Newest first: the items of the body. */
  readonly bars: readonly BarView[];
  /** The `to` of the next page; null = no more. */
  readonly next: number | null;
}

export type ReadBars = ReturnType<typeof makeReadBars>;

export function makeReadBars({ prices, tape, clock }: Needs) {
  async function seconds(symbol: string, { from, to }: Span): Promise<readonly Bar[]> {
    return (await prices.bars(symbol, from)).filter((bar) => bar.second < to);
  }

  /** Our own minutes, the last ones as far as the cache's seconds know them. */
  async function minutes(symbol: string, span: Span, now: number): Promise<readonly Bar[]> {
    const fresh = { from: Math.max(span.from, beginOf(now, MINUTE) - FRESH_MINUTES * MINUTE), to: span.to };
    const [rows, last] = await Promise.all([
      tape.between(symbol, span.from / MINUTE, span.to / MINUTE),
      fresh.from < fresh.to ? seconds(symbol, fresh) : [],
    ]);
    const found = new Map(rows.map((row) => [row.minute * MINUTE, barOfMinute(row)]));
    for (const [at, bar] of minutesOf(last)) {
      const row = found.get(at);
      found.set(at, row === undefined ? bar : mergeBars(row, bar));
    }
    return [...found.values()].sort((a, b) => a.second - b.second);
  }

  /** Quarters as far as they are made, then minutes. */
  async function quarters(query: BarsQuery, span: Span, now: number): Promise<readonly Piece[]> {
    const { symbol, price } = query;
    const made = await tape.quarters(symbol, span.from / MINUTE, span.to / MINUTE);
    const behind = made.at(-1);
    const rest = { from: behind === undefined ? span.from : behind.from * MINUTE + QUARTER, to: span.to };
    const tail = rest.from < rest.to ? await minutes(symbol, rest, now) : [];
    return [
      ...made.map((row) => pieceOfQuarter(row, price)),
      ...tail.map((bar) => pieceOf(bar, MINUTE, price)),
    ];
  }

  async function piecesOf(query: BarsQuery, span: Span, now: number): Promise<readonly Piece[]> {
    const { symbol, price } = query;
    const { piece } = grainOf(INTERVAL_SECONDS[query.interval]);
    if (piece === 1) return (await seconds(symbol, span)).map((bar) => pieceOf(bar, 1, price));
    const ofTape = async (): Promise<readonly Piece[]> =>
      piece === MINUTE
        ? (await minutes(symbol, span, now)).map((bar) => pieceOf(bar, MINUTE, price))
        : quarters(query, span, now);
    // Another source tells trades only.
    if (price !== 'last') return ofTape();
    const length = piece === MINUTE ? 1 : 15;
    const [own, filled] = await Promise.all([
      ofTape(),
      tape.filled(symbol, length, span.from / MINUTE, span.to / MINUTE),
    ]);
    const taken = new Set(own.map(({ at }) => beginOf(at, piece)));
    const others = filled.map(pieceOfFilled).filter(({ at }) => !taken.has(at));
    return [...own, ...others].sort((a, b) => a.at - b.at);
  }

  return async (query: BarsQuery): Promise<BarsPage> => {
    const { symbol, interval, price, unitExponent } = query;
    const now = Math.floor(clock.now() / 1000);
    const step = INTERVAL_SECONDS[interval];
    const grain = grainOf(step);
    const kept = beginOf(now - grain.kept, step);
    const oldest = Math.max(beginOf(query.from ?? kept, step), kept);
    const to = Math.min(endOf(query.to ?? now + 1, step), beginOf(now, step) + step);
    const limit = Math.min(query.limit, Math.floor((MOST_PIECES * grain.piece) / step));
    const from = Math.max(oldest, to - limit * step);
    const span = { from: Math.min(from, to), to };
    const pieces = await piecesOf(query, span, now);
    const bars = intervalBars(pieces, step, now);
    // What runs is no gap yet.
    const over = beginOf(now, Math.min(grain.piece, MINUTE));
    const gaps = gapsOf(pieces, { from: span.from, to: Math.min(to, over) });
    const items = bars.map((bar) => barView(bar, unitExponent)).reverse();
    return {
      bars: items,
      next: from > oldest ? from : null,
      body: {
        symbol,
        interval,
        price,
        from: secondTime(span.from),
        to: secondTime(to),
        kept_since: secondTime(kept),
        items,
        gaps: gaps.map((gap) => ({ from: secondTime(gap.from), to: secondTime(gap.to) })).reverse(),
      },
    };
  };
}

const secondTime = (second: number): string => time(second * 1000);

const barView = (bar: IntervalBar, exponent: number) => ({
  time: secondTime(bar.from),
  end_time: secondTime(bar.to),
  open: bar.open === null ? null : formatUnits(bar.open, exponent),
  high: formatUnits(bar.high, exponent),
  low: formatUnits(bar.low, exponent),
  close: formatUnits(bar.close, exponent),
  count: bar.count,
  first_time: secondTime(bar.firstAt),
  last_time: secondTime(bar.lastAt),
  first_tick: bar.ticks?.first ?? null,
  last_tick: bar.ticks?.last ?? null,
  running: bar.running,
  complete: bar.complete,
  source: sourceOf(bar),
});

const sourceOf = ({ own, filled }: IntervalBar): 'own' | 'polygon' | 'mixed' => {
  if (filled === 0) return 'own';
  return own === 0 ? 'polygon' : 'mixed';
};

export type BarView = ReturnType<typeof barView>;

const pricesOf = (bar: Omit<Bar, 'second'>, price: PriceSource) => ({
  open: bar.open?.[price] ?? null,
  high: bar.high[price],
  low: bar.low[price],
  close: bar.close[price],
  count: bar.count,
  ticks: { first: bar.firstTick, last: bar.lastTick },
});

const pieceOf = (bar: Bar, seconds: number, price: PriceSource): Piece => ({
  ...pricesOf(bar, price),
  at: bar.second,
  seconds,
  present: seconds,
  firstAt: bar.second,
  lastAt: bar.second + seconds,
});

const within = (row: Pick<TapeQuarter, 'minutes' | 'firstMinute' | 'lastMinute'>) => ({
  present: row.minutes * MINUTE,
  firstAt: row.firstMinute * MINUTE,
  lastAt: (row.lastMinute + 1) * MINUTE,
});

const pieceOfQuarter = (row: TapeQuarter, price: PriceSource): Piece => ({
  ...pricesOf(row, price),
  ...within(row),
  at: row.from * MINUTE,
  seconds: QUARTER,
});

const pieceOfFilled = (row: FilledRow): Piece => ({
  ...within(row),
  at: row.minute * MINUTE,
  seconds: row.length * MINUTE,
  open: row.open,
  high: row.high,
  low: row.low,
  close: row.close,
  count: row.count,
  ticks: null,
});

/** One-second bars, oldest first, put together by minute. */
function minutesOf(seconds: readonly Bar[]): ReadonlyMap<number, Bar> {
  const minutes = new Map<number, Bar>();
  for (const bar of seconds) {
    const at = beginOf(bar.second, MINUTE);
    const open = minutes.get(at);
    const merged = open === undefined ? bar : { ...mergeBars(open, bar), count: open.count + bar.count };
    minutes.set(at, { ...merged, second: at });
  }
  return minutes;
}
