/**
 * What a wallet's positions have brought: the loss of a day, the drawdown, and losses in a row (design section 12).
 *
 * Pure. As the sums of use.ts, what one write of a position changes follows from how it stood and how it stands.
 * Always true:
 * - the sum over all changes is what the wallet's positions have realized: nothing is counted twice or forgotten;
 * - a position counts in the row once, when it closes, and only if it was ever bought for;
 * - where a result is not known it is null: nothing unknown passes for nothing.
 *
 * Figures are US dollars, by the convention of usd.ts; positions in other quote assets count in the row alone.
 */
import { type Decimal, maxOf, ZERO } from '../money/decimal.ts';
import { isClosed } from '../positions.ts';
import type { Position } from '../types.ts';
import { inDollars } from '../usd.ts';

const DAY_MS = 86_400_000;
/** The UTC day of a time, counted from 1970-01-01. */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS);
/** For instance 2026-01-05. */
export const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** A look at the open positions, taken as early in the day as there was one. */
export interface DayStart {
  readonly day: number;
  /** Unrealized P&L then. */
  readonly unrealized: Decimal;
  readonly at: number;
}

/** What a wallet's risk item keeps of results. */
export interface ResultSums {
  /** P&L that was realized since this was kept; only its changes mean something. */
  readonly realized: Decimal;
  /** Positions in a row, up to the last one that closed, that lost; and when the last of them did. */
  readonly lossRow: number;
  readonly lastLossAt: number;
  /** Null before the first look. */
  readonly dayStart: DayStart | null;
  /** The highest P&L, realized and unrealized, that was seen since the drawdown's limit was set; null = none yet. */
  readonly peak: Decimal | null;
}

export const NO_RESULTS: ResultSums = {
  realized: ZERO,
  lossRow: 0,
  lastLossAt: 0,
  dayStart: null,
  peak: null,
};

export interface RowChange {
  /** One that did not lose came first: what was in the row before is out of it. */
  readonly ended: boolean;
  readonly losses: number;
  /** Null where `losses` is 0. */
  readonly lastLossAt: number | null;
}

export interface ResultChange {
  readonly realized: Decimal;
  /** The UTC day in which it was booked. */
  readonly day: number;
  readonly row: RowChange | null;
}

/** What a write of this position changes; null = nothing. */
export function resultOf(before: Position | null, after: Position): ResultChange | null {
  const more = after.realizedPnl.minus(before?.realizedPnl ?? ZERO);
  const realized = inDollars(more, after.quote) ?? ZERO;
  const row = rowChange(before, after);
  return realized.isZero() && row === null ? null : { realized, day: dayOf(after.updatedAt), row };
}

function rowChange(before: Position | null, after: Position): RowChange | null {
  const isEnd = isClosed(after) && (before === null || !isClosed(before)) && !after.entryQuantity.isZero();
  if (!isEnd) return null;
  // A late fill had opened it again: it is in the row already.
  if (before?.closedAs === 'lost' && after.closedAs === 'lost') return null;
  return after.realizedPnl.isNegative() && !after.realizedPnl.isZero()
    ? { ended: false, losses: 1, lastLossAt: after.closedAt ?? after.updatedAt }
    : { ended: true, losses: 0, lastLossAt: null };
}

/** Both, one after the other. */
export function bothResults(a: ResultChange | null, b: ResultChange | null): ResultChange | null {
  if (a === null || b === null) return a ?? b;
  const joined = (one: RowChange, next: RowChange): RowChange =>
    next.ended
      ? next
      : { ended: one.ended, losses: one.losses + next.losses, lastLossAt: next.lastLossAt ?? one.lastLossAt };
  const row = a.row === null || b.row === null ? (a.row ?? b.row) : joined(a.row, b.row);
  return { realized: a.realized.plus(b.realized), day: Math.max(a.day, b.day), row };
}

/** The sums after a change. The store's update says the same. */
export function withResult<T extends ResultSums>(sums: T, change: ResultChange | null): T {
  if (change === null) return sums;
  const { realized, row } = change;
  return {
    ...sums,
    realized: sums.realized.plus(realized),
    ...(row !== null && {
      lossRow: (row.ended ? 0 : sums.lossRow) + row.losses,
      lastLossAt: row.lastLossAt ?? sums.lastLossAt,
    }),
  };
}

/** What was looked at: the item, and all that is open at the mark, as one. */
export interface ResultsSeen {
  readonly day: number;
  /** Realized in this UTC day. */
  readonly realizedToday: Decimal;
  /** Of all open positions; null = not known, and `unknown` says of what. */
  readonly unrealized: Decimal | null;
  readonly unknown: string | null;
}

export interface Results extends ResultsSeen {
  /** Realized and unrealized since the day began; negative = lost. Null = not known. */
  readonly dayPnl: Decimal | null;
  /** Realized and unrealized since it was kept. */
  readonly pnl: Decimal | null;
  /** How far the P&L is below its peak; never negative. */
  readonly drawdown: Decimal | null;
}

/** The figures of a look. Where the item has no start of this day, or no peak yet, this look is it. */
export function resultsOf(sums: ResultSums, seen: ResultsSeen): Results {
  const { unrealized, realizedToday } = seen;
  if (unrealized === null) return { ...seen, dayPnl: null, pnl: null, drawdown: null };
  const start = sums.dayStart?.day === seen.day ? sums.dayStart.unrealized : unrealized;
  const pnl = sums.realized.plus(unrealized);
  return {
    ...seen,
    dayPnl: realizedToday.plus(unrealized).minus(start),
    pnl,
    drawdown: maxOf((sums.peak ?? pnl).minus(pnl), ZERO),
  };
}

/** When entries may go again, epoch ms; null = they may. A further loss begins the wait anew. */
export function cooldownUntil(
  { lossRow, lastLossAt }: Pick<ResultSums, 'lossRow' | 'lastLossAt'>,
  { cooldownAfterLosses: most, cooldownMinutes }: CooldownLimits,
  now: number,
): number | null {
  if (most === null || lossRow < most) return null;
  const until = lastLossAt + cooldownMinutes * 60_000;
  return now < until ? until : null;
}

export interface LossLimits {
  /** Lost since the UTC day began, realized and unrealized. */
  readonly maxDailyLoss: Decimal | null;
  /** Below the highest P&L since this was set. */
  readonly maxDrawdown: Decimal | null;
}

export interface CooldownLimits {
  readonly cooldownAfterLosses: number | null;
  readonly cooldownMinutes: number;
}
