/** A wallet's limits against what is used of them. Pure; worth and losses are decimal text in US dollars. */
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import { decimal, decimalText, maxOf, percentOf, ZERO } from '../../../../shared/domain/money/decimal.ts';

export type WalletLimits = AnswerTo<'getLimits'>;
export type LimitTone = 'good' | 'warn' | 'bad' | 'plain';

export interface LimitUse {
  /** As the API names it. */
  readonly name: string;
  readonly title: string;
  /** Null: there is no such limit. */
  readonly limit: string | null;
  /** Null: it is not counted, or not known. */
  readonly used: string | null;
  /** Of the limit, in percent; null where one of the two is missing. */
  readonly percent: string | null;
  readonly tone: LimitTone;
  /** `USD`, or what is counted. */
  readonly unit: string;
  readonly note: string | null;
}

const NEAR_PERCENT = 80;

/** All limits that have a use, in the order of the API. */
export function limitUses({ limits, used }: WalletLimits): readonly LimitUse[] {
  const { results } = used;
  const lost = results?.day_pnl == null ? null : decimalText(maxOf(ZERO, decimal(results.day_pnl).negated()));
  const unknown = results?.unknown ?? null;
  const until = used.cooldown_until === null ? null : `entries wait until ${used.cooldown_until}`;
  return [
    use(
      'max_total_exposure',
      'Total exposure',
      limits.max_total_exposure,
      used.total_exposure,
      'USD',
      unvalued(used),
    ),
    use(
      'max_position_notional',
      'One position',
      limits.max_position_notional,
      null,
      'USD',
      'of each position',
    ),
    use(
      'max_open_positions',
      'Open positions',
      textOf(limits.max_open_positions),
      textOf(used.open_positions),
      '',
    ),
    use(
      'max_orders_per_minute',
      'Entries this minute',
      textOf(limits.max_orders_per_minute),
      textOf(used.orders_this_minute),
      '',
    ),
    use('max_daily_loss', 'Lost today', limits.max_daily_loss, lost, 'USD', unknown),
    use('max_drawdown', 'Drawdown', limits.max_drawdown, results?.drawdown ?? null, 'USD', unknown),
    use(
      'cooldown_after_losses',
      'Losses in a row',
      textOf(limits.cooldown_after_losses),
      textOf(used.losses_in_a_row),
      '',
      until,
    ),
  ];
}

const textOf = (count: number | null): string | null => (count === null ? null : String(count));

const unvalued = ({ unvalued_positions: count }: WalletLimits['used']): string | null =>
  count === 0 ? null : `${count} positions have no value in dollars`;

function use(
  name: string,
  title: string,
  limit: string | null,
  used: string | null,
  unit: string,
  note: string | null = null,
): LimitUse {
  const percent = limit === null || used === null ? null : percentUsed(limit, used);
  return { name, title, limit, used, percent, tone: toneOf(percent), unit, note };
}

/** A limit of nothing is used up. */
function percentUsed(limit: string, used: string): string {
  const most = decimal(limit);
  return most.isZero() ? '100' : decimalText(percentOf(decimal(used), most));
}

/** What reaches a limit exactly is within it, and leaves no room. */
function toneOf(percent: string | null): LimitTone {
  if (percent === null) return 'plain';
  const value = decimal(percent);
  if (value.greaterThanOrEqualTo(100)) return 'bad';
  return value.greaterThanOrEqualTo(NEAR_PERCENT) ? 'warn' : 'good';
}

/** How long a bar is: a percentage that no bar is longer than. */
export function barWidth(percent: string | null): string {
  if (percent === null) return '0%';
  const value = decimal(percent);
  return value.greaterThan(100) ? '100%' : `${decimalText(value)}%`;
}

/** The limit of which most is used; null where none that has a use is set. */
export function closestOf(uses: readonly LimitUse[]): LimitUse | null {
  const percentOfUse = ({ percent }: LimitUse) => decimal(percent ?? '-1');
  const known = uses.filter(({ percent }) => percent !== null);
  return known.reduce<LimitUse | null>(
    (best, one) => (best === null || percentOfUse(one).greaterThan(percentOfUse(best)) ? one : best),
    null,
  );
}
