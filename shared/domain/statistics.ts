/**
 * A position's statistics: derived from its fills and the price tape when read, until they are frozen some seconds after
 * its close (design section 8).
 *
 * Extremes come from fill prices, whole bars after a fill's second, and, while it is open, the present price of the bars' source. Within a bar
 * the order of high and low is unknown: a low counts against the highs of the bars before it, a close against
 * its own bar's high; a fill within it against what came before the bar. Known limit: what happened inside the second of
 * the entry is in its fills only.
 */
import { liquidationEdge } from './margin.ts';
import { type Decimal, maxOf, minOf, percentOf, quotient, ZERO } from './money/decimal.ts';
import { heldPrice, stopPrice, trailingStopAt } from './protection.ts';
import { type RiskLevel, riskLevelAt } from './risk-level.ts';
import type { Fill, FrozenFigures, Position, TapeFigures } from './types.ts';

/** Low, high and close of one span of the tape: 1 s, or coarser where the tape is older. */
export interface PriceBar {
  /** Epoch second at which it starts. */
  readonly second: number;
  /** Length in seconds; 1 when left out. */
  readonly seconds?: number;
  readonly low: Decimal;
  readonly high: Decimal;
  readonly close: Decimal;
}

/** All that is shown: what the tape has, and what follows from the position's facts alone. */
export interface PositionStatistics extends TapeFigures {
  readonly timeHeldMinutes: number;
  readonly riskLevel: RiskLevel;
}

/** The tightest stop moved within the bar that begins at this second. */
export interface StopMove {
  readonly second: number;
  readonly from: Decimal;
  readonly to: Decimal;
  /** By the trailing stop; else by break-even. */
  readonly trailing: boolean;
}

/** Every move of the tightest stop, oldest first, under the protection as it is now. */
export const stopMoves = (
  p: Position,
  fills: { readonly entry: readonly Fill[]; readonly exit: readonly Fill[] },
  bars: readonly PriceBar[],
): readonly StopMove[] => followStop(p, heldBars(p, fills, bars), fills.entry).moves;

interface Walk {
  readonly peak: Decimal | null;
  readonly drawdown: Decimal;
  readonly high: Decimal | null;
  readonly low: Decimal | null;
}

/** One price, or the prices of a bar. */
interface Point {
  readonly low: Decimal;
  readonly high: Decimal;
  readonly close: Decimal;
}

/** `seen`: the present price, of the bars' source: the mark may lie half a spread beyond all of them. */
export function deriveStatistics(
  p: Position,
  fills: { readonly entry: readonly Fill[]; readonly exit: readonly Fill[] },
  bars: readonly PriceBar[],
  mark: Decimal | null,
  now: number,
  seen: Decimal | null = mark,
): PositionStatistics {
  const isOver = p.closedAt !== null;
  const held = heldBars(p, fills, bars);
  const isLong = p.side === 'long';
  const present = seen === null || isOver || p.openedAt === null ? [] : [[[pointOf(seen)]]];
  const spans = [...spansOf([...fills.entry, ...fills.exit], held), ...present];
  const walk = spans.reduce((w, span) => over(w, span, isLong), START);
  const entryPrice = quotient(p.entryQuote, p.entryQuantity);
  const [best, worst] = isLong ? [walk.high, walk.low] : [walk.low, walk.high];
  const gain = (price: Decimal | null): Decimal | null =>
    price === null || entryPrice === null ? null : isLong ? price.minus(entryPrice) : entryPrice.minus(price);
  const [favorable, adverse] = [gain(best), gain(worst)];
  const stops = followStop(p, held, fills.entry);
  const lastMove = stops.moves.at(-1);
  const trailed = stops.moves.filter(({ trailing }) => trailing);
  const lastTrailed = trailed.at(-1);
  return {
    highWaterMark: walk.high,
    lowWaterMark: walk.low,
    maxDrawdownPercent: walk.drawdown,
    priceMovesCount: countMoves(held, fills.entry),
    stopAdjustments: stops.moves.length,
    lastStopAdjustmentAt: lastMove === undefined ? null : lastMove.second * 1000,
    trailingAdjustments: trailed.length,
    lastTrailingAdjustmentAt: lastTrailed === undefined ? null : lastTrailed.second * 1000,
    maxFavorableExcursion: favorable,
    maxAdverseExcursion: adverse,
    timeHeldMinutes: timeHeldMinutes(p, now),
    riskLevel: riskLevel(p, mark, stops.trigger),
    trailingTrigger: stops.trigger,
    trailingPeak: stops.peak,
  };
}

const timeHeldMinutes = (p: Position, now: number): number =>
  p.openedAt === null ? 0 : Math.max(0, Math.floor(((p.closedAt ?? now) - p.openedAt) / 60_000));

/** The part of them that needs the tape, as it is kept. */
export const frozenAt = (s: PositionStatistics, at: number): FrozenFigures => ({
  at,
  highWaterMark: s.highWaterMark,
  lowWaterMark: s.lowWaterMark,
  maxDrawdownPercent: s.maxDrawdownPercent,
  priceMovesCount: s.priceMovesCount,
  stopAdjustments: s.stopAdjustments,
  lastStopAdjustmentAt: s.lastStopAdjustmentAt,
  trailingAdjustments: s.trailingAdjustments,
  lastTrailingAdjustmentAt: s.lastTrailingAdjustmentAt,
  maxFavorableExcursion: s.maxFavorableExcursion,
  maxAdverseExcursion: s.maxAdverseExcursion,
  trailingTrigger: s.trailingTrigger,
  trailingPeak: s.trailingPeak,
});

/** The statistics of a position whose figures are frozen: what deriving them would have answered then. */
export function frozenStatistics(
  p: Position,
  { at: _, ...kept }: FrozenFigures,
  mark: Decimal | null,
  now: number,
): PositionStatistics {
  return {
    ...kept,
    timeHeldMinutes: timeHeldMinutes(p, now),
    riskLevel: riskLevel(p, mark, kept.trailingTrigger),
  };
}

const START: Walk = { peak: null, drawdown: ZERO, high: null, low: null };

const pointOf = (price: Decimal): Point => ({ low: price, high: price, close: price });

/** Prices in their order; of several such rows in one span the order between them is not known. */
type Span = readonly (readonly Point[])[];

/** Fills and bars (oldest first) in the order of time: a bar is one span with the fills that lie within it. */
function spansOf(fills: readonly Fill[], bars: readonly PriceBar[]): readonly Span[] {
  const inOrder = fills.toSorted((a, b) => a.at - b.at);
  let next = 0;
  const before = (at: number): readonly Point[] => {
    const from = next;
    while (next < inOrder.length && (inOrder[next]?.at ?? at) < at) next += 1;
    return inOrder.slice(from, next).map(({ price }) => pointOf(price));
  };
  const spans = bars.flatMap((bar): readonly Span[] => {
    const earlier = before(bar.second * 1000);
    return [[earlier], [[bar], before((bar.second + (bar.seconds ?? 1)) * 1000)]];
  });
  return [...spans, [before(Number.POSITIVE_INFINITY)]];
}

/** Whole bars after the second of the first entry fill and, when closed, before that of the last exit fill. */
function heldBars(
  p: Position,
  fills: { readonly entry: readonly Fill[]; readonly exit: readonly Fill[] },
  bars: readonly PriceBar[],
): readonly PriceBar[] {
  if (fills.entry.length === 0) return [];
  const first = Math.floor(Math.min(...fills.entry.map((f) => f.at)) / 1000);
  const last =
    p.closedAt === null || fills.exit.length === 0
      ? Number.POSITIVE_INFINITY
      : Math.floor(Math.max(...fills.exit.map((f) => f.at)) / 1000);
  return bars
    .filter((b) => b.second > first && b.second + (b.seconds ?? 1) <= last)
    .sort((a, b) => a.second - b.second);
}

/** Each of its rows on from where the walk was: so no fall counts that may have been a rise. */
function over(walk: Walk, span: Span, isLong: boolean): Walk {
  const rows = span.map((row) => row.reduce((w, point) => step(w, point, isLong), walk));
  return rows.reduce((a, b) => joined(a, b, isLong), walk);
}

const joined = (a: Walk, b: Walk, isLong: boolean): Walk => ({
  peak: ofBoth(isLong ? maxOf : minOf, a.peak, b.peak),
  drawdown: maxOf(a.drawdown, b.drawdown),
  high: ofBoth(maxOf, a.high, b.high),
  low: ofBoth(minOf, a.low, b.low),
});

const ofBoth = (pick: typeof maxOf, a: Decimal | null, b: Decimal | null): Decimal | null =>
  a === null || b === null ? (a ?? b) : pick(a, b);

function step(walk: Walk, point: Point, isLong: boolean): Walk {
  const [bestOf, best, worst] = isLong
    ? ([maxOf, point.high, point.low] as const)
    : ([minOf, point.low, point.high] as const);
  const before = fall(walk.peak, worst, isLong);
  const peak = walk.peak === null ? best : bestOf(walk.peak, best);
  return {
    peak,
    drawdown: maxOf(walk.drawdown, maxOf(before, fall(peak, point.close, isLong))),
    high: walk.high === null ? point.high : maxOf(walk.high, point.high),
    low: walk.low === null ? point.low : minOf(walk.low, point.low),
  };
}

function fall(peak: Decimal | null, price: Decimal, isLong: boolean): Decimal {
  if (peak === null) return ZERO;
  return maxOf(percentOf(isLong ? peak.minus(price) : price.minus(peak), peak), ZERO);
}

function countMoves(bars: readonly PriceBar[], entry: readonly Fill[]): number {
  const begin = bars[0] === undefined ? 0 : bars[0].second * 1000;
  const earlier = entry.filter(({ at }) => at < begin).toSorted((a, b) => a.at - b.at);
  let before = earlier.at(-1)?.price ?? null;
  let moves = 0;
  for (const bar of bars) {
    if (!bar.low.equals(bar.high) || (before !== null && !bar.close.equals(before))) moves += 1;
    before = bar.close;
  }
  return moves;
}

/** Follows the trailing stop (and the stop it competes with) over the bars since its arming. */
function followStop(p: Position, bars: readonly PriceBar[], entry: readonly Fill[]) {
  const isLong = p.side === 'long';
  const tighter = isLong ? maxOf : minOf;
  const arming = p.armings['trailing_stop'];
  const since = Math.floor((arming?.at ?? p.openedAt ?? 0) / 1000);
  const fixedAt = (ms: number): Decimal | null => {
    const isEven = p.breakEvenActivatedAt !== null && ms > p.breakEvenActivatedAt;
    return stopPrice(isEven ? p : { ...p, breakEvenStop: null })?.price ?? null;
  };
  const tightest = (ms: number, trigger: Decimal | null): Decimal | null => {
    const fixed = fixedAt(ms);
    return fixed === null || trigger === null ? (fixed ?? trigger) : tighter(fixed, trigger);
  };
  let peak = startingPeak(p, entry);
  let stop = tightest(p.openedAt ?? 0, trailingTrigger(p, peak));
  const moves: StopMove[] = [];
  for (const bar of bars) {
    if (bar.second > since) peak = raisedPeak(p, peak, isLong ? bar.high : bar.low);
    const trigger = trailingTrigger(p, peak);
    const next = tightest((bar.second + (bar.seconds ?? 1)) * 1000, trigger);
    if (next !== null && stop !== null && !next.equals(stop)) {
      moves.push({ second: bar.second, from: stop, to: next, trailing: trigger?.equals(next) ?? false });
    }
    stop = next ?? stop;
  }
  return { trigger: trailingTrigger(p, peak), peak, moves };
}

/** Where it was armed with no price shown: what was paid first. What was bought later says nothing of that. */
function startingPeak(p: Position, entry: readonly Fill[]): Decimal | null {
  const trailing = p.protection.trailingStop;
  if (trailing === null || p.openedAt === null) return null;
  const armed = p.armings['trailing_stop']?.peak ?? null;
  if (armed !== null || trailing.activationPrice !== null) return armed;
  const first = entry.reduce<Fill | null>((a, b) => (a === null || b.at < a.at ? b : a), null);
  return first?.price ?? quotient(p.entryQuote, p.entryQuantity);
}

function raisedPeak(p: Position, peak: Decimal | null, best: Decimal): Decimal | null {
  const trailing = p.protection.trailingStop;
  if (trailing === null) return null;
  const isLong = p.side === 'long';
  if (peak !== null) return isLong ? maxOf(peak, best) : minOf(peak, best);
  const from = trailing.activationPrice;
  const isReached =
    from === null || (isLong ? best.greaterThanOrEqualTo(from) : best.lessThanOrEqualTo(from));
  return isReached ? best : null;
}

function trailingTrigger(p: Position, peak: Decimal | null): Decimal | null {
  const trailing = p.protection.trailingStop;
  return trailing === null || peak === null ? null : trailingStopAt(p.side, trailing.distance, peak);
}

/** Of a position on margin its liquidation is the last of its stops: it is closed there if no other comes before. */
function riskLevel(p: Position, mark: Decimal | null, trailing: Decimal | null): RiskLevel {
  const stops = [stopPrice(p)?.price ?? null, trailing, liquidationEdge(p)].filter((at) => at !== null);
  const tighter = p.side === 'long' ? maxOf : minOf;
  const stop = stops.reduce<Decimal | null>((best, at) => (best === null ? at : tighter(best, at)), null);
  return riskLevelAt({ side: p.side, held: heldPrice(p), mark, stop });
}
