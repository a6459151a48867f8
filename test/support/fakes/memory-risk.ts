/** The risk items of wallets in memory: what a commit adds to them, and how limits are set (design section 12). */
import { isOpen, UNTOUCHED, type WalletRisk } from '../../../shared/domain/risk/limits.ts';
import { plus, riskChanges } from '../../../shared/domain/risk/use.ts';
import type { Commit, LimitsChange } from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';
import type { Write } from './shelf.ts';

export function countings(items: Map<string, WalletRisk>, commit: Commit): Write[] {
  const { orders = [], positions = [], risk: gate = null } = commit;
  const changes = riskChanges(orders, positions);
  if (gate !== null && !changes.some(({ walletId }) => walletId === gate.walletId)) {
    throw new Error(`a commit asks the limits of ${gate.walletId} and changes nothing of it`);
  }
  return changes.map(({ walletId, by, newAt }) => {
    const stored = items.get(walletId) ?? UNTOUCHED;
    const own = gate?.walletId === walletId ? gate : null;
    const minute = own?.minute ?? null;
    const next: WalletRisk = {
      ...stored,
      ...plus(stored, by),
      newAt: newAt ?? stored.newAt,
      ...(minute !== null && {
        minute: minute.minute,
        minuteOrders: minute.isNew ? 1 : stored.minuteOrders + 1,
      }),
      revision: stored.revision + 1,
    };
    return {
      name: `risk of ${walletId}`,
      isStale: own !== null && !isOpen(own, stored),
      put: () => void items.set(walletId, frozen(next)),
    };
  });
}

export function changeLimits(
  items: Map<string, WalletRisk>,
  { walletId, before, limits, counted }: LimitsChange,
): boolean {
  const stored = items.get(walletId) ?? UNTOUCHED;
  const isStale =
    counted === null
      ? stored.limitsVersion !== (before?.limitsVersion ?? 0)
      : stored.revision !== (before?.revision ?? 0);
  if (isStale) return false;
  const next: WalletRisk = {
    ...stored,
    ...(counted !== null && { ...counted, counted: true }),
    limits,
    limitsVersion: (before?.limitsVersion ?? 0) + 1,
    revision: stored.revision + 1,
  };
  items.set(walletId, frozen(next));
  return true;
}
