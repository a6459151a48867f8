/** Whether a wallet's risk item says at the end what its orders and positions say (design section 12). */
import { sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { NO_RESULTS } from '../../../shared/domain/risk/results.ts';
import { NO_SUMS, type RiskSums, sumsOver } from '../../../shared/domain/risk/use.ts';
import type { Order } from '../../../shared/domain/types.ts';
import { inDollars } from '../../../shared/domain/usd.ts';
import type { Outside, WalletPlan } from './outside.ts';
import type { Violations } from './violations.ts';

/** The sums that limits are measured against are those of the orders and positions that stand. */
export function checkRisk(
  { walletId }: WalletPlan,
  orders: readonly Order[],
  { ledger }: Outside,
  violations: Violations,
): void {
  const positions = [...ledger.positionItems.values()].filter((p) => p.walletId === walletId);
  const should = sumsOver(orders, positions);
  const is = ledger.riskItems.get(walletId) ?? NO_SUMS;
  const text = ({ reserved, cost, open, unvalued }: RiskSums): string =>
    `reserved ${reserved.toFixed()}, cost ${cost.toFixed()}, ${open} open, ${unvalued} unvalued`;
  if (text(is) !== text(should)) {
    violations.add('risk_differs', `${walletId} has ${text(is)}; it should be ${text(should)}`);
  }
  const realized = sum(positions.map((p) => inDollars(p.realizedPnl, p.quote) ?? ZERO)).toFixed();
  const inAll = (ledger.riskItems.get(walletId) ?? NO_RESULTS).realized.toFixed();
  const ofDays = [...ledger.riskDays].filter(([place]) => place.startsWith(`${walletId} `));
  const byDay = sum(ofDays.map(([, amount]) => amount)).toFixed();
  if (inAll !== realized || byDay !== realized) {
    const text = `${walletId} has realized ${inAll}, by day ${byDay}; it should be ${realized}`;
    violations.add('risk_differs', text);
  }
}
