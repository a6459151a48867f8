/** How much of an open position is at risk: by the way to its stop and by its loss. Pure; also for whoever follows prices. */
import { Decimal, percentOf } from './money/decimal.ts';

export type RiskLevel = 'low' | 'medium' | 'high' | 'critical';

/** Loss in percent of what is held has cost from which on a level of risk applies. */
const LOSS_STEPS = [
  ['critical', new Decimal(10)],
  ['high', new Decimal(5)],
  ['medium', new Decimal(2)],
] as const;
/** Part of the way from the entry to the stop already lost. */
const WAY_STEPS = [
  ['critical', new Decimal('0.9')],
  ['high', new Decimal('0.6')],
  ['medium', new Decimal('0.3')],
] as const;
const ORDER: readonly RiskLevel[] = ['low', 'medium', 'high', 'critical'];

export interface AtRisk {
  readonly side: 'long' | 'short';
  /** What one of what is held has cost; null: nothing is held. */
  readonly held: Decimal | null;
  /** Null: there is no price. */
  readonly mark: Decimal | null;
  /** The stop that comes first, whichever it is; null: there is none. */
  readonly stop: Decimal | null;
}

/**
 * By distance to the stop and by loss, the worse of both; at or past the stop is critical, without a stop it is never low. A
 * position that holds nothing risks nothing.
 */
export function riskLevelAt({ side, held, mark, stop }: AtRisk): RiskLevel {
  if (held === null || mark === null) return 'low';
  const isLong = side === 'long';
  const loss = isLong ? held.minus(mark) : mark.minus(held);
  const byLoss =
    LOSS_STEPS.find(([, from]) => percentOf(loss, held).greaterThanOrEqualTo(from))?.[0] ?? 'low';
  const byStop = stop === null ? 'medium' : byWay(held, stop, loss, isLong, mark);
  return ORDER.indexOf(byLoss) > ORDER.indexOf(byStop) ? byLoss : byStop;
}

function byWay(held: Decimal, stop: Decimal, loss: Decimal, isLong: boolean, mark: Decimal): RiskLevel {
  if (isLong ? mark.lessThanOrEqualTo(stop) : mark.greaterThanOrEqualTo(stop)) return 'critical';
  const way = isLong ? held.minus(stop) : stop.minus(held);
  // The stop is at the entry or better: nothing of the entry is at risk.
  if (!way.greaterThan(0)) return 'low';
  return WAY_STEPS.find(([, from]) => loss.dividedBy(way).greaterThanOrEqualTo(from))?.[0] ?? 'low';
}
