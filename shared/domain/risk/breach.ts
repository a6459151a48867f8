/**
 * When a broken limit of loss is acted on (design section 12).
 *
 * Pure. Always true:
 * - a breach is acted on once for each whole limit that was lost: the first time above the limit, then above twice of
 *   it, and so on. So a wallet that is resumed on purpose is not paused again with the next tick, and a loss that goes
 *   on is not left alone;
 * - a new day begins anew with the day's limit, a new peak with the drawdown's; whoever sets a limit of loss begins anew
 *   with all of them.
 */
import { type Decimal, decimalText, maxOf, ZERO } from '../money/decimal.ts';
import type { LossLimits, ResultSums, Results } from './results.ts';

/** What was acted on: how many whole limits were lost. */
export interface Acted {
  /** Of which `dailyLoss` is. */
  readonly day: number;
  readonly dailyLoss: Decimal;
  readonly drawdown: Decimal;
  /** Below which `drawdown` was lost; null = it is not known. */
  readonly peak: Decimal | null;
}

export interface Breach {
  readonly name: 'max_daily_loss' | 'max_drawdown';
  readonly limit: Decimal;
  readonly lost: Decimal;
}

/** Whole limits that were lost; what stands exactly at one has not lost it. */
function wholes(lost: Decimal | null, limit: Decimal | null): Decimal {
  if (lost === null || limit === null || !lost.greaterThan(0)) return ZERO;
  const whole = lost.dividedToIntegerBy(limit);
  return lost.modulo(limit).isZero() ? whole.minus(1) : whole;
}

/** A drawdown that was acted on is over once the result has been higher than before it: what falls then falls anew. */
const isSamePeak = (peak: Decimal | null, former: Acted): boolean =>
  peak === null || former.peak === null || !peak.greaterThan(former.peak);

/** The breaches that nobody has acted on yet, and what stands once somebody has. */
export function newBreaches(
  { maxDailyLoss, maxDrawdown }: LossLimits,
  { day, dayPnl, drawdown, peak }: Pick<Results, 'day' | 'dayPnl' | 'drawdown'> & Pick<ResultSums, 'peak'>,
  former: Acted | null,
): { readonly breaches: readonly Breach[]; readonly acted: Acted } {
  const lost = dayPnl?.negated() ?? null;
  const before = {
    day,
    dailyLoss: former?.day === day ? former.dailyLoss : ZERO,
    drawdown: former !== null && isSamePeak(peak, former) ? former.drawdown : ZERO,
  };
  const now = { dailyLoss: wholes(lost, maxDailyLoss), drawdown: wholes(drawdown, maxDrawdown) };
  const breaches: Breach[] = [];
  if (maxDailyLoss !== null && lost !== null && now.dailyLoss.greaterThan(before.dailyLoss))
    breaches.push({ name: 'max_daily_loss', limit: maxDailyLoss, lost });
  if (maxDrawdown !== null && drawdown !== null && now.drawdown.greaterThan(before.drawdown))
    breaches.push({ name: 'max_drawdown', limit: maxDrawdown, lost: drawdown });
  const acted = {
    day,
    dailyLoss: maxOf(now.dailyLoss, before.dailyLoss),
    drawdown: maxOf(now.drawdown, before.drawdown),
    peak,
  };
  return { breaches, acted };
}

/** The reason of the pause. */
export const breachReason = (breaches: readonly Breach[]): string =>
  `risk: ${breaches
    .map(({ name, limit, lost }) => `${name}, lost ${decimalText(lost)} of ${decimalText(limit)} USD`)
    .join('; ')}`;
