/**
 * Whether a wallet that has lost more than its own limit was stopped (design section 12): paused, and where it says so
 * flat. Reckoned from the positions and the price that stands; what the day began with is the product's own note.
 */
import { type Decimal, decimal, maxOf, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { pauseOf } from '../../../shared/domain/pauses.ts';
import { isClosed, isDust } from '../../../shared/domain/positions.ts';
import { limitsLoss, type WalletRisk } from '../../../shared/domain/risk/limits.ts';
import { dayOf } from '../../../shared/domain/risk/results.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { isDeleted } from '../../../shared/domain/wallets.ts';
import { riskDay } from '../../support/fakes/memory-risk.ts';
import type { EndParts } from './check-end.ts';
import { SYMBOL } from './exchange.ts';
import type { WalletPlan } from './outside.ts';

/** All positions here are in one symbol. */
function openWorth(positions: readonly Position[], mark: Decimal): Decimal {
  const open = positions.filter((p) => !isClosed(p));
  const gain = (p: Position): Decimal => p.quantity.times(mark).minus(p.cost);
  return sum(open.map((p) => (p.side === 'long' ? gain(p) : gain(p).negated()).minus(p.openFees)));
}

interface Lost {
  readonly today: Decimal | null;
  readonly sincePeak: Decimal | null;
}

function lossesOf(plan: WalletPlan, risk: WalletRisk, positions: readonly Position[], parts: EndParts): Lost {
  const { clocks, ledger, prices } = parts.outside;
  const shown = prices.shown.get(SYMBOL);
  if (shown === undefined) return { today: null, sincePeak: null };
  const mark = decimal(shown.bid).plus(shown.ask).dividedBy(2);
  const open = openWorth(positions, mark);
  const day = dayOf(clocks.common());
  const realized = ledger.riskDays.get(riskDay(plan.walletId, day)) ?? ZERO;
  const { dayStart, peak } = risk;
  const inAll = sum(positions.map((p) => p.realizedPnl)).plus(open);
  return {
    today: dayStart?.day === day ? maxOf(dayStart.unrealized.minus(realized).minus(open), ZERO) : null,
    sincePeak: peak && maxOf(peak.minus(inAll), ZERO),
  };
}

export function checkLosses(plan: WalletPlan, parts: EndParts): void {
  const { outside, violations, resumed, breached } = parts;
  const { walletId } = plan;
  const { ledger, wallets } = outside;
  const risk = ledger.riskItems.get(walletId);
  const wallet = wallets.items.get(walletId);
  if (risk === undefined || wallet === undefined || isDeleted(wallet) || !limitsLoss(risk.limits)) return;
  const positions = [...ledger.positionItems.values()].filter((p) => p.walletId === walletId);
  const { today, sincePeak } = lossesOf(plan, risk, positions, parts);
  const { limits } = risk;
  const acted = (name: string): boolean => breached.has(`${walletId} ${name}`);
  for (const [name, limit, lost] of [
    ['max_daily_loss', limits.maxDailyLoss, today],
    ['max_drawdown', limits.maxDrawdown, sincePeak],
  ] as const) {
    if (limit === null || lost === null || !lost.greaterThan(limit) || acted(name)) continue;
    const text = `${walletId}: lost ${lost.toFixed()}, more than its ${name} of ${limit.toFixed()}, and nobody acted`;
    violations.add('breach_missed', text, [walletId]);
  }
  const isActed = acted('max_daily_loss') || acted('max_drawdown');
  if (!isActed || resumed.has(walletId)) return;
  if (pauseOf(wallet).pausedAt === null) {
    violations.add('not_paused', `${walletId}: a limit of loss was broken, and it is not paused`, [walletId]);
  }
  if (limits.onBreach !== 'flatten') return;
  for (const p of positions) checkFlat(p, parts);
}

/** A wallet that flattens keeps nothing that could be sold. */
function checkFlat(p: Position, { outside, violations, undecidable }: EndParts): void {
  const spec = outside.venue.specs.find(({ symbol }) => symbol === SYMBOL);
  const price = outside.prices.shown.get(SYMBOL);
  if (isClosed(p) || p.flatten !== null || spec === undefined || price === undefined) return;
  if (isDust(p.quantity, spec, decimal(price.bid)) || undecidable.size > 0) return;
  const text = `${p.positionId}: its wallet was to be flat, and it holds ${p.quantity.toFixed()}`;
  violations.add('not_flattened', text, [p.positionId]);
}
