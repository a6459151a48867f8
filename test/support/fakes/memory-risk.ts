/** The risk items of wallets in memory: what a commit adds to them, and how limits are set (design section 12). */

import { type Decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import { isOpen, UNTOUCHED, type WalletRisk } from '../../../shared/domain/risk/limits.ts';
import { dayText, withResult } from '../../../shared/domain/risk/results.ts';
import { plus, riskChanges } from '../../../shared/domain/risk/use.ts';
import type { Commit, LimitsChange, RiskMark } from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';
import type { Write } from './shelf.ts';

/** What was realized in UTC days, by wallet and day. */
export type RiskDays = Map<string, Decimal>;
export const riskDay = (walletId: string, day: number): string => `${walletId} ${dayText(day)}`;

export function countings(items: Map<string, WalletRisk>, days: RiskDays, commit: Commit): Write[] {
  const { orders = [], positions = [], risk: gate = null } = commit;
  const changes = riskChanges(orders, positions);
  if (gate !== null && !changes.some(({ walletId }) => walletId === gate.walletId)) {
    throw new Error(`a commit asks the limits of ${gate.walletId} and changes nothing of it`);
  }
  return changes.flatMap(({ walletId, by, newAt, result }) => {
    const stored = items.get(walletId) ?? UNTOUCHED;
    const own = gate?.walletId === walletId ? gate : null;
    const minute = own?.minute ?? null;
    const next: WalletRisk = {
      ...withResult(stored, result),
      ...plus(stored, by),
      newAt: newAt ?? stored.newAt,
      ...(minute !== null && {
        minute: minute.minute,
        minuteOrders: minute.isNew ? 1 : stored.minuteOrders + 1,
      }),
      revision: stored.revision + 1,
    };
    const counted = {
      name: `risk of ${walletId}`,
      isStale: own !== null && !isOpen(own, stored),
      put: () => void items.set(walletId, frozen(next)),
    };
    if (result === null || result.realized.isZero()) return [counted];
    const place = riskDay(walletId, result.day);
    const ofDay = {
      name: `results of ${place}`,
      isStale: false,
      put: () => void days.set(place, (days.get(place) ?? ZERO).plus(result.realized)),
    };
    return [counted, ofDay];
  });
}

export function changeLimits(
  items: Map<string, WalletRisk>,
  { walletId, before, limits, counted, startsPeak }: LimitsChange,
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
    ...(startsPeak && { peak: null }),
    limitsVersion: (before?.limitsVersion ?? 0) + 1,
    revision: stored.revision + 1,
  };
  items.set(walletId, frozen(next));
  return true;
}

export function noteMark(items: Map<string, WalletRisk>, { walletId, revision, mark }: RiskMark): boolean {
  const stored = items.get(walletId);
  if (stored === undefined || stored.revision !== revision) return false;
  const { dayStart, peak } = stored;
  const isLess =
    'dayStart' in mark
      ? dayStart === null || dayStart.day < mark.dayStart.day
      : peak === null || peak.lessThan(mark.peak);
  if (isLess) items.set(walletId, frozen({ ...stored, ...mark }));
  return isLess;
}
